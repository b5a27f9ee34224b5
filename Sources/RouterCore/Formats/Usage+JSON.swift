extension Usage {
    /// Writes the `usage` object of an answer. Source: OpenAI API reference, "The chat completion object".
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("prompt_tokens", prompt)
        writer.member("completion_tokens", completion)
        writer.member("total_tokens", total)
        writer.name("prompt_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", cacheRead)
        writer.member("cache_write_tokens", cacheWrite)
        writer.member("audio_tokens", promptAudio)
        writer.endObject()
        writer.name("completion_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", reasoning)
        writer.member("audio_tokens", completionAudio)
        writer.member("accepted_prediction_tokens", acceptedPrediction)
        writer.member("rejected_prediction_tokens", rejectedPrediction)
        writer.endObject()
        writer.endObject()
    }
}
