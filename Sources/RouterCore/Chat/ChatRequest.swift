/// The body of `POST /chat/completions`: typed views of the JSON the client sent.
///
/// Everything stays in the document, known to this version or not, in its order. Source: OpenAI API reference, "Create
/// chat completion"; where OpenRouter has more, its names.
public struct ChatRequest: Sendable {
    public let document: JSONDocument
    /// The model asked for, such as `openai/gpt-5.4`; the first of `models` when `model` is not there.
    public let model: String
    /// Whether the answer goes out piece by piece.
    public let stream: Bool
    /// Where a stream shows its usage.
    public let streamUsage: StreamUsage

    /// Where the totals of a stream go.
    public enum StreamUsage: Sendable, Hashable {
        /// On the last finish chunk: the client did not say.
        case finishChunk
        /// In a chunk of their own with `choices: []`: `include_usage` is true.
        case ownChunk
        /// Nowhere: `include_usage` is false.
        case hidden
    }

    /// Checks the text and the members this version knows; leaves the others alone.
    ///
    /// - Parameter body: the text as it came, at most 32 MiB.
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the offset of a fault in the text, or the first member
    ///   at fault, such as `messages[1].role`; of kind `payloadTooLarge` for a text that is too long.
    public init(_ body: [UInt8]) throws(APIError) {
        do throws(JSONFault) {
            document = try JSONDocument(body)
        } catch {
            throw APIError(error)
        }
        let root = document.root
        try ChatRequestCheck.check(root)
        model = root["model"]?.string ?? root["models"]?.elements.first { _ in true }?.string ?? ""
        stream = root["stream"]?.bool ?? false
        streamUsage =
            switch root["stream_options"]?["include_usage"]?.bool {
            case true?: .ownChunk
            case false?: .hidden
            case nil: .finishChunk
            }
    }

    private init(_ document: JSONDocument, like other: ChatRequest) {
        self.document = document
        model = other.model
        stream = other.stream
        streamUsage = other.streamUsage
    }

    /// The same request with other bytes, which were made of its own; `nil` when they are no JSON or more than 64 MiB.
    func replacingText(with bytes: [UInt8]) -> ChatRequest? {
        // What may be wrong with them is only their size.
        guard let document = try? JSONDocument(bytes, limits: .response) else { return nil }
        return ChatRequest(document, like: self)
    }

    public var root: JSONValue { document.root }

    /// How many answers are asked for.
    var choices: Int { max(1, root["n"]?.integer ?? 1) }

    /// The same request with a bound on its answer; for one that has none.
    ///
    /// - Parameter tokens: of each choice and all choices together.
    func limitingAnswer(to tokens: Int) -> ChatRequest {
        var writer = JSONWriter(capacity: document.bytes.count + 40)
        writer.beginObject()
        for member in root.members where member.name != "max_tokens" && member.name != "max_completion_tokens" {
            writer.copy(member)
        }
        writer.member("max_completion_tokens", max(1, tokens / choices))
        writer.endObject()
        // A request at its limits has one value more than those now: it may not go without its bound for that.
        return replacingText(with: writer.bytes) ?? self
    }
}
