import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterStore

/// Random lives of one server on a real store and a real journal, beside the sums that a person would keep in mind.
private struct LedgerLife {
    let store: SQLStore
    let directory: String
    var chance: SeededGenerator
    var account = Account.ID.first
    var granted: Int64 = 0
    var charged: [Generation.ID: Int64] = [:]
    var running: [(hold: Hold, record: Generation)] = []
    let clock: ManualClock
    var ledger: CreditLedger
    var count = 0
    var faults: [String] = []

    private static let node = NodeID(rawValue: "node-1")

    init(seed: UInt64, store: SQLStore, directory: String) async throws {
        self.store = store
        self.directory = directory
        chance = SeededGenerator(seed: seed)
        clock = ManualClock()
        ledger = try await Self.start(on: store, in: directory, clock)
        account = try await store.add(
            Account(id: .first, email: "\(seed)@example.org", createdAt: 1_776_249_000_000), grant: nil
        ).id
    }

    private static func start(
        on store: SQLStore, in directory: String, _ clock: ManualClock
    ) async throws -> CreditLedger {
        let (journal, records) = try FileJournal.open(directory)
        let ledger = CreditLedger(node: node, store: store, journal: journal, ambient: clock.ambient)
        try await ledger.start(recovering: records)
        return ledger
    }

    mutating func run(steps: Int) async throws {
        try await grant(Int64.random(in: 0...50_000, using: &chance))
        for _ in 0..<steps {
            switch Int.random(in: 0..<100, using: &chance) {
            case 0..<40: try await hold()
            case 40..<65: try await end(charging: true)
            case 65..<75: try await end(charging: false)
            case 75..<82: try await grant(Int64.random(in: 1...20_000, using: &chance))
            case 82..<90: try await ledger.report()
            case 90..<95: try await replay()
            default: try await crash()
            }
            try await check(isAtRest: false)
        }
        while !running.isEmpty { try await end(charging: true) }
        try await ledger.stop()
        try await check(isAtRest: true)
        let verification = try await store.verify()
        if !verification.isExact { faults += verification.findings }
    }

    private mutating func hold() async throws {
        count += 1
        let fee = Int64.random(in: 0...4_000, using: &chance)
        let estimate = HoldEstimate(
            promptTokens: 0, outputTokensAllowed: 0, outputTokensPossible: 0, promptRate: 0, outputRate: 0,
            requestFee: fee * 1000, streamed: true, model: "a/b")
        let record = Generation(
            id: .init(rawValue: "gen-1776249000-\(account.rawValue)-\(count)"), account: account, key: "key_a",
            model: "a/b", provider: "one", createdAt: 1_776_249_000_000, streamed: true)
        let free = granted - charged.values.reduce(0, +) - running.reduce(0) { $0 + $1.hold.amount.nanoUSD }
        do throws(APIError) {
            let caller = Caller(account: account, key: "key_a")
            running.append((try await ledger.hold(for: record, estimate, caller: caller), record))
            if fee > free { faults.append("\(fee) was held of \(free)") }
        } catch {
            if error.kind != .paymentRequired { faults.append("\(error)") }
            if fee <= free { faults.append("\(fee) was refused, and \(free) was free") }
        }
    }

    private mutating func end(charging: Bool) async throws {
        guard !running.isEmpty else { return }
        var (hold, record) = running.remove(at: Int.random(in: 0..<running.count, using: &chance))
        record.outcome = charging ? .completed : .failed
        if charging {
            // A fee and no usage: a bill that `verify` can compute again.
            var rates = Rates()
            let fee = Int64.random(in: 0...hold.amount.nanoUSD, using: &chance)
            rates[.request] = fee * 1000
            let prices = PriceList(rates: rates)
            try await store.keep([prices])
            record.basis = .vendor
            record.priceID = prices.id
            record.cost = Money(nanoUSD: fee)
        }
        let settled = try await ledger.settle(hold, as: record)
        if settled.cost != record.cost { faults.append("\(record.id) was charged \(settled.cost.text)") }
        charged[record.id] = settled.cost.nanoUSD
    }

    private mutating func grant(_ amount: Int64) async throws {
        guard amount > 0 else { return }
        count += 1
        let entry = CreditEntry(
            id: "grant-\(account.rawValue)-\(count)", account: account, kind: .grant, amount: Money(nanoUSD: amount),
            reason: "test", createdAt: 1_776_249_000_000)
        // However often it is sent.
        for _ in 0...Int.random(in: 0...2, using: &chance) { _ = try await store.credit(entry) }
        granted += amount
        // A shortage is believed for a moment.
        clock.advance(by: .milliseconds(25))
    }

    /// What the store has is sent again, as by a start that finds it in its journal.
    private mutating func replay() async throws {
        try await ledger.report()
        for id in charged.keys.prefix(3) {
            guard let record = try await store.generation(id, of: account) else {
                faults.append("\(id) was settled and is not there")
                continue
            }
            let batch = SettlementBatch(
                node: Self.node, epoch: 0, sequence: 0,
                settlements: [Settlement(generation: record, record: record.json, lease: nil)])
            for _ in 0..<2 { _ = try await store.settle(batch) }
        }
    }

    /// The process dies and starts again.
    private mutating func crash() async throws {
        running = []
        ledger = try await Self.start(on: store, in: directory, clock)
        try await check(isAtRest: true)
    }

    private mutating func check(isAtRest: Bool) async throws {
        let found = try await store.account(named: "\(account.rawValue)")
        guard let found else { return faults.append("the account is gone") }
        if found.balance < .zero { faults.append("the balance is \(found.balance.text)") }
        guard isAtRest else { return }
        let sum = charged.values.reduce(0, +)
        if found.charged.nanoUSD != sum { faults.append("\(found.charged.nanoUSD) was charged, not \(sum)") }
        if found.held != .zero { faults.append("\(found.held.text) stays held") }
        if found.balance.nanoUSD != granted - sum { faults.append("the balance is \(found.balance.text)") }
    }
}

@Suite("Random lives of a ledger on a store") struct LedgerPropertyTests {
    @Test("agree with what a person would add up", arguments: Backend.available)
    func agree(_ backend: Backend) async throws {
        let first = UInt64.random(in: 1..<1_000_000_000)
        for seed in first..<first + (backend == .memory ? 60 : 10) {
            try await withDirectory { directory in
                try await backend.withStore { store in
                    var life = try await LedgerLife(seed: seed, store: store, directory: directory + "/node")
                    try await life.run(steps: 60)
                    #expect(life.faults.isEmpty, "seed \(seed): \(life.faults.prefix(4))")
                }
            }
        }
    }
}
