/// The record of one request: what was asked, who answered, what it used.
public struct Generation: Sendable, Hashable {
    public var id: ID
    public var account: Account.ID
    /// The id of the API key that asked.
    public var key: String
    /// The public model id, such as `openai/gpt-5.4`.
    public var model: String
    /// The slug of the provider that answered, or was tried last.
    public var provider: String
    /// Milliseconds since 1970.
    public var createdAt: Int64
    public var streamed: Bool
    public var outcome: Outcome
    /// What the vendor counted; zeros when it said nothing.
    public var usage: Usage
    /// Tries that failed before the one that answered.
    public var failedAttempts: [UpstreamFailure]
    /// From the request to the first content, when there was any.
    public var firstContentAfter: Duration?
    /// From the request to the end.
    public var elapsed: Duration

    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        case completed
        /// The client left.
        case cancelled
        /// The vendor broke off after it had begun.
        case failed
    }

    /// `gen-`, seconds since 1970, `-` and 20 letters and digits; ours, never the vendor's.
    public struct ID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }
    }
}
