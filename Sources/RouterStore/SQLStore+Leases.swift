public import RouterCore

// Credit set aside for nodes. Rows are locked in one order everywhere: accounts, keys, leases, nodes.

extension SQLStore {
    public func join(_ node: NodeID) async throws(StoreError) -> Int64 {
        try await driver.write { transaction throws(StoreError) in
            try Leases.close(of: node, in: transaction)
            try transaction.execute(beginLife, [.text(node.rawValue)])
            guard let row = try transaction.rows(readNode, [.text(node.rawValue)]).first else {
                throw StoreError(.incompatible, "The node that was just written is not there")
            }
            return try row.integer("epoch")
        }
    }

    public func lease(_ request: LeaseRequest) async throws(StoreError) -> LeaseAnswer {
        try await driver.write { transaction throws(StoreError) in
            try Leases.grant(request, in: transaction)
        }
    }

    public func reclaim(after silence: Duration) async throws(StoreError) -> [NodeID] {
        let milliseconds = silence.components.seconds * 1000
        return try await driver.write { transaction throws(StoreError) in
            var ended: [NodeID] = []
            for row in try transaction.rows(silentNodes, [.integer(milliseconds)]) {
                let node = NodeID(rawValue: try row.text("id"))
                try Leases.close(of: node, in: transaction)
                // It was heard of meanwhile: then all is undone by the error, and looked at again next time.
                guard try transaction.execute(endLife, [.text(node.rawValue), .integer(milliseconds)]) == 1 else {
                    throw StoreError(.unavailable, "\(node.rawValue) came back while its leases were reclaimed")
                }
                ended.append(node)
            }
            return ended
        }
    }
}

/// The statements on leases, within a transaction.
enum Leases {
    /// Most that one node gets of an account at once: two dollars.
    private static let sliceMax: Int64 = 2_000_000_000

    static func grant(
        _ request: LeaseRequest, in transaction: any SQLTransaction
    ) throws(StoreError) -> LeaseAnswer {
        let lease = request.lease
        guard let account = try transaction.rows(lockAccount, [.integer(lease.account.rawValue)]).first,
            try account.integerOrNull("suspended_ms") == nil
        else {
            return .short(LeaseShortage(reason: .suspended, available: 0, isElsewhere: false))
        }
        var available = try account.integer("available")
        var reason = LeaseShortage.Reason.balance
        if let key = lease.key, let left = try keyLeft(key, in: transaction) {
            if left.amount < available { (available, reason) = (left.amount, .keyLimit(left.reset)) }
        }
        guard let node = try transaction.rows(readNode, [.text(request.node.rawValue)]).first,
            try node.integer("epoch") == request.epoch
        else { return .fenced }
        guard available >= request.need else {
            let others = try transaction.rows(
                othersLeases, [.integer(lease.account.rawValue), .text(request.node.rawValue)])
            let isElsewhere = try others.first?.integer("amount") ?? 0 > 0
            if isElsewhere { try transaction.execute(recall, [.integer(lease.account.rawValue)]) }
            return .short(LeaseShortage(reason: reason, available: max(0, available), isElsewhere: isElsewhere))
        }
        // Something is left for other nodes and keys.
        let nodes = max(1, try transaction.rows(countNodes).first?.integer("count") ?? 1)
        let amount = max(request.need, min(request.want, sliceMax, available / (2 * nodes)))
        try transaction.execute(reserveOfAccount, [.integer(lease.account.rawValue), .integer(amount)])
        if let key = lease.key { try transaction.execute(reserveOfKey, [.text(key), .integer(amount)]) }
        try transaction.execute(addToLease, parameters(request.node, request.epoch, lease) + [.integer(amount)])
        guard let row = try transaction.rows(readLease, parameters(request.node, request.epoch, lease)).first else {
            throw StoreError(.incompatible, "The lease that was just written is not there")
        }
        return .granted(remaining: try row.integer("remaining"), available: available - amount)
    }

    /// What a key may still spend in its running period; `nil` for a key without a limit.
    private static func keyLeft(
        _ key: String, in transaction: any SQLTransaction
    ) throws(StoreError) -> (amount: Int64, reset: LimitReset?)? {
        guard let row = try transaction.rows(lockKey, [.text(key)]).first,
            let limit = try row.integerOrNull("limit_n")
        else { return nil }
        let reset = try row.textOrNull("limit_reset").flatMap(LimitReset.init)
        var used = try row.integer("used_n")
        if let start = reset?.periodStart(at: try row.integer("now_ms")), start > (try row.integer("period_ms")) {
            try transaction.execute(beginPeriod, [.text(key), .integer(start)])
            used = 0
        }
        return (limit - used - (try row.integer("reserved_n")), reset)
    }

    /// Charges a lease, and frees as much of what was set aside.
    static func use(
        _ amount: Int64, of lease: LeaseName, by node: NodeID, epoch: Int64, in transaction: any SQLTransaction
    ) throws(StoreError) {
        try transaction.execute(useLease, parameters(node, epoch, lease) + [.integer(amount)])
        try free(amount, of: lease, in: transaction)
    }

    /// Takes back a part of a lease that its node does not use.
    static func takeBack(
        _ amount: Int64, of lease: LeaseName, from node: NodeID, epoch: Int64, in transaction: any SQLTransaction
    ) throws(StoreError) {
        try transaction.execute(shrinkLease, parameters(node, epoch, lease) + [.integer(amount)])
        try free(amount, of: lease, in: transaction)
    }

    private static func free(
        _ amount: Int64, of lease: LeaseName, in transaction: any SQLTransaction
    ) throws(StoreError) {
        try transaction.execute(freeOfAccount, [.integer(lease.account.rawValue), .integer(amount)])
        if let key = lease.key { try transaction.execute(freeOfKey, [.text(key), .integer(amount)]) }
    }

    /// Frees all that is set aside for a node.
    static func close(of node: NodeID, in transaction: any SQLTransaction) throws(StoreError) {
        for row in try transaction.rows(lockAccountsOfNode, [.text(node.rawValue)]) { _ = row }
        for row in try transaction.rows(leasesOfNode, [.text(node.rawValue)]) {
            let key = try row.text("key_id")
            let lease = LeaseName(
                account: Account.ID(rawValue: try row.integer("account_id")), key: key.isEmpty ? nil : key)
            try free(try row.integer("remaining"), of: lease, in: transaction)
        }
        try transaction.execute(removeLeases, [.text(node.rawValue)])
    }

    private static func parameters(_ node: NodeID, _ epoch: Int64, _ lease: LeaseName) -> [SQLValue] {
        [.text(node.rawValue), .integer(epoch), .integer(lease.account.rawValue), .text(lease.key ?? "")]
    }
}

private let lockAccount = SQLText(sqlite: "\(accountOfID)", postgres: "\(accountOfID) FOR UPDATE")

private let accountOfID: SQLText = """
    SELECT credited_n - charged_n + overdraft_n - reserved_n AS available, suspended_ms
    FROM accounts WHERE id = $1
    """

private let lockKey = SQLText(sqlite: "\(keyOfID)", postgres: "\(keyOfID) FOR UPDATE")

private let keyOfID: SQLText = """
    SELECT limit_n, limit_reset, period_ms, used_n, reserved_n, \(.nowMilliseconds) AS now_ms
    FROM api_keys WHERE id = $1
    """

let beginPeriod: SQLText = "UPDATE api_keys SET used_n = 0, period_ms = $2 WHERE id = $1"

private let reserveOfAccount: SQLText = "UPDATE accounts SET reserved_n = reserved_n + $2 WHERE id = $1"

private let reserveOfKey: SQLText = "UPDATE api_keys SET reserved_n = reserved_n + $2 WHERE id = $1"

private let freeOfAccount: SQLText = "UPDATE accounts SET reserved_n = reserved_n - $2 WHERE id = $1"

private let freeOfKey: SQLText = "UPDATE api_keys SET reserved_n = reserved_n - $2 WHERE id = $1"

private let addToLease: SQLText = """
    INSERT INTO leases (node_id, epoch, account_id, key_id, granted_n) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (node_id, epoch, account_id, key_id)
    DO UPDATE SET granted_n = leases.granted_n + excluded.granted_n
    """

private let readLease: SQLText = """
    SELECT granted_n - used_n AS remaining FROM leases
    WHERE node_id = $1 AND epoch = $2 AND account_id = $3 AND key_id = $4
    """

private let useLease: SQLText = """
    UPDATE leases SET used_n = used_n + $5
    WHERE node_id = $1 AND epoch = $2 AND account_id = $3 AND key_id = $4
    """

private let shrinkLease: SQLText = """
    UPDATE leases SET granted_n = granted_n - $5
    WHERE node_id = $1 AND epoch = $2 AND account_id = $3 AND key_id = $4
    """

private let othersLeases: SQLText = """
    SELECT CAST(coalesce(sum(granted_n - used_n), 0) AS BIGINT) AS amount FROM leases
    WHERE account_id = $1 AND node_id <> $2
    """

private let recall: SQLText = "UPDATE accounts SET recall_ms = \(.nowMilliseconds) WHERE id = $1"

/// Locks in the order of ids, as everywhere.
private let lockAccountsOfNode = SQLText(sqlite: "\(accountsOfNode)", postgres: "\(accountsOfNode) FOR UPDATE")

private let accountsOfNode: SQLText = """
    SELECT id FROM accounts WHERE id IN (SELECT account_id FROM leases WHERE node_id = $1) ORDER BY id
    """

private let leasesOfNode: SQLText = """
    SELECT account_id, key_id, granted_n - used_n AS remaining FROM leases WHERE node_id = $1
    ORDER BY account_id, key_id
    """

private let removeLeases: SQLText = "DELETE FROM leases WHERE node_id = $1"

let readNode: SQLText = "SELECT epoch, reported FROM nodes WHERE id = $1"

private let beginLife: SQLText = """
    INSERT INTO nodes (id, epoch, reported, heartbeat_ms) VALUES ($1, 1, 0, \(.nowMilliseconds))
    ON CONFLICT (id) DO UPDATE SET epoch = nodes.epoch + 1, reported = 0, heartbeat_ms = excluded.heartbeat_ms
    """

/// Those that have leases: others have nothing to give back.
private let silentNodes: SQLText = """
    SELECT id FROM nodes WHERE heartbeat_ms < \(.nowMilliseconds) - $1
    AND EXISTS (SELECT 1 FROM leases WHERE node_id = nodes.id) ORDER BY id
    """

private let endLife: SQLText = """
    UPDATE nodes SET epoch = epoch + 1, reported = 0 WHERE id = $1 AND heartbeat_ms < \(.nowMilliseconds) - $2
    """

/// Those that were heard of in the last minute.
private let countNodes: SQLText = "SELECT count(*) AS count FROM nodes WHERE heartbeat_ms > \(.nowMilliseconds) - 60000"
