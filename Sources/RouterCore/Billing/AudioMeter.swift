/// Counts how long the audio is that comes in bytes, cut anywhere; keeps none of it.
///
/// Exact for what says how long it is: PCM and WAV by their rate, MP3 and AAC frame by frame, Ogg (Opus) by the position
/// of its last page. FLAC is taken as half of 16-bit PCM at 24 kHz, and so is what has another name.
///
/// Sources: ISO/IEC 11172-3, section 2.4.1.3 (frame header); ISO/IEC 13818-7, annex A (ADTS); RFC 3533, section 6;
/// RFC 7845, section 4; RFC 2361 and "Multimedia Programming Interface", 1991 (RIFF WAVE).
public struct AudioMeter: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        /// So many bytes a second, after a header of a WAV file if there is one.
        case plain(bytesPerSecond: Int)
        case wav
        case frames(FrameKind)
        case ogg
    }

    /// What is made of frames that say how long they are.
    private enum FrameKind: Sendable, Hashable { case mp3, aac }

    private let form: Form
    private var bytes = 0
    /// The beginning of a header whose rest has not come.
    private var pending: [UInt8] = []
    /// Bytes before the next header.
    private var skip = 0
    /// Samples so far, by their rate.
    private var seconds = Seconds()
    /// Samples of 48 kHz that the last page of an Ogg file ends with.
    private var oggPosition = 0
    /// Of a WAV file; `nil` before its header was read.
    private var wavRate: Int?

    /// A time as the sum of parts of seconds: frames of one stream have one rate, nearly always.
    private struct Seconds: Sendable, Hashable {
        var milliseconds = 0
        var samples = 0
        var rate = 1

        mutating func add(samples more: Int, rate: Int) {
            if rate != self.rate {
                milliseconds += samples * 1000 / self.rate
                samples = 0
                self.rate = rate
            }
            samples += more
        }

        var total: Int { milliseconds + samples * 1000 / rate }
    }

    private static let pcmRate = 24_000
    /// A header is not looked for in more than this.
    private static let headerBytesMax = 4096

    /// - Parameter type: the Content-Type, such as `audio/pcm;rate=24000;channels=1`.
    public init(type: String) {
        let rate = Self.parameter("rate", of: type) ?? Self.pcmRate
        let channels = Self.parameter("channels", of: type) ?? 1
        switch type.prefix(while: { $0 != ";" }) {
        case "audio/pcm": form = .plain(bytesPerSecond: 2 * rate * channels)
        case "audio/wav": form = .wav
        case "audio/mpeg": form = .frames(.mp3)
        case "audio/aac": form = .frames(.aac)
        case "audio/ogg": form = .ogg
        default: form = .plain(bytesPerSecond: Self.pcmRate)
        }
    }

    private static func parameter(_ name: String, of type: String) -> Int? {
        for part in type.split(separator: ";").dropFirst() {
            let sides = part.split(separator: "=").map { $0.filter { $0 != " " } }
            guard sides.count == 2, sides[0] == name, let number = Int(sides[1]) else { continue }
            return (1...1_000_000).contains(number) ? number : nil
        }
        return nil
    }

    /// Thousandths of seconds so far.
    public var milliseconds: Int {
        switch form {
        case .plain(let rate): bytes * 1000 / rate
        case .wav: bytes * 1000 / (wavRate ?? 2 * Self.pcmRate)
        case .frames: seconds.total
        case .ogg: oggPosition / 48
        }
    }

    /// Takes the next bytes.
    public mutating func add(_ more: [UInt8]) {
        switch form {
        case .plain: bytes += more.count
        case .wav: addWAV(more)
        case .frames(let kind): walk(more, headerBytes: kind == .mp3 ? 10 : 7) { $0.frame($1, kind) }
        case .ogg: walk(more, headerBytes: 27) { $0.page($1) }
        }
    }

    // MARK: WAV

    private mutating func addWAV(_ more: [UInt8]) {
        guard wavRate == nil else {
            bytes += more.count
            return
        }
        pending += more
        guard let header = Self.wavHeader(pending) else {
            guard pending.count > Self.headerBytesMax else { return }
            wavRate = 2 * Self.pcmRate
            bytes = pending.count
            pending = []
            return
        }
        wavRate = header.bytesPerSecond
        bytes = pending.count - header.size
        pending = []
    }

    /// The bytes before the samples, and the samples' rate; `nil` when it is not whole yet.
    private static func wavHeader(_ bytes: [UInt8]) -> (size: Int, bytesPerSecond: Int)? {
        func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        guard bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)) else { return nil }
        var at = 12
        var rate = 0
        while at + 8 <= bytes.count {
            let name = bytes[at..<at + 4]
            if name.elementsEqual("data".utf8) { return rate > 0 ? (at + 8, rate) : nil }
            if name.elementsEqual("fmt ".utf8) {
                guard at + 20 <= bytes.count else { return nil }
                rate = number(at + 16)
            }
            at += 8 + number(at + 4) + number(at + 4) % 2
        }
        return nil
    }

    // MARK: Frames and pages

    /// What a header says: how far the next one is, that it is longer, or that this is none.
    private enum Step { case skip(Int), needs(Int), noHeader }

    /// Goes from header to header; where none is, looks for the next a byte on.
    private mutating func walk(_ more: [UInt8], headerBytes: Int, read: (inout Self, ArraySlice<UInt8>) -> Step) {
        let bytes: [UInt8]
        if pending.isEmpty {
            bytes = more
        } else {
            bytes = pending + more
            pending = []
        }
        var at = min(skip, bytes.count)
        skip -= at
        var needed = headerBytes
        while at + needed <= bytes.count {
            switch read(&self, bytes[at..<at + needed]) {
            case .skip(let count):
                let step = min(count, bytes.count - at)
                skip = count - step
                at += step
                needed = headerBytes
            case .needs(let count): needed = count
            case .noHeader: at += 1
            }
        }
        if skip == 0 { pending = Array(bytes[at...]) }
    }

    private mutating func frame(_ header: ArraySlice<UInt8>, _ kind: FrameKind) -> Step {
        guard let first = header.first, first == 0xFF || first == UInt8(ascii: "I") else { return .noHeader }
        let head = Array(header)
        switch kind {
        case .mp3:
            if head.starts(with: Array("ID3".utf8)) {
                return .skip(10 + head[6...9].reduce(0) { $0 << 7 | Int($1 & 0x7F) })
            }
            guard let frame = MP3Frame(head) else { return .noHeader }
            seconds.add(samples: frame.samples, rate: frame.rate)
            return .skip(frame.size)
        case .aac:
            let rates = [
                96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
            ]
            let rate = Int(head[2] >> 2 & 15)
            let size = Int(head[3] & 3) << 11 | Int(head[4]) << 3 | Int(head[5] >> 5)
            guard head[0] == 0xFF, head[1] & 0xF6 == 0xF0, rate < rates.count, size >= 7 else { return .noHeader }
            seconds.add(samples: 1024 * (Int(head[6] & 3) + 1), rate: rates[rate])
            return .skip(size)
        }
    }

    /// A page's header: where it ends in samples, and how long its segments are.
    private mutating func page(_ header: ArraySlice<UInt8>) -> Step {
        let at = header.startIndex
        guard header[at] == UInt8(ascii: "O"), header.starts(with: Array("OggS".utf8)) else { return .noHeader }
        let size = 27 + Int(header[at + 26])
        guard header.count >= size else { return .needs(size) }
        let number = header[at + 6..<at + 14].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // All bits set: no packet ends on the page.
        if number < 1 << 40 { oggPosition = max(oggPosition, Int(number)) }
        return .skip(size + header[(at + 27)...].reduce(0) { $0 + Int($1) })
    }
}

/// The header of one frame of MPEG audio, layer III.
private struct MP3Frame {
    var size: Int
    var samples: Int
    var rate: Int

    private static let bitrates1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let bitrates2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

    /// - Parameter head: at least its four bytes.
    init?(_ head: [UInt8]) {
        let version = head[1] >> 3 & 3  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
        let bitrate = Int(head[2] >> 4)
        let rate = Int(head[2] >> 2 & 3)
        guard head[0] == 0xFF, head[1] & 0xE0 == 0xE0, version != 1, head[1] >> 1 & 3 == 1, bitrate != 0,
            bitrate != 15, rate != 3
        else { return nil }
        self.rate = [44_100, 48_000, 32_000][rate] / (version == 3 ? 1 : version == 2 ? 2 : 4)
        samples = version == 3 ? 1152 : 576
        let kilobits = (version == 3 ? Self.bitrates1 : Self.bitrates2)[bitrate]
        size = samples / 8 * kilobits * 1000 / self.rate + Int(head[2] >> 1 & 1)
    }
}
