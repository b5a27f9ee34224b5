public import RouterCore

/// Speaks OpenAI's speech to OpenAI's models, and to engines with the same path.
///
/// Source: OpenAI API reference, "Create speech".
public struct OpenAISpeech: OperationTranslator {
    /// Whatever the client sent goes on, but for what is meant for this router; voices are the engine's to know.
    private let isEngine: Bool

    public init(isEngine: Bool = false) { self.isEngine = isEngine }

    /// Unicode scalars of a text.
    private static let charactersMax = 4096
    private static let taken: Set<String> = [
        "input", "voice", "instructions", "response_format", "speed", "stream_format",
    ]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        guard request.speechTurns == nil else { throw .takesNoTurns(endpoint) }
        if !isEngine { try check(request.root, for: endpoint) }
        let isOlder = Self.isOlder(endpoint)
        var writer = JSONWriter(capacity: request.document.bytes.count + 64)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        for member in request.root.members where !member.value.isNull {
            let name = member.name.string
            if isEngine {
                if !OperationRequest.routerMembers.contains(name) { writer.copy(member) }
            } else if Self.taken.contains(name), !(isOlder && (name == "instructions" || name == "stream_format")) {
                // The older models follow no instructions, and know one way to answer.
                writer.copy(member)
            }
        }
        writer.endObject()
        return UpstreamRequest(path: "/audio/speech", body: writer.bytes)
    }

    /// `tts-1` and `tts-1-hd`.
    private static func isOlder(_ endpoint: Endpoint) -> Bool { endpoint.upstreamModel.hasPrefix("tts-1") }

    private func check(_ root: JSONValue, for endpoint: Endpoint) throws(UpstreamFailure) {
        let name = endpoint.upstreamModel
        try UpstreamFailure.checkReferences(root, endpoint)
        guard root["input"]?.string?.unicodeScalars.count ?? 0 <= Self.charactersMax else {
            throw UpstreamFailure(
                .unsupported, "`input` must have at most \(Self.charactersMax) characters for \(name).",
                parameter: "input")
        }
        let isOlder = Self.isOlder(endpoint)
        let voices = SpeechVoices.openAI(of: name)
        switch root["voice"] {
        case let voice? where voice.kind == .string && voices.contains(voice.string ?? ""): break
        case let voice? where voice.kind == .object && !isOlder: break
        default: throw .unknownVoice(voices, of: endpoint)
        }
        guard !isOlder || root["stream_format"]?.equals("sse") != true else {
            throw UpstreamFailure(
                .unsupported, "`stream_format` must be audio for \(name): it has no events.",
                parameter: "stream_format")
        }
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let said = head["content-type"]?.lowercased() ?? ""
        if request.form == .events, said.hasPrefix("text/event-stream") { return SpeechEvents() }
        guard let type = AudioType.type(of: head, asked: request.audioFormat ?? .mp3) else {
            return WholeAnswer(NoAudio(), status: head.status, isStreamed: true)
        }
        return AudioBytes(type: type, form: request.form)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}

extension UpstreamFailure {
    /// The model has no such voice.
    ///
    /// - Parameter member: that names it.
    static func unknownVoice(
        _ known: [String], of endpoint: Endpoint, in member: String = "voice"
    ) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported, "`\(member)` must be one of \(known.joined(separator: ", ")) for \(endpoint.upstreamModel).",
            parameter: member)
    }

    /// The model speaks one text.
    static func takesNoTurns(_ endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported,
            "`input` must be a text for \(endpoint.upstreamModel): turns are taken by Gemini's speech models, at Google and "
                + "at Vertex.", parameter: "input")
    }

    /// The model makes no voice of a sound, which OpenRouter has `input_references` for.
    static func checkReferences(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard let references = root["input_references"], !references.isNull,
            references.kind != .array || references.count > 0
        else { return }
        throw UpstreamFailure(
            .unsupported, "`input_references` must be left out for \(endpoint.upstreamModel): it imitates no voices.",
            parameter: "input_references")
    }
}
