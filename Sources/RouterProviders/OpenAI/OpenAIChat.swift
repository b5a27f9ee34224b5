public import RouterCore

/// Speaks OpenAI's chat format to OpenAI and to everyone with the same paths; what differs is data.
///
/// A request goes on as the slices it came in, but for the members that this vendor or model wants otherwise. Source:
/// OpenAI API reference, "Create chat completion" and "Streaming".
public struct OpenAIChat: ChatTranslator {
    public let quirks: OpenAIQuirks

    public init(quirks: OpenAIQuirks = .openAI) {
        self.quirks = quirks
    }

    public func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let body = try OpenAIRequest(request, for: endpoint, quirks: quirks).body()
        return UpstreamRequest(path: "/chat/completions", body: body)
    }

    public func makeDecoder(
        for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let shape = OpenAIAnswerShape(for: request, quirks: quirks)
        let type = head["content-type"]?.lowercased() ?? ""
        let isText = type.hasPrefix("application/json") || type.hasPrefix("text/html")
        return request.stream && !isText
            ? OpenAIStream(shape: shape)
            : WholeAnswer(OpenAIAnswer(shape: shape), status: head.status, isStreamed: request.stream)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
