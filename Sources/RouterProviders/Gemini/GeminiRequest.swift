import RouterCore

/// Writes the body of one request.
struct GeminiRequest {
    private let request: ChatRequest
    private let traits: ChatTraits
    private let memory: ThoughtMemory?

    private static let candidatesMax = 8
    private static let stopsMax = 5

    /// Members that have a rule; `nil` for absent and for `null`. The others are hints that this vendor has no word
    /// for, configure this router, or are not known.
    private struct Asked {
        var messages: JSONValue?
        var maxTokens: JSONValue?
        var maxCompletionTokens: JSONValue?
        var temperature: JSONValue?
        var topP: JSONValue?
        var topK: JSONValue?
        var presencePenalty: JSONValue?
        var frequencyPenalty: JSONValue?
        var stop: JSONValue?
        var seed: JSONValue?
        var n: JSONValue?
        var logprobs: JSONValue?
        var topLogprobs: JSONValue?
        var tools: JSONValue?
        var toolChoice: JSONValue?
        var functions: JSONValue?
        var functionCall: JSONValue?
        var format: JSONValue?
        var effort: JSONValue?
        var reasoning: JSONValue?
        var serviceTier: JSONValue?

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
                case "presence_penalty": presencePenalty = value
                case "frequency_penalty": frequencyPenalty = value
                case "stop": stop = value
                case "seed": seed = value
                case "n": n = value
                case "logprobs": logprobs = value
                case "top_logprobs": topLogprobs = value
                case "tools": tools = value
                case "tool_choice": toolChoice = value
                case "functions": functions = value
                case "function_call": functionCall = value
                case "response_format": format = value
                case "reasoning_effort": effort = value
                case "reasoning": reasoning = value
                case "service_tier": serviceTier = value
                case "audio", "web_search_options":
                    throw .unsupported(value, "is not supported by this model")
                case "modalities" where !value.elements.allSatisfy { $0.equals("text") }:
                    throw .unsupported(value, "must be [\"text\"]: this model answers in text only")
                default: break
                }
            }
        }
    }

    init(_ request: ChatRequest, for endpoint: Endpoint, memory: ThoughtMemory? = nil) {
        self.request = request
        self.memory = memory
        traits = endpoint.traits
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` or `refused` that names the member at fault.
    func body() throws(UpstreamFailure) -> [UInt8] {
        let asked = try Asked(request.root)
        let tools = try GeminiTools(
            tools: asked.tools, choice: asked.toolChoice, functions: asked.functions, functionCall: asked.functionCall)
        var writer = JSONWriter(capacity: request.document.bytes.count + 512)
        writer.beginObject()
        var contents = GeminiContents(asked.messages, traits: traits, memory: memory)
        try contents.writeSystem(to: &writer)
        try contents.write(to: &writer)
        tools.write(to: &writer)
        try writeGeneration(asked, to: &writer)
        if let tier = asked.serviceTier, tier.equals("flex") || tier.equals("priority") {
            writer.member("serviceTier", tier)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Writes `generationConfig`; nothing when nothing was asked.
    private func writeGeneration(_ asked: Asked, to writer: inout JSONWriter) throws(UpstreamFailure) {
        var config = JSONWriter()
        config.beginObject()
        if let limit = asked.maxCompletionTokens ?? asked.maxTokens { config.member("maxOutputTokens", limit) }
        if traits.takesSampling {
            if let temperature = asked.temperature { config.member("temperature", temperature) }
            if let topP = asked.topP { config.member("topP", topP) }
            if let topK = asked.topK, topK.integer != 0 { config.member("topK", topK) }
        }
        if traits.takesPenalties {
            if let penalty = asked.presencePenalty { config.member("presencePenalty", penalty) }
            if let penalty = asked.frequencyPenalty { config.member("frequencyPenalty", penalty) }
        }
        try writeStop(asked.stop, to: &config)
        if let seed = asked.seed { config.member("seed", try Self.seed(seed)) }
        if let n = asked.n, n.integer != 1 {
            guard let count = n.integer, (1...Self.candidatesMax).contains(count) else {
                throw .unsupported(n, "must be from 1 to \(Self.candidatesMax) for this model")
            }
            config.member("candidateCount", count)
        }
        if asked.logprobs?.bool == true {
            config.member("responseLogprobs", true)
            if let top = asked.topLogprobs { config.member("logprobs", top) }
        }
        try writeFormat(asked.format, to: &config)
        try GeminiReasoning(effort: asked.effort, reasoning: asked.reasoning, traits: traits).write(to: &config)
        config.endObject()
        guard config.bytes.count > 2 else { return }
        writer.name("generationConfig")
        writer.raw(config.bytes)
    }

    private func writeStop(_ stop: JSONValue?, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let stop else { return }
        let texts = (stop.kind == .array ? Array(stop.elements) : [stop]).filter { !$0.equals("") }
        guard texts.count <= Self.stopsMax else {
            throw .unsupported(stop, "must have at most \(Self.stopsMax) texts for this model")
        }
        guard !texts.isEmpty else { return }
        writer.name("stopSequences")
        writer.beginArray()
        for text in texts { writer.copy(text) }
        writer.endArray()
    }

    /// The vendor counts with 32 bits: of a larger seed the low 31 stay.
    private static func seed(_ value: JSONValue) throws(UpstreamFailure) -> Int {
        guard let seed = value.integer else {
            throw .unsupported(value, "must be a whole number of at most 64 bits for this model")
        }
        return Int32(exactly: seed) == nil ? seed & 0x7FFF_FFFF : seed
    }

    private func writeFormat(_ format: JSONValue?, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let format, let type = format["type"] else { return }
        if type.equals("json_object") {
            writer.member("responseMimeType", "application/json")
        } else if type.equals("json_schema") {
            writer.member("responseMimeType", "application/json")
            if let schema = format["json_schema"]?["schema"], !schema.isNull {
                writer.member("responseJsonSchema", schema)
            }
        } else if !type.equals("text") {
            throw .unsupported(type, "must be text, json_object or json_schema for this model")
        }
    }
}
