/// Cuts the bytes of a `text/event-stream` into records, whatever pieces they come in.
///
/// Hand over a piece with ``append(_:)``, then call ``next()`` until it returns `nil`; a record that is not closed by
/// an empty line when the bytes end is thrown away, as the format demands.
///
/// Lines end with LF, CR LF or CR, mixed, also when a pair is split between pieces. One space after the colon is left
/// out; comments, `id`, `retry` and unknown fields are skipped; several `data` lines are joined with LF; a byte order
/// mark may stand at the very start. Nothing is decoded: what is not UTF-8 is the reader's business.
///
/// Source: WHATWG HTML, "Server-sent events", section "Interpreting an event stream".
public struct EventStreamDecoder: Sendable {
    /// One record. Its bytes are those of the piece when the record lies whole in it, so that nothing is copied.
    public struct Record: Sendable, Hashable {
        /// The value of the last `event` line; empty when there was none.
        public var event: ArraySlice<UInt8>
        /// The values of the `data` lines, with LF between them.
        public var data: ArraySlice<UInt8>
    }

    /// The most bytes a record may have, line ends not counted; comments do not add up.
    public let recordBytesMax: Int

    /// What is being read.
    private var piece: [UInt8] = []
    private var at = 0
    /// The last byte before ``at`` was a CR: an LF that follows belongs to it.
    private var skipsLF = false
    private var isAtStart = true
    /// The beginning of a line whose end has not come yet.
    private var line: [UInt8] = []
    /// Bytes of the complete lines of this record.
    private var recordBytes = 0
    private var event = Field()
    private var data = Field()
    /// The last line was empty.
    private var endsRecord = false

    /// - Parameter recordBytesMax: the most bytes a record may have; 1 MiB unless told.
    public init(recordBytesMax: Int = 1 << 20) {
        self.recordBytesMax = recordBytesMax
    }

    /// Takes the next bytes of the stream, cut anywhere.
    public mutating func append(_ bytes: [UInt8]) {
        if at < piece.count {
            piece = Array(piece[at...]) + bytes
        } else {
            piece = bytes
        }
        at = 0
    }

    /// The next record; `nil` when the rest of it has not come yet.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `broken` for a record of more than ``recordBytesMax`` bytes. The stream
    ///   cannot be read any further then.
    public mutating func next() throws(UpstreamFailure) -> Record? {
        while true {
            if skipsLF, at < piece.count {
                skipsLF = false
                if piece[at] == 0x0A { at += 1 }
            }
            let start = at
            let end = piece.span.bytes.firstLineEnd(from: start)
            guard recordBytes + line.count + (end - start) <= recordBytesMax else { throw tooLarge }
            guard end < piece.count else {
                keepRest()
                return nil
            }
            at = end + 1
            skipsLF = piece[end] == 0x0D
            if line.isEmpty {
                read(piece, start..<end)
            } else {
                line += piece[start..<end]
                let whole = line
                line = []
                read(whole, whole.startIndex..<whole.endIndex)
            }
            if let record = takeRecord() { return record }
        }
    }

    private mutating func takeRecord() -> Record? {
        guard endsRecord else { return nil }
        endsRecord = false
        recordBytes = 0
        defer {
            event = Field()
            data = Field()
        }
        return data.value.map { Record(event: event.value ?? [], data: $0) }
    }

    /// Reads one line without its end.
    private mutating func read(_ bytes: [UInt8], _ range: Range<Int>) {
        var range = range
        if isAtStart {
            isAtStart = false
            if bytes[range].starts(with: [0xEF, 0xBB, 0xBF]) { range = (range.lowerBound + 3)..<range.upperBound }
        }
        guard let first = range.first else {
            endsRecord = true
            return
        }
        guard bytes[first] != 0x3A else { return }
        recordBytes += range.count
        if let value = Self.value(of: "data", in: bytes, range) {
            data.add(bytes, value)
        } else if let value = Self.value(of: "event", in: bytes, range) {
            event = Field()
            event.add(bytes, value)
        }
    }

    /// Where the value of a line with this field's name is; `nil` when it has another name.
    private static func value(of name: StaticString, in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        let count = name.utf8CodeUnitCount
        guard range.count >= count,
            name.withUTF8Buffer({ name in name.indices.allSatisfy { name[$0] == bytes[range.lowerBound + $0] } })
        else { return nil }
        var start = range.lowerBound + count
        guard start < range.upperBound else { return start..<start }
        guard bytes[start] == 0x3A else { return nil }
        start += 1
        if start < range.upperBound, bytes[start] == 0x20 { start += 1 }
        return start..<range.upperBound
    }

    /// Puts aside what the next piece continues, and lets go of this one.
    private mutating func keepRest() {
        if at < piece.count { line += piece[at...] }
        piece = []
        at = 0
        data.detach()
        event.detach()
    }

    private var tooLarge: UpstreamFailure {
        UpstreamFailure(.broken, "The provider sent an event of more than \(recordBytesMax) bytes.")
    }
}

/// The value of a field while its record is being read: a part of the piece as long as that is enough.
private struct Field: Sendable {
    private var part: ArraySlice<UInt8>?
    private var copy: [UInt8] = []
    private var isCopy = false

    /// `nil` when there was no such line.
    var value: ArraySlice<UInt8>? { isCopy ? copy[...] : part }

    /// Adds a line's value.
    mutating func add(_ bytes: [UInt8], _ range: Range<Int>) {
        guard isCopy || part != nil else {
            part = bytes[range]
            return
        }
        detach()
        copy.append(0x0A)
        copy += bytes[range]
    }

    /// Copies the value, so that the piece it came in need not be kept.
    mutating func detach() {
        guard let part else { return }
        copy = Array(part)
        isCopy = true
        self.part = nil
    }
}

extension RawSpan {
    /// Where from `start` on the first CR or LF is; the end when there is none.
    ///
    /// Looks at 16 bytes at a time. The loads check their bounds, and any bits are a vector of bytes: nothing can
    /// break. The vectors are compared with vectors whose type is written out, because a comparison with a scalar is
    /// taken from the generic implementation, byte by byte (Swift 6.3).
    fileprivate func firstLineEnd(from start: Int) -> Int {
        var at = start
        let feeds = SIMD16<UInt8>(repeating: 0x0A)
        let returns = SIMD16<UInt8>(repeating: 0x0D)
        while at <= byteCount &- 16 {
            let bytes = unsafeLoadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
            let isFeed: SIMDMask<SIMD16<Int8>> = bytes .== feeds
            let isReturn: SIMDMask<SIMD16<Int8>> = bytes .== returns
            let marks = unsafeBitCast(isFeed .| isReturn, to: SIMD2<UInt64>.self)
            if marks.x != 0 { return at &+ marks.x.littleEndian.trailingZeroBitCount >> 3 }
            if marks.y != 0 { return at &+ 8 &+ marks.y.littleEndian.trailingZeroBitCount >> 3 }
            at &+= 16
        }
        while at < byteCount {
            let byte = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            if byte == 0x0A || byte == 0x0D { return at }
            at &+= 1
        }
        return at
    }
}
