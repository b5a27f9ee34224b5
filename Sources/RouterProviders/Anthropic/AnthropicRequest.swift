import RouterCore

/// Writes the body of one request.
///
/// Tools stand before the system text and that before the messages: the order in which the vendor's prompt cache reads
/// them.
struct AnthropicRequest {
    private let request: ChatRequest
    private let traits: ChatTraits
    private let model: String

    /// Asked of a model whose longest answer is not known: what the oldest models allow.
    private static let answerTokensAssumed = 4096

    /// Members that have a rule; `nil` for absent and for `null`. The others are hints that this vendor has no word
    /// for, configure this router, or are not known.
    private struct Asked {
        var messages: JSONValue?
        var maxTokens: JSONValue?
        var maxCompletionTokens: JSONValue?
        var temperature: JSONValue?
        var topP: JSONValue?
        var topK: JSONValue?
        var stop: JSONValue?
        var tools: JSONValue?
        var toolChoice: JSONValue?
        var functions: JSONValue?
        var functionCall: JSONValue?
        var parallelCalls: Bool?
        var format: JSONValue?
        var effort: JSONValue?
        var reasoning: JSONValue?
        var user: JSONValue?
        var safetyIdentifier: JSONValue?
        var serviceTier: JSONValue?
        var cacheControl: JSONValue?

        init(_ root: JSONValue) throws(UpstreamFailure) {
            for member in root.members where !member.value.isNull {
                let value = member.value
                switch member.name {
                case "messages": messages = value
                case "max_tokens": maxTokens = value
                case "max_completion_tokens": maxCompletionTokens = value
                case "temperature": temperature = value
                case "top_p": topP = value
                case "top_k": topK = value
                case "stop": stop = value
                case "tools": tools = value
                case "tool_choice": toolChoice = value
                case "functions": functions = value
                case "function_call": functionCall = value
                case "parallel_tool_calls": parallelCalls = value.bool
                case "response_format": format = value
                case "reasoning_effort": effort = value
                case "reasoning": reasoning = value
                case "user": user = value
                case "safety_identifier": safetyIdentifier = value
                case "service_tier": serviceTier = value
                case "cache_control": cacheControl = value
                case "n" where value.integer != 1:
                    throw .unsupported(value, "must be 1: this model gives one answer to a request")
                case "logprobs" where value.bool != false, "top_logprobs" where value.integer != 0,
                    "audio", "web_search_options":
                    throw .unsupported(value, "is not supported by this model")
                case "modalities" where !value.elements.allSatisfy { $0.equals("text") }:
                    throw .unsupported(value, "must be [\"text\"]: this model answers in text only")
                default: break
                }
            }
        }
    }

    init(_ request: ChatRequest, for endpoint: Endpoint) {
        self.request = request
        traits = endpoint.traits
        model = endpoint.upstreamModel
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` or `refused` that names the member at fault.
    func body() throws(UpstreamFailure) -> [UInt8] {
        let asked = try Asked(request.root)
        let limit = asked.maxCompletionTokens ?? asked.maxTokens
        let answerTokens = limit?.integer ?? traits.answerTokensMax ?? Self.answerTokensAssumed
        var marks = try AnthropicCacheMarks(of: request.root)
        let tools = try AnthropicTools(
            tools: asked.tools, choice: asked.toolChoice, functions: asked.functions, functionCall: asked.functionCall,
            parallelCalls: asked.parallelCalls, traits: traits)
        let format = try AnthropicFormat(asked.format)

        var writer = JSONWriter(capacity: request.document.bytes.count + 512)
        writer.beginObject()
        writer.member("model", model)
        writer.member("max_tokens", answerTokens)
        try tools.write(to: &writer, marks: &marks)
        var messages = AnthropicMessages(asked.messages, traits: traits, marks: marks)
        try messages.writeSystem(alsoSaying: format.instruction, to: &writer)
        try messages.write(to: &writer)
        let reasoning = try AnthropicReasoning(
            effort: asked.effort, reasoning: asked.reasoning, traits: traits, answerTokens: answerTokens,
            canThink: !tools.forcesCall && !messages.goesOnWithoutThinking)
        reasoning.writeThinking(to: &writer)
        format.write(effort: reasoning.effort, to: &writer)
        if traits.takesSampling, !reasoning.isThinking { writeSampling(asked, to: &writer) }
        writeStop(asked.stop, to: &writer)
        if let user = (asked.safetyIdentifier ?? asked.user)?.nonEmptyString { write(user: user, to: &writer) }
        writeTier(asked.serviceTier, to: &writer)
        if let mark = asked.cacheControl { writer.member("cache_control", mark) }
        if request.stream { writer.member("stream", true) }
        writer.endObject()
        return writer.bytes
    }

    /// The vendor's range ends at 1, and it takes one of `temperature` and `top_p`.
    private func writeSampling(_ asked: Asked, to writer: inout JSONWriter) {
        if let temperature = asked.temperature {
            if let value = temperature.double, value > 1 {
                writer.member("temperature", 1)
            } else {
                writer.member("temperature", temperature)
            }
        } else if let topP = asked.topP {
            writer.member("top_p", topP)
        }
        if let topK = asked.topK, topK.integer != 0 { writer.member("top_k", topK) }
    }

    /// The vendor refuses texts of white space.
    private func writeStop(_ stop: JSONValue?, to writer: inout JSONWriter) {
        guard let stop else { return }
        let texts = (stop.kind == .array ? Array(stop.elements) : [stop]).filter { !AnthropicBlocks.isBlank($0.text) }
        guard !texts.isEmpty else { return }
        writer.name("stop_sequences")
        writer.beginArray()
        for text in texts { writer.copy(text) }
        writer.endArray()
    }

    private func write(user: String, to writer: inout JSONWriter) {
        writer.name("metadata")
        writer.beginObject()
        writer.member("user_id", AnthropicUser.id(for: user))
        writer.endObject()
    }

    private func writeTier(_ tier: JSONValue?, to writer: inout JSONWriter) {
        if tier?.equals("auto") == true { writer.member("service_tier", "auto") }
        if tier?.equals("default") == true { writer.member("service_tier", "standard_only") }
    }
}

/// Names a client's user to the vendor, who asks for names that identify nobody.
enum AnthropicUser {
    private static let charactersMax = 512

    /// The client's own name, or its SHA-256 in hexadecimal digits when it looks like a mail address or a telephone
    /// number, or is too long.
    static func id(for user: String) -> String {
        guard user.contains("@") || user.count > charactersMax || isTelephoneNumber(user) else { return user }
        return PlainSHA256.digest(of: user.utf8).map { part in
            let digits = String(part, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Seven digits or more, and nothing else but what stands between those of a number.
    private static func isTelephoneNumber(_ user: String) -> Bool {
        var digits = 0
        for byte in user.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x20, 0x28, 0x29, 0x2B, 0x2D, 0x2E, 0x2F: break
            default: return false
            }
        }
        return digits >= 7
    }
}
