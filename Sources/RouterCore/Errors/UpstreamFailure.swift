/// Why one try at one endpoint failed.
public struct UpstreamFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was; decides whether another endpoint is tried and what the client is told.
    public enum Kind: String, Sendable, Hashable {
        /// The vendor finds the request itself wrong (400, 413, 415, 422): no other endpoint would take it.
        case refused
        /// This endpoint's vendor format cannot say what the request asks for; found before anything was sent.
        case unsupported
        /// The vendor does not accept our credential, or our account has no money there (401, 402, 403).
        case unauthorized
        /// The vendor does not know the model or path (404, 410): our configuration is wrong.
        case notFound
        /// Too many requests (429).
        case rateLimited
        /// The vendor answered that it cannot serve now (502, 503, 504, 529, 408).
        case overloaded
        /// The vendor failed (other 5xx, an error inside a 200).
        case failed
        /// What came back is not an answer: not JSON, cut off, too large, empty.
        case broken
        /// A time limit ran out; the message says which.
        case timedOut
        /// No connection: name not found, refused, TLS, reset.
        case unreachable
        /// We ended it ourselves: the client left or the server is stopping.
        case cancelled
    }

    public var kind: Kind
    /// The vendor's own words, or ours where it said none. May be shown to a client; holds no key and no prompt.
    public var message: String
    /// The member of the request at fault, such as `messages[1].content`, when the vendor or a translator named one.
    public var parameter: String?
    /// The vendor's HTTP status, when there was one.
    public var status: Int?
    /// How long the vendor asks us to wait.
    public var retryAfter: Duration?
    /// The slug of the provider that was tried; filled in by the engine.
    public var provider: String?
    /// Its name for people, such as `OpenAI`; filled in by the engine.
    public var providerName: String?
    /// Something of the request went to the vendor, or may have; otherwise it has nothing to charge.
    public var wasAsked = true
    /// The vendor's word for why an answer ended that is not whole, such as `MAX_TOKENS`.
    public var finishReason: String?
    /// The key was what failed, and its provider has another that can be tried now; filled in by the engine.
    var hasOtherKey = false

    public init(
        _ kind: Kind, _ message: String, parameter: String? = nil, status: Int? = nil, retryAfter: Duration? = nil,
        provider: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.parameter = parameter
        self.status = status
        self.retryAfter = retryAfter
        self.provider = provider
    }

    public var description: String {
        "\(kind)\(status.map { " (HTTP \($0))" } ?? "")\(provider.map { " at \($0)" } ?? ""): \(message)"
    }
}
