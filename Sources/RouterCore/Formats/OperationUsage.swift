/// Writes the `usage` of an answer to a request for an ``Operation``: OpenAI's members for its kind, and what it cost.
///
/// Source: OpenAI API reference, the answers and last events of each endpoint; OpenRouter for `cost` and, of images,
/// `prompt_tokens` and `completion_tokens`.
enum OperationUsage {
    static func write(_ record: Generation, to writer: inout JSONWriter) {
        let usage = record.usage
        writer.name("usage")
        writer.beginObject()
        switch record.kind {
        case .chat, .embeddings:
            writer.member("prompt_tokens", usage.prompt)
            writer.member("total_tokens", usage.total)
        case .image:
            writeTokens(usage, to: &writer)
            writer.name("input_tokens_details")
            writer.beginObject()
            writer.member("text_tokens", max(0, usage.prompt - usage.promptImage))
            writer.member("image_tokens", usage.promptImage)
            writer.endObject()
            if usage.completionImage > 0, usage.completionImage < usage.completion {
                writer.name("output_tokens_details")
                writer.beginObject()
                writer.member("text_tokens", usage.completion - usage.completionImage)
                writer.member("image_tokens", usage.completionImage)
                writer.endObject()
            }
            writer.member("prompt_tokens", usage.prompt)
            writer.member("completion_tokens", usage.completion)
        case .speech:
            writeTokens(usage, to: &writer)
        case .transcription:
            if usage.prompt > 0 || usage.completion > 0 {
                writer.member("type", "tokens")
                writeTokens(usage, to: &writer)
                writer.name("input_token_details")
                writer.beginObject()
                writer.member("text_tokens", max(0, usage.prompt - usage.promptAudio))
                writer.member("audio_tokens", usage.promptAudio)
                writer.endObject()
            } else {
                writer.member("type", "duration")
                writer.name("seconds")
                writer.raw(seconds(usage.audioMilliseconds).utf8)
            }
        }
        writer.name("cost")
        writer.raw(record.cost.shortText.utf8)
        writer.endObject()
    }

    /// Without zeros at the end: `3`, `2.95`.
    private static func seconds(_ milliseconds: Int) -> String {
        let (whole, rest) = max(0, milliseconds).quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return "\(whole)" }
        var digits = "\(1000 + rest)".dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private static func writeTokens(_ usage: Usage, to writer: inout JSONWriter) {
        writer.member("input_tokens", usage.prompt)
        writer.member("output_tokens", usage.completion)
        writer.member("total_tokens", usage.total)
    }
}
