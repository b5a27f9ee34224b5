/// One place where a model is served.
public struct Endpoint: Sendable, Hashable {
    public var provider: Provider
    /// What the provider calls the model, such as `gpt-5.4` or `Qwen/Qwen3-235B-A22B`.
    public var upstreamModel: String
    public var traits: ChatTraits
    /// Its share of requests beside the model's other endpoints of the same price, from 1.
    public var weight: Int
    public var quantization: Quantization
    /// Its own prices, where they are not the model's.
    public var pricing: Pricing?
    /// What a client pays here; filled in by ``Catalog``.
    public internal(set) var prices = PriceList()

    public init(
        provider: Provider, upstreamModel: String, traits: ChatTraits = ChatTraits(), weight: Int = 1,
        quantization: Quantization = .unknown, pricing: Pricing? = nil
    ) {
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.traits = traits
        self.weight = weight
        self.quantization = quantization
        self.pricing = pricing
    }
}

/// What a translator must know of a model to ask for it: data, so that a new model needs no code.
public struct ChatTraits: Sendable, Hashable {
    /// The name under which the model takes the bound on its answer.
    public var tokenLimit: TokenLimit
    public var reasoning: Reasoning
    /// Mistral's rules for call ids and the order of messages hold, on whatever engine the model runs.
    public var mistralRules: Bool
    /// The chat template takes one system message, at the start only.
    public var oneSystemMessage: Bool

    /// `temperature`, `top_p` and `top_k` are taken.
    public var takesSampling: Bool
    /// `presence_penalty` and `frequency_penalty` are taken.
    public var takesPenalties: Bool
    /// Gemini from its third generation on: calls have ids, and come back with the signature of the thought they came
    /// from.
    public var signsThoughts: Bool
    /// System messages are taken between others, behind the user's.
    public var takesLaterSystem: Bool
    /// The model can be made to call a tool.
    public var takesForcedCalls: Bool
    /// Tokens of one answer at most, for a vendor that wants a limit from everyone; `nil` when it is not known.
    public var answerTokensMax: Int?

    public enum TokenLimit: String, Sendable, Hashable {
        /// `max_completion_tokens` only: `max_tokens` is refused.
        case maxCompletionTokens = "max_completion_tokens"
        case maxTokens = "max_tokens"
        /// Both are taken: what the client wrote stays.
        case either
    }

    public enum Reasoning: Sendable, Hashable {
        /// It does not reason, or knows no switch: effort is dropped.
        case none
        /// `reasoning_effort` with one of `efforts`, weakest first. `standard` is what it does unasked (`none`: it does
        /// not reason, so that sampling parameters stay).
        case effort(efforts: [Effort], standard: Effort)
        /// A member of `chat_template_kwargs` switches it on and off, such as `enable_thinking`.
        case templateSwitch(String)
        /// Claude: it thinks as much as it finds right, with one of `efforts`.
        case adaptive(efforts: [Effort])
        /// Claude: it thinks within a budget of tokens.
        case budget
        /// It always reasons, and nothing can be said about how much.
        case always
        /// Gemini: it thinks at one of these levels, weakest first.
        case levels([Effort])
        /// Gemini: it thinks within a budget of tokens, from the first number to the second.
        case tokens(ClosedRange<Int>)
    }

    /// From weakest to strongest.
    public enum Effort: String, Sendable, Hashable, CaseIterable, Comparable {
        case none, minimal, low, medium, high, xhigh, max

        public static func < (one: Effort, other: Effort) -> Bool {
            allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
        }
    }

    public init(
        tokenLimit: TokenLimit = .either, reasoning: Reasoning = .none, mistralRules: Bool = false,
        oneSystemMessage: Bool = false, takesSampling: Bool = true, takesPenalties: Bool = true,
        signsThoughts: Bool = false, takesLaterSystem: Bool = false, takesForcedCalls: Bool = true,
        answerTokensMax: Int? = nil
    ) {
        self.tokenLimit = tokenLimit
        self.reasoning = reasoning
        self.mistralRules = mistralRules
        self.oneSystemMessage = oneSystemMessage
        self.takesSampling = takesSampling
        self.takesPenalties = takesPenalties
        self.signsThoughts = signsThoughts
        self.takesLaterSystem = takesLaterSystem
        self.takesForcedCalls = takesForcedCalls
        self.answerTokensMax = answerTokensMax
    }
}
