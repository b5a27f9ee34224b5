/// A name and its value in an object.
public struct JSONMember: Sendable {
    /// Its name.
    public let name: JSONName

    @inlinable
    init(name: JSONName) {
        self.name = name
    }

    /// Its value.
    @inlinable public var value: JSONValue { JSONValue(storage: name.storage, index: name.index + 1) }

    /// `"name": value` as it stands in the text.
    public var text: ArraySlice<UInt8> { name.storage.bytes[range] }

    var range: Range<Int> {
        Int(name.storage.tape[name.index].start)..<Int(name.storage.tape[name.index + 1].end)
    }
}

/// A member's name, compared without decoding it.
public struct JSONName: Sendable {
    @usableFromInline let storage: JSONStorage
    /// Its node; that of the value is the next one.
    @usableFromInline let index: Int
    /// Bytes between its quotes; less than zero when it has escapes.
    @usableFromInline let length: Int

    @inlinable
    init(storage: JSONStorage, index: Int) {
        let node = storage.tape[index]
        self.storage = storage
        self.index = index
        length = node.flag ? -1 : Int(node.end &- node.start) - 2
    }

    /// The name without its escapes.
    public var string: String { JSONEscapes.string(of: storage.tape[index], in: storage.bytes) }

    /// Whether this is the name, escapes decoded.
    @inlinable
    public static func == (name: JSONName, text: StaticString) -> Bool {
        // Most of a `switch` over many names is decided here. A constant made of a single character has no count.
        guard name.length >= 0, text.hasPointerRepresentation else { return name.equals(text) }
        return name.length == text.utf8CodeUnitCount && name.equals(text)
    }

    /// Whether this is not the name.
    @inlinable
    public static func != (name: JSONName, text: StaticString) -> Bool { !(name == text) }

    /// Makes `switch member.name { case "model": … }` work.
    @inlinable
    public static func ~= (text: StaticString, name: JSONName) -> Bool { name == text }

    @usableFromInline
    func equals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { storage.string(at: index, equals: $0.span) }
    }
}
