public import RouterCore

/// Speaks Gemini's batchEmbedContents: one request for each input, up to 100 of them together, and more of these at the
/// same time where there are more inputs.
///
/// Source: Gemini API reference, "Embeddings". It does not say how many are taken, but the vendor's refusal of more does.
public struct GeminiEmbeddings: OperationTranslator {
    public init() {}

    /// Inputs that the vendor takes together.
    private static let batchMax = 100
    /// Embeddings of so many dimensions come with the length 1, shorter ones need not. Source: Gemini API guide,
    /// "Embeddings", section "Ensuring quality for smaller dimensions".
    private static let dimensionsOfUnits = 3072

    public func tasks(
        for request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [any UpstreamTask] {
        guard request.inputCount > Self.batchMax else { return [] }
        let texts = try Self.texts(of: request, at: endpoint)
        // As many bytes for each text, that all answers together stay within what is read of one.
        let bytesMax = EmbeddingsAnswer.limits.bytesMax / texts.count
        var tasks: [any UpstreamTask] = []
        for start in stride(from: 0, to: texts.count, by: Self.batchMax) {
            let batch = texts[start..<min(start + Self.batchMax, texts.count)]
            tasks.append(
                RequestTask(
                    try encode(batch, of: request, for: endpoint), answerBytesMax: bytesMax * batch.count))
        }
        return tasks
    }

    /// The request; of several the first.
    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        try encode(Self.texts(of: request, at: endpoint).prefix(Self.batchMax), of: request, for: endpoint)
    }

    static func texts(
        of request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [JSONValue] {
        guard !request.hasTokens, let input = request.root["input"] else { throw .takesNoTokens(endpoint) }
        return input.kind == .string ? [input] : Array(input.elements)
    }

    private func encode(
        _ texts: ArraySlice<JSONValue>, of request: OperationRequest, for endpoint: Endpoint
    ) throws(UpstreamFailure) -> UpstreamRequest {
        let name = "models/\(endpoint.upstreamModel)"
        let task = try Self.task(of: request)
        var writer = JSONWriter(capacity: texts.reduce(32) { $0 + $1.text.count + 160 })
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
            if let task { writer.member("taskType", task) }
            if let dimensions = request.root["dimensions"], !dimensions.isNull {
                writer.member("outputDimensionality", dimensions)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        // Otherwise each number has a line of its own, and 2,048 texts more bytes than are read.
        return UpstreamRequest(
            path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):batchEmbedContents?prettyPrint=false",
            body: writer.bytes)
    }

    /// What OpenRouter's `input_type` is called here.
    static func task(of request: OperationRequest) throws(UpstreamFailure) -> String? {
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

    /// Whether its embeddings need not have the length 1.
    static func isShort(_ request: OperationRequest) -> Bool {
        request.root["dimensions"]?.integer.map { $0 < dimensionsOfUnits } ?? false
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let isOne = request.inputCount <= Self.batchMax
        return WholeAnswer(
            EmbeddingsAnswer(request, makesUnits: Self.isShort(request)) { answer throws(UpstreamFailure) in
                guard !isOne else { return try Self.reading(answer) }
                var (vectors, usage): ([JSONValue], Usage?) = ([], Usage())
                for part in answer["parts"]?.elements.map(\.self) ?? [] {
                    let (more, counted) = try Self.reading(part)
                    vectors += more
                    // Less than all of it is no count.
                    if let counted { usage?.add(counted) } else { usage = nil }
                }
                return (vectors, usage)
            },
            status: head.status, isStreamed: false, limits: EmbeddingsAnswer.limits)
    }

    private static func reading(
        _ answer: JSONValue
    ) throws(UpstreamFailure) -> (vectors: [JSONValue], usage: Usage?) {
        if let error = answer["error"], !error.isNull { throw GeminiFailure.inAnswer(answer) }
        guard let list = answer["embeddings"], list.kind == .array else { throw .notAnAnswer }
        var vectors: [JSONValue] = []
        for element in list.elements {
            guard let vector = element["values"] else { throw .notAnAnswer }
            vectors.append(vector)
        }
        guard let count = answer["usageMetadata"]?["promptTokenCount"]?.integer, (1...Usage.tokensMax).contains(count)
        else { return (vectors, nil) }
        var usage = Usage()
        usage.prompt = count
        return (vectors, usage)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
