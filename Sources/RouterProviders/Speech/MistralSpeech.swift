public import RouterCore

/// Speaks Mistral's speech. It is always asked for as a stream: its pieces put together are the file, in every format.
///
/// Source: Mistral API reference, "Speech"; Mistral guide "Text to speech", sections "Stream speech" and
/// "Troubleshooting".
public struct MistralSpeech: OperationTranslator {
    public init() {}

    private static let formats: [AudioFormat] = [.mp3, .opus, .flac, .wav, .pcm]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let root = request.root
        let format = request.audioFormat ?? .mp3
        guard request.speechTurns == nil else { throw .takesNoTurns(endpoint) }
        try UpstreamFailure.checkReferences(root, endpoint)
        try UpstreamFailure.check(format, isOneOf: Self.formats, endpoint)
        try UpstreamFailure.checkInstructions(root, endpoint)
        if let speed = root["speed"]?.double, speed != 1 {
            throw UpstreamFailure(
                .unsupported, "`speed` must be 1 for \(endpoint.upstreamModel).", parameter: "speed")
        }
        guard let voice = root.voice else {
            throw UpstreamFailure(
                .unsupported,
                "`voice` must name a voice for \(endpoint.upstreamModel): an id, or one of "
                    + "\(SpeechVoices.mistral.joined(separator: ", ")).",
                parameter: "voice")
        }
        var writer = JSONWriter(capacity: request.document.bytes.count + 128)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        if let input = root["input"] { writer.member("input", input) }
        writer.member("voice_id", voice)
        writer.member("response_format", format.rawValue)
        writer.member("stream", true)
        writer.endObject()
        return UpstreamRequest(
            path: "/audio/speech",
            headers: [.init("content-type", "application/json"), .init("accept", "text/event-stream")],
            body: writer.bytes)
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let format = request.audioFormat ?? .mp3
        let pieces = MistralSpeechPieces(form: request.form, format: format)
        let said = head["content-type"]?.lowercased() ?? ""
        if said.hasPrefix("text/event-stream") { return MistralSpeechStream(pieces) }
        // PCM as bytes could be of either kind of samples; all else says itself what it is.
        if said.hasPrefix("audio/"), format != .pcm, let type = AudioType.type(of: head, asked: format) {
            return AudioBytes(type: type, form: request.form)
        }
        return WholeAnswer(MistralSpeechAnswer(pieces: pieces), status: head.status, isStreamed: true)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        var failure = OpenAIFailure.reading(head, body: body)
        let root = (try? JSONDocument(answer: body))?.root
        switch head.status {
        // Its moderation says so, in its own words for an error. It is the text that is at fault then, and the key is not
        // to rest for it. Any other 403 is about the key, or comes from something in between.
        case 403 where root?["object"]?.equals("error") == true:
            failure.kind = .refused
            failure.message = "The provider rejected `input`: its moderation answers so (HTTP 403)."
            failure.parameter = "input"
        case 404 where root?["type"]?.equals("invalid_voice") == true:
            failure.kind = .refused
            failure.message += " `voice` must be an id, or one of \(SpeechVoices.mistral.joined(separator: ", "))."
            failure.parameter = "voice"
        default: break
        }
        return failure
    }
}

extension JSONValue {
    /// What the request calls its voice: a name, or the id of one.
    var voice: String? {
        guard let voice = self["voice"], !voice.isNull else { return nil }
        return voice.string ?? voice["id"]?.string
    }
}

extension UpstreamFailure {
    /// - Throws: when the model does not make audio of this format.
    static func check(
        _ format: AudioFormat, isOneOf known: [AudioFormat], _ endpoint: Endpoint
    ) throws(UpstreamFailure) {
        guard !known.contains(format) else { return }
        throw UpstreamFailure(
            .unsupported,
            "`response_format` must be one of \(known.map(\.rawValue).joined(separator: ", ")) for "
                + "\(endpoint.upstreamModel).", parameter: "response_format")
    }

    /// - Throws: when the request says how to speak, to a model that follows no instructions.
    static func checkInstructions(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard root["instructions"]?.string?.isEmpty == false else { return }
        throw UpstreamFailure(
            .unsupported, "`instructions` must be left out for \(endpoint.upstreamModel): it follows none.",
            parameter: "instructions")
    }
}
