import RouterCore

/// One message on its way to a model whose template has rules on the order of messages.
struct ChatTurn {
    enum Role: Hashable {
        case system, developer, user, assistant, tool, function, other

        init(of message: JSONValue) {
            let role = message["role"]
            self =
                switch role {
                case let role? where role.equals("system"): .system
                case let role? where role.equals("developer"): .developer
                case let role? where role.equals("user"): .user
                case let role? where role.equals("assistant"): .assistant
                case let role? where role.equals("tool"): .tool
                case let role? where role.equals("function"): .function
                default: .other
                }
        }

        var isSystem: Bool { self == .system || self == .developer }
        /// The result of a call.
        var isResult: Bool { self == .tool || self == .function }
        /// What a message that is not the client's own is sent as.
        var name: String {
            switch self {
            case .assistant: "assistant"
            case .user: "user"
            default: "system"
            }
        }
    }

    /// `nil` for a message that was not the client's.
    var message: JSONValue?
    /// Where it stood in the client's list.
    var index: Int
    var role: Role
    /// The content of a message that was not the client's: a JSON string, quotes included.
    var text: [UInt8] = []
    /// The model goes on with this text.
    var isPrefix = false

    init(_ message: JSONValue, at index: Int) {
        self.message = message
        self.index = index
        role = Role(of: message)
    }

    init(_ role: Role, text: [UInt8]) {
        self.role = role
        self.text = text
        index = -1
    }

    /// All system messages as one at the start, an empty line between them; the list itself when that is so already.
    static func joiningSystemMessages(of turns: [ChatTurn]) -> [ChatTurn] {
        let systems = turns.filter(\.role.isSystem)
        guard systems.count > 1 || systems.count == 1 && !turns[0].role.isSystem else { return turns }
        var text: [UInt8] = [0x22]
        for turn in systems {
            guard let content = turn.message?["content"] else { continue }
            let part = joined(content)
            if part.count > 2, text.count > 1 { text += Array(#"\n\n"#.utf8) }
            text += part.dropFirst().dropLast()
        }
        text.append(0x22)
        return [ChatTurn(.system, text: text)] + turns.filter { !$0.role.isSystem }
    }

    /// `turns` with `instruction` behind the first system message, an empty line between them, or as a new first one.
    ///
    /// - Parameter instruction: the inside of a JSON string.
    static func saying(_ instruction: [UInt8], in turns: [ChatTurn]) -> [ChatTurn] {
        var turns = turns
        guard let place = turns.firstIndex(where: \.role.isSystem) else {
            return [ChatTurn(.system, text: [0x22] + instruction + [0x22])] + turns
        }
        var text = turns[place].message?["content"].map(joined) ?? turns[place].text
        if text.count < 2 { text = [0x22, 0x22] }
        text.removeLast()
        if text.count > 1 { text += Array(#"\n\n"#.utf8) }
        turns[place] = ChatTurn(.system, text: text + instruction + [0x22])
        return turns
    }

    /// The text of `content` as one JSON string, with nothing between its parts: their slices put together.
    static func joined(_ content: JSONValue) -> [UInt8] {
        if content.kind == .string { return Array(content.text) }
        var text: [UInt8] = [0x22]
        for part in content.elements {
            if let string = part["text"], string.kind == .string { text += string.text.dropFirst().dropLast() }
        }
        text.append(0x22)
        return text
    }
}
