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
    "SELECT \(APIKey.columns) FROM api_keys WHERE hash = $1 AND hash_v = $2"

private let allKeys: SQLText =
    "SELECT \(APIKey.columns) FROM api_keys ORDER BY created_ms, id"

private let insertKey: SQLText =
    "INSERT INTO api_keys (\(APIKey.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

/// An id comes before a digest of the same text.
private let keyByName = SQLText(
    sqlite: "\(keysOfName)", postgres: "\(keysOfName) FOR UPDATE")

private let keysOfName: SQLText = """
    SELECT \(APIKey.columns) FROM api_keys WHERE id = $1 OR hash = $1
    ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1
    """

private let revoke: SQLText =
    "UPDATE api_keys SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL"

private let bumpKeysVersion: SQLText = "UPDATE keys_version SET version = version + 1"

private let readKeysVersion: SQLText = "SELECT version FROM keys_version"
