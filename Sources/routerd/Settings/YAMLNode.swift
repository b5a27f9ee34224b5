/// A value of a YAML file, with its place.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// - isPlain: without quotes, so that `null`, `true` and numbers are what they look like.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([Member])
    }

    struct Member: Sendable {
        var name: String
        var place: SourceFile.Place
        var value: YAMLNode
    }

    var content: Content
    var place: SourceFile.Place

    /// Nothing stands there, or `null`.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
        return false
    }

    /// The text of a scalar; `nil` for a list, a mapping and null.
    var text: String? {
        if case .scalar(let text, _) = content, !isNull { return text }
        return nil
    }

    var members: [Member]? {
        if case .mapping(let members) = content { return members }
        return nil
    }

    var elements: [YAMLNode]? {
        if case .list(let elements) = content { return elements }
        return nil
    }

    /// The member of this name; `nil` also when it is null.
    subscript(_ name: String) -> YAMLNode? {
        members?.first { $0.name == name }.flatMap { $0.value.isNull ? nil : $0.value }
    }
}
