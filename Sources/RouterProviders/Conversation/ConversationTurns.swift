import RouterCore

/// The messages of a conversation as the vendor counts them: the system text before it, then turns of user and
/// assistant by turns.
struct ConversationTurns {
    enum Role: Sendable {
        case user, assistant
        /// A system message where the model takes one: behind a user turn, before an assistant's or the end.
        case system
    }

    struct Turn {
        var role: Role
        var messages: [ChatTurn]
    }

    /// The system messages that the conversation opens with.
    let system: [ChatTurn]
    private(set) var turns: [Turn] = []

    /// - Parameter takesLaterSystem: the model takes system messages between turns.
    init(_ messages: JSONValue?, takesLaterSystem: Bool) {
        let all = (messages?.elements).map { $0.enumerated().map { ChatTurn($0.element, at: $0.offset) } } ?? []
        let leading = all.prefix { $0.role.isSystem }
        guard leading.count < all.count else {
            // Nothing but system messages: somebody has to have said them.
            system = []
            turns = [
                Turn(
                    role: .user,
                    messages: all.map { message in
                        var message = message
                        message.role = .user
                        return message
                    })
            ]
            return
        }
        system = Array(leading)
        var index = leading.count
        while index < all.count {
            var end = index + 1
            if all[index].role.isSystem {
                while end < all.count, all[end].role.isSystem { end += 1 }
                let isLast = end == all.count || all[end].role == .assistant
                let isNative = takesLaterSystem && isLast && turns.last?.role == .user
                add(all[index..<end], to: isNative ? .system : .user)
            } else {
                add(all[index..<end], to: all[index].role == .assistant ? .assistant : .user)
            }
            index = end
        }
    }

    private mutating func add(_ messages: ArraySlice<ChatTurn>, to role: Role) {
        if turns.last?.role == role {
            turns[turns.count - 1].messages += messages
        } else {
            turns.append(Turn(role: role, messages: Array(messages)))
        }
    }
}
