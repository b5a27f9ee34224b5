import RouterCore

/// For vendors that offer other things than chat.
struct NoChat: ChatTranslator {
    private var refusal: UpstreamFailure {
        UpstreamFailure(.unsupported, "This provider offers no chat.", parameter: "model")
    }

    func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        throw refusal
    }

    func makeDecoder(for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead) -> any AnswerDecoder {
        Refusing(failure: refusal)
    }

    func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure { OpenAIFailure.reading(head, body: body) }

    /// Of what was never asked nothing can be read.
    private struct Refusing: AnswerDecoder {
        let failure: UpstreamFailure
        mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) { throw failure }
        mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) { throw failure }
    }
}
