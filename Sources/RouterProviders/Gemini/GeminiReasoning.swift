import RouterCore

/// How hard the model is asked to think: a level from the third generation on, a budget of tokens before.
///
/// Source: Gemini API guide, "Gemini thinking".
struct GeminiReasoning {
    private enum Thinking {
        case unsaid
        case level(ChatTraits.Effort)
        case budget(Int)
    }

    private let thinking: Thinking
    /// Summaries of the thoughts are wanted.
    private let includesThoughts: Bool

    /// - Throws: ``UpstreamFailure`` of kind `refused` for settings that are unknown or contradict each other.
    init(effort: JSONValue?, reasoning: JSONValue?, traits: ChatTraits) throws(UpstreamFailure) {
        let asked = try AskedReasoning(effort: effort, reasoning: reasoning)
        includesThoughts = asked.effort != ChatTraits.Effort.none
        switch traits.reasoning {
        case .levels(let levels):
            let wanted = asked.effort ?? asked.tokens.map(Self.effort)
            // The next higher level that the model has, else its highest.
            let level = wanted.flatMap { wanted in levels.filter { $0 >= wanted }.min() ?? levels.max() }
            thinking = level.map(Thinking.level) ?? .unsaid
        case .tokens(let range):
            let tokens = asked.tokens ?? asked.effort.map(Self.tokens)
            thinking =
                tokens.map { .budget(min(max($0, range.lowerBound), range.upperBound)) } ?? .unsaid
        case .none, .always, .effort, .templateSwitch, .adaptive, .budget:
            thinking = .unsaid
        }
    }

    func write(to writer: inout JSONWriter) {
        switch thinking {
        case .unsaid:
            return
        case .level(let level):
            writer.name("thinkingConfig")
            writer.beginObject()
            writer.member("thinkingLevel", level.rawValue.uppercased())
        case .budget(let tokens):
            writer.name("thinkingConfig")
            writer.beginObject()
            writer.member("thinkingBudget", tokens)
        }
        writer.member("includeThoughts", includesThoughts)
        writer.endObject()
    }

    private static func tokens(of effort: ChatTraits.Effort) -> Int {
        switch effort {
        case .none: 0
        case .minimal, .low: 1024
        case .medium: 8192
        case .high: 24_576
        case .xhigh, .max: 32_768
        }
    }

    private static func effort(of tokens: Int) -> ChatTraits.Effort {
        switch tokens {
        case ...1024: .low
        case ...8192: .medium
        default: .high
        }
    }
}
