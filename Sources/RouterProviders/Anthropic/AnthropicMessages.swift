import RouterCore

/// Writes `system` and `messages`.
struct AnthropicMessages {
    private let list: JSONValue?
    private let conversation: ConversationTurns
    private var marks: AnthropicCacheMarks
    private var calls = PairedCalls()
    private var functionCalls = FunctionCalls()
    /// The last assistant turn called tools without having thought before.
    private var lastCallsLackThinking = false
    private var isEmpty = true

    /// What the user says in a conversation that the assistant opens: the vendor wants the user first.
    private static let opening = Array(#""Begin.""#.utf8)

    /// - Parameter marks: what is left of them after the tools.
    init(_ messages: JSONValue?, traits: ChatTraits, marks: AnthropicCacheMarks) {
        list = messages
        conversation = ConversationTurns(messages, takesLaterSystem: traits.takesLaterSystem)
        self.marks = marks
        takesUnthinkingCalls = traits.reasoning != .budget
    }

    private let takesUnthinkingCalls: Bool

    /// The model is to go on from results of calls that it made without thinking, or whose thinking the client has
    /// lost: a model that thinks by budget refuses to think then. Known once the messages are written.
    var goesOnWithoutThinking: Bool {
        !takesUnthinkingCalls && lastCallsLackThinking && conversation.turns.last?.role != .assistant
    }

    /// Writes `system`; nothing when there is nothing to say.
    ///
    /// - Parameter instruction: what is said behind the client's own.
    mutating func writeSystem(
        alsoSaying instruction: String?, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        var blocks = AnthropicBlocks()
        for turn in conversation.system {
            for text in try texts(of: turn) { blocks.add(text: text.value.text, mark: text.mark, marks: &marks) }
        }
        if let instruction {
            var text = JSONWriter()
            text.string(instruction)
            blocks.add(text: text.bytes[...], marks: &marks)
        }
        guard !blocks.isEmpty else { return }
        writer.name("system")
        blocks.write(to: &writer)
    }

    /// Writes `messages`.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for parts that the vendor does not know, calls without a
    ///   result and results without a call; of kind `refused` for arguments that are no JSON object.
    mutating func write(to writer: inout JSONWriter) throws(UpstreamFailure) {
        writer.name("messages")
        writer.beginArray()
        let last = conversation.turns.count - 1
        for (index, turn) in conversation.turns.enumerated() {
            switch turn.role {
            case .user: try write(user: turn, to: &writer)
            case .assistant: try write(assistant: turn, isLast: index == last, to: &writer)
            case .system: try write(system: turn, to: &writer)
            }
        }
        try calls.checkAnswered()
        writer.endArray()
        if isEmpty, let list { throw .unsupported(list, "must hold a message with some text in it for this model") }
    }

    // MARK: Turns

    private mutating func write(user turn: ConversationTurns.Turn, to writer: inout JSONWriter) throws(UpstreamFailure)
    {
        var blocks = AnthropicBlocks()
        for result in try calls.ordered(turn.messages.filter(\.role.isResult), naming: &functionCalls) {
            try write(result: result, to: &blocks)
        }
        try calls.checkAnswered()
        for message in turn.messages where !message.role.isResult {
            if message.role.isSystem {
                for text in try texts(of: message) {
                    blocks.add(text: Self.wrapped(text.value), mark: text.mark, marks: &marks)
                }
            } else if let content = message.message?["content"] {
                try AnthropicParts.write(content, of: message, to: &blocks, marks: &marks)
            }
        }
        write(blocks, as: "user", to: &writer)
    }

    private mutating func write(
        assistant turn: ConversationTurns.Turn, isLast: Bool, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        try calls.begin()
        lastCallsLackThinking = false
        var blocks = AnthropicBlocks()
        var hasThought = false
        var saysSomething = false
        let lastMessage = turn.messages.count - 1
        for (position, turn) in turn.messages.enumerated() {
            guard let message = turn.message else { continue }
            if AnthropicThinking.write(message["reasoning_details"], to: &blocks, marks: &marks) { hasThought = true }
            let hasCalls =
                (message["tool_calls"]?.count ?? 0) > 0 || message["function_call"].map { !$0.isNull } ?? false
            let texts = try texts(of: turn).filter { !AnthropicBlocks.isBlank($0.value.text) }
            for (index, text) in texts.enumerated() {
                // The vendor goes on with the last text, and wants no white space at its end.
                let isEnd = isLast && position == lastMessage && index == texts.count - 1 && !hasCalls
                let value = isEnd ? AnthropicBlocks.trimmed(text.value) : text.value.text
                blocks.add(text: value, mark: text.mark, marks: &marks)
                saysSomething = true
            }
            if hasCalls {
                try write(callsOf: message, at: turn.index, to: &blocks)
                saysSomething = true
                lastCallsLackThinking = !hasThought
            }
        }
        // Thoughts alone, as an answer leaves that was cut off, are no turn.
        if saysSomething { write(blocks, as: "assistant", to: &writer) }
    }

    private mutating func write(system turn: ConversationTurns.Turn, to writer: inout JSONWriter)
        throws(UpstreamFailure)
    {
        var blocks = AnthropicBlocks()
        for message in turn.messages {
            for text in try texts(of: message) { blocks.add(text: text.value.text, mark: text.mark, marks: &marks) }
        }
        write(blocks, as: "system", to: &writer)
    }

    private mutating func write(_ blocks: AnthropicBlocks, as role: String, to writer: inout JSONWriter) {
        guard !blocks.isEmpty else { return }
        if isEmpty, role != "user" {
            writer.beginObject()
            writer.member("role", "user")
            writer.name("content")
            writer.raw(Self.opening)
            writer.endObject()
        }
        isEmpty = false
        writer.beginObject()
        writer.member("role", role)
        writer.name("content")
        blocks.write(to: &writer)
        writer.endObject()
    }

    // MARK: Parts of messages

    /// The texts of a message that may hold nothing else, refusals among them.
    private func texts(of turn: ChatTurn) throws(UpstreamFailure) -> [(
        value: JSONValue, mark: AnthropicCacheMarks.Mark?
    )] {
        guard let message = turn.message else { return [] }
        var texts: [(value: JSONValue, mark: AnthropicCacheMarks.Mark?)] = []
        if let content = message["content"] {
            if content.kind == .string { texts.append((content, AnthropicCacheMarks.mark(of: message))) }
            for part in content.elements {
                if let text = part["text"] ?? part["refusal"], text.kind == .string {
                    texts.append((text, AnthropicCacheMarks.mark(of: part)))
                } else {
                    throw .unsupported(part["type"] ?? part, "is no text, which is all that this role may say")
                }
            }
        }
        guard turn.role == .assistant else { return texts }
        if let refusal = message["refusal"], refusal.kind == .string { texts.append((refusal, nil)) }
        if let audio = message["audio"], !audio.isNull {
            throw .unsupported(audio, "is an answer in sound, which this model does not know")
        }
        return texts
    }

    /// A system message where the model takes none.
    private static func wrapped(_ text: JSONValue) -> ArraySlice<UInt8> {
        guard !AnthropicBlocks.isBlank(text.text) else { return text.text }
        return Array(#""<system>\n"#.utf8) + text.text.dropFirst().dropLast() + Array(#"\n</system>""#.utf8)
    }

    private mutating func write(
        callsOf message: JSONValue, at index: Int, to blocks: inout AnthropicBlocks
    ) throws(UpstreamFailure) {
        if let list = message["tool_calls"] {
            for call in list.elements {
                guard call["type"]?.equals("custom") != true, let function = call["function"] else {
                    throw .unsupported(call, "is no call of a function, and this model knows no other tools")
                }
                guard let id = call["id"]?.nonEmptyString else {
                    throw .refused(call, "must have an `id`, which its result names in `tool_call_id`")
                }
                try write(function, id: id, call: call, to: &blocks)
            }
        }
        if let function = message["function_call"], !function.isNull {
            try write(function, id: functionCalls.id(for: message, at: index), call: function, to: &blocks)
        }
    }

    private mutating func write(
        _ function: JSONValue, id: String, call: JSONValue, to blocks: inout AnthropicBlocks
    ) throws(UpstreamFailure) {
        guard let name = function["name"], name.isText else { throw .refused(function, "must have a `name`") }
        let input = try CallArguments.object(of: function)
        let id = try calls.add(id, call: call)
        blocks.begin("tool_use")
        blocks.writer.member("id", id)
        blocks.writer.member("name", name)
        blocks.writer.name("input")
        blocks.writer.raw(input)
        blocks.end(mark: AnthropicCacheMarks.mark(of: call), marks: &marks)
    }

    private mutating func write(
        result: PairedCalls.Result, to blocks: inout AnthropicBlocks
    ) throws(UpstreamFailure) {
        var content = AnthropicBlocks()
        if let value = result.turn.message?["content"] {
            try AnthropicParts.write(value, of: result.turn, to: &content, marks: &marks)
        }
        blocks.begin("tool_result")
        blocks.writer.member("tool_use_id", result.id)
        if !content.isEmpty {
            blocks.writer.name("content")
            content.write(to: &blocks.writer)
        }
        // A mark on the message is that of its only text, when it is one.
        blocks.end(marks: &marks)
    }
}
