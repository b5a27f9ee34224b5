import RouterCore

// The one place where columns become values of the core, and back.

extension APIKey {
    /// The columns that ``init(row:)`` reads and ``columnValues`` are for, in this order.
    static let columns: SQLText = """
        id, account_id, hash, hash_v, label, name, rpm, created_ms, expires_ms, revoked_ms
        """

    /// The key in `row`, which has at least ``columns``.
    init(row: SQLRow) throws(StoreError) {
        self.init(
            id: try row.text("id"),
            account: Account.ID(rawValue: try row.integer("account_id")),
            name: try row.text("name"),
            label: try row.text("label"),
            digest: KeyDigest(hex: try row.text("hash"), pepperVersion: Int(try row.integer("hash_v"))),
            requestsPerMinute: Int(try row.integer("rpm")),
            createdAt: try row.integer("created_ms"),
            expiresAt: try row.integerOrNull("expires_ms"),
            revokedAt: try row.integerOrNull("revoked_ms"))
    }

    /// What ``columns`` hold for this key.
    var columnValues: [SQLValue] {
        [
            .text(id), .integer(account.rawValue), .text(digest.hex), SQLValue(digest.pepperVersion), .text(label),
            .text(name), SQLValue(requestsPerMinute), .integer(createdAt), SQLValue(expiresAt), SQLValue(revokedAt),
        ]
    }
}
