import RouterCore

/// How the vendor's blocks look to a client, the same whether they come whole or in pieces.
struct AnthropicAnswerShape: Sendable {
    /// The client does not want to see the reasoning.
    let hidesReasoning: Bool
    /// The client asked for citations of a file.
    let citesFiles: Bool

    init(for request: ChatRequest) {
        hidesReasoning = request.hidesReasoning
        citesFiles =
            request.root["messages"]?.elements.contains { message in
                message["content"]?.elements.contains { $0["citations"] != nil } ?? false
            } ?? false
    }

    /// The public word for why the answer ended.
    ///
    /// - Parameter word: the vendor's; `nil` when it did not say.
    static func finishReason(_ word: String?, hasCalls: Bool) -> String {
        switch word {
        case "max_tokens", "model_context_window_exceeded": "length"
        case "refusal": "content_filter"
        default: hasCalls ? "tool_calls" : "stop"
        }
    }

    /// One element of `choices` of a stream, in its envelope.
    static func piece(_ delta: [UInt8], finish: String? = nil, native: String? = nil) -> ChatPiece {
        var others = JSONWriter()
        others.beginObject()
        if let native { others.member("native_finish_reason", native) }
        others.endObject()
        return OpenAIEnvelope().piece(
            choices: OpenAIChoice.text(0, delta: delta, finish: finish, others: native == nil ? [] : others.bytes))
    }

    /// Writes one of `reasoning_details`; `nil` for what it does not have.
    ///
    /// - Parameters:
    ///   - text: a JSON string, as is `signature`.
    ///   - index: counts the thoughts of the answer.
    static func writeThought(
        text: ArraySlice<UInt8>?, signature: JSONValue?, at index: Int, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("type", "reasoning.text")
        if let text {
            writer.name("text")
            writer.raw(text)
        }
        if let signature { writer.member("signature", signature) }
        endThought(at: index, to: &writer)
    }

    /// Writes a thought that only the vendor can read.
    static func writeThought(encrypted data: JSONValue, at index: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "reasoning.encrypted")
        writer.member("data", data)
        endThought(at: index, to: &writer)
    }

    private static func endThought(at index: Int, to writer: inout JSONWriter) {
        writer.member("format", "\(AnthropicThinking.format)")
        writer.member("index", index)
        writer.endObject()
    }
}
