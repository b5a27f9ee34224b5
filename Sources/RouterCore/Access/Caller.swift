/// Who asks.
public struct Caller: Sendable, Hashable {
    public var account: Account.ID
    /// The id of the API key.
    public var key: String
    /// Whether a request for a model of the operator's own machines may be answered by a third party when they cannot.
    public var allowsThirdParties: Bool

    public init(account: Account.ID, key: String, allowsThirdParties: Bool = false) {
        self.account = account
        self.key = key
        self.allowsThirdParties = allowsThirdParties
    }
}
