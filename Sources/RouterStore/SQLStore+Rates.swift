public import RouterCore

extension SQLStore {
    public func permits(_ requests: [PermitRequest]) async throws(StoreError) -> PermitAnswer {
        try await driver.write { transaction throws(StoreError) in
            var windows = try Self.windows(of: requests.map(\.key), in: transaction)
            // After the lock: what was given out before it has an earlier time than this.
            guard let standing = try transaction.rows(nodesAndTime).first else {
                throw StoreError(.incompatible, "The database does not say what time it is")
            }
            let now = try standing.integer("now_ms")
            let nodes = max(1, Int(clamping: try standing.integer("count")))
            var grants: [PermitGrant] = []
            var rows: [[SQLValue]] = []
            for request in requests {
                var window = windows[request.key] ?? PermitWindow()
                grants.append(window.give(request, nodes: nodes, at: now))
                windows[request.key] = window
                rows.append([.text(request.key), .integer(window.latest), .text(window.counts)])
            }
            if !rows.isEmpty { try transaction.execute(keepWindows, [.list(rows)]) }
            return PermitAnswer(grants: grants, nodes: nodes)
        }
    }

    /// The windows of `keys`, locked; in the order of their ids, as everywhere.
    private static func windows(
        of keys: [String], in transaction: any SQLTransaction
    ) throws(StoreError) -> [String: PermitWindow] {
        guard !keys.isEmpty else { return [:] }
        let list = SQLValue.list(keys.map { [.text($0)] })
        var rows = try transaction.rows(lockWindows, [list])
        if rows.count < keys.count {
            // One that another node adds at the same time is waited for, and found by the second look.
            try transaction.execute(addWindows, [list])
            rows = try transaction.rows(lockWindows, [list])
        }
        var windows: [String: PermitWindow] = [:]
        for row in rows {
            windows[try row.text("key_id")] = PermitWindow(
                latest: try row.integer("latest_s"), counts: try row.text("counts"))
        }
        return windows
    }
}

private let lockWindows = SQLText(sqlite: "\(windowsOfKeys)", postgres: "\(windowsOfKeys) FOR UPDATE")

private let windowsOfKeys: SQLText = """
    SELECT key_id, latest_s, counts FROM rate_windows
    WHERE key_id IN (SELECT \(.text(0)) FROM \(.list("$1"))) ORDER BY key_id
    """

private let addWindows: SQLText = """
    INSERT INTO rate_windows (key_id, latest_s, counts)
    SELECT \(.text(0)) AS id, 0, '' FROM \(.list("$1")) WHERE true ORDER BY id ON CONFLICT (key_id) DO NOTHING
    """

private let keepWindows: SQLText = """
    UPDATE rate_windows SET latest_s = item.latest, counts = item.counts
    FROM (
        SELECT \(.text(0)) AS id, \(.integer(1)) AS latest, \(.text(2)) AS counts FROM \(.list("$1"))) AS item
    WHERE rate_windows.key_id = item.id
    """

/// Those that were heard of in the last minute.
private let nodesAndTime: SQLText = """
    SELECT (SELECT count(*) FROM nodes WHERE heartbeat_ms > \(.nowMilliseconds) - 60000) AS count,
        \(.nowMilliseconds) AS now_ms
    """
