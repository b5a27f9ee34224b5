/// The header of a page. Source: RFC 3533, section 6.
struct OggPage {
    /// Samples up to the end of the last packet that ends on it; `nil` when none does.
    var position: Int?
    var beginsStream: Bool
    var serial: UInt64
    var headerBytes: Int
    var bodyBytes: Int

    static let headerBytesMin = 27
    static let headerBytesMax = 27 + 255

    /// - Parameter head: at least ``headerBytesMin``, and the page's whole header where that is longer.
    init?(_ head: ArraySlice<UInt8>) {
        guard head.count >= Self.headerBytesMin, head.stands("OggS") else { return nil }
        let position = head.little(6, 8)
        // All bits set: no packet ends on the page.
        self.position = position < 1 << 40 ? Int(position) : nil
        beginsStream = head[from: 5] & 2 != 0
        serial = head.little(14, 4)
        headerBytes = 27 + head[from: 26]
        bodyBytes = (27..<headerBytes).reduce(0) { $0 + head[from: $1] }
    }
}

/// What says how long an Ogg file is: the position of its last page, in samples.
///
/// Sources: RFC 3533, section 6; RFC 7845, section 4 (Opus); Vorbis I specification, section 4.2.2; "The Ogg FLAC mapping";
/// Speex manual, section 8.
struct OggContents: AudioContents {
    private var walk = HeaderWalk()
    private var stream: Stream?
    private var byteCount = 0
    /// Bytes up to the end of the pages that say what follows.
    private var headBytes = 0
    /// Milliseconds of streams before this one, up to ``AudioLength/most``.
    private var before = 0

    private struct Stream {
        var serial: UInt64
        /// Samples a second.
        var rate: Int
        /// Samples to be left out at the start.
        var skipped = 0
        /// Thousand bits a second.
        var kilobits: ClosedRange<Int>
        var position = 0

        var milliseconds: Int { min(max(0, position - skipped) * 1000 / rate, AudioLength.most) }
    }

    mutating func add(_ bytes: Span<UInt8>) {
        byteCount += bytes.count
        walk.append(bytes)
        while var head = walk.next(OggPage.headerBytesMin) {
            guard let start = OggPage(head) else {
                walk.search { $0 == UInt8(ascii: "O") }
                continue
            }
            // The first page of a stream holds what it is, and nothing else.
            let needed = start.headerBytes + (start.beginsStream ? 32 : 0)
            guard let whole = walk.next(needed) ?? walk.next(start.headerBytes) else { break }
            head = whole
            guard let page = OggPage(head) else { break }
            if page.beginsStream, whole.count < page.headerBytes + min(page.bodyBytes, 32) { break }
            note(page, head.dropFirst(page.headerBytes).prefix(page.bodyBytes))
            walk.advance(page.headerBytes + page.bodyBytes)
            if page.position == 0 { headBytes = walk.passed }
        }
        walk.keepRest()
    }

    private mutating func note(_ page: OggPage, _ body: ArraySlice<UInt8>) {
        if page.beginsStream {
            guard let next = Self.stream(page.serial, body) else { return }
            before = milliseconds
            stream = next
        } else if let position = page.position {
            // Whose beginning did not come is taken for Opus.
            var stream = stream ?? Stream(serial: page.serial, rate: 48_000, kilobits: 4...512)
            guard stream.serial == page.serial else { return }
            stream.position = max(stream.position, position)
            self.stream = stream
        }
    }

    private static func stream(_ serial: UInt64, _ packet: ArraySlice<UInt8>) -> Stream? {
        if packet.stands("OpusHead") {
            return Stream(serial: serial, rate: 48_000, skipped: Int(packet.little(10, 2)), kilobits: 4...512)
        }
        if packet.stands("vorbis", at: 1) {
            return Stream(serial: serial, rate: max(1, Int(packet.little(12, 4))), kilobits: 16...512)
        }
        if packet.stands("Speex   ") {
            // Its rate stands behind what is read here: 8, 16 or 32 kHz.
            return Stream(serial: serial, rate: 16_000, kilobits: 2...64)
        }
        if packet.stands("FLAC", at: 1) {
            let rate = Int(packet.big(27, 3) >> 4)
            return Stream(serial: serial, rate: max(1, rate), kilobits: 2...9216)
        }
        return nil
    }

    /// Up to the last page that came.
    var milliseconds: Int { min(before + (stream?.milliseconds ?? 0), AudioLength.most) }

    func length(ofBytes total: Int) -> AudioLength {
        let kilobits = stream?.kilobits ?? 4...512
        guard total > byteCount else { return AudioLength(exactly: milliseconds).within(total, at: kilobits) }
        guard milliseconds > 0 else { return AudioLength(bytes: total, at: max(16, kilobits.lowerBound)...512) }
        // Up to the end of the last page, which may not have come.
        let mean = max(1, (walk.passed - headBytes) * 8 / milliseconds)
        let more = AudioLength(bytes: total - walk.passed, at: max(1, mean / 2)...mean * 4)
        return AudioLength(atLeast: milliseconds + more.atLeast, atMost: milliseconds + more.atMost)
            .within(total, at: kilobits)
    }
}
