import RouterCore

/// Writes `messages`: the whole list as it stands when nothing in it has to change, else each message that can stay as
/// the slice it was.
struct OpenAIMessages {
    private let traits: ChatTraits
    private let quirks: OpenAIQuirks
    private let ids: CallIDRule
    private let keepsMistralRules: Bool
    /// The reasoning of messages with calls goes back.
    private let returnsReasoning: Bool
    /// What is said behind the first system message: the inside of a JSON string.
    private let instruction: [UInt8]?

    /// - Parameter returnsReasoning: the model will reason about this request.
    init(traits: ChatTraits, quirks: OpenAIQuirks, returnsReasoning: Bool = false, instruction: [UInt8]? = nil) {
        self.traits = traits
        self.quirks = quirks
        self.returnsReasoning = returnsReasoning && quirks.wantsReasoningBack
        self.instruction = instruction
        keepsMistralRules = traits.mistralRules || quirks.keepsMistralRules
        ids = CallIDRule(isMistral: keepsMistralRules, charactersMax: quirks.callIDCharactersMax)
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for custom calls where the vendor has none, of kind
    ///   `refused` for broken arguments of a call where the vendor needs an object.
    func write(_ messages: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        if keepsMistralRules || traits.oneSystemMessage || instruction != nil {
            try writeInOrder(messages, to: &writer)
            return
        }
        guard let first = try firstChange(in: messages) else {
            writer.copy(messages)
            return
        }
        var functionCalls = FunctionCalls()
        writer.beginArray()
        for (index, message) in messages.elements.enumerated() {
            // Not written with `||`, whose right side could not throw a type.
            let changes = index > first ? try needsChange(message) : index == first
            if changes {
                try write(message, callID: functionCalls.id(for: message, at: index), to: &writer)
            } else {
                writer.copy(message)
            }
        }
        writer.endArray()
    }

    private func firstChange(in messages: JSONValue) throws(UpstreamFailure) -> Int? {
        var index = 0
        for message in messages.elements {
            if try needsChange(message) { return index }
            index += 1
        }
        return nil
    }

    /// Writes the list with the rules of the model's chat template on the order of messages.
    private func writeInOrder(_ messages: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        var turns = messages.elements.enumerated().map { ChatTurn($0.element, at: $0.offset) }
        if traits.oneSystemMessage { turns = ChatTurn.joiningSystemMessages(of: turns) }
        if let instruction { turns = ChatTurn.saying(instruction, in: turns) }
        if keepsMistralRules { turns = MistralRules.ordered(turns) }
        var functionCalls = FunctionCalls()
        writer.beginArray()
        for turn in turns {
            guard let message = turn.message else {
                writer.beginObject()
                writer.member("role", turn.role.name)
                writer.name("content")
                writer.raw(turn.text)
                writer.endObject()
                continue
            }
            let callID = functionCalls.id(for: message, at: turn.index)
            try write(message, as: turn.role, isPrefix: turn.isPrefix, callID: callID, to: &writer)
        }
        writer.endArray()
    }

    // MARK: What has to change

    private func needsChange(_ message: JSONValue) throws(UpstreamFailure) -> Bool {
        var hasContent = false
        var hasCalls = false
        var isAssistant = false
        var isFunction = false
        for member in message.members {
            let value = member.value
            switch member.name {
            case "role":
                isAssistant = value.equals("assistant")
                if value.equals("developer"), !quirks.hasDeveloperRole { return true }
                isFunction = value.equals("function")
                if isFunction, !quirks.hasFunctions { return true }
            case "content":
                hasContent = !value.isNull
                if value.kind == .array {
                    try checkParts(value)
                    if contentNeedsChange(value) { return true }
                }
                if value.isNull, quirks.fillsNullContent { return true }
            case "tool_calls":
                if value.count == 0 { return true }
                hasCalls = true
                if returnsReasoning { return true }
                for call in value.elements where try callNeedsChange(call) { return true }
            case "tool_call_id":
                if let id = value.string, ids.replacement(for: id) != nil { return true }
            case "function_call":
                if value.isNull || !quirks.hasFunctions { return true }
                hasCalls = true
            case "name" where quirks.names != .everyone:
                return true
            default:
                if value.isNull || !quirks.messageMembers.contains(member.name.string) { return true }
            }
        }
        // `content: null` may only stand next to calls, and in the result of an older call.
        guard !hasContent, !hasCalls, !isFunction else { return false }
        return isAssistant && quirks.fillsEmptyContent || message["content"] != nil
    }

    private func contentNeedsChange(_ content: JSONValue) -> Bool {
        canJoin(content) || content.elements.contains(where: partNeedsChange)
    }

    private func checkParts(_ content: JSONValue) throws(UpstreamFailure) {
        for part in content.elements {
            guard let type = part["type"], let word = type.string, quirks.parts[word] == .refuse else { continue }
            throw .unsupported(type, "is a kind of part that this model does not take")
        }
    }

    private func canJoin(_ content: JSONValue) -> Bool {
        quirks.joinsTextParts && content.kind == .array
            && content.elements.allSatisfy { $0["type"]?.equals("text") == true && $0["text"]?.kind == .string }
    }

    private func partNeedsChange(_ part: JSONValue) -> Bool {
        part["type"]?.string.flatMap { quirks.parts[$0] } != nil
            || part.members.contains { $0.value.isNull || $0.name == "cache_control" }
    }

    private func callNeedsChange(_ call: JSONValue) throws(UpstreamFailure) -> Bool {
        if !quirks.hasCustomTools, call["type"]?.equals("custom") == true {
            throw .unsupported(call, "is a call of a custom tool, which this model does not know")
        }
        for member in call.members {
            if member.value.isNull || !quirks.callMembers.contains(member.name.string) { return true }
            if member.name == "id", let id = member.value.string, ids.replacement(for: id) != nil { return true }
            if member.name == "function", try newArguments(of: member.value) != nil { return true }
        }
        return false
    }

    // MARK: Writing what changes

    /// - Parameter callID: of the older `function_call`, or of the result of one.
    private func write(
        _ message: JSONValue, as role: ChatTurn.Role? = nil, isPrefix: Bool = false, callID: String,
        to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        let role = role ?? ChatTurn.Role(of: message)
        let hasCalls = (message["tool_calls"]?.count ?? 0) > 0 || message["function_call"].map { !$0.isNull } ?? false
        var hasContent = false
        writer.beginObject()
        for member in message.members {
            let value = member.value
            switch member.name {
            case "role":
                writeRole(value, role, to: &writer)
            case "content":
                if value.kind == .array { try checkParts(value) }
                hasContent = try write(content: value, of: role, hasCalls: hasCalls, to: &writer)
            case "tool_calls":
                if value.count > 0 { try write(calls: value, to: &writer) }
            case "tool_call_id":
                writer.name("tool_call_id")
                writeID(value, to: &writer)
            case "function_call" where !value.isNull:
                if quirks.hasFunctions { writer.copy(member) } else { try write(call: value, id: callID, to: &writer) }
            case "name" where role == .function && !quirks.hasFunctions:
                break  // A result belongs to its call by the call's id.
            case "prefix" where isPrefix:
                break
            case "name" where !quirks.names.contains(role):
                break
            default:
                if !value.isNull, quirks.messageMembers.contains(member.name.string) { writer.copy(member) }
            }
        }
        if role == .function, !quirks.hasFunctions { writer.member("tool_call_id", newID(callID)) }
        if !hasContent, !hasCalls, role == .assistant, quirks.fillsEmptyContent {
            writer.name("content")
            if let refusal = message["refusal"], refusal.kind == .string {
                writer.copy(refusal)
            } else {
                writer.string("")
            }
        }
        if hasCalls, returnsReasoning, role == .assistant {
            writer.name("reasoning_content")
            // The vendor wants something there, and takes one space for a thought that was lost.
            let thought = [message["reasoning_content"], message["reasoning"]].compactMap(\.self).first(where: \.isText)
            if let thought { writer.copy(thought) } else { writer.string(" ") }
        }
        if isPrefix { writer.member("prefix", true) }
        writer.endObject()
    }

    private func writeRole(_ value: JSONValue, _ role: ChatTurn.Role, to writer: inout JSONWriter) {
        writer.name("role")
        switch role {
        case .developer where !quirks.hasDeveloperRole: writer.string("system")
        case .function where !quirks.hasFunctions: writer.string("tool")
        case .user: writer.string("user")
        default: writer.copy(value)
        }
    }

    /// - Returns: whether there is content now, if only `null` next to calls.
    private func write(
        content: JSONValue, of role: ChatTurn.Role, hasCalls: Bool, to writer: inout JSONWriter
    ) throws(UpstreamFailure) -> Bool {
        if content.isNull {
            if hasCalls, quirks.fillsNullContent {
                writer.member("content", "")
            } else if role == .function, !quirks.hasFunctions {
                writer.member("content", "")
            } else if hasCalls || role == .function {
                writer.nullMember("content")
            } else {
                return false
            }
            return true
        }
        writer.name("content")
        if canJoin(content) {
            writer.raw(ChatTurn.joined(content))
        } else if content.kind == .array, contentNeedsChange(content) {
            writer.beginArray()
            for part in content.elements {
                if let fate = part["type"]?.string.flatMap({ quirks.parts[$0] }) {
                    try OpenAIParts.write(part, fate, to: &writer)
                    continue
                }
                writer.beginObject()
                for member in part.members where !member.value.isNull && member.name != "cache_control" {
                    writer.copy(member)
                }
                writer.endObject()
            }
            writer.endArray()
        } else {
            writer.copy(content)
        }
        return true
    }

    private func write(calls: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        writer.name("tool_calls")
        writer.beginArray()
        for call in calls.elements {
            guard try callNeedsChange(call) else {
                writer.copy(call)
                continue
            }
            writer.beginObject()
            for member in call.members where !member.value.isNull {
                guard quirks.callMembers.contains(member.name.string) else { continue }
                switch member.name {
                case "id":
                    writer.name("id")
                    writeID(member.value, to: &writer)
                case "function":
                    writer.name("function")
                    try write(function: member.value, to: &writer)
                default:
                    writer.copy(member)
                }
            }
            writer.endObject()
        }
        writer.endArray()
    }

    /// Writes an older `function_call` as the only one of `tool_calls`.
    private func write(call function: JSONValue, id: String, to writer: inout JSONWriter) throws(UpstreamFailure) {
        writer.name("tool_calls")
        writer.beginArray()
        writer.beginObject()
        writer.member("id", newID(id))
        writer.member("type", "function")
        writer.name("function")
        try write(function: function, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private func write(function: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let arguments = try newArguments(of: function) else {
            writer.copy(function)
            return
        }
        writer.beginObject()
        for member in function.members where member.name != "arguments" { writer.copy(member) }
        writer.member("arguments", arguments)
        writer.endObject()
    }

    /// The arguments to send instead of those of `function`; `nil` when they can stay.
    private func newArguments(of function: JSONValue) throws(UpstreamFailure) -> String? {
        guard quirks.needsArgumentObjects else { return nil }
        switch try CallArguments.form(of: function) {
        case .none: return "{}"
        case .object(let value): return String(decoding: value.text, as: UTF8.self)
        case .text: return nil
        }
    }

    private func writeID(_ value: JSONValue, to writer: inout JSONWriter) {
        if let id = value.string, let replacement = ids.replacement(for: id) {
            writer.string(replacement)
        } else {
            writer.copy(value)
        }
    }

    private func newID(_ id: String) -> String { ids.replacement(for: id) ?? id }
}
