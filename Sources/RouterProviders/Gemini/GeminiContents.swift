import RouterCore

/// Writes `systemInstruction` and `contents`.
struct GeminiContents {
    private let list: JSONValue?
    private let conversation: ConversationTurns
    private let signsThoughts: Bool
    private let memory: ThoughtMemory?
    /// Where the last turn stands in which the user speaks and does not only answer calls; before all when there is
    /// none.
    private let exchangeStart: Int
    private var calls = PairedCalls()
    /// The names of the last turn's calls, as JSON strings.
    private var names: [JSONValue] = []
    private var functionCalls = FunctionCalls()
    private var isEmpty = true

    /// - Parameter memory: knows signatures that the client has lost.
    init(_ messages: JSONValue?, traits: ChatTraits, memory: ThoughtMemory? = nil) {
        list = messages
        self.memory = memory
        conversation = ConversationTurns(messages, takesLaterSystem: false)
        signsThoughts = traits.signsThoughts
        exchangeStart =
            conversation.turns.lastIndex { $0.role == .user && $0.messages.contains { $0.role == .user } } ?? -1
    }

    /// Writes `systemInstruction`, a part for each text; nothing when there is nothing to say.
    func writeSystem(to writer: inout JSONWriter) throws(UpstreamFailure) {
        var parts = JSONWriter()
        parts.beginArray()
        for turn in conversation.system {
            for text in try texts(of: turn) { GeminiParts.write(text: text.text, to: &parts) }
        }
        parts.endArray()
        guard parts.bytes.count > 2 else { return }
        writer.name("systemInstruction")
        writer.beginObject()
        writer.name("parts")
        writer.raw(parts.bytes)
        writer.endObject()
    }

    /// Writes `contents`.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for parts that the vendor does not know, calls without a
    ///   result and results without a call; of kind `refused` for arguments that are no JSON object.
    mutating func write(to writer: inout JSONWriter) throws(UpstreamFailure) {
        writer.name("contents")
        writer.beginArray()
        for (index, turn) in conversation.turns.enumerated() {
            switch turn.role {
            case .user, .system: try write(user: turn, to: &writer)
            case .assistant: try write(assistant: turn, isCurrent: index > exchangeStart, to: &writer)
            }
        }
        try calls.checkAnswered()
        writer.endArray()
        if isEmpty, let list { throw .unsupported(list, "must hold a message with some content for this model") }
    }

    // MARK: Turns

    private mutating func write(user turn: ConversationTurns.Turn, to writer: inout JSONWriter) throws(UpstreamFailure)
    {
        var results = JSONWriter()
        results.beginArray()
        for result in try calls.ordered(turn.messages.filter(\.role.isResult), naming: &functionCalls) {
            try write(result: result, to: &results)
        }
        results.endArray()
        try calls.checkAnswered()
        write(results.bytes, as: "user", to: &writer)

        var parts = JSONWriter()
        parts.beginArray()
        for message in turn.messages where !message.role.isResult {
            if message.role.isSystem {
                for text in try texts(of: message) where text.isText {
                    let inside = text.text.dropFirst().dropLast()
                    let whole = Array(#""<system>\n"#.utf8) + inside + Array(#"\n</system>""#.utf8)
                    GeminiParts.write(text: whole[...], to: &parts)
                }
            } else if let content = message.message?["content"] {
                try GeminiParts.write(content, to: &parts)
            }
        }
        parts.endArray()
        write(parts.bytes, as: "user", to: &writer)
    }

    /// - Parameter isCurrent: the user has not spoken since; its first call must be signed.
    private mutating func write(
        assistant turn: ConversationTurns.Turn, isCurrent: Bool, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        try calls.begin()
        names = []
        var parts = JSONWriter()
        parts.beginArray()
        for turn in turn.messages {
            guard let message = turn.message else { continue }
            let texts = try texts(of: turn).filter(\.isText)
            let signature = signsThoughts ? GeminiThoughts.signature(in: message["reasoning_details"]) : nil
            for (index, text) in texts.enumerated() {
                let isLast = index == texts.count - 1
                GeminiParts.write(text: text.text, signature: isLast ? signature : nil, to: &parts)
            }
            try write(callsOf: message, at: turn.index, isCurrent: isCurrent, to: &parts)
        }
        parts.endArray()
        write(parts.bytes, as: "model", to: &writer)
    }

    /// A content without parts is left out.
    private mutating func write(_ parts: [UInt8], as role: String, to writer: inout JSONWriter) {
        guard parts.count > 2 else { return }
        isEmpty = false
        writer.beginObject()
        writer.member("role", role)
        writer.name("parts")
        writer.raw(parts)
        writer.endObject()
    }

    // MARK: Calls and results

    private mutating func write(
        callsOf message: JSONValue, at index: Int, isCurrent: Bool, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        if let list = message["tool_calls"] {
            for call in list.elements {
                guard call["type"]?.equals("custom") != true, let function = call["function"] else {
                    throw .unsupported(call, "is no call of a function, and this model knows no other tools")
                }
                guard let id = call["id"]?.nonEmptyString else {
                    throw .refused(call, "must have an `id`, which its result names in `tool_call_id`")
                }
                try write(function, id: id, call: call, isCurrent: isCurrent, to: &writer)
            }
        }
        if let function = message["function_call"], !function.isNull {
            let id = functionCalls.id(for: message, at: index)
            try write(function, id: id, call: function, isCurrent: isCurrent, to: &writer)
        }
    }

    private mutating func write(
        _ function: JSONValue, id: String, call: JSONValue, isCurrent: Bool, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        guard let name = function["name"], name.isText else { throw .refused(function, "must have a `name`") }
        let arguments = try CallArguments.object(of: function)
        let sent = try calls.add(id, call: call)
        writer.beginObject()
        writer.name("functionCall")
        writer.beginObject()
        if signsThoughts { writer.member("id", sent) }
        writer.member("name", name)
        writer.name("args")
        writer.raw(arguments)
        writer.endObject()
        if signsThoughts {
            if let signature = GeminiThoughts.signature(ofCall: call) {
                writer.member("thoughtSignature", signature)
            } else if let signature = memory?.signature(ofCall: id, named: name.string ?? "") {
                writer.name("thoughtSignature")
                writer.raw(signature)
            } else if isCurrent, names.isEmpty {
                writer.member("thoughtSignature", "\(GeminiThoughts.placeholder)")
            }
        }
        writer.endObject()
        names.append(name)
    }

    /// A result is an object: the text when it holds one, else an object with the text in it.
    private func write(result: PairedCalls.Result, to writer: inout JSONWriter) throws(UpstreamFailure) {
        let texts = try texts(of: result.turn)
        var text: [UInt8] = [0x22]
        for piece in texts { text += piece.text.dropFirst().dropLast() }
        text.append(0x22)
        writer.beginObject()
        writer.name("functionResponse")
        writer.beginObject()
        if signsThoughts { writer.member("id", result.id) }
        if names.indices.contains(result.place) { writer.member("name", names[result.place]) }
        writer.name("response")
        if let string = (try? JSONDocument(text))?.root.string,
            let document = try? JSONDocument(Array(string.utf8)), document.root.kind == .object
        {
            writer.raw(document.root.text)
        } else {
            writer.beginObject()
            writer.name("output")
            writer.raw(text)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    /// The texts of a message that may hold nothing else, refusals among them.
    private func texts(of turn: ChatTurn) throws(UpstreamFailure) -> [JSONValue] {
        guard let message = turn.message else { return [] }
        var texts: [JSONValue] = []
        if let content = message["content"] {
            if content.kind == .string { texts.append(content) }
            for part in content.elements {
                guard let text = part["text"] ?? part["refusal"], text.kind == .string else {
                    throw .unsupported(part["type"] ?? part, "is no text, which is all that this role may say")
                }
                texts.append(text)
            }
        }
        guard turn.role == .assistant else { return texts }
        if let refusal = message["refusal"], refusal.kind == .string { texts.append(refusal) }
        if let audio = message["audio"], !audio.isNull {
            throw .unsupported(audio, "is an answer in sound, which this model does not know")
        }
        return texts
    }
}
