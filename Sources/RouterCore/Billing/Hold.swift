/// Credit set aside for one request until it is settled.
public struct Hold: Sendable, Hashable {
    /// The request it is for; a hold ends when this generation is settled.
    public var generation: Generation.ID
    /// What it is taken from.
    public var lease: LeaseName
    /// The life of this node in which it was taken.
    public var epoch: Int64
    public var amount: Money
    /// Tokens of answer that the account's credit pays for in all, when that is less than the model could write and
    /// the request sets no bound of its own; the vendor is then told. `nil`: no bound is needed.
    public var outputTokensMax: Int?

    public init(
        generation: Generation.ID, lease: LeaseName, epoch: Int64 = 0, amount: Money = .zero,
        outputTokensMax: Int? = nil
    ) {
        self.generation = generation
        self.lease = lease
        self.epoch = epoch
        self.amount = amount
        self.outputTokensMax = outputTokensMax
    }
}
