import RouterCore

/// How hard the model is asked to think, and in which of the vendor's forms.
struct AnthropicReasoning {
    private enum Thinking {
        case unsaid, adaptive
        case budget(Int)
    }

    private let thinking: Thinking
    /// Goes into `output_config`.
    let effort: ChatTraits.Effort?

    /// The least the vendor takes, of thoughts and of room for the answer behind them.
    private static let tokensMin = 1024

    /// It will think about this request: sampling parameters are refused then.
    var isThinking: Bool {
        if case .unsaid = thinking { return false }
        return true
    }

    /// - Parameters:
    ///   - effort: the request's `reasoning_effort`, if it is not `null`.
    ///   - reasoning: the request's `reasoning`, if it is not `null`.
    ///   - answerTokens: the limit on thoughts and answer together.
    ///   - canThink: whether the vendor takes thinking beside the rest of the request.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for settings that are unknown or contradict each other.
    init(
        effort: JSONValue?, reasoning: JSONValue?, traits: ChatTraits, answerTokens: Int, canThink: Bool
    ) throws(UpstreamFailure) {
        let asked = try AskedReasoning(effort: effort, reasoning: reasoning)
        switch traits.reasoning {
        case .adaptive(let efforts):
            let wanted = asked.effort ?? asked.tokens.map(Self.effort)
            guard let wanted, wanted != .none else {
                (thinking, self.effort) = (.unsaid, nil)
                return
            }
            thinking = canThink ? .adaptive : .unsaid
            self.effort = efforts.filter { $0 <= wanted }.max() ?? efforts.min()
        case .budget:
            self.effort = nil
            let tokens = asked.effort == ChatTraits.Effort.none ? nil : asked.tokens ?? asked.effort.map(Self.tokens)
            let budget = tokens.flatMap { Self.budget(of: $0, answerTokens: answerTokens) }
            thinking = canThink ? budget.map(Thinking.budget) ?? .unsaid : .unsaid
        case .none, .effort, .templateSwitch, .always, .levels, .tokens:
            (thinking, self.effort) = (.unsaid, nil)
        }
    }

    func writeThinking(to writer: inout JSONWriter) {
        switch thinking {
        case .unsaid: return
        case .adaptive:
            writer.name("thinking")
            writer.beginObject()
            writer.member("type", "adaptive")
            // Unasked, the newest models show nothing of what they think.
            writer.member("display", "summarized")
        case .budget(let tokens):
            writer.name("thinking")
            writer.beginObject()
            writer.member("type", "enabled")
            writer.member("budget_tokens", tokens)
        }
        writer.endObject()
    }

    /// Tokens for thoughts of a model that has no levels.
    private static func tokens(of effort: ChatTraits.Effort) -> Int {
        switch effort {
        case .none, .minimal, .low: 1024
        case .medium: 4096
        case .high: 16_384
        case .xhigh, .max: 32_000
        }
    }

    /// The level of a model that counts no tokens.
    private static func effort(of tokens: Int) -> ChatTraits.Effort {
        switch tokens {
        case ...1024: .low
        case ...4096: .medium
        case ...16_384: .high
        default: .xhigh
        }
    }

    /// What of `tokens` leaves room for an answer; `nil` when nothing does.
    private static func budget(of tokens: Int, answerTokens: Int) -> Int? {
        let wanted = max(tokensMin, tokens)
        if answerTokens >= tokensMin, wanted <= answerTokens - tokensMin { return wanted }
        let half = max(tokensMin, answerTokens / 2)
        return half < answerTokens ? half : nil
    }
}
