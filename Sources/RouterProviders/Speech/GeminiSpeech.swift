public import RouterCore

/// Speaks to Gemini's speech models, which answer with PCM: it goes out as it is, or as WAV.
///
/// A WAV file begins with how long it is, and players believe that. So one is asked for whole, and its header is right;
/// PCM and events are asked for as a stream, and go out as they come. In events a WAV header says that the length is not
/// known (all bits set), as OpenAI's own does.
///
/// Turns are lines, with the names of two speakers before them where there are two voices. Models from 3.8 on read a
/// text word for word, and are told beside it who speaks, and how: ``GeminiSpokenPart``.
///
/// Source: Gemini API guide, "Speech generation", section "Multi-speaker" for turns.
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
        let instructions = root["instructions"]?.string ?? ""
        let method = isStreamed(request) ? "streamGenerateContent?alt=sse" : "generateContent"
        var (text, voices): (String, [String])
        var parts: [GeminiSpokenPart]
        if let turns = request.speechTurns {
            let speakers: [Int]
            (speakers, voices) = try cast(of: turns, root, for: endpoint)
            text = Self.script(of: turns, speakers, voices: voices)
            if !instructions.isEmpty { text = "\(instructions):\n\(text)" }
            parts = zip(turns, speakers).map { turn, speaker in
                GeminiSpokenPart(
                    text: turn.text, style: turn.instructions.isEmpty ? instructions : turn.instructions,
                    speaker: voices.count > 1 ? Self.name(of: speaker) : nil)
            }
        } else {
            (text, voices) = (root["input"]?.string ?? "", [try voice(root["voice"], for: endpoint)])
            parts = [GeminiSpokenPart(text: text, style: instructions)]
            if !instructions.isEmpty { text = "\(instructions): \(text)" }
        }
        if GeminiSpokenPart.areTaken(by: endpoint.upstreamModel) {
            try checkStyles(of: parts, for: endpoint)
        } else {
            parts = [GeminiSpokenPart(text: text)]
        }
        return UpstreamRequest(
            path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):\(method)", body: body(parts, voices: voices))
    }

    /// - Parameter member: that names it.
    private func voice(
        _ asked: JSONValue?, for endpoint: Endpoint, in member: String = "voice"
    ) throws(UpstreamFailure) -> String {
        var voice = SpeechVoices.gemini(for: "alloy")
        if let asked, !asked.isNull { voice = asked.string.flatMap(SpeechVoices.gemini) }
        guard let voice else { throw .unknownVoice(SpeechVoices.gemini, of: endpoint, in: member) }
        return voice
    }

    /// The most that it tells apart.
    private static let voicesMax = 2

    /// Who speaks each turn, and the voices in the order in which they are first heard.
    private func cast(
        of turns: [SpeechTurn], _ root: JSONValue, for endpoint: Endpoint
    ) throws(UpstreamFailure) -> (speakers: [Int], voices: [String]) {
        var (voices, speakers): ([String], [Int]) = ([], [])
        for (index, turn) in turns.enumerated() {
            let voice =
                turn.voice == nil
                ? try voice(root["voice"], for: endpoint)
                : try voice(turn.voice, for: endpoint, in: "input[\(index)].voice")
            let speaker = voices.firstIndex(of: voice) ?? voices.count
            if speaker == voices.count { voices.append(voice) }
            speakers.append(speaker)
        }
        guard voices.count <= Self.voicesMax else {
            throw UpstreamFailure(
                .unsupported,
                "`input` must have at most \(Self.voicesMax) voices for \(endpoint.upstreamModel), not \(voices.count).",
                parameter: "input")
        }
        return (speakers, voices)
    }

    /// A line for each turn.
    private static func script(of turns: [SpeechTurn], _ speakers: [Int], voices: [String]) -> String {
        let lines = zip(turns, speakers).map { turn, speaker in
            let name = voices.count > 1 ? "\(name(of: speaker)): " : ""
            return name + (turn.instructions.isEmpty ? "" : "[\(turn.instructions)] ") + turn.text
        }
        return lines.joined(separator: "\n")
    }

    private static func name(of speaker: Int) -> String { "Speaker\(speaker + 1)" }

    /// Of all parts together.
    private static let styleBytesMax = 64 << 10

    /// The request's instructions are sent with each turn that has none: a small request could become a very large one.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` that names `instructions`.
    private func checkStyles(of parts: [GeminiSpokenPart], for endpoint: Endpoint) throws(UpstreamFailure) {
        let bytes = parts.reduce(0) { $0 + $1.style.utf8.count }
        guard bytes > Self.styleBytesMax else { return }
        throw UpstreamFailure(
            .unsupported,
            "`instructions` must have at most \(Self.styleBytesMax) bytes for \(endpoint.upstreamModel), counted again for "
                + "each turn that they are sent with, not \(bytes).",
            parameter: "instructions")
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

    /// - Parameter voices: of one speaker, or of each.
    private func body(_ parts: [GeminiSpokenPart], voices: [String]) -> [UInt8] {
        var writer = JSONWriter(capacity: parts.reduce(300) { $0 + $1.text.utf8.count + $1.style.utf8.count + 80 })
        writer.beginObject()
        writer.name("contents")
        writer.beginArray()
        writer.beginObject()
        writer.member("role", "user")
        writer.name("parts")
        writer.beginArray()
        for part in parts { part.write(to: &writer) }
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
        if voices.count > 1 {
            writer.name("multiSpeakerVoiceConfig")
            writer.beginObject()
            writer.name("speakerVoiceConfigs")
            writer.beginArray()
            for (speaker, voice) in voices.enumerated() {
                writer.beginObject()
                writer.member("speaker", Self.name(of: speaker))
                Self.write(voice: voice, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        } else {
            for voice in voices { Self.write(voice: voice, to: &writer) }
        }
        for _ in 0..<3 { writer.endObject() }
        return writer.bytes
    }

    private static func write(voice: String, to writer: inout JSONWriter) {
        writer.name("voiceConfig")
        writer.beginObject()
        writer.name("prebuiltVoiceConfig")
        writer.beginObject()
        writer.member("voiceName", voice)
        writer.endObject()
        writer.endObject()
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
