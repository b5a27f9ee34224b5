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
                guard value.kind == .string else { throw wrongType(value, "a string such as \"openai/gpt-5.4\"") }
                guard !value.equals("") else {
                    throw invalid(value, "must name a model; GET /api/v1/models lists them")
                }
                hasModel = true
            case "messages":
                messages = value
            case "stream", "logprobs", "parallel_tool_calls", "store":
                guard value.kind == .bool else { throw wrongType(value, "true or false") }
            case "stream_options":
                guard value.kind == .object else { throw wrongType(value, "an object") }
                if let usage = value["include_usage"], !usage.isNull, usage.kind != .bool {
                    throw wrongType(usage, "true or false")
                }
            case "max_tokens", "max_completion_tokens":
                try check(value, isIntegerIn: 1...2_147_483_647)
            case "n":
                try check(value, isIntegerIn: 1...128)
            case "top_logprobs":
                try check(value, isIntegerIn: 0...20)
            case "temperature":
                try check(value, isNumberIn: 0...2)
            case "top_p":
                try check(value, isNumberIn: 0...1)
            case "presence_penalty", "frequency_penalty":
                try check(value, isNumberIn: -2...2)
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
        guard messages.kind == .array else { throw wrongType(messages, "an array of messages") }
        guard messages.count > 0 else { throw invalid(messages, "must hold at least one message") }
        for message in messages.elements {
            guard message.kind == .object else { throw wrongType(message, "an object with `role` and `content`") }
            var isTool = false
            var hasRole = false
            var hasCallID = false
            for member in message.members {
                let value = member.value
                switch member.name {
                case "role":
                    guard value.kind == .string else { throw wrongType(value, "a string") }
                    isTool = value.equals("tool")
                    hasRole = true
                    guard
                        isTool || value.equals("user") || value.equals("assistant") || value.equals("system")
                            || value.equals("developer") || value.equals("function")
                    else {
                        throw invalid(value, "must be one of system, developer, user, assistant, tool")
                    }
                case "content":
                    try checkContent(value)
                case "tool_calls":
                    guard value.isNull || value.kind == .array else { throw wrongType(value, "an array of calls") }
                case "tool_call_id":
                    guard value.kind == .string else { throw wrongType(value, "a string") }
                    hasCallID = true
                default:
                    break
                }
            }
            guard hasRole else { throw missing("role", in: message) }
            guard !isTool || hasCallID else { throw missing("tool_call_id", in: message) }
        }
    }

    private static func checkContent(_ content: JSONValue) throws(APIError) {
        switch content.kind {
        case .string, .null: return
        case .array:
            for part in content.elements {
                guard part.kind == .object else { throw wrongType(part, "an object with a `type`") }
                guard let type = part["type"] else { throw missing("type", in: part) }
                guard type.kind == .string else { throw wrongType(type, "a string") }
            }
        case .object, .bool, .number:
            throw wrongType(content, "a string or an array of parts")
        }
    }

    private static func checkTools(_ tools: JSONValue) throws(APIError) {
        guard tools.kind == .array else { throw wrongType(tools, "an array") }
        for tool in tools.elements {
            guard tool.kind == .object else { throw wrongType(tool, "an object") }
            guard let type = tool["type"] else { throw missing("type", in: tool) }
            guard type.equals("function") else { continue }
            guard let function = tool["function"] else { throw missing("function", in: tool) }
            guard function["name"]?.kind == .string else { throw missing("name", in: function) }
        }
    }

    private static func checkStop(_ stop: JSONValue) throws(APIError) {
        guard stop.kind != .string else { return }
        guard stop.kind == .array else { throw wrongType(stop, "a string or an array of strings") }
        for text in stop.elements where text.kind != .string { throw wrongType(text, "a string") }
    }

    /// Plugins that look things up would change the answer, and there are none here; the others are hints.
    private static func checkPlugins(_ plugins: JSONValue) throws(APIError) {
        guard plugins.kind == .array else { throw wrongType(plugins, "an array") }
        for plugin in plugins.elements where plugin["enabled"]?.bool != false {
            guard let id = plugin["id"], id.equals("web") || id.equals("web-fetch") else { continue }
            throw invalid(id, "is not offered here: this router searches no web")
        }
    }

    private static func check(_ value: JSONValue, isIntegerIn range: ClosedRange<Int>) throws(APIError) {
        guard value.kind == .number else { throw wrongType(value, "a whole number") }
        guard let number = value.integer, range.contains(number) else {
            throw invalid(value, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func check(_ value: JSONValue, isNumberIn range: ClosedRange<Double>) throws(APIError) {
        guard value.kind == .number else { throw wrongType(value, "a number") }
        guard let number = value.double, range.contains(number) else {
            throw invalid(value, "must be from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
    }

    private static func wrongType(_ value: JSONValue, _ expected: String) -> APIError {
        invalid(value, "must be \(expected), not \(value.kind.article)")
    }

    private static func missing(_ name: String, in object: JSONValue) -> APIError {
        let path = object.path.isEmpty ? name : "\(object.path).\(name)"
        return APIError(.invalidRequest, "`\(path)` is required.", parameter: path)
    }

    private static func invalid(_ value: JSONValue, _ rule: String) -> APIError {
        let path = value.path
        return APIError(.invalidRequest, "`\(path)` \(rule).", parameter: path)
    }
}

extension JSONValue.Kind {
    /// `a string`, `an object`, `null`: for a sentence.
    var article: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
