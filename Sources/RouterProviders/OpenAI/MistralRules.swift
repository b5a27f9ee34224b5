import RouterCore

/// What models of the Mistral family demand of a conversation, on whatever engine they run. Their rule for ids of calls
/// is in ``CallIDRule``.
///
/// Source: Mistral API reference, "Chat completion"; the validation in the `mistral-common` package.
enum MistralRules {
    /// Puts `turns` into an order that the chat template takes.
    ///
    /// - an assistant message with neither content nor calls is left out;
    /// - a system message at the end is sent as the user's;
    /// - between the result of a call and a message of user or system stands one of the assistant;
    /// - an assistant message at the end is a prefix that the model goes on with.
    static func ordered(_ turns: [ChatTurn]) -> [ChatTurn] {
        var rest = turns.filter { !isEmptyAssistant($0) }
        if let last = rest.last, last.role.isSystem {
            rest[rest.count - 1].role = .user
        }
        var ordered: [ChatTurn] = []
        for turn in rest {
            if let last = ordered.last, last.role.isResult, turn.role.isSystem || turn.role == .user {
                ordered.append(ChatTurn(.assistant, text: Array(#""Understood.""#.utf8)))
            }
            ordered.append(turn)
        }
        if ordered.last?.role == .assistant { ordered[ordered.count - 1].isPrefix = true }
        return ordered
    }

    private static func isEmptyAssistant(_ turn: ChatTurn) -> Bool {
        guard turn.role == .assistant, let message = turn.message else { return false }
        if (message["tool_calls"]?.count ?? 0) > 0 { return false }
        if let call = message["function_call"], !call.isNull { return false }
        if let refusal = message["refusal"], refusal.kind == .string, !refusal.equals("") { return false }
        guard let content = message["content"], !content.isNull else { return true }
        return content.equals("") || content.kind == .array && content.count == 0
    }
}
