/// The header of one frame of MPEG audio.
///
/// Source: ISO/IEC 11172-3, section 2.4.1.3; ISO/IEC 13818-3 for the lower sample rates.
struct MPEGFrame: Sendable, Hashable {
    var size: Int
    var samples: Int
    /// Samples a second.
    var rate: Int
    /// Thousand bits a second.
    var kilobits: Int
    /// Bytes between the header and what a first frame says of the whole file.
    var sideBytes: Int

    /// By layer I, II, III of MPEG-1, then I and II-III of MPEG-2.
    private static let bitrates = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]

    /// - Parameter head: at least its four bytes.
    init?(_ head: ArraySlice<UInt8>) {
        let (one, two, three) = (head[from: 1], head[from: 2], head[from: 3])
        let version = one >> 3 & 3  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
        let layer = 4 - (one >> 1 & 3)
        let bitrate = two >> 4
        let rate = two >> 2 & 3
        guard head.count >= 4, head[from: 0] == 0xFF, one & 0xE0 == 0xE0, version != 1, layer < 4, bitrate != 0,
            bitrate != 15, rate != 3
        else { return nil }
        let isFirst = version == 3
        self.rate = [44_100, 48_000, 32_000][rate] / (isFirst ? 1 : version == 2 ? 2 : 4)
        kilobits = Self.bitrates[isFirst ? layer - 1 : layer == 1 ? 3 : 4][bitrate]
        let padding = two >> 1 & 1
        switch layer {
        case 1:
            samples = 384
            size = (12 * kilobits * 1000 / self.rate + padding) * 4
        default:
            samples = layer == 3 && !isFirst ? 576 : 1152
            size = samples / 8 * kilobits * 1000 / self.rate + padding
        }
        let isMono = three >> 6 == 3
        sideBytes = isFirst ? (isMono ? 17 : 32) : (isMono ? 9 : 17)
    }
}

/// Frames of MPEG audio whose headers differ in nothing but bit rate, padding and what says nothing of their length.
struct AlikeFrames: Sendable, Hashable {
    /// In each frame.
    let samples: Int
    /// Samples a second.
    let rate: Int
    private let head: UInt32
    /// By the four bits of the bit rate and, in front of them, that of padding; zero where there is no such frame.
    private var sizes = [UInt16](repeating: 0, count: 32)
    private var kilobits = [UInt16](repeating: 0, count: 32)

    /// All but bit rate, padding, the private bit and the last byte, which is about stereo.
    private static let mask: UInt32 = 0xFFFF_0C00

    /// - Parameter head: of one of them, which is a frame.
    init?(_ head: ArraySlice<UInt8>) {
        guard let frame = MPEGFrame(head) else { return nil }
        samples = frame.samples
        rate = frame.rate
        self.head = UInt32(head.big(0, 4)) & Self.mask
        for place in 0..<32 {
            var other = Array(head.prefix(4))
            other[2] = other[2] & 0x0C | UInt8(place & 15) << 4 | UInt8(place >> 4) << 1
            guard let one = MPEGFrame(other[...]) else { continue }
            (sizes[place], kilobits[place]) = (UInt16(clamping: one.size), UInt16(clamping: one.kilobits))
        }
    }

    /// - Parameter head: a header's four bytes, the first in the highest place.
    /// - Returns: `nil` for any other frame.
    @inline(__always)
    func frame(of head: UInt32) -> (size: Int, kilobits: Int)? {
        let place = Int(head >> 12 & 15 | head >> 5 & 16)
        guard head & Self.mask == self.head, sizes[place] > 0 else { return nil }
        return (Int(sizes[place]), Int(kilobits[place]))
    }

    /// Such frames one behind the other.
    struct Run: Sendable, Hashable {
        var frames = 0
        /// Also those of the last one that have not come.
        var byteCount = 0
        /// Thousand bits a second of the slowest and of the fastest.
        var kilobits: ClosedRange<Int>
    }

    /// Those at the beginning of what came; `nil` where there is none. Nearly all of a file are so: they are read in the
    /// shortest way.
    func run(in bytes: Span<UInt8>) -> Run? {
        bytes.bytes.withUnsafeBytes { bytes in
            var (frames, byteCount) = (0, 0)
            var (low, high) = (Int.max, 0)
            while byteCount <= bytes.count - FrameKind.mpeg.headerBytes {
                let head = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: byteCount, as: UInt32.self))
                guard let frame = frame(of: head) else { break }
                byteCount += frame.size
                frames += 1
                (low, high) = (min(low, frame.kilobits), max(high, frame.kilobits))
            }
            return frames > 0 ? Run(frames: frames, byteCount: byteCount, kilobits: low...high) : nil
        }
    }
}

/// The header of one frame of AAC.
///
/// Source: ISO/IEC 13818-7, annex A (ADTS).
struct ADTSFrame: Sendable, Hashable {
    var size: Int
    var samples: Int
    /// Samples a second.
    var rate: Int

    private static let rates = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
    ]

    /// - Parameter head: at least its seven bytes.
    init?(_ head: ArraySlice<UInt8>) {
        let rate = head[from: 2] >> 2 & 15
        size = (head[from: 3] & 3) << 11 | head[from: 4] << 3 | head[from: 5] >> 5
        guard head.count >= 7, head[from: 0] == 0xFF, head[from: 1] & 0xF6 == 0xF0, rate < Self.rates.count, size >= 7
        else { return nil }
        samples = 1024 * ((head[from: 6] & 3) + 1)
        self.rate = Self.rates[rate]
    }
}

/// What audio is made of in frames that say how long they are.
enum FrameKind: Sendable, Hashable {
    case mpeg, adts

    var headerBytes: Int { self == .mpeg ? 10 : 7 }
}

/// Adds up frames.
struct FrameCount: Sendable, Hashable {
    private let kind: FrameKind
    private var walk = HeaderWalk()
    private var time = SampleTime()
    /// Bytes of frames.
    private(set) var frameBytes = 0
    /// Bytes that tags in front of frames have.
    private(set) var tagBytes = 0
    /// Thousand bits a second of the slowest and of the fastest frame.
    private(set) var kilobits: ClosedRange<Int>?
    /// What a first frame says of the whole file.
    private(set) var declared: Declared?
    /// MPEG frames like the last one, or like one before.
    private var alike: AlikeFrames?
    /// How often that may still be made anew: nobody is to spend seconds with a file whose frames all differ.
    private var alikeLeft = 64

    struct Declared: Sendable, Hashable {
        var samples: Int
        var bytes: Int
        var rate: Int
    }

    init(_ kind: FrameKind) { self.kind = kind }

    var milliseconds: Int { time.milliseconds }
    /// Bytes up to the end of the last frame, which may not have come.
    var passed: Int { walk.passed }

    mutating func add(_ more: Span<UInt8>) {
        if walk.bytes.isEmpty, walk.skip < more.count {
            // Where they are: nothing is copied while nothing else comes.
            pass(alike?.run(in: more.extracting(droppingFirst: walk.skip)))
        }
        walk.append(more)
        pass(alike?.run(in: walk.bytes.span))
        while let head = walk.next(kind.headerBytes) {
            if kind == .mpeg, head.stands("ID3") {
                let size = 10 + (6...9).reduce(0) { $0 << 7 | head[from: $1] & 0x7F }
                tagBytes += size
                walk.advance(size)
                continue
            }
            guard let size = note(head) else {
                walk.search { $0 == 0xFF || $0 == UInt8(ascii: "I") }
                continue
            }
            guard size > 0 else { break }
            walk.advance(size)
            pass(alike?.run(in: walk.bytes.span))
        }
        walk.keepRest()
    }

    private mutating func pass(_ run: AlikeFrames.Run?) {
        guard let run, let alike else { return }
        time.add(samples: run.frames * alike.samples, rate: alike.rate)
        frameBytes += run.byteCount
        let (low, high) = (run.kilobits.lowerBound, run.kilobits.upperBound)
        kilobits = min(kilobits?.lowerBound ?? low, low)...max(kilobits?.upperBound ?? high, high)
        walk.advance(run.byteCount)
    }

    /// Counts a frame.
    /// - Returns: how long it is; 0: more of it must come first; `nil`: there is none.
    private mutating func note(_ head: ArraySlice<UInt8>) -> Int? {
        switch kind {
        case .mpeg:
            guard let frame = MPEGFrame(head) else { return nil }
            if frameBytes == 0 {
                // The first frame may hold nothing but what the file is.
                let place = 4 + frame.sideBytes
                if frame.size >= place + 16 {
                    guard let more = walk.next(place + 16) else { return 0 }
                    if more.stands("Xing", at: place) || more.stands("Info", at: place) {
                        read(more.dropFirst(place), of: frame)
                        return frame.size
                    }
                }
            }
            if alikeLeft > 0, alike?.frame(of: UInt32(head.big(0, 4))) == nil {
                alikeLeft -= 1
                alike = AlikeFrames(head)
            }
            time.add(samples: frame.samples, rate: frame.rate)
            frameBytes += frame.size
            let (low, high) = (kilobits?.lowerBound ?? frame.kilobits, kilobits?.upperBound ?? frame.kilobits)
            kilobits = min(low, frame.kilobits)...max(high, frame.kilobits)
            return frame.size
        case .adts:
            guard let frame = ADTSFrame(head) else { return nil }
            time.add(samples: frame.samples, rate: frame.rate)
            frameBytes += frame.size
            return frame.size
        }
    }

    /// Reads how many frames and bytes follow. Source: the header of the Xing encoder, as LAME writes it.
    private mutating func read(_ header: ArraySlice<UInt8>, of frame: MPEGFrame) {
        let flags = header.big(4, 4)
        guard flags & 3 == 3 else { return }
        declared = Declared(
            samples: Int(header.big(8, 4)) * frame.samples, bytes: Int(header.big(12, 4)), rate: frame.rate)
    }
}

/// A time as samples of one rate, nearly always.
struct SampleTime: Sendable, Hashable {
    private var before = 0
    private var samples = 0
    private var rate = 1

    /// - Parameter rate: samples a second, above zero.
    mutating func add(samples more: Int, rate: Int) {
        if rate != self.rate {
            before += samples * 1000 / self.rate
            samples = 0
            self.rate = max(1, rate)
        }
        samples += more
    }

    var milliseconds: Int { before + samples * 1000 / rate }
}

/// MP3 and AAC.
struct FrameContents: AudioContents {
    private let kind: FrameKind
    private var count: FrameCount
    private var byteCount = 0

    init(_ kind: FrameKind) {
        self.kind = kind
        count = FrameCount(kind)
    }

    mutating func add(_ bytes: Span<UInt8>) {
        byteCount += bytes.count
        count.add(bytes)
    }

    func length(ofBytes total: Int) -> AudioLength {
        let rest = total > byteCount ? max(0, total - count.passed) : 0
        let bounds = kind == .mpeg ? 8...448 : 8...576
        let sound = AudioLength.soundBytes(of: total, without: count.tagBytes)
        var length = AudioLength(exactly: count.milliseconds)
        if total > byteCount {
            let more = AudioLength(bytes: min(rest, sound), at: kilobits ?? bounds)
            length = AudioLength(
                atLeast: count.milliseconds + more.atLeast, atMost: count.milliseconds + more.atMost)
            if let declared = count.declared, declared.bytes / 8 * 7 <= sound, sound / 8 * 7 <= declared.bytes {
                length = AudioLength(exactly: declared.samples * 1000 / declared.rate)
            }
        }
        return length.within(sound, at: bounds)
    }

    /// Of what came.
    private var kilobits: ClosedRange<Int>? {
        switch kind {
        case .mpeg: return count.kilobits
        case .adts:
            guard count.milliseconds > 0 else { return nil }
            let mean = max(1, count.frameBytes * 8 / count.milliseconds)
            return max(1, mean / 2)...mean * 2
        }
    }
}
