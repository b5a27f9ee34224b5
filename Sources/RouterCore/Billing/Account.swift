/// Who owns keys and pays for what they do.
public struct Account: Sendable, Hashable {
    public var id: ID
    /// What commands name it by; `nil` for the account that is there from the start.
    public var email: String?
    public var isAdmin: Bool
    /// Milliseconds since 1970.
    public var createdAt: Int64
    /// Milliseconds since 1970; its keys are refused since then. `nil`: not suspended.
    public var suspendedAt: Int64?
    /// All that was ever paid in or granted, less what was taken back.
    public var credited: Money
    /// All that was ever charged.
    public var charged: Money
    /// Set aside for requests that run or will.
    public var held: Money
    /// What may be spent below zero.
    public var overdraft: Money

    /// A number that the store gave; 1 is the account a new store begins with.
    public struct ID: Sendable, Hashable, RawRepresentable {
        public let rawValue: Int64
        public init(rawValue: Int64) { self.rawValue = rawValue }

        /// The operator's own, there from the start: keys made without a user belong to it, and nobody prepays for it.
        public static let first = ID(rawValue: 1)
    }

    public init(
        id: ID, email: String?, isAdmin: Bool = false, createdAt: Int64, suspendedAt: Int64? = nil,
        credited: Money = .zero, charged: Money = .zero, held: Money = .zero, overdraft: Money = .zero
    ) {
        self.id = id
        self.email = email
        self.isAdmin = isAdmin
        self.createdAt = createdAt
        self.suspendedAt = suspendedAt
        self.credited = credited
        self.charged = charged
        self.held = held
        self.overdraft = overdraft
    }

    /// What is left. Both parts are bounded by the store, so that the difference can be counted.
    public var balance: Money { Money(nanoUSD: credited.nanoUSD &- charged.nanoUSD) }

    /// What is left and not set aside.
    public var available: Money { Money(nanoUSD: balance.nanoUSD &+ overdraft.nanoUSD &- held.nanoUSD) }
}

/// Credit that came into an account or was taken back. Never changed.
public struct CreditEntry: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// Given by an operator.
        case grant
        /// An operator puts right what was wrong; may be below zero.
        case correction
    }

    /// Ours or the payment's: the same one counts once.
    public var id: String
    public var account: Account.ID
    public var kind: Kind
    public var amount: Money
    /// Why; for people.
    public var reason: String
    /// Milliseconds since 1970.
    public var createdAt: Int64

    public init(id: String, account: Account.ID, kind: Kind, amount: Money, reason: String, createdAt: Int64) {
        self.id = id
        self.account = account
        self.kind = kind
        self.amount = amount
        self.reason = reason
        self.createdAt = createdAt
    }
}
