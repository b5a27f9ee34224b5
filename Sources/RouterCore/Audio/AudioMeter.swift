/// Counts how long the audio is that comes in bytes, cut anywhere; keeps none of it.
///
/// Exact for what says how long it is: PCM and WAV by their rate, MP3 and AAC frame by frame, Ogg (Opus) by the position
/// of its last page, FLAC by the samples of its frames, and never longer than its bytes can be. FLAC without a frame that
/// can be read is taken as half of 16-bit PCM at 24 kHz, and so is what has another name.
///
/// Sources: ISO/IEC 11172-3, section 2.4.1.3 (frame header); ISO/IEC 13818-7, annex A (ADTS); RFC 3533, section 6;
/// RFC 7845, section 4; RFC 9639 (FLAC); RFC 2361 and "Multimedia Programming Interface", 1991 (RIFF WAVE).
public struct AudioMeter: Sendable {
    private enum Form: Sendable, Hashable {
        /// So many bytes a second, after a header of a WAV file if there is one.
        case plain(bytesPerSecond: Int)
        case wav
        case frames
        case ogg
        case flac
    }

    private let form: Form
    private var bytes = 0
    private var frames = FrameCount(.mpeg)
    private var header = WAVReader()
    private var pages = OggContents()
    private var blocks = FLACFrameCount()

    private static let pcmRate = 24_000
    /// A header is not looked for in more than this.
    private static let headerBytesMax = 4096

    /// - Parameter type: the Content-Type, such as `audio/pcm;rate=24000;channels=1`.
    public init(type: String) {
        let rate = Self.parameter("rate", of: type, in: 4000...192_000) ?? Self.pcmRate
        let channels = Self.parameter("channels", of: type, in: 1...8) ?? 1
        switch type.prefix(while: { $0 != ";" }) {
        case "audio/pcm": form = .plain(bytesPerSecond: 2 * rate * channels)
        case "audio/wav": form = .wav
        case "audio/mpeg": form = .frames
        case "audio/aac":
            form = .frames
            frames = FrameCount(.adts)
        case "audio/ogg": form = .ogg
        case "audio/flac": form = .flac
        default: form = .plain(bytesPerSecond: Self.pcmRate)
        }
    }

    private static func parameter(_ name: String, of type: String, in range: ClosedRange<Int>) -> Int? {
        for part in type.split(separator: ";").dropFirst() {
            let sides = part.split(separator: "=").map { $0.filter { $0 != " " } }
            guard sides.count == 2, sides[0] == name, let number = Int(sides[1]) else { continue }
            return range.contains(number) ? number : nil
        }
        return nil
    }

    /// Thousandths of seconds so far.
    public var milliseconds: Int {
        switch form {
        case .plain(let rate): bytes * 1000 / rate
        case .wav: wavMilliseconds
        case .frames: frames.milliseconds
        case .ogg: min(pages.milliseconds, bytes * 8)  // Nothing has less than a thousand bits a second.
        // But silence in FLAC has: some hundred.
        case .flac where blocks.hasFrames: min(blocks.milliseconds, bytes * 64)
        case .flac: max(0, bytes - blocks.headBytes) * 1000 / Self.pcmRate
        }
    }

    private var wavMilliseconds: Int {
        if let size = header.size, header.bytesPerSecond > 0 {
            let rest = max(0, bytes - size)
            return AudioLength(exactly: rest * 1000 / header.bytesPerSecond).within(rest, at: WAVContents.kilobits)
                .atMost
        }
        return bytes > Self.headerBytesMax ? bytes * 1000 / (2 * Self.pcmRate) : 0
    }

    /// Takes the next bytes.
    public mutating func add(_ more: [UInt8]) {
        bytes += more.count
        switch form {
        case .plain: break
        case .wav: header.add(more.span)
        case .frames: frames.add(more.span)
        case .ogg: pages.add(more.span)
        case .flac: blocks.add(more.span)
        }
    }
}
