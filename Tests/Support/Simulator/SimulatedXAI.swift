import RouterCore

/// Answers requests for images, speech and transcripts as xAI does, which has forms of its own for the last two.
///
/// Source: xAI REST API reference, "Image generation" and "Voice".
enum SimulatedXAI {
    // MARK: Images

    private static let imageNames = [
        "prompt", "model", "n", "response_format", "aspect_ratio", "resolution", "quality", "user",
    ]
    private static let ratios = [
        "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1", "auto",
    ]

    static func images(_ root: JSONValue) -> SimulatedResponse {
        if let unknown = root.members.first(where: { !imageNames.contains($0.name.string) }) {
            return refused("Argument not supported: \(unknown.name.string)")
        }
        let isSecond = root["model"]?.equals("grok-imagine-image-2.0") == true
        let count = root["n"]?.integer ?? 1
        guard root["prompt"]?.string?.isEmpty == false, (1...10).contains(count),
            (ratios + (isSecond ? ["21:9", "5:2"] : [])).contains(root["aspect_ratio"]?.string ?? "auto"),
            ["1k", "2k"].contains(root["resolution"]?.string ?? "1k"),
            ["low", "medium"].contains(root["quality"]?.string ?? "low")
        else { return refused("The request is not valid.") }
        if root["prompt"]?.string?.contains("moderated") == true {
            return .json(200, #"{"data":[],"block_reason":"moderation","usage":{"cost_in_usd_ticks":0}}"#)
        }
        let member =
            root["response_format"]?.equals("b64_json") == true
            ? #""url":null,"b64_json":"data:image/png;base64,\#(SimulatedImages.pixel)""#
            : #""url":"https://imgen.x.ai/a.jpeg","b64_json":null"#
        let images = [String](repeating: #"{\#(member),"mime_type":"image/png","revised_prompt":""}"#, count: count)
        return .json(
            200,
            #"{"data":[\#(images.joined(separator: ","))],"model":"grok-imagine-image-2.0","block_reason":null,"usage":{"cost_in_usd_ticks":\#(count * 400_000_000)}}"#
        )
    }

    // MARK: Speech

    private static let speechNames = [
        "text", "voice_id", "language", "output_format", "speed", "optimize_streaming_latency", "text_normalization",
        "with_timestamps",
    ]

    static func speech(_ root: JSONValue) -> SimulatedResponse {
        if let unknown = root.members.first(where: { !speechNames.contains($0.name.string) }) {
            return refused("Argument not supported: \(unknown.name.string)")
        }
        guard let text = root["text"]?.string, (1...15_000).contains(text.unicodeScalars.count) else {
            return refused("text must have 1 to 15000 characters")
        }
        guard root["language"]?.string?.isEmpty == false else { return refused("language is required") }
        guard (0.7...1.5).contains(root["speed"]?.double ?? 1) else { return refused("speed must be from 0.7 to 1.5") }
        guard ["eve", "ara", "rex", "sal", "leo"].contains(root["voice_id"]?.string?.lowercased() ?? "eve") else {
            return refused("The voice is not known.")
        }
        let codec = root["output_format"]?["codec"]?.string ?? "mp3"
        guard ["mp3", "wav", "pcm"].contains(codec), let sound = SimulatedSpeech.sound(as: codec) else {
            return refused("The codec is not known.")
        }
        return SimulatedResponse(
            status: 200, contentType: sound.type, pieces: SimulatedSpeech.cut(sound.bytes), firstContent: 0)
    }

    // MARK: Transcripts

    private static let formNames = [
        "model", "language", "format", "diarize", "multichannel", "channels", "keyterm", "filler_words", "audio_format",
        "sample_rate",
    ]

    static func transcript(_ form: SimulatedForm) -> SimulatedResponse {
        if let fault = form.fault { return refused(fault) }
        if let unknown = form.fields.first(where: { !formNames.contains($0.name) }) {
            return refused("Argument not supported: \(unknown.name)")
        }
        guard form.fileName != nil, form.audio.byteCount > 0, let format = form.audio.format else {
            return refused("A file or an address is needed.")
        }
        guard form.isFileLast else { return refused("The file must be the last part.") }
        let milliseconds = form.audio.length.atLeast
        let heard = ["Heard", "\(form.audio.byteCount)", "bytes", "of", "\(format.rawValue)."]
        let speaker = form["diarize"] == "true" ? #","speaker":0"# : ""
        let words = heard.enumerated().map {
            #"{"text":"\#($1)","start":\#($0).25,"end":\#($0).75\#(speaker)}"#
        }
        let duration = "\(milliseconds / 1000).\(String(100 + milliseconds % 1000 / 10).dropFirst())"
        return .json(
            200,
            #"{"text":"\#(heard.joined(separator: " "))","language":"\#(form["language"] ?? "")","duration":\#(duration),"words":[\#(words.joined(separator: ","))]}"#
        )
    }

    private static func refused(_ message: String) -> SimulatedResponse {
        SimulatedVendor.xai.refusal(400, "Client specified an invalid argument", message)
    }
}
