import RouterCore

/// Answers requests for speech as Mistral does: with the silence of ``SimulatedSpeech``, whose PCM is floats here.
///
/// Source: Mistral API reference, "Speech"; guide "Text to speech", section "Troubleshooting".
enum SimulatedMistralSpeech {
    private static let known = [
        "input", "model", "voice_id", "ref_audio", "response_format", "stream", "expressiveness", "phoneme_hints",
        "conversation_history", "metadata", "prompt_cache_key",
    ]
    private static let voices = ["en_paul_", "gb_oliver_", "gb_jane_", "fr_marie_", "voice_"]

    static func answer(_ root: JSONValue) -> SimulatedResponse {
        if let unknown = root.members.first(where: { !known.contains($0.name.string) })?.name.string {
            return .json(
                422,
                #"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","\#(unknown)"],"msg":"Extra inputs are not permitted","input":null}]},"type":"invalid_request_error","param":null,"code":null}"#
            )
        }
        func error(_ status: Int, _ type: String, _ code: Int, _ message: String) -> SimulatedResponse {
            .json(
                status,
                #"{"object":"error","message":"\#(message)","type":"\#(type)","param":null,"code":"\#(code)","raw_status_code":\#(status)}"#
            )
        }
        guard let voice = root["voice_id"]?.string ?? root["ref_audio"]?.string else {
            return error(400, "invalid_request", 1900, "Either ref_audio or voice must be provided.")
        }
        guard root["ref_audio"] != nil || voices.contains(where: voice.hasPrefix) else {
            return error(404, "invalid_voice", 1902, "Voice '\(voice)' not found.")
        }
        guard let input = root["input"]?.string, !input.isEmpty else {
            return error(400, "invalid_request", 1901, "input is needed.")
        }
        guard !input.contains("moderated") else { return error(403, "forbidden", 1910, "The text was rejected.") }
        let format = root["response_format"]?.string ?? "mp3"
        guard format != "aac", let sound = SimulatedSpeech.sound(as: format) else {
            return error(422, "invalid_request", 1903, "response_format is not known.")
        }
        // Silence is zeros as floats too, each twice as long.
        let bytes = format == "pcm" ? sound.bytes + sound.bytes : sound.bytes
        guard root["stream"]?.bool == true else {
            return .json(200, #"{"audio_data":"\#(SimulatedSpeech.base64(bytes))"}"#)
        }
        let deltas = SimulatedSpeech.cut(bytes).map {
            "event: speech.audio.delta\n"
                + #"data: {"type":"speech.audio.delta","audio_data":"\#(SimulatedSpeech.base64($0))"}"# + "\n\n"
        }
        let done =
            "event: speech.audio.done\n"
            + #"data: {"type":"speech.audio.done","usage":{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42,"prompt_audio_seconds":null}}"#
            + "\n\n"
        return .stream(deltas + [done], firstContent: 0)
    }
}
