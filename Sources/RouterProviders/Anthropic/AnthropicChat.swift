public import RouterCore

/// Speaks Anthropic's Messages format.
///
/// Nothing of a request passes through by itself: the vendor refuses members that it does not know. What is sent is
/// said in ``AnthropicRequest``, value for value as the slices they were. Source: Anthropic API reference, "Messages"
/// and "Streaming messages".
public struct AnthropicChat: ChatTranslator {
    /// What `anthropic-version` says.
    public let version: String

    /// From this version on no model takes `temperature`, `top_p` or `top_k`.
    private static let firstWithoutSampling = "2026-10-21"

    public init(version: String = "2023-06-01") {
        self.version = version
    }

    /// The key goes into `x-api-key`; the list of models needs the version too.
    public var access: VendorAccess {
        VendorAccess(keyHeader: "x-api-key", modelsPath: "/v1/models", modelsHeaders: [versionHeader])
    }

    private var versionHeader: UpstreamRequest.Header { UpstreamRequest.Header("anthropic-version", version) }

    public func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        var endpoint = endpoint
        if version >= Self.firstWithoutSampling { endpoint.traits.takesSampling = false }
        let body = try AnthropicRequest(request, for: endpoint).body()
        var upstream = UpstreamRequest(path: "/v1/messages", body: body)
        upstream.headers.append(versionHeader)
        return upstream
    }

    public func makeDecoder(
        for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let shape = AnthropicAnswerShape(for: request)
        let type = head["content-type"]?.lowercased() ?? ""
        let isText = type.hasPrefix("application/json") || type.hasPrefix("text/html")
        return request.stream && !isText
            ? AnthropicStream(shape: shape)
            : WholeAnswer(AnthropicAnswer(shape: shape), status: head.status, isStreamed: request.stream)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        AnthropicFailure.reading(head, body: body)
    }
}
