public import RouterCore

/// Speaks Gemini's generateContent, to Google's own service and, with another key header, to Vertex.
///
/// Nothing of a request passes through by itself: the vendor refuses members that it does not know. What is sent is
/// said in ``GeminiRequest``, value for value as the slices they were. Source: Gemini API reference, "Generating
/// content".
public struct GeminiChat: ChatTranslator {
    private let memory: ThoughtMemory?

    /// - Parameter memory: keeps signatures of calls for clients that lose them; `nil`: nothing does.
    public init(memory: ThoughtMemory? = nil) { self.memory = memory }

    /// Google AI: the key goes into `x-goog-api-key`.
    public static let keyAccess = VendorAccess(keyHeader: "x-goog-api-key")

    public func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let body = try GeminiRequest(request, for: endpoint, memory: memory).body()
        // Without `alt=sse` a stream is one JSON list, which is whole only at its end.
        let method = request.stream ? "streamGenerateContent?alt=sse" : "generateContent"
        return UpstreamRequest(path: "/models/\(Self.escaped(endpoint.upstreamModel)):\(method)", body: body)
    }

    public func makeDecoder(
        for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let shape = GeminiAnswerShape(hidesReasoning: request.hidesReasoning, memory: memory)
        let type = head["content-type"]?.lowercased() ?? ""
        let isText = type.hasPrefix("application/json") || type.hasPrefix("text/html")
        return request.stream && !isText
            ? GeminiStream(shape)
            : WholeAnswer(GeminiAnswer(shape: shape), status: head.status, isStreamed: request.stream)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }

    /// A model's name as a part of a path. Source: RFC 3986, section 2.
    static func escaped(_ name: String) -> String {
        var path = ""
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2F:
                path.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                path += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return path
    }
}
