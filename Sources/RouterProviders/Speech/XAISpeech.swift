public import RouterCore

/// Speaks xAI's speech, which answers with the bytes themselves, and has no models to choose from.
///
/// Source: xAI REST API reference, "Voice", section "Text to speech".
public struct XAISpeech: OperationTranslator {
    public init() {}

    /// Unicode scalars of a text.
    private static let charactersMax = 15_000
    private static let formats: [AudioFormat] = [.mp3, .wav, .pcm]
    private static let speeds = 0.7...1.5
    /// Samples a second: what PCM is without a word about it.
    private static let sampleRate = 24_000

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let root = request.root
        let format = request.audioFormat ?? .mp3
        guard request.speechTurns == nil, let input = root["input"] else { throw .takesNoTurns(endpoint) }
        try UpstreamFailure.checkReferences(root, endpoint)
        try UpstreamFailure.check(format, isOneOf: Self.formats, endpoint)
        try UpstreamFailure.checkInstructions(root, endpoint)
        guard input.string?.unicodeScalars.count ?? 0 <= Self.charactersMax else {
            throw UpstreamFailure(
                .unsupported,
                "`input` must have at most \(Self.charactersMax) characters for \(endpoint.upstreamModel).",
                parameter: "input")
        }
        if let speed = root["speed"]?.double, !Self.speeds.contains(speed) {
            throw UpstreamFailure(
                .unsupported, "`speed` must be from 0.7 to 1.5 for \(endpoint.upstreamModel).", parameter: "speed")
        }
        let voice = try voice(root, for: endpoint)
        let language = try language(root)
        var writer = JSONWriter(capacity: input.text.count + 200)
        writer.beginObject()
        writer.member("text", input)
        if let voice { writer.member("voice_id", voice) }
        writer.member("language", language)
        writer.name("output_format")
        writer.beginObject()
        writer.member("codec", format.rawValue)
        writer.member("sample_rate", Self.sampleRate)
        writer.endObject()
        if let speed = root["speed"], !speed.isNull { writer.member("speed", speed) }
        writer.endObject()
        return UpstreamRequest(path: "/tts", body: writer.bytes)
    }

    /// - Returns: `nil` where the vendor is to choose.
    private func voice(_ root: JSONValue, for endpoint: Endpoint) throws(UpstreamFailure) -> String? {
        guard let voice = root["voice"], !voice.isNull else { return nil }
        // One of the operator's own account goes by its id.
        if voice.kind == .object { return voice["id"]?.string }
        guard let name = voice.string?.lowercased(), SpeechVoices.xAI.contains(name) else {
            throw .unknownVoice(SpeechVoices.xAI, of: endpoint)
        }
        return name
    }

    /// The vendor wants one, and hears by itself which it is where the client says none.
    private func language(_ root: JSONValue) throws(UpstreamFailure) -> String {
        guard let language = root["language"], !language.isNull else { return "auto" }
        guard let code = language.string, (2...16).contains(code.utf8.count) else {
            throw UpstreamFailure(.unsupported, "`language` must be a code such as en or pt-BR.", parameter: "language")
        }
        return code
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        guard let type = AudioType.type(of: head, asked: request.audioFormat ?? .mp3) else {
            return WholeAnswer(NoAudio(), status: head.status, isStreamed: true)
        }
        return AudioBytes(type: type, form: request.form)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
