/// What is known of one API key; never its text.
public struct APIKey: Sendable, Hashable {
    /// `key_` and 16 characters; what commands and paths name it by.
    public var id: String
    public var account: Account.ID
    /// What its owner calls it.
    public var name: String
    /// Enough of the text to recognise it: `air_live_q3Xv…oPq1`.
    public var label: String
    public var digest: KeyDigest
    /// Requests in any 60 seconds.
    public var requestsPerMinute: Int
    /// Milliseconds since 1970.
    public var createdAt: Int64
    /// Milliseconds since 1970; from then on the key is refused. `nil`: never.
    public var expiresAt: Int64?
    /// Milliseconds since 1970 at which it was revoked; refused ever after. `nil`: in use.
    public var revokedAt: Int64?
    /// Refused as long as this is set.
    public var isDisabled: Bool
    /// What it may spend in a period of ``limitReset``, or in all; `nil`: as much as its account has.
    public var limit: Money?
    public var limitReset: LimitReset?
    /// It may manage keys and see the account, and may not ask models.
    public var isManagement: Bool
    /// Ids of the models that it may ask; empty for all.
    public var models: [String]
    /// Milliseconds since 1970 of the last change; `nil` when there was none.
    public var updatedAt: Int64?
    /// Milliseconds since 1970 of the last request that was settled; `nil` when there was none.
    public var lastUsedAt: Int64?
    /// Its account is suspended.
    public var isAccountSuspended: Bool

    /// A limit at most: a billion dollars.
    public static let limitMax = Money(nanoUSD: 1_000_000_000_000_000_000)

    public init(
        id: String, account: Account.ID, name: String, label: String, digest: KeyDigest, requestsPerMinute: Int,
        createdAt: Int64, expiresAt: Int64? = nil, revokedAt: Int64? = nil, isDisabled: Bool = false,
        limit: Money? = nil, limitReset: LimitReset? = nil, isManagement: Bool = false, models: [String] = [],
        updatedAt: Int64? = nil, lastUsedAt: Int64? = nil, isAccountSuspended: Bool = false
    ) {
        self.id = id
        self.account = account
        self.name = name
        self.label = label
        self.digest = digest
        self.requestsPerMinute = requestsPerMinute
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.isDisabled = isDisabled
        self.limit = limit
        self.limitReset = limitReset
        self.isManagement = isManagement
        self.models = models
        self.updatedAt = updatedAt
        self.lastUsedAt = lastUsedAt
        self.isAccountSuspended = isAccountSuspended
    }
}

/// HMAC-SHA-256 of a key's text under one version of the pepper: all that is stored of it.
public struct KeyDigest: Sendable, Hashable {
    /// 64 hexadecimal digits in lower case.
    public var hex: String
    /// Which pepper made it, counted from 1.
    public var pepperVersion: Int

    public init(hex: String, pepperVersion: Int) {
        self.hex = hex
        self.pepperVersion = pepperVersion
    }
}
