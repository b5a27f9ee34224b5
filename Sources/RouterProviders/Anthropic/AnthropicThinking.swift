import RouterCore

/// Thoughts on their way out and back: the vendor signs them and wants them back as they were.
enum AnthropicThinking {
    /// The word in `reasoning_details` that tells whose thoughts they are.
    static let format: StaticString = "anthropic-claude-v1"

    /// Writes the thoughts of a message that are this vendor's and signed, in their order.
    ///
    /// Clients that keep a stream's pieces instead of joining them send several texts of one index and a signature
    /// behind them; together they are one thought.
    ///
    /// - Returns: whether there were any.
    static func write(
        _ details: JSONValue?, to blocks: inout AnthropicBlocks, marks: inout AnthropicCacheMarks
    ) -> Bool {
        guard let details else { return false }
        var hasThought = false
        var text: [UInt8] = []
        var index: Int?
        for detail in details.elements where detail["format"]?.equals(format) == true {
            if detail["type"]?.equals("reasoning.text") == true {
                if detail["index"]?.integer != index { text = [] }
                index = detail["index"]?.integer
                if let piece = detail["text"], piece.kind == .string { text += piece.text.dropFirst().dropLast() }
                guard let signature = detail["signature"], signature.isText else { continue }
                blocks.begin("thinking")
                blocks.writer.name("thinking")
                blocks.writer.raw([0x22] + text + [0x22])
                blocks.writer.member("signature", signature)
                blocks.end(marks: &marks)
            } else if detail["type"]?.equals("reasoning.encrypted") == true, let data = detail["data"], data.isText {
                blocks.begin("redacted_thinking")
                blocks.writer.member("data", data)
                blocks.end(marks: &marks)
            } else {
                continue
            }
            text = []
            index = nil
            hasThought = true
        }
        return hasThought
    }
}
