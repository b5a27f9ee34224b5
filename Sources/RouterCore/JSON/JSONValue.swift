/// A view of one value of a document. Copying is cheap; it keeps the document alive.
public struct JSONValue: Sendable {
    /// What JSON knows; `true` and `false` are of the same kind.
    public enum Kind: Sendable, Hashable {
        case null, bool, number, string, array, object
    }

    @usableFromInline let storage: JSONStorage
    @usableFromInline let index: Int

    @inlinable
    init(storage: JSONStorage, index: Int) {
        self.storage = storage
        self.index = index
    }

    @inlinable var node: JSONNode { storage.tape[index] }

    /// What is in it, names included, if it is of this kind.
    @inlinable
    func nodes(in kind: JSONNode.Kind) -> Range<Int> {
        let node = node
        return node.kind == kind ? index + 1..<Int(node.next) : index..<index
    }

    /// What it is.
    public var kind: Kind {
        switch node.kind {
        case .null: .null
        case .no, .yes: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// Whether it is `null`.
    public var isNull: Bool { node.kind == .null }

    /// `true` or `false`; `nil` for anything else, `0` and `1` included.
    public var bool: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// A string without its escapes; `nil` when it is not a string. Half of a surrogate pair becomes U+FFFD.
    public var string: String? {
        let node = node
        return node.kind == .string ? JSONEscapes.string(of: node, in: storage.bytes) : nil
    }

    /// A number without fraction and exponent that fits; `nil` for anything else, `1.0` and `1e2` included.
    public var integer: Int? {
        let node = node
        guard node.kind == .number, !node.flag else { return nil }
        let bytes = storage.bytes
        return bytes.span.integer(node.range)
    }

    /// A number as the nearest `Double`; `nil` when it is not a number, or beyond what a `Double` can hold.
    public var double: Double? {
        let node = node
        guard node.kind == .number, let value = Double(String(decoding: storage.bytes[node.range], as: UTF8.self)),
            value.isFinite
        else { return nil }
        return value
    }

    /// How many members or elements it has; 0 when it is neither object nor array.
    public var count: Int { node.count }

    /// Whether it is a string with this content, compared without decoding it.
    public func equals(_ text: StaticString) -> Bool {
        node.kind == .string && text.withUTF8Buffer { storage.string(at: index, equals: $0.span) }
    }

    /// The member of this name, the last if there are several; `nil` when there is none, or this is not an object.
    ///
    /// Goes through all members: whoever wants many of a large object goes through ``members`` once.
    public subscript(_ name: String) -> JSONValue? {
        let text = name.utf8Span.span
        var found: Int?
        var nodes = nodes(in: .object)
        while !nodes.isEmpty {
            let member = nodes.lowerBound
            let node = storage.tape[member]
            if node.flag || node.content.count == text.count, storage.string(at: member, equals: text) {
                found = member + 1
            }
            nodes = Int(storage.tape[member + 1].next)..<nodes.upperBound
        }
        return found.map { JSONValue(storage: storage, index: $0) }
    }

    /// The members of an object, in the order of the text; none when it is something else.
    @inlinable public var members: JSONMembers { JSONMembers(of: self) }

    /// The elements of an array; none when it is something else.
    @inlinable public var elements: JSONElements { JSONElements(of: self) }

    /// The value as it stands in the text, without the space around it.
    public var text: ArraySlice<UInt8> { storage.bytes[node.range] }

    /// Where in the document it is, such as `messages[1].role`; empty for the root.
    ///
    /// Names that are not plain words are written as `["a name"]`; long ones and long paths are cut. It is searched
    /// for from the root, which for a large document takes a while: for errors, not for every value.
    public var path: String {
        var steps: [JSONPath.Step] = []
        var outer = 0
        while outer != index {
            let isArray = storage.tape[outer].kind == .array
            var inner = isArray ? outer + 1 : outer + 2
            var position = 0
            while Int(storage.tape[inner].next) <= index {
                inner = Int(storage.tape[inner].next) + (isArray ? 0 : 1)
                position += 1
            }
            steps.append(isArray ? .index(position) : .name(storage.tape[inner - 1]))
            outer = inner
        }
        return JSONPath.text(steps, in: storage.bytes)
    }
}
