public import RouterCore

/// Makes embeddings with Gemini's models at Google Cloud, which take one text a request: several texts are as many
/// requests, of which a few are on their way at the same time.
///
/// Source: Vertex AI reference, "Text embeddings API".
public struct VertexEmbeddings: OperationTranslator {
    public init() {}

    /// Texts of one request here: there each is a request of its own, all within `timeouts.task`.
    private static let inputsMax = 250
    /// Requests at the same time.
    private static let seriesMax = 10

    public func tasks(
        for request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [any UpstreamTask] {
        let texts = try texts(of: request, at: endpoint)
        guard texts.count > 1 else { return [] }
        // All answers together stay within what is read of one.
        let bytesMax = EmbeddingsAnswer.limits.bytesMax / texts.count
        let share = (texts.count + Self.seriesMax - 1) / Self.seriesMax
        var tasks: [any UpstreamTask] = []
        for start in stride(from: 0, to: texts.count, by: share) {
            let requests = try texts[start..<min(start + share, texts.count)].map { text throws(UpstreamFailure) in
                try encode(text, of: request, for: endpoint)
            }
            tasks.append(SeriesTask(requests, answerBytesMax: bytesMax))
        }
        return tasks
    }

    /// The request; of several the first.
    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        guard let text = try texts(of: request, at: endpoint).first else { throw .takesNoTokens(endpoint) }
        return try encode(text, of: request, for: endpoint)
    }

    private func texts(of request: OperationRequest, at endpoint: Endpoint) throws(UpstreamFailure) -> [JSONValue] {
        guard request.inputCount <= Self.inputsMax else {
            throw UpstreamFailure(
                .unsupported,
                "`input` must have at most \(Self.inputsMax) texts for \(endpoint.provider.name): "
                    + "each is a request there.",
                parameter: "input")
        }
        return try GeminiEmbeddings.texts(of: request, at: endpoint)
    }

    private func encode(
        _ text: JSONValue, of request: OperationRequest, for endpoint: Endpoint
    ) throws(UpstreamFailure) -> UpstreamRequest {
        var writer = JSONWriter(capacity: text.text.count + 160)
        writer.beginObject()
        writer.name("instances")
        writer.beginArray()
        writer.beginObject()
        writer.member("content", text)
        if let task = try GeminiEmbeddings.task(of: request) { writer.member("task_type", task) }
        writer.endObject()
        writer.endArray()
        writer.name("parameters")
        writer.beginObject()
        // Otherwise the end of a long text is left out and nobody is told.
        writer.member("autoTruncate", false)
        if let dimensions = request.root["dimensions"], !dimensions.isNull {
            writer.member("outputDimensionality", dimensions)
        }
        writer.endObject()
        writer.endObject()
        return UpstreamRequest(
            path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):predict", body: writer.bytes)
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let isOne = request.inputCount == 1
        return WholeAnswer(
            EmbeddingsAnswer(request, makesUnits: GeminiEmbeddings.isShort(request)) { answer throws(UpstreamFailure) in
                var (vectors, usage): ([JSONValue], Usage?) = ([], Usage())
                let answers = isOne ? [answer] : (answer["parts"]?.elements.flatMap { Array($0.elements) } ?? [])
                for answer in answers {
                    let (vector, count) = try Self.reading(answer)
                    vectors.append(vector)
                    // Less than all of it is no count.
                    if let count { usage?.prompt += count } else { usage = nil }
                }
                return (vectors, usage)
            },
            status: head.status, isStreamed: false, limits: EmbeddingsAnswer.limits)
    }

    private static func reading(_ answer: JSONValue) throws(UpstreamFailure) -> (vector: JSONValue, count: Int?) {
        if let error = answer["error"], !error.isNull { throw GeminiFailure.inAnswer(answer) }
        guard let predictions = answer["predictions"], predictions.count == 1,
            let embeddings = predictions.elements.first(where: { _ in true })?["embeddings"],
            let vector = embeddings["values"]
        else { throw .notAnAnswer }
        // A whole number that may be written with a point.
        guard let said = embeddings["statistics"]?["token_count"]?.double, said > 0,
            said <= Double(Usage.tokensMax / inputsMax)
        else { return (vector, nil) }
        return (vector, Int(said.rounded()))
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
