import RouterCore

/// Answers requests for transcripts in each vendor's format: with how many bytes of which format it heard.
///
/// Sources: OpenAI API reference, "Create transcription"; Mistral's API reference, "Create Transcription".
enum SimulatedTranscription {
    /// - Returns: `nil` when the path is not that of transcripts.
    static func answer(_ form: SimulatedForm, at path: String, of vendor: SimulatedVendor) -> SimulatedResponse? {
        if vendor == .xai, path == "/stt" { return SimulatedXAI.transcript(form) }
        guard path == "/audio/transcriptions", vendor == .openai || vendor == .mistral else { return nil }
        func refused(_ message: String) -> SimulatedResponse { vendor.refusal(400, "invalid_request_error", message) }
        if let fault = form.fault { return refused(fault) }
        guard let model = form["model"], !model.isEmpty else { return refused("you must provide a model parameter") }
        guard form.fileName != nil else { return refused("you must provide a file") }
        guard form.audio.byteCount > 0, let format = form.audio.format else { return refused("Invalid file format.") }
        let known = vendor == .mistral ? mistralNames : openAINames
        if let unknown = form.fields.first(where: { !known.contains($0.name) }) {
            return refused("Unknown parameter: '\(unknown.name)'.")
        }
        let heard = ["Heard", " \(form.audio.byteCount)", " bytes", " of", " \(format.rawValue)."]
        let milliseconds = form.audio.length.atLeast
        // Rounded as OpenAI does.
        let seconds = (milliseconds + 500) / 1000
        let isStreamed = form["stream"]?.lowercased() == "true"
        if vendor == .mistral {
            let granularity = form["timestamp_granularities"]
            guard granularity == nil || form["language"] == nil else {
                return refused("timestamp_granularities is not compatible with language.")
            }
            let isDiarized = form["diarize"] == "true"
            guard !isDiarized || isStreamed || granularity == "segment" else {
                return refused("When diarize is set to True, the timestamp granularity must be set to ['segment'].")
            }
            return mistral(
                heard, seconds: seconds, granularity: granularity, speaker: isDiarized ? "speaker_1" : nil,
                isStreamed: isStreamed)
        }
        let isWhisper = model.hasPrefix("whisper")
        let usage =
            isWhisper || model.hasSuffix("diarize")
            ? #"{"type":"duration","seconds":\#(seconds)}"#
            : #"{"type":"tokens","input_tokens":\#(milliseconds / 100),"input_token_details":{"text_tokens":0,"audio_tokens":\#(milliseconds / 100)},"output_tokens":\#(heard.count),"total_tokens":\#(milliseconds / 100 + heard.count)}"#
        return openAI(
            heard, usage: usage, format: form["response_format"] ?? "json", isStreamed: isStreamed && !isWhisper,
            milliseconds: milliseconds)
    }

    private static let openAINames = [
        "model", "language", "languages[]", "keywords[]", "prompt", "response_format", "temperature", "include[]",
        "timestamp_granularities[]",
        "stream", "chunking_strategy", "chunking_strategy[type]", "known_speaker_names[]",
        "known_speaker_references[]",
    ]
    private static let mistralNames = [
        "model", "language", "temperature", "stream", "timestamp_granularities", "diarize", "context_bias",
    ]

    private static func openAI(
        _ heard: [String], usage: String, format: String, isStreamed: Bool, milliseconds: Int
    ) -> SimulatedResponse {
        let text = heard.joined()
        func plain(_ text: String) -> SimulatedResponse {
            SimulatedResponse(
                status: 200, contentType: "text/plain; charset=utf-8", pieces: [Array(text.utf8)], firstContent: 0)
        }
        if isStreamed {
            let deltas = heard.map { #"data: {"type":"transcript.text.delta","delta":"\#($0)"}"# + "\n\n" }
            let done = #"data: {"type":"transcript.text.done","text":"\#(text)","usage":\#(usage)}"# + "\n\n"
            return .stream(deltas + [done], firstContent: 0)
        }
        let duration = "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
        switch format {
        case "text": return plain(text + "\n")
        case "srt": return plain("1\n00:00:00,000 --> 00:00:01,000\n\(text)\n\n\n")
        case "vtt": return plain("WEBVTT\n\n00:00.000 --> 00:01.000\n\(text)\n\n")
        case "verbose_json":
            return .json(
                200,
                #"{"task":"transcribe","language":"english","duration":\#(duration),"text":"\#(text)","segments":[{"id":0,"seek":0,"start":0.0,"end":1.0,"text":"\#(text)","tokens":[1],"temperature":0.0,"avg_logprob":-0.1,"compression_ratio":1.0,"no_speech_prob":0.01}],"usage":\#(usage)}"#
            )
        case "diarized_json":
            return .json(
                200,
                #"{"task":"transcribe","duration":\#(duration),"text":"\#(text)","segments":[{"type":"transcript.text.segment","id":"seg_1","start":0.0,"end":1.0,"text":"\#(text)","speaker":"A"}],"usage":\#(usage)}"#
            )
        default: return .json(200, #"{"text":"\#(text)","usage":\#(usage)}"#)
        }
    }

    private static func mistral(
        _ heard: [String], seconds: Int, granularity: String?, speaker: String?, isStreamed: Bool
    ) -> SimulatedResponse {
        let said = speaker.map { #","speaker_id":"\#($0)""# } ?? ""
        func segment(_ text: String, _ start: Double, _ end: Double) -> String {
            #"{"type":"transcription_segment","text":"\#(text)","start":\#(start),"end":\#(end)\#(said)}"#
        }
        let segments =
            switch granularity {
            case nil: ""
            case "word": heard.enumerated().map { segment($1, Double($0), Double($0) + 0.5) }.joined(separator: ",")
            default: segment(" " + heard.joined(), 0.5, 1.25)
            }
        let end =
            #""model":"voxtral-mini-2602","text":"\#(heard.joined())","language":null,"segments":[\#(segments)],"usage":{"prompt_audio_seconds":\#(seconds),"prompt_tokens":4,"total_tokens":\#(4 + heard.count),"completion_tokens":\#(heard.count)}"#
        guard isStreamed else { return .json(200, "{\(end)}") }
        let deltas = heard.map {
            "event: transcription.text.delta\n"
                + #"data: {"type":"transcription.text.delta","text":"\#($0)"}"# + "\n\n"
        }
        return .stream(
            deltas + ["event: transcription.done\n" + #"data: {"type":"transcription.done",\#(end)}"# + "\n\n"],
            firstContent: 0)
    }
}
