/// What says how long a WebM file is: its duration, or the time of its last block where a browser recorded it.
///
/// Sources: RFC 8794 (EBML), sections 5 and 6; RFC 9559 (Matroska), section 5.1.
struct WebMContents: AudioContents {
    private var walk = HeaderWalk()
    private var byteCount = 0
    /// Nanoseconds of a unit of time.
    private var scale: UInt64 = 1_000_000
    /// In units.
    private var duration: Double?
    /// When the cluster begins, in units.
    private var cluster: UInt64 = 0
    /// When the last block does.
    private var last: Double = 0

    /// Thousand bits a second: it may hold a film.
    private static let kilobits = 4...8192
    /// The same of sound.
    private static let usualKilobits = 16...512
    /// Bytes of a header, and of a value that is read.
    private static let headerBytesMax = 12
    private static let valueBytesMax = 8

    mutating func add(_ bytes: Span<UInt8>) {
        byteCount += bytes.count
        walk.append(bytes)
        loop: while let first = walk.next(1)?.first {
            let idBytes = first.leadingZeroBitCount + 1
            guard idBytes <= 4 else {
                walk.advance(AudioLength.most)  // no element
                break
            }
            guard let second = walk.next(idBytes + 1)?.last else { break }
            let sizeBytes = second.leadingZeroBitCount + 1
            guard sizeBytes <= 8 else {
                walk.advance(AudioLength.most)
                break
            }
            let headerBytes = idBytes + sizeBytes
            guard let head = walk.next(headerBytes) else { break }
            let allBits: UInt64 = 1 << UInt64(7 * sizeBytes) - 1
            let size = head.big(idBytes, sizeBytes) & allBits
            switch head.big(0, idBytes) {
            case 0x1853_8067, 0x1F43_B675, 0xA0, 0x1549_A966:  // Segment, Cluster, BlockGroup, Info
                walk.advance(headerBytes)
            case let id:
                guard size != allBits else {
                    walk.advance(AudioLength.most)  // only the others may be of unknown size
                    break loop
                }
                let size = Int(clamping: size)
                if [0x2AD7B1, 0x4489, 0xE7, 0xA3, 0xA1].contains(id) {
                    guard let value = walk.next(headerBytes + min(size, Self.valueBytesMax)) else { break loop }
                    read(id, value.dropFirst(headerBytes), size: size)
                }
                walk.advance(headerBytes + min(size, AudioLength.most))
            }
        }
        walk.keepRest()
    }

    private mutating func read(_ id: UInt64, _ value: ArraySlice<UInt8>, size: Int) {
        switch id {
        case 0x2AD7B1:  // TimestampScale
            let number = value.big(0, min(size, 8))
            if (1...1_000_000_000).contains(number) { scale = number }
        case 0x4489:  // Duration
            if size == 4 { duration = Double(Float(bitPattern: UInt32(truncatingIfNeeded: value.big(0, 4)))) }
            if size == 8 { duration = Double(bitPattern: value.big(0, 8)) }
        case 0xE7:  // Timestamp
            cluster = value.big(0, min(size, 8))
            last = max(last, Double(cluster))
        default:  // SimpleBlock, Block: the number of the track, then the time in the cluster
            let trackBytes = (value.first?.leadingZeroBitCount ?? 0) + 1
            let offset = Int16(truncatingIfNeeded: value.big(trackBytes, 2))
            last = max(last, Double(cluster) + Double(offset))
        }
    }

    private func milliseconds(_ units: Double) -> Int? {
        AudioLength.milliseconds(units * Double(scale) / 1_000_000).flatMap { $0 > 0 ? $0 : nil }
    }

    func length(ofBytes total: Int) -> AudioLength {
        if let declared = duration.flatMap({ milliseconds($0) }) {
            return AudioLength(exactly: declared).within(total, at: Self.kilobits)
        }
        guard let passed = milliseconds(last) else { return AudioLength(bytes: total, at: Self.usualKilobits) }
        guard total > byteCount else { return AudioLength(exactly: passed).within(total, at: Self.kilobits) }
        let mean = max(1, walk.passed * 8 / passed)
        let more = AudioLength(bytes: total - walk.passed, at: max(1, mean / 2)...mean * 4)
        return AudioLength(atLeast: passed + more.atLeast, atMost: passed + more.atMost)
            .within(total, at: Self.kilobits)
    }
}
