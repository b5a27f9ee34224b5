public import RouterCore

/// Speaks to Gemini's speech models, which answer with PCM: it goes out as it is, or as WAV.
///
/// A WAV file begins with how long it is, and players believe that. So one is asked for whole, and its header is right;
/// PCM and events are asked for as a stream, and go out as they come. In events a WAV header says that the length is not
/// known (all bits set), as OpenAI's own does.
///
/// Source: Gemini API guide, "Speech generation".
public struct GeminiSpeech: OperationTranslator {
    public init() {}

    public func isStreamed(_ request: OperationRequest) -> Bool {
        request.form == .events || request.audioFormat == .pcm
    }

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let root = request.root
        try checkFormat(request, for: endpoint)
        try UpstreamFailure.checkReferences(root, endpoint)
        if let speed = root["speed"]?.double, speed != 1 {
            throw UpstreamFailure(
                .unsupported, "`speed` must be 1 for \(endpoint.upstreamModel): say how fast in `instructions`.",
                parameter: "speed")
        }
        var voice = SpeechVoices.gemini(for: "alloy")
        if let asked = root["voice"], !asked.isNull {
            voice = asked.string.flatMap(SpeechVoices.gemini)
        }
        guard let voice else { throw .unknownVoice(SpeechVoices.gemini, of: endpoint) }
        let instructions = root["instructions"]?.string ?? ""
        let text = root["input"]?.string ?? ""
        let method = isStreamed(request) ? "streamGenerateContent?alt=sse" : "generateContent"
        return UpstreamRequest(
            path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):\(method)",
            body: body(instructions.isEmpty ? text : "\(instructions): \(text)", voice: voice))
    }

    private func checkFormat(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) {
        switch request.audioFormat {
        case .wav, .pcm: return
        case nil where endpoint.provider.speaksWAV: return
        case nil:
            throw UpstreamFailure(
                .unsupported,
                "`response_format` must be wav or pcm for \(endpoint.upstreamModel), and said: it has no mp3.",
                parameter: "response_format")
        case .mp3, .opus, .aac, .flac:
            throw UpstreamFailure(
                .unsupported, "`response_format` must be wav or pcm for \(endpoint.upstreamModel).",
                parameter: "response_format")
        }
    }

    private func body(_ text: String, voice: String) -> [UInt8] {
        var writer = JSONWriter(capacity: text.utf8.count + 300)
        writer.beginObject()
        writer.name("contents")
        writer.beginArray()
        writer.beginObject()
        writer.member("role", "user")
        writer.name("parts")
        writer.beginArray()
        writer.beginObject()
        writer.member("text", text)
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.name("generationConfig")
        writer.beginObject()
        writer.name("responseModalities")
        writer.beginArray()
        writer.string("AUDIO")
        writer.endArray()
        writer.name("speechConfig")
        writer.beginObject()
        writer.name("voiceConfig")
        writer.beginObject()
        writer.name("prebuiltVoiceConfig")
        writer.beginObject()
        writer.member("voiceName", voice)
        for _ in 0..<5 { writer.endObject() }
        return writer.bytes
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let records = GeminiSpeechRecords(form: request.form, isWAV: request.audioFormat != .pcm)
        let type = head["content-type"]?.lowercased() ?? ""
        let isText = type.hasPrefix("application/json") || type.hasPrefix("text/html")
        return isStreamed(request) && !isText
            ? GeminiSpeechStream(records)
            : WholeAnswer(
                GeminiSpeechAnswer(records: records), status: head.status, isStreamed: isStreamed(request))
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
