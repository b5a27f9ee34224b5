/// Writes one JSON value. Commas are put where they belong.
///
/// What it is told is written without white space. What is copied stays the bytes it was. Beginning and ending in pairs,
/// and a name before each value of an object, are the caller's business. Outside all objects and arrays no comma is
/// ever written, so that one buffer can take several values with something between them, such as a stream's events.
public struct JSONWriter: Sendable {
    /// What was written so far.
    public var bytes: [UInt8]
    /// Objects and arrays that are open.
    private var depth = 0
    private var needsComma = false

    /// - Parameter capacity: bytes that are likely to be written.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Continues a buffer; what is in it is taken as is, so that no comma is put between it and the first value.
    public init(appendingTo bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// `{`; its members follow.
    public mutating func beginObject() { begin(0x7B) }
    /// `}`, which ends the object that was begun last.
    public mutating func endObject() { end(0x7D) }
    /// `[`; its elements follow.
    public mutating func beginArray() { begin(0x5B) }
    /// `]`, which ends the array that was begun last.
    public mutating func endArray() { end(0x5D) }

    /// A member's name.
    ///
    /// - Parameter name: a constant that needs no escaping.
    public mutating func name(_ name: StaticString) {
        comma()
        bytes.append(0x22)
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(0x22)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A member's name, escaped as it needs.
    public mutating func name(escaping name: String) {
        comma()
        quote(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A string, escaped as it needs.
    public mutating func string(_ value: String) {
        comma()
        quote(value)
        needsComma = true
    }

    /// A number without fraction and exponent.
    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    /// A number without fraction and exponent.
    public mutating func integer(_ value: Int64) {
        comma()
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }
    /// `null`.
    public mutating func null() { literal("null") }

    /// A value as it stands in its document.
    public mutating func copy(_ value: JSONValue) { copy(value.node.range, of: value.storage) }

    /// A member, name and value, as it stands in its document.
    public mutating func copy(_ member: JSONMember) { copy(member.range, of: member.name.storage) }

    /// A whole JSON value as text or, inside an object, whole members: `"a":1,"b":2`.
    ///
    /// It is not checked. Nothing at all is fine too, and gets no comma.
    public mutating func raw(_ text: some Collection<UInt8>) {
        guard !text.isEmpty else { return }
        comma()
        if text.withContiguousStorageIfAvailable({ bytes.append(contentsOf: $0) }) == nil {
            bytes.append(contentsOf: text)
        }
        needsComma = true
    }

    /// The same for the two kinds of text that documents are made of, without the cost of a generic call.
    public mutating func raw(_ text: [UInt8]) { raw(text[...]) }

    /// The same for the two kinds of text that documents are made of, without the cost of a generic call.
    public mutating func raw(_ text: ArraySlice<UInt8>) {
        guard !text.isEmpty else { return }
        comma()
        bytes.append(contentsOf: text)
        needsComma = true
    }

    // MARK: Name and value

    /// A name that needs no escaping, and a string.
    public mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    /// A name that needs no escaping, and a number.
    public mutating func member(_ name: StaticString, _ value: Int) {
        self.name(name)
        integer(value)
    }

    /// A name that needs no escaping, and a number.
    public mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        integer(value)
    }

    /// A name that needs no escaping, and `true` or `false`.
    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    /// A name that needs no escaping, and a value as it stands in its document.
    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        self.name(name)
        copy(value)
    }

    /// A name that needs no escaping, and `null`.
    public mutating func nullMember(_ name: StaticString) {
        self.name(name)
        null()
    }

    // MARK: Parts

    private mutating func comma() {
        if needsComma, depth > 0 { bytes.append(0x2C) }
    }

    private mutating func copy(_ range: Range<Int>, of storage: JSONStorage) {
        comma()
        let text = storage.bytes
        text.span.extracting(range).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        assert(depth > 0, "an object or array is ended that was not begun")
        bytes.append(bracket)
        depth -= 1
        needsComma = true
    }

    private mutating func literal(_ text: StaticString) {
        comma()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        let content = text.utf8Span.span
        bytes.append(0x22)
        var start = 0
        while true {
            let end = content.bytes.firstSpecial(from: start, beyondASCIIIsPlain: true)
            if end > start {
                content.extracting(start..<end).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
            }
            guard end < content.count else { break }
            escape(content[end])
            start = end + 1
        }
        bytes.append(0x22)
    }

    /// A quote, a backslash or a control byte.
    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        case 0x00..<0x20:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(0x30 + byte >> 4)
            bytes.append(byte & 15 < 10 ? 0x30 + byte & 15 : 0x61 + byte & 15 - 10)
        default: bytes.append(byte)
        }
    }
}
