/// Who asks.
public struct Caller: Sendable, Hashable {
    public var account: Account.ID
    /// The id of the API key.
    public var key: String

    public init(account: Account.ID, key: String) {
        self.account = account
        self.key = key
    }
}
