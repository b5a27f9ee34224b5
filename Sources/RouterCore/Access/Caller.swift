/// Who asks.
public struct Caller: Sendable, Hashable {
    public var account: Account.ID
    /// The id of the API key.
    public var key: String
    /// The key has a limit of its own on what it may spend.
    public var hasSpendingLimit: Bool
    /// Whether a request for a model of the operator's own machines may be answered by a third party when they cannot.
    public var allowsThirdParties: Bool

    /// Ids of the models that the key may ask; empty for all.
    public var models: [String]
    public var app: RequestApp

    public init(
        account: Account.ID, key: String, hasSpendingLimit: Bool = false, allowsThirdParties: Bool = false,
        models: [String] = [], app: RequestApp = RequestApp()
    ) {
        self.account = account
        self.key = key
        self.hasSpendingLimit = hasSpendingLimit
        self.allowsThirdParties = allowsThirdParties
        self.models = models
        self.app = app
    }
}
