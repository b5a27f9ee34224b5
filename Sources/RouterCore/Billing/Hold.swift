/// Credit set aside for one request until it is settled or released.
public struct Hold: Sendable, Hashable {
    /// The request it is for; a hold ends when this generation is settled.
    public var generation: Generation.ID
    public var account: Account.ID

    public init(generation: Generation.ID, account: Account.ID) {
        self.generation = generation
        self.account = account
    }
}
