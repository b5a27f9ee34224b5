/// Reads a form as its bytes come in, cut anywhere, and holds no more than a part's head of it.
///
/// Source: RFC 2046, section 5.1, and RFC 7578.
public struct MultipartReader: Sendable {
    /// What came, in order.
    public enum Event {
        /// - Parameter offset: of its first byte of content in the form.
        case part(MultipartHead, offset: Int)
        /// Some of its content.
        case bytes
        case partEnd
        /// The last boundary; what follows it means nothing.
        case end
    }

    public struct Limits: Sendable, Hashable {
        /// Bytes of a part's head.
        public var headBytesMax = 8 * 1024
        public var partsMax = 200

        public init() {}
    }

    private enum Phase {
        /// Content, of a part or before the first one.
        case content(isPart: Bool)
        /// The first bytes of a part's content, of which it must be known that they are no boundary.
        case contentStart
        /// Behind a boundary.
        case delimiter
        case head
        case over
    }

    public let boundary: String
    private let delimiter: [UInt8]
    private let limits: Limits
    private var phase = Phase.content(isPart: false)
    /// What may be the start of a delimiter, or a head that is not whole. A form may begin with its boundary: the line's
    /// end that belongs to it is taken as read.
    private var kept: [UInt8] = [0x0D, 0x0A]
    /// Where ``kept`` ends in the form.
    private var position = 0
    private var partCount = 0

    /// - Parameter contentType: the value of the request's header field.
    /// - Returns: `nil` where it names no form.
    public init?(contentType: String, limits: Limits = Limits()) throws(MultipartFault) {
        let type = HeaderParameters(contentType.utf8)
        guard type.value == "multipart/form-data" else { return nil }
        guard let boundary = type["boundary"], !boundary.isEmpty else { throw .noBoundary }
        let others = " '()+_,-./:=?".utf8
        guard boundary.utf8.count <= 70, boundary.last != " ",
            // Some clients use other letters of a token, which do no harm.
            boundary.utf8.allSatisfy({ HeaderParameters.isTokenByte($0) || others.contains($0) })
        else { throw .badBoundary }
        self.boundary = boundary
        self.limits = limits
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the last boundary came.
    public var isOver: Bool { if case .over = phase { true } else { false } }

    /// Reads what came.
    ///
    /// - Parameter handle: called for each event, in order; with ``Event/bytes`` it gets them, otherwise none.
    /// - Throws: ``MultipartFault``, and what `handle` throws.
    public mutating func read(_ bytes: Span<UInt8>, _ handle: (Event, Span<UInt8>) throws -> Void) throws {
        position += bytes.count
        guard !kept.isEmpty else { return try scan(bytes, handle) }
        var joined = kept
        joined += bytes
        kept = []
        try scan(joined.span, handle)
    }

    /// The form ended.
    public func finish() throws(MultipartFault) {
        guard isOver else { throw .truncated }
    }

    private mutating func scan(_ bytes: Span<UInt8>, _ handle: (Event, Span<UInt8>) throws -> Void) throws {
        let none = bytes.extracting(first: 0)
        var start = 0
        while start < bytes.count {
            let rest = bytes.extracting(droppingFirst: start)
            switch phase {
            case .content(let isPart):
                let (end, isFound) = contentEnd(of: bytes, from: start)
                if isPart, end > start { try handle(.bytes, bytes.extracting(start..<end)) }
                guard isFound else { return kept = Array(bytes.extracting(droppingFirst: end)) }
                if isPart { try handle(.partEnd, none) }
                phase = .delimiter
                start = end + delimiter.count
            case .delimiter:
                // Spaces may follow a boundary.
                var first = 0
                while first < rest.count, rest[first] == 0x20 || rest[first] == 0x09 { first += 1 }
                guard first + 1 < rest.count else {
                    guard first < 1024 else { throw MultipartFault.badDelimiter }
                    return kept = Array(rest)
                }
                switch (rest[first], rest[first + 1]) {
                case (UInt8(ascii: "-"), UInt8(ascii: "-")) where first == 0:
                    phase = .over
                    try handle(.end, none)
                    return
                case (0x0D, 0x0A):
                    phase = .head
                    start += first + 2
                default: throw MultipartFault.badDelimiter
                }
            case .head:
                guard let count = Self.headCount(in: rest), count <= limits.headBytesMax else {
                    guard rest.count <= limits.headBytesMax else {
                        throw MultipartFault.headTooLarge(bytesMax: limits.headBytesMax)
                    }
                    return kept = Array(rest)
                }
                partCount += 1
                guard partCount <= limits.partsMax else { throw MultipartFault.tooManyParts(limits.partsMax) }
                let head = try MultipartHead(Array(rest.extracting(first: count)))
                phase = .contentStart
                start += count
                try handle(.part(head, offset: position - (bytes.count - start)), none)
            case .contentStart:
                // A boundary right behind the empty line ends the part to some, and to others is its content.
                switch beginsWithBoundary(rest) {
                case true?: throw MultipartFault.badDelimiter
                case nil: return kept = Array(rest)
                case false?: phase = .content(isPart: true)
                }
            case .over: return
            }
        }
    }

    /// Whether a boundary stands first, without the line's end before it; `nil` where more bytes must tell.
    private func beginsWithBoundary(_ bytes: Span<UInt8>) -> Bool? {
        let count = delimiter.count - 2
        for index in 0..<min(bytes.count, count) where bytes[index] != delimiter[index + 2] { return false }
        var first = count
        while first < bytes.count, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
        guard first + 1 < bytes.count else { return first < count + 1024 ? nil : true }
        let isEnd = first == count && bytes[first] == UInt8(ascii: "-") && bytes[first + 1] == UInt8(ascii: "-")
        return isEnd || bytes[first] == 0x0D || bytes[first] == 0x0A
    }

    /// Bytes up to the empty line, that included; `nil` when it has not come.
    private static func headCount(in bytes: Span<UInt8>) -> Int? {
        if bytes.count >= 2, bytes[0] == 0x0D, bytes[1] == 0x0A { return 2 }
        var index = 3
        while index < bytes.count {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    /// Where what is content for sure ends, and whether a delimiter follows it.
    private func contentEnd(of bytes: Span<UInt8>, from start: Int) -> (end: Int, isFound: Bool) {
        let span = bytes.bytes
        var at = start
        while let found = span.firstLineEnd(from: at) {
            let left = span.byteCount - found
            guard left >= delimiter.count else {
                if span.equals(found..<found + left, delimiter.span.bytes.extracting(first: left)) {
                    return (found, false)
                }
                at = found + 1
                continue
            }
            if span.equals(found..<found + delimiter.count, delimiter.span.bytes) { return (found, true) }
            at = found + 1
        }
        let endsWithReturn = bytes[bytes.count - 1] == 0x0D
        return (endsWithReturn ? bytes.count - 1 : bytes.count, false)
    }
}

extension RawSpan {
    /// Where from `start` on the first CR is that LF follows. Looks at 64 bytes at a time; see `JSONScan.swift` for why
    /// every type is written out.
    fileprivate func firstLineEnd(from start: Int) -> Int? {
        withUnsafeBytes { bytes in
            var at = start
            // Not by the span: its checks of all bounds would take as long as the work.
            while at <= bytes.count &- 65 {
                // Few bytes are CR, and few of these are before LF.
                if Self.hasReturns(bytes, at), Self.hasLineEnds(bytes, at) { break }
                at &+= 64
            }
            while at < bytes.count &- 1 {
                if bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self).littleEndian == 0x0A0D { return at }
                at &+= 1
            }
            return nil
        }
    }

    @inline(__always)
    private static func hasReturns(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        let first = marks(of: 0x0D, bytes, at) | marks(of: 0x0D, bytes, at &+ 16)
        return (first | marks(of: 0x0D, bytes, at &+ 32) | marks(of: 0x0D, bytes, at &+ 48)).isMarked
    }

    @inline(__always)
    private static func hasLineEnds(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        let first = lineEnds(bytes, at) | lineEnds(bytes, at &+ 16)
        return (first | lineEnds(bytes, at &+ 32) | lineEnds(bytes, at &+ 48)).isMarked
    }

    @inline(__always)
    private static func lineEnds(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> SIMD16<UInt8> {
        marks(of: 0x0D, bytes, at) & marks(of: 0x0A, bytes, at &+ 1)
    }

    /// Bytes of ones where `byte` is.
    @inline(__always)
    private static func marks(of byte: UInt8, _ bytes: UnsafeRawBufferPointer, _ at: Int) -> SIMD16<UInt8> {
        let here = bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
        let marks: SIMDMask<SIMD16<Int8>> = here .== SIMD16<UInt8>(repeating: byte)
        return SIMD16(marking: marks)
    }
}
