/// The members of an object, in the order of the text.
public struct JSONMembers: Sequence, Sendable {
    @usableFromInline let storage: JSONStorage
    /// Node of the first name, and of what follows the object.
    @usableFromInline let nodes: Range<Int>

    @inlinable
    init(of value: JSONValue) {
        storage = value.storage
        nodes = value.nodes(in: .object)
    }

    /// Begins with the first.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(storage: storage, nodes: nodes) }

    /// Goes from one to the next; keeps the document alive.
    public struct Iterator: IteratorProtocol, Sendable {
        @usableFromInline let storage: JSONStorage
        @usableFromInline var nodes: Range<Int>

        @inlinable
        init(storage: JSONStorage, nodes: Range<Int>) {
            self.storage = storage
            self.nodes = nodes
        }

        /// The next one; `nil` after the last.
        @inlinable
        public mutating func next() -> JSONMember? {
            guard !nodes.isEmpty else { return nil }
            let index = nodes.lowerBound
            nodes = Int(storage.tape[index + 1].next)..<nodes.upperBound
            return JSONMember(name: JSONName(storage: storage, index: index))
        }
    }
}

/// The elements of an array, in the order of the text.
public struct JSONElements: Sequence, Sendable {
    @usableFromInline let storage: JSONStorage
    /// Node of the first element, and of what follows the array.
    @usableFromInline let nodes: Range<Int>

    @inlinable
    init(of value: JSONValue) {
        storage = value.storage
        nodes = value.nodes(in: .array)
    }

    /// Begins with the first.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(storage: storage, nodes: nodes) }

    /// Goes from one to the next; keeps the document alive.
    public struct Iterator: IteratorProtocol, Sendable {
        @usableFromInline let storage: JSONStorage
        @usableFromInline var nodes: Range<Int>

        @inlinable
        init(storage: JSONStorage, nodes: Range<Int>) {
            self.storage = storage
            self.nodes = nodes
        }

        /// The next one; `nil` after the last.
        @inlinable
        public mutating func next() -> JSONValue? {
            guard !nodes.isEmpty else { return nil }
            let index = nodes.lowerBound
            nodes = Int(storage.tape[index].next)..<nodes.upperBound
            return JSONValue(storage: storage, index: index)
        }
    }
}
