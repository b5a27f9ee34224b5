/// Where accounts and the records of what they did are kept.
public protocol AccountStore: Sendable {
    /// Makes an account.
    ///
    /// - Parameters:
    ///   - account: all of it but its id, its money and its overdraft, which are the store's to set.
    ///   - grant: credit that it begins with; an entry of its ledger when it is above zero.
    /// - Throws: ``StoreError`` of kind `conflict` when an account has this email.
    func add(_ account: Account, grant: CreditEntry?) async throws(StoreError) -> Account

    /// The account of this email, in the case it was written in, or with this number as its id; `nil` when there is none.
    func account(named name: String) async throws(StoreError) -> Account?

    /// All accounts, by id.
    func accounts() async throws(StoreError) -> [Account]

    /// Suspends an account (`time` in milliseconds since 1970) or lets it go on (`nil`). All its keys change with it.
    func suspend(_ account: Account.ID, at time: Int64?) async throws(StoreError) -> Account?

    /// Adds an entry, once for each id.
    ///
    /// - Returns: the account as it is now.
    /// - Throws: ``StoreError``: `conflict` when there is no such account, when another entry has this id, or when the
    ///   balance could not be counted any more or would fall below what is set aside.
    func credit(_ entry: CreditEntry) async throws(StoreError) -> Account

    /// The entries of an account since a time, oldest first.
    func entries(of account: Account.ID, since time: Int64) async throws(StoreError) -> [CreditEntry]

    /// The record of a request; `nil` when there is none, or it is another account's.
    func generation(_ id: Generation.ID, of account: Account.ID) async throws(StoreError) -> Generation?

    /// The records of an account since a time (milliseconds since 1970), newest first, at most `count`.
    func generations(of account: Account.ID, since time: Int64, count: Int) async throws(StoreError) -> [Generation]

    /// What an account did on the days from the first to the last (days since 1970), by day, model and provider.
    /// - Parameter key: only by this key, when it is given.
    func activity(
        of account: Account.ID, key: String?, days: ClosedRange<Int64>
    ) async throws(StoreError) -> [ActivityItem]

    /// What each key of an account has spent in all and since the beginnings of its periods, by the id of the key.
    func spending(of account: Account.ID, at time: Int64) async throws(StoreError) -> [String: KeySpending]

    /// Computes every balance and every bill again.
    func verify() async throws(StoreError) -> Verification
}

/// What was done on one day with one model at one provider.
public struct ActivityItem: Sendable, Hashable {
    /// Days since 1970, in UTC.
    public var day: Int64
    public var model: String
    /// The provider's slug.
    public var provider: String
    public var requests: Int64
    public var cost: Money
    public var promptTokens: Int64
    public var completionTokens: Int64
    public var reasoningTokens: Int64
    public var cachedTokens: Int64

    public init(
        day: Int64, model: String, provider: String, requests: Int64, cost: Money, promptTokens: Int64,
        completionTokens: Int64, reasoningTokens: Int64, cachedTokens: Int64
    ) {
        self.day = day
        self.model = model
        self.provider = provider
        self.requests = requests
        self.cost = cost
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.reasoningTokens = reasoningTokens
        self.cachedTokens = cachedTokens
    }
}

/// What a key has spent: in all, today, this week, this month (UTC).
public struct KeySpending: Sendable, Hashable {
    public var total = Money.zero
    public var daily = Money.zero
    public var weekly = Money.zero
    public var monthly = Money.zero

    public init() {}

    /// In the period that a limit counts.
    public func since(_ reset: LimitReset?) -> Money {
        switch reset {
        case .daily?: daily
        case .weekly?: weekly
        case .monthly?: monthly
        case nil: total
        }
    }
}

/// What computing everything again came to.
public struct Verification: Sendable, Hashable {
    public var accounts = 0
    /// Entries and charges.
    public var entries = 0
    /// What is off, for people, at most ``findingsMax``.
    public var findings: [String] = []
    /// All differences added up, whichever way they go.
    public var mismatch = Money.zero
    public var isExact: Bool { findings.isEmpty && mismatch == .zero }

    public static let findingsMax = 100

    public init() {}

    /// Notes that something is off by so many nano-dollars.
    public mutating func note(_ finding: String, difference: Int64) {
        if findings.count < Self.findingsMax { findings.append(finding) }
        let (sum, overflow) = mismatch.nanoUSD.addingReportingOverflow(Int64(clamping: difference.magnitude))
        mismatch = Money(nanoUSD: overflow ? .max : sum)
    }
}
