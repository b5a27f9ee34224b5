/// What a valid chat request is. Checks what we or every vendor must read; leaves the rest to the vendor.
enum ChatRequestCheck {
    static func check(_ root: JSONValue) throws(APIError) {
        guard root.kind == .object else {
            throw APIError(.invalidRequest, "The body must be a JSON object, not \(root.kind.article).")
        }
        var hasModel = root["models"]?.elements.first { _ in true }?.string?.isEmpty == false
        var messages: JSONValue?
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "model":
                guard value.kind == .string else {
                    throw MemberCheck.wrongType(value, "a string such as \"openai/gpt-5.4\"")
                }
                guard !value.equals("") else {
                    throw MemberCheck.invalid(value, "must name a model; GET /api/v1/models lists them")
                }
                hasModel = true
            case "messages":
                messages = value
            case "stream", "logprobs", "parallel_tool_calls", "store":
                guard value.kind == .bool else { throw MemberCheck.wrongType(value, "true or false") }
            case "stream_options":
                guard value.kind == .object else { throw MemberCheck.wrongType(value, "an object") }
                if let usage = value["include_usage"], !usage.isNull, usage.kind != .bool {
                    throw MemberCheck.wrongType(usage, "true or false")
                }
            case "max_tokens", "max_completion_tokens":
                try MemberCheck.check(value, isIntegerIn: 1...2_147_483_647)
            case "n":
                try MemberCheck.check(value, isIntegerIn: 1...128)
            case "top_logprobs":
                try MemberCheck.check(value, isIntegerIn: 0...20)
            case "temperature":
                try MemberCheck.check(value, isNumberIn: 0...2)
            case "top_p":
                try MemberCheck.check(value, isNumberIn: 0...1)
            case "presence_penalty", "frequency_penalty":
                try MemberCheck.check(value, isNumberIn: -2...2)
            case "tools":
                try checkTools(value)
            case "stop":
                try checkStop(value)
            case "plugins":
                try checkPlugins(value)
            default:
                break
            }
        }
        guard hasModel else {
            throw APIError(
                .invalidRequest, "`model` is required; GET /api/v1/models lists what can be asked for.",
                parameter: "model")
        }
        guard let messages else {
            throw APIError(.invalidRequest, "`messages` is required: an array of messages.", parameter: "messages")
        }
        try checkMessages(messages)
    }

    private static func checkMessages(_ messages: JSONValue) throws(APIError) {
        guard messages.kind == .array else { throw MemberCheck.wrongType(messages, "an array of messages") }
        guard messages.count > 0 else { throw MemberCheck.invalid(messages, "must hold at least one message") }
        for message in messages.elements {
            guard message.kind == .object else {
                throw MemberCheck.wrongType(message, "an object with `role` and `content`")
            }
            var isTool = false
            var hasRole = false
            var hasCallID = false
            for member in message.members {
                let value = member.value
                switch member.name {
                case "role":
                    guard value.kind == .string else { throw MemberCheck.wrongType(value, "a string") }
                    isTool = value.equals("tool")
                    hasRole = true
                    guard
                        isTool || value.equals("user") || value.equals("assistant") || value.equals("system")
                            || value.equals("developer") || value.equals("function")
                    else {
                        throw MemberCheck.invalid(value, "must be one of system, developer, user, assistant, tool")
                    }
                case "content":
                    try checkContent(value)
                case "tool_calls":
                    guard value.isNull || value.kind == .array else {
                        throw MemberCheck.wrongType(value, "an array of calls")
                    }
                case "tool_call_id":
                    guard value.kind == .string else { throw MemberCheck.wrongType(value, "a string") }
                    hasCallID = true
                default:
                    break
                }
            }
            guard hasRole else { throw MemberCheck.missing("role", in: message) }
            guard !isTool || hasCallID else { throw MemberCheck.missing("tool_call_id", in: message) }
        }
    }

    private static func checkContent(_ content: JSONValue) throws(APIError) {
        switch content.kind {
        case .string, .null: return
        case .array:
            for part in content.elements {
                guard part.kind == .object else { throw MemberCheck.wrongType(part, "an object with a `type`") }
                guard let type = part["type"] else { throw MemberCheck.missing("type", in: part) }
                guard type.kind == .string else { throw MemberCheck.wrongType(type, "a string") }
            }
        case .object, .bool, .number:
            throw MemberCheck.wrongType(content, "a string or an array of parts")
        }
    }

    private static func checkTools(_ tools: JSONValue) throws(APIError) {
        guard tools.kind == .array else { throw MemberCheck.wrongType(tools, "an array") }
        for tool in tools.elements {
            guard tool.kind == .object else { throw MemberCheck.wrongType(tool, "an object") }
            guard let type = tool["type"] else { throw MemberCheck.missing("type", in: tool) }
            guard type.equals("function") else { continue }
            guard let function = tool["function"] else { throw MemberCheck.missing("function", in: tool) }
            guard function["name"]?.kind == .string else { throw MemberCheck.missing("name", in: function) }
        }
    }

    private static func checkStop(_ stop: JSONValue) throws(APIError) {
        guard stop.kind != .string else { return }
        guard stop.kind == .array else { throw MemberCheck.wrongType(stop, "a string or an array of strings") }
        for text in stop.elements where text.kind != .string { throw MemberCheck.wrongType(text, "a string") }
    }

    /// Plugins that look things up would change the answer, and there are none here; the others are hints.
    private static func checkPlugins(_ plugins: JSONValue) throws(APIError) {
        guard plugins.kind == .array else { throw MemberCheck.wrongType(plugins, "an array") }
        for plugin in plugins.elements where plugin["enabled"]?.bool != false {
            guard let id = plugin["id"], id.equals("web") || id.equals("web-fetch") else { continue }
            throw MemberCheck.invalid(id, "is not offered here: this router searches no web")
        }
    }
}
