public import RouterCore

extension SQLStore {
    public func verify() async throws(StoreError) -> Verification {
        // One snapshot, so that a server that runs meanwhile does not look like a mistake.
        try await driver.read { snapshot throws(StoreError) in try Verifier(snapshot).run() }
    }
}

/// Computes every balance and every bill of a store again.
private struct Verifier {
    private let snapshot: any SQLSnapshot
    private var verification = Verification()
    private var prices: [String: PriceList] = [:]
    private var charged: [Int64: Int64] = [:]
    private var credited: [Int64: Int64] = [:]

    /// Records that are read at once.
    private static let pageSize = 2000

    init(_ snapshot: any SQLSnapshot) { self.snapshot = snapshot }

    consuming func run() throws(StoreError) -> Verification {
        try readPrices()
        try checkBills()
        try addUpEntries()
        try checkAccounts()
        try checkReservations()
        return verification
    }

    private mutating func readPrices() throws(StoreError) {
        for row in try snapshot.rows(allPrices) {
            let id = try row.text("id")
            // A text that cannot be read is found with the first bill that names it.
            guard let document = try? JSONDocument(Array(try row.text("body").utf8), limits: .response) else {
                continue
            }
            prices[id] = PriceList(json: document.root, id: id)
        }
    }

    private mutating func checkBills() throws(StoreError) {
        var last = ""
        while true {
            let rows = try snapshot.rows(generationsAfter, [.text(last), SQLValue(Self.pageSize)])
            for row in rows {
                last = try row.text("id")
                let cost = try row.integer("cost_n")
                verification.entries += 1
                Self.add(cost, to: &charged, account: try row.integer("account_id"))
                check(try Generation(row: row), id: last, cost: cost)
            }
            guard rows.count == Self.pageSize else { return }
        }
    }

    private mutating func check(_ generation: Generation, id: String, cost: Int64) {
        guard generation.id.rawValue == id, generation.cost.nanoUSD == cost else {
            return verification.note(
                "\(id): its record says \(generation.cost), its charge is \(Money(nanoUSD: cost))",
                difference: generation.cost.nanoUSD &- cost)
        }
        var expected = Money.zero
        if generation.basis != .none {
            guard let list = prices[generation.priceID] else {
                return verification.note("\(id): its prices \(generation.priceID) are not there", difference: cost)
            }
            guard let charge = try? list.charge(for: generation.usage) else {
                return verification.note("\(id): what it used cannot be charged", difference: cost)
            }
            expected = charge.total
        }
        let difference = expected.nanoUSD &- cost &- generation.uncollected.nanoUSD
        if difference != 0 {
            verification.note(
                "\(id): what it used costs \(expected), it was charged \(generation.cost)", difference: difference)
        }
    }

    private mutating func addUpEntries() throws(StoreError) {
        for row in try snapshot.rows(entrySums) {
            verification.entries += Int(try row.integer("count"))
            Self.add(try row.integer("amount"), to: &credited, account: try row.integer("account_id"))
        }
    }

    private mutating func checkAccounts() throws(StoreError) {
        for row in try snapshot.rows(accountSums) {
            verification.accounts += 1
            let id = try row.integer("id")
            compare("account \(id): credit", credited.removeValue(forKey: id) ?? 0, try row.integer("credited_n"))
            compare("account \(id): charges", charged.removeValue(forKey: id) ?? 0, try row.integer("charged_n"))
            compare("account \(id): set aside", try row.integer("leased"), try row.integer("reserved_n"))
            compare("account \(id): days", try row.integer("days"), try row.integer("charged_n"))
            let available =
                try row.integer("credited_n") &- (try row.integer("charged_n")) &+ (try row.integer("overdraft_n"))
                &- (try row.integer("reserved_n"))
            if available < 0 {
                verification.note("account \(id): \(Money(nanoUSD: available)) below zero", difference: available)
            }
        }
        for (id, amount) in charged.merging(credited, uniquingKeysWith: &+) {
            verification.note("account \(id) has entries and is not there", difference: amount)
        }
    }

    private mutating func checkReservations() throws(StoreError) {
        for row in try snapshot.rows(keySums) {
            compare(
                "key \(try row.text("id")): set aside", try row.integer("leased"), try row.integer("reserved_n"))
        }
    }

    private mutating func compare(_ what: String, _ computed: Int64, _ stored: Int64) {
        guard computed != stored else { return }
        verification.note(
            "\(what): \(Money(nanoUSD: stored)) stored, \(Money(nanoUSD: computed)) computed",
            difference: stored &- computed)
    }

    private static func add(_ amount: Int64, to sums: inout [Int64: Int64], account: Int64) {
        let (sum, overflow) = sums[account, default: 0].addingReportingOverflow(amount)
        sums[account] = overflow ? .max : sum
    }
}

private let allPrices: SQLText = "SELECT id, body FROM price_lists"

private let generationsAfter: SQLText = """
    SELECT id, account_id, cost_n, record FROM generations WHERE id > $1 ORDER BY id LIMIT $2
    """

private let entrySums: SQLText = """
    SELECT account_id, count(*) AS count, CAST(sum(amount_n) AS BIGINT) AS amount FROM entries GROUP BY account_id
    """

private let accountSums: SQLText = """
    SELECT id, credited_n, charged_n, reserved_n, overdraft_n,
        (SELECT CAST(coalesce(sum(granted_n - used_n), 0) AS BIGINT) FROM leases WHERE account_id = accounts.id)
            AS leased,
        (SELECT CAST(coalesce(sum(cost_n), 0) AS BIGINT) FROM usage_days WHERE account_id = accounts.id) AS days
    FROM accounts ORDER BY id
    """

private let keySums: SQLText = """
    SELECT id, reserved_n,
        (SELECT CAST(coalesce(sum(granted_n - used_n), 0) AS BIGINT) FROM leases WHERE key_id = api_keys.id) AS leased
    FROM api_keys WHERE reserved_n <> 0 OR EXISTS (SELECT 1 FROM leases WHERE key_id = api_keys.id) ORDER BY id
    """
