import RouterCore

/// The counts of one answer in the vendor's terms, where thoughts are mostly no part of the answer.
///
/// Source: Gemini API reference, `UsageMetadata`.
struct GeminiUsage: Sendable {
    private var prompt = 0
    private var toolPrompt = 0
    private var cached = 0
    private var candidates = 0
    private var thoughts = 0
    private var total = 0
    private var promptAudio = 0
    private var candidatesAudio = 0

    /// Takes what `usageMetadata` says, member by member: counts are totals, and early ones are missing in part.
    mutating func read(_ usage: JSONValue) {
        for member in usage.members {
            let value = member.value
            switch member.name {
            case "promptTokenCount": Self.take(value, &prompt)
            case "toolUsePromptTokenCount": Self.take(value, &toolPrompt)
            case "cachedContentTokenCount": Self.take(value, &cached)
            case "candidatesTokenCount": Self.take(value, &candidates)
            case "thoughtsTokenCount": Self.take(value, &thoughts)
            case "totalTokenCount": Self.take(value, &total)
            case "promptTokensDetails": promptAudio = Self.audio(value)
            case "candidatesTokensDetails": candidatesAudio = Self.audio(value)
            default: break
            }
        }
    }

    var totals: Usage {
        var usage = Usage()
        usage.prompt = prompt + toolPrompt  // Each is a billion at most.
        usage.cacheRead = cached
        usage.promptAudio = promptAudio
        // Where the total is reached without them, the candidates include the thoughts.
        let includesThoughts = thoughts > 0 && usage.prompt + candidates == total
        usage.completion = includesThoughts ? candidates : candidates + thoughts
        usage.reasoning = thoughts
        usage.completionAudio = candidatesAudio
        return usage
    }

    private static func take(_ value: JSONValue, _ count: inout Int) { if let said = number(value) { count = said } }

    /// A count; the vendor may write numbers of 64 bits as text.
    private static func number(_ value: JSONValue?) -> Int? {
        guard let value, value.kind == .string else { return Usage.count(value) }
        return value.string.flatMap { Int($0) }.flatMap { (0...Usage.tokensMax).contains($0) ? $0 : nil }
    }

    private static func audio(_ details: JSONValue) -> Int {
        for detail in details.elements where detail["modality"]?.equals("AUDIO") == true {
            return number(detail["tokenCount"]) ?? 0
        }
        return 0
    }
}
