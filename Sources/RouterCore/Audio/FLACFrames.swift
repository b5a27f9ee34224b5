/// The header of one frame of FLAC. Source: RFC 9639, section 9.1.
struct FLACFrame: Sendable, Hashable {
    /// Of the frame, or of its first sample where blocks differ in size.
    var number: Int
    /// ``number`` of the frame behind it.
    var nextNumber: Int
    var samples: Int
    /// Samples a second.
    var rate: Int
    /// Bytes of the header.
    var size: Int

    /// What bytes begin with.
    enum Reading {
        case frame(FLACFrame)
        /// It may be a header whose rest has not come.
        case unfinished
        case nothing
    }

    private static let rates = [
        0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    ]

    /// - Parameter rate: samples a second of a frame that does not say; `nil` when nobody knows.
    static func read(_ bytes: ArraySlice<UInt8>, rate known: Int?) -> Reading {
        guard bytes[from: 0] == 0xFF else { return bytes.isEmpty ? .unfinished : .nothing }
        guard bytes.count >= 5 else { return bytes.count < 2 || bytes[from: 1] & 0xFE == 0xF8 ? .unfinished : .nothing }
        let (two, three) = (bytes[from: 2], bytes[from: 3])
        let (block, rateCode) = (two >> 4, two & 15)
        guard bytes[from: 1] & 0xFE == 0xF8, block != 0, rateCode != 15, three >> 4 <= 10, three >> 1 & 7 != 3,
            three & 1 == 0
        else { return .nothing }
        // The number is written as UTF-8 would be, up to 36 bits.
        let ones = (~UInt8(bytes[from: 4])).leadingZeroBitCount
        guard ones != 1, ones < 8 else { return .nothing }
        let sizePlace = 4 + max(1, ones)
        let sizeBytes = block == 6 ? 1 : block == 7 ? 2 : 0
        let rateBytes = rateCode == 12 ? 1 : rateCode >= 13 ? 2 : 0
        let end = sizePlace + sizeBytes + rateBytes
        guard bytes.count > end else { return .unfinished }
        guard crc8(bytes.prefix(end)) == bytes[from: end] else { return .nothing }

        var number = ones == 0 ? bytes[from: 4] : bytes[from: 4] & (0x7F >> ones)
        for place in 5..<sizePlace { number = number << 6 | bytes[from: place] & 0x3F }
        let samples =
            switch block {
            case 1: 192
            case 2...5: 144 << block
            case 6, 7: Int(bytes.big(sizePlace, sizeBytes)) + 1
            default: 1 << block
            }
        let said = Int(bytes.big(sizePlace + sizeBytes, rateBytes))
        let rate =
            switch rateCode {
            case 0: known ?? 0
            case 12: said * 1000
            case 13: said
            case 14: said * 10
            default: rates[rateCode]
            }
        guard (1000...655_350).contains(rate) else { return .nothing }
        let isVariable = bytes[from: 1] & 1 == 1
        return .frame(
            FLACFrame(
                number: number, nextNumber: number + (isVariable ? samples : 1), samples: samples, rate: rate,
                size: end + 1))
    }

    /// Of the polynomial x⁸ + x² + x + 1.
    private static func crc8(_ bytes: ArraySlice<UInt8>) -> Int {
        var crc: UInt8 = 0
        for byte in bytes {
            crc ^= byte
            for _ in 0..<8 { crc = crc & 0x80 == 0 ? crc << 1 : crc << 1 ^ 0x07 }
        }
        return Int(crc)
    }
}

/// Counts frames of FLAC in bytes that come cut anywhere; keeps at most a header of them.
///
/// A frame does not say how long it is, so headers are looked for: one is counted that goes on where the one before ended,
/// or that is gone on with itself, since other bytes look like a header once in a while. Several files, one behind the
/// other, are counted together.
struct FLACFrameCount: Sendable {
    private var walk = HeaderWalk()
    /// The next is a block before the frames.
    private var isAtBlock = false
    /// Of the file that the frames are in.
    private var rate: Int?
    /// ``FLACFrame/number`` of the frame that is to come; `nil` for any.
    private var nextNumber: Int?
    /// A frame that did not go on where the last one ended.
    private var stray: FLACFrame?
    private var time = SampleTime()
    private(set) var hasFrames = false
    /// Bytes that are no sound: what files begin with. Also those that have not come.
    private(set) var headBytes = 0

    /// Up to the end of the last frame.
    var milliseconds: Int { time.milliseconds }

    mutating func add(_ bytes: Span<UInt8>) {
        walk.append(bytes)
        while !walk.bytes.isEmpty, isAtBlock ? readBlock() : readFrame() {}
        walk.keepRest()
    }

    /// - Returns: whether there may be more.
    private mutating func readBlock() -> Bool {
        guard let head = walk.next(4) else { return false }
        pass(head: 4 + Int(head.big(1, 3)))
        isAtBlock = head[from: 0] & 0x80 == 0
        return true
    }

    private mutating func readFrame() -> Bool {
        let first = walk.bytes[from: 0]
        if first == UInt8(ascii: "f"), let isThere = readStart() { return isThere }
        if first == 0xFF {
            switch FLACFrame.read(walk.bytes.prefix(16), rate: rate) {
            case .unfinished: return false
            case .frame(let frame):
                note(frame)
                walk.advance(frame.size)
                return true
            case .nothing: break
            }
        }
        walk.search { $0 == 0xFF || $0 == UInt8(ascii: "f") }
        return true
    }

    /// Reads how a file begins.
    /// - Returns: whether all of it is there; `nil` where there is none.
    private mutating func readStart() -> Bool? {
        let start = walk.bytes.prefix(4)
        guard Array("fLaC".utf8).starts(with: start) else { return nil }
        guard let head = walk.next(42) else { return false }
        guard let info = FLACContents.info(head.dropFirst(4)) else { return nil }
        rate = info.rate
        nextNumber = nil
        stray = nil
        isAtBlock = head[from: 4] & 0x80 == 0
        pass(head: 42)
        return true
    }

    private mutating func pass(head count: Int) {
        headBytes = min(headBytes + count, AudioLength.most)
        walk.advance(count)
    }

    private mutating func note(_ frame: FLACFrame) {
        if let stray, frame.number == stray.nextNumber {
            count(stray)
        } else if let nextNumber, frame.number != nextNumber {
            stray = frame
            return
        }
        count(frame)
        stray = nil
        nextNumber = frame.nextNumber
    }

    private mutating func count(_ frame: FLACFrame) {
        hasFrames = true
        time.add(samples: frame.samples, rate: frame.rate)
    }
}
