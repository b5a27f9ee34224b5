import RouterCore

extension Usage {
    /// What a vendor counted for a transcript: tokens, or the seconds of the sound.
    ///
    /// Sources: OpenAI API reference, "Create transcription", `usage`; Mistral's `UsageInfo`; vLLM's `TranscriptionUsageAudio`.
    ///
    /// - Returns: `nil` when it is none of these.
    init?(transcript said: JSONValue?) {
        guard let said, said.kind == .object else { return nil }
        self.init()
        if let milliseconds = Self.milliseconds(said["prompt_audio_seconds"]) {
            // It charges for these, whatever tokens it counts as well.
            audioMilliseconds = milliseconds
            return
        }
        prompt = Self.count(said["input_tokens"]) ?? Self.count(said["prompt_tokens"]) ?? 0
        completion = Self.count(said["output_tokens"]) ?? Self.count(said["completion_tokens"]) ?? 0
        let details = said["input_token_details"] ?? said["input_tokens_details"]
        // Nearly all of it is sound.
        promptAudio = Self.count(details?["audio_tokens"]) ?? prompt
        audioMilliseconds = Self.milliseconds(said["seconds"]) ?? 0
        guard prompt > 0 || completion > 0 || audioMilliseconds > 0 else { return nil }
    }

    /// What an answer says beside its text: `duration` in seconds.
    init?(duration: JSONValue?) {
        guard let milliseconds = Self.milliseconds(duration), milliseconds > 0 else { return nil }
        self.init()
        audioMilliseconds = milliseconds
    }

    /// - Returns: `nil` for what is no number of seconds, or more than a year of them.
    private static func milliseconds(_ seconds: JSONValue?) -> Int? {
        guard let number = seconds?.double ?? seconds?.string.flatMap(Double.init), number.isFinite, number >= 0,
            number < 366 * 86_400
        else { return nil }
        return Int((number * 1000).rounded())
    }
}
