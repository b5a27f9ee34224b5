import Foundation
import RouterCore
import RouterStore

/// How long what clients ask about the past takes among a million records: wall time of single calls of the store.
struct MillionBenchmark {
    let place: Place

    init(_ place: Place) { self.place = place }

    private static let records = 1_000_000
    private static let days = 30

    func run() async throws {
        defer { place.remove() }
        let store = try await place.open()
        try await store.keep([Sample.prices])
        var owners: [(account: Account.ID, key: APIKey)] = []
        for number in 0..<100 {
            let account = try await Sample.account(number, in: store)
            let key = APIKey(
                id: "key_\(number)", account: account, name: "benchmark", label: "sk-…\(number)",
                digest: digest(number),
                requestsPerMinute: 600, createdAt: Sample.now)
            try await store.add(key)
            owners.append((account, key))
        }
        let node = NodeID(rawValue: "node-benchmark")
        let epoch = try await store.join(node)
        for owner in owners { try await Sample.reserve(owner.account, by: node, epoch: epoch, in: store) }
        let start = seconds(CLOCK_MONOTONIC)
        for batch in 0..<Self.records / 5000 {
            let settlements = (0..<5000).map { index in
                let number = batch * 5000 + index
                let owner = owners[number % owners.count]
                return Sample.settlement(number, of: owner.account, key: owner.key.id, days: Self.days)
            }
            _ = try await store.settle(
                SettlementBatch(node: node, epoch: epoch, sequence: Int64(batch + 1), settlements: settlements))
        }
        print(
            String(
                format: "%@: %d records of %d accounts on %d days, stored in %.1f s", place.name, Self.records,
                owners.count, Self.days, seconds(CLOCK_MONOTONIC) - start))
        let today = Sample.now / 86_400_000
        try await measure("a generation by its id") { index in
            let number = index * 7919 % Self.records
            return try await store.generation(Sample.id(number), of: owners[number % owners.count].account) != nil
        }
        try await measure("the activity of 30 days") { index in
            let account = owners[index % owners.count].account
            return try await !store.activity(of: account, key: nil, days: (today - 30)...today).isEmpty
        }
        try await measure("a key by its digest") { index in
            try await store.key(holding: [digest(index % owners.count)]) != nil
        }
        try await measure("what each key of an account has spent") { index in
            try await !store.spending(of: owners[index % owners.count].account, at: Sample.now).isEmpty
        }
        await store.close()
    }

    private func digest(_ number: Int) -> KeyDigest {
        KeyDigest(hex: String(repeating: "0", count: 60) + String(number + 1000), pepperVersion: 1)
    }

    private func measure(_ name: String, _ ask: (Int) async throws -> Bool) async throws {
        var times: [Double] = []
        for index in 0..<2000 {
            let start = seconds(CLOCK_MONOTONIC)
            guard try await ask(index) else { return print("\(name): nothing was found") }
            times.append(seconds(CLOCK_MONOTONIC) - start)
        }
        times.sort()
        print(
            String(
                format: "%@: p50 %.3f ms, p95 %.3f ms, p99 %.3f ms", name, times.percentile(50) * 1e3,
                times.percentile(95) * 1e3, times.percentile(99) * 1e3))
    }
}

/// Fills the journal of a data directory with records that its next start must settle.
enum JournalMaker {
    static func fill(_ directory: String, count: Int) throws {
        let (journal, _) = try FileJournal.open(directory + "/journal")
        for number in 0..<count {
            try journal.append(Sample.record(number, of: .first, key: "key_benchmark").json)
        }
        print("\(count) records in \(directory)/journal")
    }
}
