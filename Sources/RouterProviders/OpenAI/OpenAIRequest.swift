import RouterCore

/// Writes the body of one request: the client's members in their order, each as the slice it was unless there is a
/// rule.
struct OpenAIRequest {
    private let request: ChatRequest
    private let endpoint: Endpoint
    private let quirks: OpenAIQuirks
    private let asked: Asked
    private let reasoning: OpenAIReasoning

    /// Members that decide what becomes of others; `nil` for absent and for `null`.
    private struct Asked {
        var tools: JSONValue?
        var functions: JSONValue?
        var toolChoice: JSONValue?
        var effort: JSONValue?
        var reasoning: JSONValue?
        var templateSwitches: JSONValue?
        var streamOptions: JSONValue?
        /// The `json_schema` of `response_format`.
        var schema: JSONValue?
        var hasToolChoice = false
        var hasMaxCompletionTokens = false

        init(_ root: JSONValue) {
            for member in root.members where !member.value.isNull {
                switch member.name {
                case "tools": tools = member.value.count > 0 ? member.value : nil
                case "functions": functions = member.value.count > 0 ? member.value : nil
                case "tool_choice":
                    toolChoice = member.value
                    hasToolChoice = true
                case "function_call": hasToolChoice = true
                case "reasoning_effort": effort = member.value
                case "reasoning": reasoning = member.value
                case "chat_template_kwargs": templateSwitches = member.value
                case "stream_options": streamOptions = member.value
                case "response_format" where member.value["type"]?.equals("json_schema") == true:
                    schema = member.value["json_schema"]?["schema"]
                case "max_completion_tokens": hasMaxCompletionTokens = true
                default: break
                }
            }
        }
    }

    init(_ request: ChatRequest, for endpoint: Endpoint, quirks: OpenAIQuirks) {
        self.request = request
        self.endpoint = endpoint
        self.quirks = quirks
        asked = Asked(request.root)
        reasoning = OpenAIReasoning(
            effort: asked.effort, reasoning: asked.reasoning, traits: endpoint.traits, quirks: quirks)
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` or `refused` that names the member at fault.
    func body() throws(UpstreamFailure) -> [UInt8] {
        // Words that are not known here are the vendor's to judge.
        _ = try AskedReasoning(effort: asked.effort, reasoning: asked.reasoning, passesUnknown: true)
        var writer = JSONWriter(capacity: request.document.bytes.count + 256)
        writer.beginObject()
        for member in request.root.members where !member.value.isNull {
            try write(member, to: &writer)
        }
        writeAdditions(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private func write(_ member: JSONMember, to writer: inout JSONWriter) throws(UpstreamFailure) {
        let value = member.value
        switch member.name {
        case "model":
            writer.member("model", endpoint.upstreamModel)
        case "messages":
            writer.name("messages")
            try OpenAIMessages(
                traits: endpoint.traits, quirks: quirks, returnsReasoning: reasoning.isReasoning,
                instruction: quirks.hasSchemas ? nil : asked.schema.map(OpenAISchema.instruction)
            ).write(value, to: &writer)
        case "max_tokens":
            if !asked.hasMaxCompletionTokens { writeTokenLimit(value, saying: .maxTokens, to: &writer) }
        case "max_completion_tokens":
            writeTokenLimit(value, saying: .maxCompletionTokens, to: &writer)
        case "tools":
            if let tools = asked.tools { try OpenAITools(quirks).write(tools, choice: asked.toolChoice, to: &writer) }
        case "tool_choice":
            if asked.tools != nil { try OpenAITools(quirks).write(choice: value, to: &writer) }
        case "parallel_tool_calls":
            if asked.tools != nil || asked.functions != nil { try writeByTable(member, to: &writer) }
        case "functions":
            guard let functions = asked.functions else { return }
            if quirks.hasFunctions {
                writer.copy(member)
            } else if asked.tools == nil {
                OpenAITools(quirks).write(functions: functions, to: &writer)
            }
        case "function_call":
            guard asked.functions != nil else { return }
            if quirks.hasFunctions {
                writer.copy(member)
            } else if asked.tools == nil {
                OpenAITools(quirks).write(functionCall: value, to: &writer)
            }
        case "stop":
            if !quirks.dropsStopOnReasoningModels || !reasoning.isReasoningModel { writeStop(value, to: &writer) }
        case "response_format" where !quirks.hasSchemas && asked.schema != nil:
            writer.name("response_format")
            writer.raw(Array(#"{"type":"json_object"}"#.utf8))
        case "stream":
            writer.copy(member)
        case "reasoning_effort", "stream_options":
            break  // Among the additions.
        case "chat_template_kwargs" where quirks.hasTemplateSwitches:
            break
        default:
            try writeByTable(member, to: &writer)
        }
    }

    private func writeByTable(_ member: JSONMember, to writer: inout JSONWriter) throws(UpstreamFailure) {
        let value = member.value
        switch quirks.members[member.name.string] ?? quirks.otherMembers {
        case .send:
            writer.copy(member)
        case .rename(let name):
            writer.name(escaping: name)
            writer.copy(value)
        case .drop:
            break
        case .dropWhileReasoning:
            if !reasoning.isReasoning { writer.copy(member) }
        case .dropUnlessReasoning:
            if reasoning.isReasoningModel { writer.copy(member) }
        case .dropOnReasoningModel:
            if !reasoning.isReasoningModel { writer.copy(member) }
        case .cutTo(let limit):
            if let number = value.double, let most = Double(limit), number > most {
                writer.name(escaping: member.name.string)
                writer.raw(Array(limit.utf8))
            } else {
                writer.copy(member)
            }
        case .renameAbsolute(let name):
            writer.name(escaping: name)
            writer.raw(value.kind == .number && value.text.first == 0x2D ? value.text.dropFirst() : value.text)
        case .refuseUnlessOne:
            if value.integer != 1 { throw .unsupported(value, "must be 1: this model gives one answer to a request") }
        case .joinContent:
            writeJoined(member, to: &writer)
        case .refuseUnlessText where value.elements.allSatisfy({ $0.equals("text") }):
            break
        case .refuse, .refuseUnlessText:
            throw .unsupported(value, "is not supported by this model")
        }
    }

    private func writeJoined(_ member: JSONMember, to writer: inout JSONWriter) {
        writer.name(escaping: member.name.string)
        writer.beginObject()
        for inner in member.value.members {
            if inner.name == "content" {
                writer.name("content")
                writer.raw(ChatTurn.joined(inner.value))
            } else {
                writer.copy(inner)
            }
        }
        writer.endObject()
    }

    private func writeTokenLimit(_ value: JSONValue, saying name: ChatTraits.TokenLimit, to writer: inout JSONWriter) {
        var limit = quirks.tokenLimit ?? endpoint.traits.tokenLimit
        if limit == .either { limit = name }
        writer.name(limit == .maxTokens ? "max_tokens" : "max_completion_tokens")
        writer.copy(value)
    }

    /// Empty stop texts stop nothing; some vendors refuse them.
    private func writeStop(_ stop: JSONValue, to writer: inout JSONWriter) {
        let texts = stop.elements.filter { !$0.equals("") }
        if stop.kind != .array {
            if !stop.equals("") { writer.member("stop", stop) }
        } else if texts.count == stop.count, !texts.isEmpty {
            writer.member("stop", stop)
        } else if !texts.isEmpty {
            writer.name("stop")
            writer.beginArray()
            for text in texts { writer.copy(text) }
            writer.endArray()
        }
    }

    /// What the client did not write, or not so.
    private func writeAdditions(to writer: inout JSONWriter) {
        if quirks.saysToolChoiceAuto, !asked.hasToolChoice, asked.tools != nil || asked.functions != nil {
            writer.member("tool_choice", "auto")
        }
        switch reasoning.say {
        case .effort(let effort): writer.member("reasoning_effort", effort.rawValue)
        case .unknown(let value): writer.member("reasoning_effort", value)
        case .thinking(let effort):
            writer.name("thinking")
            writer.beginObject()
            writer.member("type", effort == nil ? "disabled" : "enabled")
            writer.endObject()
            if let effort { writer.member("reasoning_effort", effort.rawValue) }
        case .templateSwitch, .nothing: break
        }
        if quirks.hasTemplateSwitches { writeTemplateSwitches(to: &writer) }
        if request.stream, let options = quirks.streamOptions { writeStreamOptions(options, to: &writer) }
    }

    /// The client's own switches, and the one for reasoning unless the client set it.
    private func writeTemplateSwitches(to writer: inout JSONWriter) {
        guard case .templateSwitch(let name, let isOn) = reasoning.say, asked.templateSwitches?[name] == nil else {
            if let switches = asked.templateSwitches { writer.member("chat_template_kwargs", switches) }
            return
        }
        writer.name("chat_template_kwargs")
        writer.beginObject()
        if let members = asked.templateSwitches?.members { for member in members { writer.copy(member) } }
        writer.name(escaping: name)
        writer.bool(isOn)
        writer.endObject()
    }

    /// Usage is always asked for: it is needed for the bill.
    private func writeStreamOptions(_ options: KeyValuePairs<String, Bool>, to writer: inout JSONWriter) {
        writer.name("stream_options")
        writer.beginObject()
        for (name, value) in options {
            writer.name(escaping: name)
            writer.bool(value)
        }
        if let members = asked.streamOptions?.members {
            for member in members where !member.value.isNull {
                let name = member.name.string
                if name != "include_obfuscation", !options.contains(where: { $0.key == name }) { writer.copy(member) }
            }
        }
        writer.endObject()
    }
}

extension UpstreamFailure {
    /// This vendor's format has no word for `value`.
    static func unsupported(_ value: JSONValue, _ rule: String) -> UpstreamFailure {
        let path = value.path
        return UpstreamFailure(.unsupported, "`\(path)` \(rule).", parameter: path)
    }

    /// No vendor could take `value`.
    static func refused(_ value: JSONValue, _ rule: String) -> UpstreamFailure {
        let path = value.path
        return UpstreamFailure(.refused, "`\(path)` \(rule).", parameter: path)
    }
}
