import RouterCore

// The one place where columns become values of the core, and back.

extension APIKey {
    /// The columns of its own that ``columnValues`` are for, in this order.
    static let ownColumns: SQLText = """
        id, account_id, hash, hash_v, label, name, rpm, created_ms, expires_ms, revoked_ms, limit_n, limit_reset, \
        management, disabled, models, updated_ms
        """

    /// What ``init(row:)`` reads, of `api_keys` and, called so, `accounts`.
    static let columns: SQLText = """
        api_keys.id AS id, account_id, hash, hash_v, label, name, rpm, api_keys.created_ms AS created_ms, expires_ms, \
        revoked_ms, limit_n, limit_reset, management, disabled, models, updated_ms, last_used_ms, \
        CASE WHEN accounts.suspended_ms IS NULL THEN 0 ELSE 1 END AS suspended
        """

    /// Where ``columns`` are.
    static let tables: SQLText = "api_keys JOIN accounts ON accounts.id = api_keys.account_id"

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
            revokedAt: try row.integerOrNull("revoked_ms"),
            isDisabled: try row.integer("disabled") != 0,
            limit: try row.integerOrNull("limit_n").map { Money(nanoUSD: $0) },
            limitReset: try row.textOrNull("limit_reset").flatMap(LimitReset.init),
            isManagement: try row.integer("management") != 0,
            models: Self.models(try row.textOrNull("models")),
            updatedAt: try row.integerOrNull("updated_ms"),
            lastUsedAt: try row.integerOrNull("last_used_ms"),
            isAccountSuspended: try row.integer("suspended") != 0)
    }

    /// What ``ownColumns`` hold for this key.
    var columnValues: [SQLValue] {
        [
            .text(id), .integer(account.rawValue), .text(digest.hex), SQLValue(digest.pepperVersion), .text(label),
            .text(name), SQLValue(requestsPerMinute), .integer(createdAt), SQLValue(expiresAt), SQLValue(revokedAt),
        ] + changeableValues
    }

    /// Of ``columnValues`` those from `limit_n` on.
    var changeableValues: [SQLValue] {
        [
            SQLValue(limit?.nanoUSD), limitReset.map { .text($0.rawValue) } ?? .null, SQLValue(isManagement ? 1 : 0),
            SQLValue(isDisabled ? 1 : 0), modelsText.map { .text($0) } ?? .null, SQLValue(updatedAt),
        ]
    }

    /// A line for each model; no id of a model has a line break.
    private var modelsText: String? { models.isEmpty ? nil : models.joined(separator: "\n") }

    private static func models(_ text: String?) -> [String] {
        text.map { $0.split(separator: "\n").map(String.init) } ?? []
    }
}

extension Account {
    static let columns: SQLText = """
        id, email, is_admin, created_ms, suspended_ms, credited_n, charged_n, reserved_n, overdraft_n
        """

    init(row: SQLRow) throws(StoreError) {
        self.init(
            id: ID(rawValue: try row.integer("id")),
            email: try row.textOrNull("email"),
            isAdmin: try row.integer("is_admin") != 0,
            createdAt: try row.integer("created_ms"),
            suspendedAt: try row.integerOrNull("suspended_ms"),
            credited: Money(nanoUSD: try row.integer("credited_n")),
            charged: Money(nanoUSD: try row.integer("charged_n")),
            held: Money(nanoUSD: try row.integer("reserved_n")),
            overdraft: Money(nanoUSD: try row.integer("overdraft_n")))
    }
}

extension CreditEntry {
    static let columns: SQLText = "id, account_id, kind, amount_n, reason, created_ms"

    init(row: SQLRow) throws(StoreError) {
        self.init(
            id: try row.text("id"),
            account: Account.ID(rawValue: try row.integer("account_id")),
            kind: Kind(rawValue: try row.text("kind")) ?? .correction,
            amount: Money(nanoUSD: try row.integer("amount_n")),
            reason: try row.text("reason"),
            createdAt: try row.integer("created_ms"))
    }

    var columnValues: [SQLValue] {
        [
            .text(id), .integer(account.rawValue), .text(kind.rawValue), .integer(amount.nanoUSD), .text(reason),
            .integer(createdAt),
        ]
    }
}

extension Generation {
    /// The record in `row`, which has the column `record`.
    init(row: SQLRow) throws(StoreError) {
        let text = Array(try row.text("record").utf8)
        let document: JSONDocument
        do throws(JSONFault) {
            document = try JSONDocument(text, limits: .response)
        } catch {
            throw StoreError(.incompatible, "The record of a request cannot be read: \(error.message)")
        }
        try self.init(json: document.root)
    }
}
