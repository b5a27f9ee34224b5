/// One entry of a document's tape: where a value, or a member's name, stands in the text.
///
/// The tape lists a text's values in their order: an object or array comes before what is in it, a member's name
/// right before its value. Whoever is not interested in a value goes on at ``next``.
struct JSONNode: Sendable {
    enum Kind: UInt32 {
        case null, no, yes, number, string, array, object
    }

    /// Offset of the first byte, a string's quote included.
    var start: UInt32
    /// Offset after the last byte.
    var end: UInt32
    /// Index of the node after this one and all that is in it. While an object or array is being read: the index of
    /// the one that holds it, or ``none``.
    var next: UInt32
    /// Kind in the lowest 4 bits, then a flag, then 27 bits of count.
    private var tag: UInt32

    static let none = UInt32.max
    static let countMax = 1 << 27 - 1

    init(_ kind: Kind, start: Int, end: Int, next: UInt32, flag: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = next
        tag = kind.rawValue | (flag ? 16 : 0)
    }

    var kind: Kind { Kind(rawValue: tag & 15) ?? .null }
    /// A string: has a backslash in it. A number: has a fraction or an exponent.
    var flag: Bool { tag & 16 != 0 }
    /// Members or elements.
    var count: Int {
        get { Int(tag >> 5) }
        set { tag = tag & 31 | UInt32(truncatingIfNeeded: newValue) << 5 }
    }

    var range: Range<Int> { Int(start)..<Int(end) }
    /// A string without its quotes.
    var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
}

/// The text of a document and its tape, shared by all views of it.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let tape: [JSONNode]

    init(bytes: [UInt8], tape: [JSONNode]) {
        self.bytes = bytes
        self.tape = tape
    }
}
