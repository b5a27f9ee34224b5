/// Fields of a form that are one value together, each with its place in that: `provider[only][]=a` and `provider[zdr]=true`
/// are `{"only":["a"],"zdr":true}`.
///
/// So the official SDKs of OpenAI write objects into a form, such as the `provider` of an `extra_body`. There are other ways
/// to write them, which say the same differently: what is not certain is refused, because what is not understood of
/// `provider` must not send a sound astray.
struct NestedFields {
    private typealias Leaf = (path: ArraySlice<String>, field: FormField)

    private let name: String
    private let leaves: [Leaf]

    /// Names in each other, at most: `provider[options][x][y]` has three.
    private static let depthMax = 6

    /// - Parameters:
    ///   - fields: those with this ``FormField/rootName``.
    ///   - name: such as `provider`.
    /// - Throws: ``APIError`` that names the first field whose name cannot be read.
    init(_ fields: [FormField], of name: String) throws(APIError) {
        self.name = name
        var leaves: [Leaf] = []
        for field in fields {
            guard let path = Self.path(of: field.name, in: name), path.count <= Self.depthMax else {
                throw Self.unreadable(field, of: name)
            }
            leaves.append((path[...], field))
        }
        self.leaves = leaves
    }

    /// - Throws: ``APIError`` that names a field that is there twice, or says something else than another one.
    func write(to writer: inout JSONWriter) throws(APIError) { try write(leaves, to: &writer) }

    private func write(_ leaves: [Leaf], to writer: inout JSONWriter) throws(APIError) {
        guard let first = leaves.first else { return writer.null() }
        guard let key = first.path.first else {
            guard leaves.count == 1 else { throw Self.unreadable(leaves[1].field, of: name) }
            return Self.write(first.field, to: &writer)
        }
        // All are members, or all are elements of a list.
        if let other = leaves.first(where: { $0.path.first.map { $0.isEmpty != key.isEmpty } ?? true }) {
            throw Self.unreadable(other.field, of: name)
        }
        guard key.isEmpty else { return try writeMembers(leaves, to: &writer) }
        if let other = leaves.first(where: { $0.path.count != 1 }) { throw Self.unreadable(other.field, of: name) }
        writer.beginArray()
        for leaf in leaves { writer.string(leaf.field.text) }
        writer.endArray()
    }

    private func writeMembers(_ leaves: [Leaf], to writer: inout JSONWriter) throws(APIError) {
        var written: Set<String> = []
        writer.beginObject()
        for leaf in leaves {
            guard let key = leaf.path.first, written.insert(key).inserted else { continue }
            let inner = leaves.filter { $0.path.first == key }
            writer.name(escaping: key)
            try write(inner.map { ($0.path.dropFirst(), $0.field) }, to: &writer)
        }
        writer.endObject()
    }

    /// Truth values and numbers as JSON has them; elements of lists are names, and stay text.
    private static func write(_ field: FormField, to writer: inout JSONWriter) {
        let text = field.text
        switch text {
        case "true", "True": writer.bool(true)
        case "false", "False": writer.bool(false)
        case "null": writer.null()
        default:
            // No fault: what is no number is text.
            if let document = try? JSONDocument(field.value), document.root.kind == .number {
                writer.copy(document.root)
            } else {
                writer.string(text)
            }
        }
    }

    /// `["only", ""]` of `provider[only][]`; `nil` for what has no such form.
    private static func path(of fieldName: String, in name: String) -> [String]? {
        guard fieldName.utf8.starts(with: name.utf8) else { return nil }
        var rest = fieldName.utf8.dropFirst(name.utf8.count)
        var path: [String] = []
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "["), let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let key = rest[..<end]
            guard !key.contains(UInt8(ascii: "[")) else { return nil }
            // OpenRouter's SDK puts one pair behind another.
            if !(key.isEmpty && path.last?.isEmpty == true) { path.append(String(decoding: key, as: UTF8.self)) }
            rest = rest[rest.index(after: end)...]
        }
        return path
    }

    private static func unreadable(_ field: FormField, of name: String) -> APIError {
        APIError(
            .invalidRequest,
            "The form's field `\(field.name.prefix(60))` cannot be read beside the others of `\(name)`: send `\(name)` as JSON.",
            parameter: name)
    }
}
