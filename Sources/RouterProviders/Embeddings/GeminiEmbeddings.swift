public import RouterCore

/// Speaks Gemini's batchEmbedContents: one request for each input, together.
///
/// The vendor says nothing of tokens; they are counted here. Source: Gemini API reference, "Embeddings".
public struct GeminiEmbeddings: OperationTranslator {
    public init() {}

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        guard !request.hasTokens, let input = request.root["input"] else { throw .takesNoTokens(endpoint) }
        let name = "models/\(endpoint.upstreamModel)"
        let texts = input.kind == .string ? [input] : Array(input.elements)
        var writer = JSONWriter(capacity: request.document.bytes.count + 128 * texts.count)
        writer.beginObject()
        writer.name("requests")
        writer.beginArray()
        for text in texts {
            writer.beginObject()
            writer.member("model", name)
            writer.name("content")
            writer.beginObject()
            writer.name("parts")
            writer.beginArray()
            writer.beginObject()
            writer.member("text", text)
            writer.endObject()
            writer.endArray()
            writer.endObject()
            if let task = try task(of: request) { writer.member("taskType", task) }
            if let dimensions = request.root["dimensions"], !dimensions.isNull {
                writer.member("outputDimensionality", dimensions)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return UpstreamRequest(
            path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):batchEmbedContents", body: writer.bytes)
    }

    /// What OpenRouter's `input_type` is called here.
    private func task(of request: OperationRequest) throws(UpstreamFailure) -> String? {
        guard let type = request.root["input_type"], !type.isNull else { return nil }
        switch type.string {
        case "search_query": return "RETRIEVAL_QUERY"
        case "search_document": return "RETRIEVAL_DOCUMENT"
        case "classification": return "CLASSIFICATION"
        case "clustering": return "CLUSTERING"
        case "semantic_similarity": return "SEMANTIC_SIMILARITY"
        default:
            throw UpstreamFailure(
                .unsupported,
                "`input_type` must be one of search_query, search_document, classification, clustering, "
                    + "semantic_similarity for this model.", parameter: "input_type")
        }
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        WholeAnswer(
            EmbeddingsAnswer(request) { answer throws(UpstreamFailure) in
                if let error = answer["error"], !error.isNull { throw GeminiFailure.inAnswer(answer) }
                guard let list = answer["embeddings"], list.kind == .array else { throw .notAnAnswer }
                var vectors: [JSONValue] = []
                for element in list.elements {
                    guard let vector = element["values"] else { throw .notAnAnswer }
                    vectors.append(vector)
                }
                var usage: Usage?
                if let count = answer["usageMetadata"]?["promptTokenCount"]?.integer,
                    (1...Usage.tokensMax).contains(count)
                {
                    var counted = Usage()
                    counted.prompt = count
                    usage = counted
                }
                return (vectors, usage)
            },
            status: head.status, isStreamed: false, limits: EmbeddingsAnswer.limits)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
