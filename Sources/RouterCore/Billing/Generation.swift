/// The record of one request: what was asked, who answered, what it used and what it cost.
public struct Generation: Sendable, Hashable {
    public var id: ID
    public var kind: Kind
    public var account: Account.ID
    /// The id of the API key that asked.
    public var key: String
    /// The public model id, such as `openai/gpt-5.4`.
    public var model: String
    /// The slug of the provider that answered, or was tried last; empty when none was.
    public var provider: String
    /// What people call that provider, such as `OpenAI`.
    public var providerName: String
    /// Milliseconds since 1970.
    public var createdAt: Int64
    public var streamed: Bool
    public var outcome: Outcome
    /// Why the answer ended, in OpenAI's words: `stop`, `length`, `tool_calls`; `nil` when it did not say.
    public var finishReason: String?
    /// The same in the vendor's own word.
    public var nativeFinishReason: String?
    /// What was used; whose count it is says ``basis``.
    public var usage: Usage
    public var basis: Basis
    /// The ``PriceList/id`` it is charged at; empty when nothing can be charged.
    public var priceID: String
    /// What the account paid.
    public var cost: Money
    /// What of that is for the answer; the rest is for the prompt.
    public var answerCost: Money
    /// What it came to beyond that and the account's credit could not pay: the operator's loss.
    public var uncollected: Money
    /// What was set aside for it at most.
    public var held: Money
    /// Tries that failed before the one that answered, or all of them.
    public var failedAttempts: [UpstreamFailure]
    /// From the request to the first content, when there was any.
    public var firstContentAfter: Duration?
    /// From the request to the end.
    public var elapsed: Duration
    /// The program that asked, as it says itself.
    public var app = RequestApp()

    /// Which of the API's operations it was. Raw values are those of OpenRouter's `api_type`.
    public enum Kind: String, Sendable, Hashable {
        case chat = "completions"
        case embeddings
        case image
        case speech = "tts"
        case transcription = "stt"
    }

    /// How it ended.
    public enum Outcome: String, Sendable, Hashable {
        case completed
        /// The client left.
        case cancelled
        /// No endpoint could answer, or the one that did broke off after it had begun.
        case failed
        /// The server died in the middle; nothing is charged.
        case interrupted
    }

    /// Whose counts ``usage`` has.
    public enum Basis: String, Sendable, Hashable {
        /// The vendor's.
        case vendor
        /// Ours, from the length of what went in and out, because the vendor had not said.
        case counted
        /// Nobody's: nothing is charged.
        case none
    }

    /// `gen-`, seconds since 1970, `-` and 20 letters and digits; ours, never the vendor's.
    public struct ID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }
    }

    public init(
        id: ID, kind: Kind = .chat, account: Account.ID, key: String, model: String, provider: String = "",
        providerName: String = "", createdAt: Int64, streamed: Bool, outcome: Outcome = .completed,
        finishReason: String? = nil, nativeFinishReason: String? = nil, usage: Usage = Usage(), basis: Basis = .none,
        priceID: String = "", cost: Money = .zero, answerCost: Money = .zero, uncollected: Money = .zero,
        held: Money = .zero,
        failedAttempts: [UpstreamFailure] = [], firstContentAfter: Duration? = nil, elapsed: Duration = .zero
    ) {
        self.id = id
        self.kind = kind
        self.account = account
        self.key = key
        self.model = model
        self.provider = provider
        self.providerName = providerName
        self.createdAt = createdAt
        self.streamed = streamed
        self.outcome = outcome
        self.finishReason = finishReason
        self.nativeFinishReason = nativeFinishReason
        self.usage = usage
        self.basis = basis
        self.priceID = priceID
        self.cost = cost
        self.answerCost = answerCost
        self.uncollected = uncollected
        self.held = held
        self.failedAttempts = failedAttempts
        self.firstContentAfter = firstContentAfter
        self.elapsed = elapsed
    }
}
