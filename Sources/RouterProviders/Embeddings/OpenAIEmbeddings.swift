public import RouterCore

/// Speaks OpenAI's embeddings to OpenAI and to everyone with the same path.
///
/// Source: OpenAI API reference, "Create embeddings"; Mistral API reference, "Embeddings".
public struct OpenAIEmbeddings: OperationTranslator {
    /// What a vendor takes besides `input`.
    public enum Habit: Sendable, Hashable {
        case openAI
        /// `dimensions` has another name, tokens are not taken, and numbers come as numbers.
        case mistral
        /// Whatever the client sent goes on, but for what is meant for this router.
        case engine
    }

    private let habit: Habit

    public init(_ habit: Habit) { self.habit = habit }

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        var writer = JSONWriter(capacity: request.document.bytes.count + 64)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        for member in request.root.members where !member.value.isNull {
            switch (member.name.string, habit) {
            case ("input", .mistral) where request.hasTokens: throw .takesNoTokens(endpoint)
            case ("input", _): writer.copy(member)
            case ("dimensions", .mistral): writer.member("output_dimension", member.value)
            case ("encoding_format", .openAI), ("encoding_format", .engine): writer.copy(member)
            case ("dimensions", _), ("user", .openAI): writer.copy(member)
            case (let name, .engine) where !OperationRequest.routerMembers.contains(name): writer.copy(member)
            default: break
            }
        }
        writer.endObject()
        return UpstreamRequest(path: "/embeddings", body: writer.bytes)
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        WholeAnswer(
            EmbeddingsAnswer(request) { answer throws(UpstreamFailure) in
                if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
                guard let data = answer["data"], data.kind == .array else { throw .notAnAnswer }
                let usage = answer["usage"].flatMap { Usage(openAI: $0) }
                // Some vendors do not keep the order, but say which is which.
                var vectors = [JSONValue?](repeating: nil, count: data.count)
                for (place, element) in data.elements.enumerated() {
                    let index = element["index"]?.integer ?? place
                    guard vectors.indices.contains(index), vectors[index] == nil, let vector = element["embedding"]
                    else {
                        throw .notAnAnswer
                    }
                    vectors[index] = vector
                }
                return (vectors.compactMap(\.self), usage)
            },
            status: head.status, isStreamed: false, limits: EmbeddingsAnswer.limits)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}

extension OperationRequest {
    /// Whether the input of a request for embeddings comes as tokens.
    var hasTokens: Bool {
        guard let input = root["input"], input.kind == .array else { return false }
        return input.elements.first { _ in true }?.kind != .string
    }
}

extension UpstreamFailure {
    static func takesNoTokens(_ endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported, "`input` must be text for \(endpoint.provider.name): it takes no tokens.",
            parameter: "input")
    }
}
