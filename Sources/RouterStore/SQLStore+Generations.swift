public import RouterCore

extension SQLStore {
    public func generation(
        _ id: Generation.ID, of account: Account.ID
    ) async throws(StoreError) -> Generation? {
        guard !id.rawValue.utf8.contains(0) else { return nil }
        return try await driver.read { snapshot throws(StoreError) in
            guard
                let row = try snapshot.rows(generationByID, [.text(id.rawValue), .integer(account.rawValue)]).first
            else { return nil }
            return try Generation(row: row)
        }
    }

    public func generations(
        of account: Account.ID, since time: Int64, count: Int
    ) async throws(StoreError) -> [Generation] {
        try await driver.read { snapshot throws(StoreError) in
            var generations: [Generation] = []
            let parameters: [SQLValue] = [.integer(account.rawValue), .integer(time), SQLValue(count)]
            for row in try snapshot.rows(generationsOfAccount, parameters) {
                generations.append(try Generation(row: row))
            }
            return generations
        }
    }

    public func activity(
        of account: Account.ID, key: String?, days: ClosedRange<Int64>
    ) async throws(StoreError) -> [ActivityItem] {
        try await driver.read { snapshot throws(StoreError) in
            var items: [ActivityItem] = []
            let parameters: [SQLValue] = [
                .integer(account.rawValue), .integer(days.lowerBound), .integer(days.upperBound), .text(key ?? ""),
            ]
            for row in try snapshot.rows(activityOfAccount, parameters) {
                items.append(
                    ActivityItem(
                        day: try row.integer("day"), model: try row.text("model"), provider: try row.text("provider"),
                        requests: try row.integer("requests"), cost: Money(nanoUSD: try row.integer("cost_n")),
                        promptTokens: try row.integer("prompt_tokens"),
                        completionTokens: try row.integer("completion_tokens"),
                        reasoningTokens: try row.integer("reasoning_tokens"),
                        cachedTokens: try row.integer("cached_tokens")))
            }
            return items
        }
    }

    public func spending(of account: Account.ID, at time: Int64) async throws(StoreError) -> [String: KeySpending] {
        try await driver.read { snapshot throws(StoreError) in
            func firstDay(_ reset: LimitReset) -> SQLValue {
                .integer(LimitReset.day(of: reset.periodStart(at: time)))
            }
            var spending: [String: KeySpending] = [:]
            let parameters: [SQLValue] = [
                .integer(account.rawValue), firstDay(.daily), firstDay(.weekly), firstDay(.monthly),
            ]
            for row in try snapshot.rows(spendingOfKeys, parameters) {
                var key = KeySpending()
                key.total = Money(nanoUSD: try row.integer("total"))
                key.daily = Money(nanoUSD: try row.integer("daily"))
                key.weekly = Money(nanoUSD: try row.integer("weekly"))
                key.monthly = Money(nanoUSD: try row.integer("monthly"))
                spending[try row.text("key_id")] = key
            }
            return spending
        }
    }
}

private let generationByID: SQLText = "SELECT record FROM generations WHERE id = $1 AND account_id = $2"

private let generationsOfAccount: SQLText = """
    SELECT record FROM generations WHERE account_id = $1 AND created_ms >= $2
    ORDER BY created_ms DESC, id DESC LIMIT $3
    """

private let activityOfAccount: SQLText = """
    SELECT day, model, provider, \(sum("requests")), \(sum("cost_n")), \(sum("prompt_tokens")),
        \(sum("completion_tokens")), \(sum("reasoning_tokens")), \(sum("cached_tokens"))
    FROM usage_days WHERE account_id = $1 AND day >= $2 AND day <= $3 AND ($4 = '' OR key_id = $4)
    GROUP BY day, model, provider ORDER BY day DESC, model, provider
    """

private let spendingOfKeys: SQLText = """
    SELECT key_id, CAST(sum(cost_n) AS BIGINT) AS total,
        CAST(sum(CASE WHEN day >= $2 THEN cost_n ELSE 0 END) AS BIGINT) AS daily,
        CAST(sum(CASE WHEN day >= $3 THEN cost_n ELSE 0 END) AS BIGINT) AS weekly,
        CAST(sum(CASE WHEN day >= $4 THEN cost_n ELSE 0 END) AS BIGINT) AS monthly
    FROM usage_days WHERE account_id = $1 GROUP BY key_id
    """

/// In PostgreSQL a sum of `BIGINT` is a `NUMERIC`.
private func sum(_ column: SQLText) -> SQLText { "CAST(sum(\(column)) AS BIGINT) AS \(column)" }
