import RouterCore

/// Answers requests for speech in each vendor's format: 1.2 seconds of silence in pieces, whatever the text.
///
/// Sources: OpenAI API reference, "Create speech"; Gemini API guide, "Speech generation".
enum SimulatedSpeech {
    /// How long the silence is, and in how many pieces it comes.
    private static let milliseconds = 1200
    private static let pieceCount = 10

    /// - Returns: `nil` when the path is not that of speech.
    static func answer(_ root: JSONValue, at path: String, of vendor: SimulatedVendor) -> SimulatedResponse? {
        switch vendor {
        case .gemini
        where root["generationConfig"]?["responseModalities"]?.elements.contains { $0.equals("AUDIO") } == true:
            gemini(root, at: path)
        case .openai where path == "/audio/speech": openAI(root)
        case .mistral where path == "/audio/speech": SimulatedMistralSpeech.answer(root)
        case .xai where path == "/tts": SimulatedXAI.speech(root)
        default: nil
        }
    }

    private static func openAI(_ root: JSONValue) -> SimulatedResponse {
        func refused(_ message: String) -> SimulatedResponse {
            SimulatedVendor.openai.refusal(400, "invalid_request_error", message)
        }
        let known = ["model", "input", "voice", "instructions", "response_format", "speed", "stream_format"]
        if let unknown = root.members.first(where: { !known.contains($0.name.string) }) {
            return refused("Unknown parameter: '\(unknown.name.string)'.")
        }
        guard let input = root["input"]?.string, !input.isEmpty, input.unicodeScalars.count <= 4096 else {
            return refused("'input' must have 1 to 4096 characters.")
        }
        guard root["voice"]?.string?.isEmpty == false || root["voice"]?["id"]?.string != nil else {
            return refused("you must provide a voice parameter")
        }
        guard let (type, audio) = sound(as: root["response_format"]?.string ?? "mp3") else {
            return refused("'response_format' is not known.")
        }
        let pieces = cut(audio)
        guard root["stream_format"]?.equals("sse") == true else {
            return SimulatedResponse(status: 200, contentType: type, pieces: pieces, firstContent: 0)
        }
        guard root["model"]?.string?.hasPrefix("tts-1") != true else {
            return refused("'stream_format' is not supported by this model.")
        }
        let deltas = pieces.map { #"data: {"type":"speech.audio.delta","audio":"\#(base64($0))"}"# + "\n\n" }
        let done =
            #"data: {"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}"#
        return .stream(deltas + [done + "\n\n"], firstContent: 0)
    }

    private static func gemini(_ root: JSONValue, at path: String) -> SimulatedResponse {
        let isStreamed = path.contains(":streamGenerateContent")
        guard hasVoices(root), isStreamed || path.contains(":generateContent") else {
            return SimulatedVendor.gemini.refusal(
                400, "INVALID_ARGUMENT", "A voice is needed, or two for two speakers.")
        }
        let isNewer = path.contains("/gemini-3.8")
        let parts = root["contents"]?.elements.flatMap { $0["parts"].map { Array($0.elements) } ?? [] } ?? []
        guard isNewer || parts.allSatisfy({ $0["speechMetadata"] == nil }) else {
            return SimulatedVendor.gemini.refusal(
                400, "INVALID_ARGUMENT", "Speech metadata is not supported for this model.")
        }
        func record(_ samples: [UInt8], _ more: String, type: String = "audio/L16;codec=pcm;rate=24000") -> String {
            #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"\#(type)","data":"\#(base64(samples))"}}],"role":"model"},"index":0\#(more)}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":30,"totalTokenCount":38,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":30}]},"modelVersion":"sim-tts","responseId":"rt"}"#
        }
        let end = #","finishReason":"STOP""#
        guard isStreamed else {
            guard isNewer, let file = sound(as: "wav") else { return .json(200, record(samples, end)) }
            return .json(200, record(file.bytes, end, type: "audio/wav"))
        }
        let pieces = cut(samples)
        let records = pieces.enumerated().map { "data: \(record($1, $0 + 1 == pieces.count ? end : ""))\r\n\r\n" }
        return .stream(records, firstContent: 0)
    }

    /// One voice, or one for each of two speakers who are named in the text.
    private static func hasVoices(_ root: JSONValue) -> Bool {
        func isNamed(_ config: JSONValue?) -> Bool {
            config?["voiceConfig"]?["prebuiltVoiceConfig"]?["voiceName"]?.string?.isEmpty == false
        }
        let config = root["generationConfig"]?["speechConfig"]
        guard let speakers = config?["multiSpeakerVoiceConfig"]?["speakerVoiceConfigs"] else { return isNamed(config) }
        let parts = root["contents"]?.elements.first { _ in true }?["parts"]?.elements.map(\.self) ?? []
        let text = parts.first?["text"]?.string ?? ""
        // Beside each part, or in the text.
        let named = parts.compactMap { $0["speechMetadata"]?["speaker"]?.string }
        return config?["voiceConfig"] == nil && speakers.count == 2
            && (named.isEmpty || named.count == parts.count)
            && speakers.elements.allSatisfy {
                let name = $0["speaker"]?.string ?? "?"
                return isNamed($0) && (named.contains(name) || text.contains("\(name): "))
            }
    }

    /// 16 bits, 24,000 samples a second.
    private static let samples = [UInt8](repeating: 0, count: milliseconds * 48)

    /// - Returns: the content type and the bytes, or `nil` when OpenAI has no such format.
    static func sound(as format: String) -> (type: String, bytes: [UInt8])? {
        func frames(_ count: Int, _ head: [UInt8], bytes: Int) -> [UInt8] {
            let frame = head + [UInt8](repeating: 0, count: bytes - head.count)
            return Array([[UInt8]](repeating: frame, count: count).joined())
        }
        func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        switch format {
        case "mp3":
            // MPEG-2 layer III: 64 kbit/s, 24 ms in each frame.
            return ("audio/mpeg", frames(milliseconds / 24, [0xFF, 0xF3, 0x84, 0xC4], bytes: 192))
        case "aac":
            // ADTS, AAC LC: 24,000 samples a second, 1,024 in each frame of 128 bytes.
            return (
                "audio/aac", frames(milliseconds * 24 / 1024, [0xFF, 0xF1, 0x58, 0x40, 0x10, 0x1F, 0xFC], bytes: 128)
            )
        case "opus":
            // A page with the header, and one whose position says how many samples there are at 48 kHz.
            func page(_ flags: UInt8, position: Int, _ number: UInt8, _ body: [UInt8]) -> [UInt8] {
                Array("OggS".utf8) + [0, flags] + little(position) + little(0) + little(1)
                    + [number, 0, 0, 0] + little(0) + [1, UInt8(body.count)] + body
            }
            let head = Array("OpusHead".utf8) + [1, 1, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0]
            return (
                "audio/opus",
                page(2, position: 0, 0, head)
                    + page(4, position: milliseconds * 48, 1, [UInt8](repeating: 0, count: 100))
            )
        case "flac": return ("audio/flac", Array("fLaC".utf8) + [UInt8](repeating: 0, count: milliseconds * 24 - 4))
        case "wav":
            let head =
                Array("RIFF".utf8) + little(samples.count + 36) + Array("WAVEfmt ".utf8) + little(16)
                + [1, 0, 1, 0] + little(24_000) + little(48_000) + [2, 0, 16, 0]
            return ("audio/wav", head + Array("data".utf8) + little(samples.count) + samples)
        case "pcm": return ("audio/pcm", samples)
        default: return nil
        }
    }

    static func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        let size = (bytes.count + pieceCount - 1) / pieceCount
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min(bytes.count, $0 + size)]) }
    }

    static func base64(_ bytes: [UInt8]) -> String { String(decoding: Base64.encoded(bytes), as: UTF8.self) }
}
