/// Spellings of one model that differ between routers: `anthropic/claude-opus-4.7` and `anthropic/claude-opus-4-7`,
/// `mistralai/mistral-large-3` and `mistral/mistral-large-3`, `x-ai/grok-4` and `xai/grok-4`.
enum ModelName {
    /// What some call an author, and what our ids do.
    private static let authors = ["mistralai": "mistral", "x-ai": "xai"]
    private static let bytesMax = 200

    /// The same for all spellings of a model: in lower case, with our name of its author and dashes for dots.
    /// - Returns: `nil` for what is too long to be a name.
    static func loose(_ name: String) -> String? {
        guard name.utf8.count <= bytesMax else { return nil }
        let name = name.lowercased()
        let author = name.prefix { $0 != "/" }
        let known = author.utf8.count == name.utf8.count ? nil : authors[String(author)]
        let spelled = known.map { $0 + name.dropFirst(author.count) } ?? name
        return String(spelled.map { $0 == "." ? "-" : $0 })
    }
}
