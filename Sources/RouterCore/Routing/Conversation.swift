/// What tells whether two requests belong together, so that they are best answered by one endpoint and its prompt cache.
struct Conversation: Sendable, Hashable {
    /// Made of the account, the model and what the client calls the conversation; good within this process only.
    let hash: Int
    /// The client named it; otherwise it was recognised by how it begins.
    let isNamed: Bool

    /// Bytes of a message that are looked at.
    private static let messageBytesMax = 16 * 1024

    /// By `session_id`, else the header, else `prompt_cache_key`, else the first system message and the first other one.
    ///
    /// - Parameter session: the header `x-session-id`, when there was one.
    init(of request: some RoutedRequest, session: String?, account: Account.ID, model: String) {
        var hasher = Hasher()
        hasher.combine(account)
        hasher.combine(model)
        let root = request.root
        func text(_ name: String) -> String? { root[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        if let name = text("session_id") ?? session ?? text("prompt_cache_key") {
            hasher.combine(name)
            isNamed = true
        } else {
            Self.combine(root["messages"], into: &hasher)
            isNamed = false
        }
        hash = hasher.finalize()
    }

    private static func combine(_ messages: JSONValue?, into hasher: inout Hasher) {
        guard let messages else { return }
        var hasSystem = false
        for message in messages.elements {
            let role = message["role"]
            let isSystem = role?.equals("system") == true || role?.equals("developer") == true
            if isSystem && hasSystem { continue }
            hasSystem = hasSystem || isSystem
            hasher.combine(isSystem)
            if let content = message["content"] {
                let text = content.text.prefix(messageBytesMax)
                text.withUnsafeBytes { hasher.combine(bytes: $0) }
            }
            if !isSystem { return }
        }
    }
}
