public import RouterCore

// What nodes report. Rows are locked in one order everywhere: accounts, keys, leases, nodes.

extension SQLStore {
    public func keep(_ prices: [PriceList]) async throws(StoreError) {
        try await driver.write { transaction throws(StoreError) in
            for list in prices {
                try transaction.execute(
                    keepPrices, [.text(list.id), .text(String(decoding: list.json, as: UTF8.self))])
            }
        }
    }

    public func settle(_ batch: SettlementBatch) async throws(StoreError) -> SettlementReceipt {
        try await driver.write { transaction throws(StoreError) in
            try Settling(batch, in: transaction)?.run() ?? SettlementReceipt()
        }
    }
}

/// Takes one batch, within a transaction.
private struct Settling {
    private let batch: SettlementBatch
    private let transaction: any SQLTransaction
    /// The node's life has ended, or it has none yet: charges stand, leases are gone.
    private let hasNoLeases: Bool

    /// - Returns: `nil` when the batch was taken before.
    init?(_ batch: SettlementBatch, in transaction: any SQLTransaction) throws(StoreError) {
        self.batch = batch
        self.transaction = transaction
        let node = try transaction.rows(readNode, [.text(batch.node.rawValue)]).first
        let epoch = try node?.integer("epoch")
        if let node, epoch == batch.epoch, batch.sequence > 0, try node.integer("reported") >= batch.sequence {
            return nil
        }
        hasNoLeases = batch.sequence == 0 || epoch != batch.epoch
    }

    func run() throws(StoreError) -> SettlementReceipt {
        let accounts = Set(batch.settlements.map(\.generation.account)).union(batch.returns.keys.map(\.account))
        _ = try transaction.rows(lockAccounts, [.list(accounts.map { [.integer($0.rawValue)] })])
        let isNew = try transaction.insert(
            generationRows,
            batch.settlements.map { settlement in
                let generation = settlement.generation
                return [
                    .text(generation.id.rawValue), .integer(generation.account.rawValue), .text(generation.key),
                    .integer(generation.cost.nanoUSD), .integer(generation.createdAt),
                    .text(String(decoding: settlement.record, as: UTF8.self)),
                ]
            })
        var totals = SettlementTotals(returns: hasNoLeases ? [:] : batch.returns)
        for (settlement, isNew) in zip(batch.settlements, isNew) where isNew {
            try totals.add(settlement, hasLease: !hasNoLeases)
        }
        try apply(totals)
        guard batch.sequence > 0 else { return SettlementReceipt() }
        guard !hasNoLeases else { return SettlementReceipt(isFenced: true) }
        return try heartbeat()
    }

    private func apply(_ totals: SettlementTotals) throws(StoreError) {
        try transaction.execute(
            each: chargeAccounts,
            totals.accounts.map { [.integer($0.rawValue), .integer($1.charged), .integer($1.freed)] }, [])
        try beginPeriods(of: totals.keys.keys)
        try transaction.execute(
            each: chargeKeys,
            totals.keys.map {
                [.text($0), .integer($1.charged), .integer($1.freed), .integer($1.latest)]
            }, [])
        try transaction.execute(
            each: chargeLeases,
            totals.leases.map {
                [.integer($0.account.rawValue), .text($0.key ?? ""), .integer($1.used), .integer($1.returned)]
            }, [.text(batch.node.rawValue), .integer(batch.epoch)])
        try transaction.execute(each: addToDays, totals.days.map { $0.sums.columns(of: $0.day) }, [])
    }

    /// Starts the count of limited keys anew whose period has ended.
    private func beginPeriods(of keys: some Collection<String>) throws(StoreError) {
        guard !keys.isEmpty else { return }
        for row in try transaction.rows(resettingKeys, [.list(keys.map { [.text($0)] })]) {
            guard let reset = try row.textOrNull("limit_reset").flatMap(LimitReset.init) else { continue }
            let start = reset.periodStart(at: try row.integer("now_ms"))
            if start > (try row.integer("period_ms")) {
                try transaction.execute(beginPeriod, [.text(try row.text("id")), .integer(start)])
            }
        }
    }

    private func heartbeat() throws(StoreError) -> SettlementReceipt {
        let node = SQLValue.text(batch.node.rawValue)
        let epoch = SQLValue.integer(batch.epoch)
        guard try transaction.execute(report, [node, epoch, .integer(batch.sequence)]) == 1 else {
            throw StoreError(.unavailable, "\(batch.node.rawValue) lost its leases while it reported; it reports again")
        }
        var recalled: Set<Account.ID> = []
        for row in try transaction.rows(recalledAccounts, [node, epoch]) {
            recalled.insert(Account.ID(rawValue: try row.integer("id")))
        }
        return SettlementReceipt(recalled: recalled)
    }
}

private let generationRows = SQLInsert(
    into: "generations",
    [
        .text("id"), .integer("account_id"), .text("key_id"), .integer("cost_n"), .integer("created_ms"),
        .text("record"),
    ], unlessThereBy: ["id"])

private let keepPrices: SQLText = """
    INSERT INTO price_lists (id, body, created_ms) VALUES ($1, $2, \(.nowMilliseconds)) ON CONFLICT (id) DO NOTHING
    """

/// Locks in the order of ids, as everywhere.
private let lockAccounts = SQLText(sqlite: "\(accountsOfList)", postgres: "\(accountsOfList) FOR NO KEY UPDATE")

private let accountsOfList: SQLText = """
    SELECT id FROM accounts WHERE id IN (SELECT \(.integer(0)) FROM \(.list("$1"))) ORDER BY id
    """

private let chargeAccounts = SQLEach(
    sqlite: """
        UPDATE accounts SET charged_n = charged_n + ?2, reserved_n = reserved_n - ?3 WHERE id = ?1
        """,
    postgres: """
        UPDATE accounts SET charged_n = charged_n + item.charged, reserved_n = reserved_n - item.freed
        FROM (
            SELECT \(.integer(0)) AS id, \(.integer(1)) AS charged, \(.integer(2)) AS freed
            FROM \(.list("$1"))) AS item
        WHERE accounts.id = item.id
        """)

private let resettingKeys: SQLText = """
    SELECT id, limit_reset, period_ms, \(.nowMilliseconds) AS now_ms FROM api_keys
    WHERE limit_reset IS NOT NULL AND id IN (SELECT \(.text(0)) FROM \(.list("$1"))) ORDER BY id
    """

private let chargeKeys = SQLEach(
    sqlite: """
        UPDATE api_keys SET used_n = used_n + ?2, reserved_n = reserved_n - ?3,
            last_used_ms = CASE WHEN ?4 > coalesce(last_used_ms, 0) THEN ?4 ELSE last_used_ms END
        WHERE id = ?1
        """,
    postgres: """
        UPDATE api_keys SET used_n = used_n + item.charged, reserved_n = reserved_n - item.freed,
            last_used_ms = CASE WHEN item.latest > coalesce(last_used_ms, 0) THEN item.latest ELSE last_used_ms END
        FROM (
            SELECT \(.text(0)) AS id, \(.integer(1)) AS charged, \(.integer(2)) AS freed, \(.integer(3)) AS latest
            FROM \(.list("$1"))) AS item
        WHERE api_keys.id = item.id
        """)

private let chargeLeases = SQLEach(
    sqlite: """
        UPDATE leases SET used_n = used_n + ?3, granted_n = granted_n - ?4
        WHERE node_id = ?5 AND epoch = ?6 AND account_id = ?1 AND key_id = ?2
        """,
    postgres: """
        UPDATE leases SET used_n = used_n + item.used, granted_n = granted_n - item.returned
        FROM (
            SELECT \(.integer(0)) AS account_id, \(.text(1)) AS key_id, \(.integer(2)) AS used,
                \(.integer(3)) AS returned
            FROM \(.list("$1"))) AS item
        WHERE leases.node_id = $2 AND leases.epoch = $3 AND leases.account_id = item.account_id
            AND leases.key_id = item.key_id
        """)

private let addToDays = SQLEach(
    sqlite: """
        INSERT INTO usage_days (
            account_id, day, key_id, model, provider, requests, cost_n, prompt_tokens, completion_tokens,
            reasoning_tokens, cached_tokens)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (account_id, day, key_id, model, provider) DO UPDATE SET
            requests = usage_days.requests + excluded.requests,
            cost_n = usage_days.cost_n + excluded.cost_n,
            prompt_tokens = usage_days.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = usage_days.completion_tokens + excluded.completion_tokens,
            reasoning_tokens = usage_days.reasoning_tokens + excluded.reasoning_tokens,
            cached_tokens = usage_days.cached_tokens + excluded.cached_tokens
        """,
    postgres: """
        INSERT INTO usage_days (
            account_id, day, key_id, model, provider, requests, cost_n, prompt_tokens, completion_tokens, reasoning_tokens,
            cached_tokens)
        SELECT \(.integer(0)), \(.integer(1)), \(.text(2)), \(.text(3)), \(.text(4)), \(.integer(5)), \(.integer(6)),
            \(.integer(7)), \(.integer(8)), \(.integer(9)), \(.integer(10))
        FROM \(.list("$1")) WHERE true
        ON CONFLICT (account_id, day, key_id, model, provider) DO UPDATE SET
            requests = usage_days.requests + excluded.requests,
            cost_n = usage_days.cost_n + excluded.cost_n,
            prompt_tokens = usage_days.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = usage_days.completion_tokens + excluded.completion_tokens,
            reasoning_tokens = usage_days.reasoning_tokens + excluded.reasoning_tokens,
            cached_tokens = usage_days.cached_tokens + excluded.cached_tokens
        """)

private let report: SQLText = """
    UPDATE nodes SET reported = $3, heartbeat_ms = \(.nowMilliseconds) WHERE id = $1 AND epoch = $2 AND reported < $3
    """

/// Those that were asked for in the last two seconds, of which this node has something.
private let recalledAccounts: SQLText = """
    SELECT id FROM accounts WHERE recall_ms > \(.nowMilliseconds) - 2000
    AND id IN (SELECT account_id FROM leases WHERE node_id = $1 AND epoch = $2)
    """
