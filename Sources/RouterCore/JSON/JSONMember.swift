/// A name and its value in an object.
public struct JSONMember: Sendable {
    let storage: JSONStorage
    /// Of the name; the value is the next node.
    let index: Int

    /// Its name.
    public var name: JSONName { JSONName(storage: storage, index: index) }

    /// Its value.
    public var value: JSONValue { JSONValue(storage: storage, index: index + 1) }

    /// `"name": value` as it stands in the text.
    public var text: ArraySlice<UInt8> {
        storage.bytes[Int(storage.tape[index].start)..<Int(storage.tape[index + 1].end)]
    }
}

/// A member's name, compared without decoding it.
public struct JSONName: Sendable {
    let storage: JSONStorage
    let index: Int

    /// The name without its escapes.
    public var string: String { JSONEscapes.string(of: storage.tape[index], in: storage.bytes) }

    /// Whether this is the name, escapes decoded.
    public static func == (name: JSONName, text: StaticString) -> Bool {
        text.withUTF8Buffer { name.equals($0.span) }
    }

    /// Whether this is the name, escapes decoded.
    func equals(_ text: Span<UInt8>) -> Bool {
        let node = storage.tape[index]
        let bytes = storage.bytes
        guard node.flag else { return bytes.span.bytes.equals(node.content, text.bytes) }
        let decoded = JSONEscapes.decoded(bytes.span, node.content)
        return text.bytes.equals(0..<text.count, decoded.span.bytes)
    }

    /// Whether this is not the name.
    public static func != (name: JSONName, text: StaticString) -> Bool { !(name == text) }

    /// Makes `switch member.name { case "model": … }` work.
    public static func ~= (text: StaticString, name: JSONName) -> Bool { name == text }
}

/// The members of an object, in the order of the text.
public struct JSONMembers: Sequence, Sendable {
    let object: JSONValue

    public func makeIterator() -> Iterator {
        let node = object.node
        return Iterator(
            storage: object.storage, index: object.index + 1, rest: node.kind == .object ? node.count : 0)
    }

    public var underestimatedCount: Int { object.kind == .object ? object.count : 0 }

    public struct Iterator: IteratorProtocol, Sendable {
        let storage: JSONStorage
        var index: Int
        var rest: Int

        public mutating func next() -> JSONMember? {
            guard rest > 0 else { return nil }
            rest -= 1
            defer { index = Int(storage.tape[index + 1].next) }
            return JSONMember(storage: storage, index: index)
        }
    }
}

/// The elements of an array, in the order of the text.
public struct JSONElements: Sequence, Sendable {
    let array: JSONValue

    public func makeIterator() -> Iterator {
        let node = array.node
        return Iterator(storage: array.storage, index: array.index + 1, rest: node.kind == .array ? node.count : 0)
    }

    public var underestimatedCount: Int { array.kind == .array ? array.count : 0 }

    public struct Iterator: IteratorProtocol, Sendable {
        let storage: JSONStorage
        var index: Int
        var rest: Int

        public mutating func next() -> JSONValue? {
            guard rest > 0 else { return nil }
            rest -= 1
            defer { index = Int(storage.tape[index].next) }
            return JSONValue(storage: storage, index: index)
        }
    }
}
