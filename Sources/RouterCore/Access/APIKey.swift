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

    public init(
        id: String, account: Account.ID, name: String, label: String, digest: KeyDigest, requestsPerMinute: Int,
        createdAt: Int64, expiresAt: Int64? = nil, revokedAt: Int64? = nil
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
