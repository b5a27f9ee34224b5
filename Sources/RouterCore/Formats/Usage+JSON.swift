extension Generation {
    /// Writes the `usage` object of an answer, with what it cost.
    ///
    /// Source: OpenAI API reference, "The chat completion object"; OpenRouter's `chatusage` and `costdetails`.
    func writeUsage(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("prompt_tokens", usage.prompt)
        writer.member("completion_tokens", usage.completion)
        writer.member("total_tokens", usage.total)
        writer.name("cost")
        writer.raw(cost.shortText.utf8)
        writer.member("is_byok", false)
        writer.name("prompt_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", usage.cacheRead)
        writer.member("cache_write_tokens", usage.cacheWrite)
        writer.member("audio_tokens", usage.promptAudio)
        writer.member("video_tokens", 0)
        writer.endObject()
        writer.name("cost_details")
        writer.beginObject()
        writer.nullMember("upstream_inference_cost")
        writer.name("upstream_inference_prompt_cost")
        writer.raw(promptCost.shortText.utf8)
        writer.name("upstream_inference_completions_cost")
        writer.raw(completionCost.shortText.utf8)
        writer.endObject()
        writer.name("completion_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", usage.reasoning)
        writer.member("image_tokens", usage.completionImage)
        writer.member("audio_tokens", usage.completionAudio)
        writer.member("accepted_prediction_tokens", usage.acceptedPrediction)
        writer.member("rejected_prediction_tokens", usage.rejectedPrediction)
        writer.endObject()
        writer.endObject()
    }

    /// What of the cost is for the answer; the rest is for the prompt and the request.
    private var completionCost: Money { min(cost, answerCost) }
    private var promptCost: Money { Money(nanoUSD: cost.nanoUSD &- completionCost.nanoUSD) }
}
