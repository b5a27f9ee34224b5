import Foundation
import RouterCore
import RouterStore

/// How many charges a second the store takes, in batches as the ledger sends them: of many accounts, and of one.
struct SettleBenchmark {
    let place: Place

    init(_ place: Place) { self.place = place }

    private static let perBatch = 1000
    private static let batches = 100

    func run() async throws {
        defer { place.remove() }
        let store = try await place.open()
        try await store.keep([Sample.prices])
        var accounts: [Account.ID] = []
        for number in 0..<1000 { accounts.append(try await Sample.account(number, in: store)) }
        let node = NodeID(rawValue: "node-benchmark")
        let epoch = try await store.join(node)
        for account in accounts { try await Sample.reserve(account, by: node, epoch: epoch, in: store) }
        var sequence: Int64 = 0
        var number = 0
        for (name, owners) in [("1,000 accounts", accounts), ("one account", [accounts[0]])] {
            var rates: [Double] = []
            for _ in 0..<Self.batches {
                sequence += 1
                let settlements = (0..<Self.perBatch).map { _ in
                    number += 1
                    return Sample.settlement(number, of: owners[number % owners.count], key: "key_benchmark")
                }
                let batch = SettlementBatch(node: node, epoch: epoch, sequence: sequence, settlements: settlements)
                let start = seconds(CLOCK_MONOTONIC)
                _ = try await store.settle(batch)
                rates.append(Double(Self.perBatch) / (seconds(CLOCK_MONOTONIC) - start))
            }
            rates.sort()
            print(
                String(
                    format: "%@, %@: median %.0f, best %.0f settlements a second", place.name, name,
                    rates[rates.count / 2], rates.last ?? 0))
        }
        await store.close()
    }
}
