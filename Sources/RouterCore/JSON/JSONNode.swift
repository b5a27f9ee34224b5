/// One entry of a document's tape: where a value, or a member's name, stands in the text.
///
/// The tape lists a text's values in their order: an object or array comes before what is in it, a member's name
/// right before its value. Whoever is not interested in a value goes on at ``next``.
@usableFromInline
struct JSONNode: Sendable {
    @usableFromInline
    enum Kind: UInt32 {
        case null, no, yes, number, string, array, object
    }

    /// Offset of the first byte, a string's quote included.
    @usableFromInline var start: UInt32
    /// Offset after the last byte.
    @usableFromInline var end: UInt32
    /// Index of the node after this one and all that is in it. While an object or array is being read: the index of
    /// the one that holds it, or ``none``.
    @usableFromInline var next: UInt32
    /// Kind in the lowest 4 bits, then a flag, then 27 bits of count.
    @usableFromInline var tag: UInt32

    static let none = UInt32.max
    static let countMax = 1 << 27 - 1

    init(_ kind: Kind, start: Int, end: Int, next: UInt32, flag: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = next
        tag = kind.rawValue | (flag ? 16 : 0)
    }

    @inlinable var kind: Kind { Kind(rawValue: tag & 15) ?? .null }
    /// A string: has a backslash in it. A number: has a fraction or an exponent.
    @inlinable var flag: Bool { tag & 16 != 0 }
    /// Members or elements.
    var count: Int {
        get { Int(tag >> 5) }
        set { tag = tag & 31 | UInt32(truncatingIfNeeded: newValue) << 5 }
    }

    /// What an object or array is when it is complete.
    mutating func close(end: Int, next: Int, count: Int) {
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        self.count = count
    }

    var range: Range<Int> { Int(start)..<Int(end) }
    /// A string without its quotes.
    var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
}

/// The text of a document and its tape, shared by all views of it.
@usableFromInline
final class JSONStorage: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline let tape: [JSONNode]

    init(bytes: [UInt8], tape: [JSONNode]) {
        self.bytes = bytes
        self.tape = tape
    }

    /// Whether the string at this node has `text` as its content, escapes decoded.
    func string(at index: Int, equals text: Span<UInt8>) -> Bool {
        let node = tape[index]
        let bytes = bytes
        guard node.flag else { return bytes.span.bytes.equals(node.content, text.bytes) }
        // An escape has up to six bytes for one: what cannot be the same is not decoded, time and again.
        guard (text.count...6 * text.count).contains(node.content.count) else { return false }
        let decoded = JSONEscapes.decoded(bytes.span, node.content)
        return text.bytes.equals(text.bytes.byteOffsets, decoded.span.bytes)
    }
}
