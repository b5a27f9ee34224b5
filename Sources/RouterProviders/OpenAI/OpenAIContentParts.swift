import RouterCore

/// Content that comes as a list of texts and thoughts.
///
/// Source: Mistral API reference, "Chat completion", `TextChunk` and `ThinkChunk`.
enum OpenAIContentParts {
    /// The texts as one JSON string, with nothing between them.
    static func text(of content: JSONValue) -> [UInt8] {
        joined(content.elements.lazy.filter { $0["type"]?.equals("text") == true })
    }

    /// The thoughts as one JSON string; `nil` when there are none.
    static func thoughts(of content: JSONValue) -> [UInt8]? {
        guard content.kind == .array else { return nil }
        let thoughts = content.elements.filter { $0["type"]?.equals("thinking") == true }
        let text = joined(thoughts.compactMap { $0["thinking"] }.flatMap { Array($0.elements) })
        return text.count > 2 ? text : nil
    }

    private static func joined(_ parts: some Sequence<JSONValue>) -> [UInt8] {
        var text: [UInt8] = [0x22]
        for part in parts {
            if let string = part["text"], string.kind == .string { text += string.text.dropFirst().dropLast() }
        }
        text.append(0x22)
        return text
    }
}
