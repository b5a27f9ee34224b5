public import RouterCore

extension SQLStore {
    public func key(holding digests: [KeyDigest]) async throws(StoreError) -> APIKey? {
        try await driver.read { snapshot throws(StoreError) in
            for digest in digests {
                let rows = try snapshot.rows(keyByDigest, [.text(digest.hex), SQLValue(digest.pepperVersion)])
                if let row = rows.first { return try APIKey(row: row) }
            }
            return nil
        }
    }

    public func keys() async throws(StoreError) -> [APIKey] {
        try await driver.read { snapshot throws(StoreError) in
            var keys: [APIKey] = []
            for row in try snapshot.rows(allKeys) { keys.append(try APIKey(row: row)) }
            return keys
        }
    }

    public func add(_ key: APIKey) async throws(StoreError) {
        try await driver.write { transaction throws(StoreError) in
            try transaction.execute(insertKey, key.columnValues)
            try transaction.execute(bumpKeysVersion)
        }
    }

    public func revokeKey(_ name: String, at time: Int64) async throws(StoreError) -> APIKey? {
        // No key is called so, and the databases would not read beyond it.
        guard !name.utf8.contains(0) else { return nil }
        return try await driver.write { transaction throws(StoreError) in
            guard let found = try transaction.rows(keyByName, [.text(name)]).first else { return nil }
            var key = try APIKey(row: found)
            if try transaction.execute(revoke, [.text(key.id), .integer(time)]) > 0 {
                try transaction.execute(bumpKeysVersion)
                key.revokedAt = time
            }
            return key
        }
    }

    public func key(named name: String, of account: Account.ID) async throws(StoreError) -> APIKey? {
        guard !name.utf8.contains(0) else { return nil }
        return try await driver.read { snapshot throws(StoreError) in
            guard let row = try snapshot.rows(keyByNameAndAccount, [.text(name), .integer(account.rawValue)]).first
            else { return nil }
            return try APIKey(row: row)
        }
    }

    public func update(_ key: APIKey) async throws(StoreError) -> APIKey? {
        try await driver.write { transaction throws(StoreError) in
            // First, as accounts are locked before keys everywhere.
            try transaction.execute(recallLeases, [.text(key.id)])
            guard let row = try transaction.rows(keyForChange, [.text(key.id)]).first else { return nil }
            let old = try APIKey(row: row)
            guard old.revokedAt == nil else { return nil }
            let values: [SQLValue] =
                [.text(key.id), .text(key.name), SQLValue(key.requestsPerMinute), SQLValue(key.expiresAt)]
                + key.changeableValues
            try transaction.execute(updateKey, values)
            if old.limit != key.limit || old.limitReset != key.limitReset {
                let now = try transaction.rows(readNow).first?.integer("now_ms") ?? 0
                let start = key.limitReset?.periodStart(at: now) ?? 0
                try transaction.execute(
                    countAnew, [.text(key.id), .integer(start), .integer(LimitReset.day(of: start))])
            }
            try transaction.execute(bumpKeysVersion)
            return try transaction.rows(keyForChange, [.text(key.id)]).first.map { row throws(StoreError) in
                try APIKey(row: row)
            }
        }
    }

    public func keysVersion() async throws(StoreError) -> Int64 {
        try await driver.read { snapshot throws(StoreError) in
            guard let row = try snapshot.rows(readKeysVersion).first else {
                throw StoreError(.incompatible, "The table keys_version has lost its row")
            }
            return try row.integer("version")
        }
    }
}

private let keyByDigest: SQLText =
    "SELECT \(APIKey.columns) FROM \(APIKey.tables) WHERE hash = $1 AND hash_v = $2"

private let allKeys: SQLText =
    "SELECT \(APIKey.columns) FROM \(APIKey.tables) ORDER BY api_keys.created_ms, api_keys.id"

private let insertKey: SQLText = """
    INSERT INTO api_keys (\(APIKey.ownColumns))
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    """

/// An id comes before a digest of the same text.
private let keyByName = SQLText(sqlite: "\(keysOfName)", postgres: "\(keysOfName) FOR UPDATE OF api_keys")

private let keysOfName: SQLText = """
    SELECT \(APIKey.columns) FROM \(APIKey.tables) WHERE api_keys.id = $1 OR hash = $1
    ORDER BY CASE WHEN api_keys.id = $1 THEN 0 ELSE 1 END LIMIT 1
    """

private let keyByNameAndAccount: SQLText = """
    SELECT \(APIKey.columns) FROM \(APIKey.tables) WHERE (api_keys.id = $1 OR hash = $1) AND account_id = $2
    ORDER BY CASE WHEN api_keys.id = $1 THEN 0 ELSE 1 END LIMIT 1
    """

private let keyForChange = SQLText(sqlite: "\(keyOfID)", postgres: "\(keyOfID) FOR UPDATE OF api_keys")

private let keyOfID: SQLText = "SELECT \(APIKey.columns) FROM \(APIKey.tables) WHERE api_keys.id = $1"

private let updateKey: SQLText = """
    UPDATE api_keys SET name = $2, rpm = $3, expires_ms = $4, limit_n = $5, limit_reset = $6, management = $7,
        disabled = $8, models = $9, updated_ms = $10
    WHERE id = $1
    """

/// What was spent on the days of the running period is what counts against a new limit.
private let countAnew: SQLText = """
    UPDATE api_keys SET period_ms = $2, used_n = (
        SELECT CAST(coalesce(sum(cost_n), 0) AS BIGINT) FROM usage_days WHERE key_id = $1 AND day >= $3)
    WHERE id = $1
    """

/// Servers give back what they have of a limit that may be another now.
private let recallLeases: SQLText = """
    UPDATE accounts SET recall_ms = \(.nowMilliseconds)
    WHERE id = (SELECT account_id FROM api_keys WHERE api_keys.id = $1)
    """

private let readNow: SQLText = "SELECT \(.nowMilliseconds) AS now_ms"

private let revoke: SQLText =
    "UPDATE api_keys SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL"

let bumpKeysVersion: SQLText = "UPDATE keys_version SET version = version + 1"

private let readKeysVersion: SQLText = "SELECT version FROM keys_version"
