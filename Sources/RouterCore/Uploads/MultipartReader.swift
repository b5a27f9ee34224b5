/// Reads a form as its bytes come in, cut anywhere, and holds no more than a part's head of it.
///
/// Source: RFC 2046, section 5.1, and RFC 7578.
public struct MultipartReader: Sendable {
    /// What came, in order. Bytes are lent: they are gone after the call.
    public enum Event {
        /// - Parameter offset: of its first byte of content in the form.
        case part(MultipartHead, offset: Int)
        case bytes(UnsafeRawBufferPointer)
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
        /// Behind a boundary.
        case delimiter
        case head
        case over
    }

    public let boundary: String
    private let delimiter: [UInt8]
    /// How far a comparison goes on when it ends with this byte.
    private let shifts: [Int]
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
        var shifts = [Int](repeating: delimiter.count, count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() { shifts[Int(byte)] = delimiter.count - 1 - index }
        self.shifts = shifts
    }

    /// Whether the last boundary came.
    public var isOver: Bool { if case .over = phase { true } else { false } }

    /// Reads what came.
    ///
    /// - Parameter handle: called for each event, in order.
    /// - Throws: ``MultipartFault``, and what `handle` throws.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) throws -> Void) throws {
        position += bytes.count
        guard !kept.isEmpty else { return try scan(bytes, handle) }
        let joined = kept + bytes
        kept = []
        try joined.withUnsafeBytes { try scan($0, handle) }
    }

    /// The form ended.
    public func finish() throws(MultipartFault) {
        guard isOver else { throw .truncated }
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) throws -> Void) throws {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            switch phase {
            case .content(let isPart):
                let (end, isFound) = contentEnd(of: rest)
                if isPart, end > 0 { try handle(.bytes(UnsafeRawBufferPointer(rebasing: rest[..<end]))) }
                guard isFound else { return kept = Array(rest[end...]) }
                if isPart { try handle(.partEnd) }
                phase = .delimiter
                start += end + delimiter.count
            case .delimiter:
                // Spaces may follow a boundary.
                let first = rest.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? rest.count
                guard first + 1 < rest.count else {
                    guard first < 1024 else { throw MultipartFault.badDelimiter }
                    return kept = Array(rest)
                }
                switch (rest[first], rest[first + 1]) {
                case (UInt8(ascii: "-"), UInt8(ascii: "-")) where first == 0:
                    phase = .over
                    try handle(.end)
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
                let head = try MultipartHead(Array(rest[..<count]))
                phase = .content(isPart: true)
                start += count
                try handle(.part(head, offset: position - (bytes.count - start)))
            case .over: return
            }
        }
    }

    /// Bytes up to the empty line, that included; `nil` when it has not come.
    private static func headCount(in bytes: UnsafeRawBufferPointer) -> Int? {
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

    /// How much of `bytes` is content for sure, and whether a delimiter follows it. Horspool's search.
    private func contentEnd(of bytes: UnsafeRawBufferPointer) -> (count: Int, isFound: Bool) {
        let length = delimiter.count
        return delimiter.withUnsafeBytes { delimiter in
            shifts.withUnsafeBufferPointer { shifts in
                var end = length - 1
                while end < bytes.count {
                    let byte = bytes[end]
                    if byte == delimiter[length - 1] {
                        var index = length - 2
                        var at = end - 1
                        while index >= 0, bytes[at] == delimiter[index] {
                            index -= 1
                            at -= 1
                        }
                        if index < 0 { return (end - length + 1, true) }
                    }
                    end += shifts[Int(byte)]
                }
                // The longest end that begins a delimiter.
                var start = max(0, bytes.count - length + 1)
                while start < bytes.count {
                    if bytes[start] == 0x0D,
                        UnsafeRawBufferPointer(rebasing: bytes[start...])
                            .elementsEqual(delimiter.prefix(bytes.count - start))
                    {
                        return (start, false)
                    }
                    start += 1
                }
                return (bytes.count, false)
            }
        }
    }
}
