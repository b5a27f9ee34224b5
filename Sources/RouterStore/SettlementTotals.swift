import RouterCore

/// What a batch adds up to: a row for each account, key, lease and day, however many requests there were.
struct SettlementTotals {
    struct Account {
        var charged: Int64 = 0
        /// No longer set aside.
        var freed: Int64 = 0
    }

    struct Key {
        var charged: Int64 = 0
        var freed: Int64 = 0
        /// When the last of these requests came.
        var latest: Int64 = 0
    }

    struct Lease {
        var used: Int64 = 0
        var returned: Int64 = 0
    }

    struct Day: Hashable {
        var account: RouterCore.Account.ID
        var day: Int64
        var key: String
        var model: String
        var provider: String
    }

    struct DaySums {
        var requests: Int64 = 0
        var cost: Int64 = 0
        var usage: [Int64] = [0, 0, 0, 0]
    }

    private(set) var accounts: [RouterCore.Account.ID: Account] = [:]
    private(set) var keys: [String: Key] = [:]
    private(set) var leases: [LeaseName: Lease] = [:]
    private(set) var days: [(day: Day, sums: DaySums)] = []
    private var dayIndices: [Day: Int] = [:]

    init(returns: [LeaseName: Int64]) {
        for (lease, amount) in returns {
            leases[lease, default: Lease()].returned = amount
            free(amount, of: lease)
        }
    }

    /// - Parameter hasLease: whether the lease that it names is still there.
    mutating func add(_ settlement: Settlement, hasLease: Bool) throws(StoreError) {
        let generation = settlement.generation
        let cost = generation.cost.nanoUSD
        guard cost >= 0 else { throw StoreError(.incompatible, "\(generation.id) has a cost below zero") }
        accounts[generation.account, default: Account()].charged += cost
        var key = keys[generation.key] ?? Key()
        key.charged += cost
        key.latest = max(key.latest, generation.createdAt)
        keys[generation.key] = key
        if hasLease, let lease = settlement.lease, cost > 0 {
            leases[lease, default: Lease()].used += cost
            free(cost, of: lease)
        }
        addToDay(generation, cost)
    }

    private mutating func free(_ amount: Int64, of lease: LeaseName) {
        accounts[lease.account, default: Account()].freed += amount
        if let key = lease.key { keys[key, default: Key()].freed += amount }
    }

    private mutating func addToDay(_ generation: Generation, _ cost: Int64) {
        let day = Day(
            account: generation.account, day: LimitReset.day(of: generation.createdAt), key: generation.key,
            model: generation.model, provider: generation.provider)
        let index =
            dayIndices[day]
            ?? {
                days.append((day, DaySums()))
                dayIndices[day] = days.count - 1
                return days.count - 1
            }()
        let usage = generation.usage
        days[index].sums.requests += 1
        days[index].sums.cost += cost
        for (place, count) in [usage.prompt, usage.completion, usage.reasoning, usage.cacheRead].enumerated() {
            days[index].sums.usage[place] &+= Int64(count)
        }
    }
}

extension SettlementTotals.DaySums {
    /// In the order of the statement that adds them.
    func columns(of day: SettlementTotals.Day) -> [SQLValue] {
        [
            .integer(day.account.rawValue), .integer(day.day), .text(day.key), .text(day.model), .text(day.provider),
            .integer(requests), .integer(cost),
        ] + usage.map { .integer($0) }
    }
}
