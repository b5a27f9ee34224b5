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
            writer.member("prompt_tokens", usage.prompt)
            writer.member("completion_tokens", usage.completion)
        case .speech, .transcription:
            writeTokens(usage, to: &writer)
        }
        writer.name("cost")
        writer.raw(record.cost.shortText.utf8)
        writer.endObject()
    }

    private static func writeTokens(_ usage: Usage, to writer: inout JSONWriter) {
        writer.member("input_tokens", usage.prompt)
        writer.member("output_tokens", usage.completion)
        writer.member("total_tokens", usage.total)
    }
}
