import Foundation
import RouterCore
import Synchronization
import Testing

@testable import RouterStore

/// Servers that share a store, each with a journal of its own.
struct LedgerNode: Sendable {
    let ledger: CreditLedger
    let directory: String

    static func start(
        _ number: Int, on store: SQLStore, in directory: String, shared: Bool = true
    ) async throws -> LedgerNode {
        let place = "\(directory)/node\(number)"
        let (journal, records) = try FileJournal.open(place)
        let ambient = Ambient.live { Int64(Date().timeIntervalSince1970 * 1000) }
        let ledger = CreditLedger(
            node: NodeID(rawValue: "node-\(number)"), store: store, journal: journal, ambient: ambient,
            policy: .init(leaseLifetime: shared ? .seconds(30) : nil))
        try await ledger.start(recovering: records)
        return LedgerNode(ledger: ledger, directory: place)
    }

    /// Reports as a server does, while `body` runs.
    func reporting<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        let task = Task { await ledger.run { _ in } }
        defer { task.cancel() }
        return try await body()
    }
}

/// A request that costs a fee, whatever it brings.
enum FeeRequest {
    static let fee: Int64 = 10_000_000
    static let prices: PriceList = {
        var rates = Rates()
        rates[.prompt] = 0
        rates[.completion] = 0
        rates[.request] = fee * 1000
        return PriceList(rates: rates)
    }()
    static let estimate = HoldEstimate(
        promptTokens: 10, outputTokensAllowed: 10, outputTokensPossible: 10, promptRate: 0, outputRate: 0,
        requestFee: fee * 1000, streamed: false, model: "a/b")

    static func record(_ number: Int, account: Account.ID, key: String = "key_a") -> Generation {
        Generation(
            id: .init(rawValue: "gen-1776249000-\(number)"), account: account, key: key, model: "a/b",
            provider: "one", createdAt: 1_776_249_000_000, streamed: false)
    }

    /// - Returns: whether there was credit for it.
    static func run(
        _ number: Int, at node: LedgerNode, account: Account.ID, key: String = "key_a", limited: Bool = false,
        holding estimate: HoldEstimate = estimate
    ) async throws -> Bool {
        var record = record(number, account: account, key: key)
        let hold: Hold
        do throws(APIError) {
            hold = try await node.ledger.hold(
                for: record, estimate, caller: Caller(account: account, key: key, hasSpendingLimit: limited))
        } catch {
            #expect(error.kind == .paymentRequired, "\(error)")
            return false
        }
        await Task.yield()
        record.usage.prompt = 10
        record.usage.completion = 10
        record.basis = .vendor
        record.priceID = prices.id
        record.cost = Money(nanoUSD: fee)
        let settled = try await node.ledger.settle(hold, as: record)
        #expect(settled.cost.nanoUSD == fee && settled.uncollected == .zero)
        return true
    }
}

@Suite("A ledger on a store") struct LedgerTests {
    private func account(_ store: SQLStore, credit: Int64) async throws -> Account.ID {
        let grant = CreditEntry(
            id: "grant-1", account: .first, kind: .grant, amount: Money(nanoUSD: credit), reason: "test",
            createdAt: 1_776_249_000_000)
        let account = try await store.add(
            Account(id: .first, email: "a@example.org", createdAt: 1_776_249_000_000), grant: grant)
        try await store.keep([FeeRequest.prices])
        return account.id
    }

    private func balance(_ account: Account.ID, _ store: SQLStore) async throws -> Account {
        try #require(try await store.account(named: "\(account.rawValue)"))
    }

    @Test(
        "answers exactly the 50 of 200 requests at once that the credit pays for",
        arguments: Backend.shared, [1, 3])
    func exactly(_ backend: Backend, nodeCount: Int) async throws {
        try await withDirectory { directory in
            try await backend.withStores(nodeCount) { stores in
                let account = try await account(stores[0], credit: 50 * FeeRequest.fee)
                var nodes: [LedgerNode] = []
                for (number, store) in stores.enumerated() {
                    nodes.append(try await .start(number, on: store, in: directory))
                }
                let reports = nodes.map { node in Task { await node.ledger.run { _ in } } }
                defer { for report in reports { report.cancel() } }
                let answered = try await withThrowingTaskGroup(of: Bool.self) { [nodes] group in
                    for number in 0..<200 {
                        group.addTask {
                            try await FeeRequest.run(number, at: nodes[number % nodes.count], account: account)
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(answered == 50)
                for node in nodes { try await node.ledger.stop() }
                let after = try await balance(account, stores[0])
                #expect(after.balance == .zero && after.held == .zero && after.charged.nanoUSD == 50 * FeeRequest.fee)
                let verification = try await stores[0].verify()
                #expect(verification.isExact, "\(verification.findings)")
                #expect(verification.entries == 51)
            }
        }
    }

    @Test(
        "never spends more than there is when holds are larger than costs, and leaves what is left usable",
        arguments: Backend.available)
    func largeHolds(_ backend: Backend) async throws {
        try await withDirectory { directory in
            try await backend.withStore { store in
                let account = try await account(store, credit: 5 * FeeRequest.fee)
                let node = try await LedgerNode.start(1, on: store, in: directory, shared: false)
                var large = FeeRequest.estimate
                large.requestFee = 3 * FeeRequest.fee * 1000
                let answered = try await withThrowingTaskGroup(of: Bool.self) { [large] group in
                    for number in 0..<20 {
                        group.addTask {
                            try await FeeRequest.run(number, at: node, account: account, holding: large)
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(answered >= 1 && answered <= 5)
                for number in 100..<(100 + 5 - answered) {
                    let isAnswered = try await FeeRequest.run(number, at: node, account: account)
                    #expect(isAnswered)
                }
                let isOver = try await FeeRequest.run(200, at: node, account: account)
                #expect(!isOver)
                try await node.ledger.stop()
                let after = try await balance(account, store)
                #expect(after.balance == .zero && after.held == .zero)
            }
        }
    }

    @Test(
        "settles what a dead server left in its journal, once, and charges nothing for what it had not ended",
        arguments: Backend.available)
    func recovers(_ backend: Backend) async throws {
        try await withDirectory { directory in
            try await backend.withStore { store in
                let account = try await account(store, credit: 50 * FeeRequest.fee)
                let first = try await LedgerNode.start(1, on: store, in: directory, shared: false)
                for number in 0..<10 { _ = try await FeeRequest.run(number, at: first, account: account) }
                try await first.ledger.report()
                for number in 10..<20 { _ = try await FeeRequest.run(number, at: first, account: account) }
                let open = FeeRequest.record(99, account: account)
                _ = try await first.ledger.hold(
                    for: open, FeeRequest.estimate, caller: Caller(account: account, key: "key_a"))
                _ = try await FeeRequest.run(20, at: first, account: account)
                // It is killed here: nothing is reported, nothing given back.
                let second = try await LedgerNode.start(1, on: store, in: directory, shared: false)
                let after = try await balance(account, store)
                #expect(after.charged.nanoUSD == 21 * FeeRequest.fee && after.held == .zero)
                let interrupted = try await store.generation(open.id, of: account)
                #expect(interrupted?.outcome == .interrupted && interrupted?.cost == .zero)
                try await second.ledger.stop()
                let verification = try await store.verify()
                #expect(verification.isExact, "\(verification.findings)")
                // A third start finds nothing left.
                let (_, records) = try FileJournal.open(second.directory)
                #expect(records.isEmpty)
            }
        }
    }

    @Test(
        "a batch that is sent twice is taken once, and one of an ended life gives no lease",
        arguments: Backend.available)
    func takesOnce(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let account = try await account(store, credit: 50 * FeeRequest.fee)
            let node = NodeID(rawValue: "node-1")
            let epoch = try await store.join(node)
            let lease = LeaseName(account: account)
            let answer = try await store.lease(
                LeaseRequest(node: node, epoch: epoch, lease: lease, need: FeeRequest.fee, want: 4 * FeeRequest.fee))
            guard case .granted(let remaining, _) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(remaining == 4 * FeeRequest.fee)
            var record = FeeRequest.record(1, account: account)
            record.cost = Money(nanoUSD: FeeRequest.fee)
            record.basis = .vendor
            record.priceID = FeeRequest.prices.id
            let batch = SettlementBatch(
                node: node, epoch: epoch, sequence: 1,
                settlements: [Settlement(generation: record, record: record.json, lease: lease)],
                returns: [lease: FeeRequest.fee])
            for _ in 0..<3 { _ = try await store.settle(batch) }
            let after = try await balance(account, store)
            #expect(after.charged.nanoUSD == FeeRequest.fee && after.held.nanoUSD == 2 * FeeRequest.fee)
            let next = try await store.join(node)
            #expect(next > epoch)
            let late = try await store.settle(batch)
            #expect(late.isFenced)
            let fenced = try await store.lease(
                LeaseRequest(node: node, epoch: epoch, lease: lease, need: 1, want: 1))
            #expect(fenced == .fenced)
            let end = try await balance(account, store)
            #expect(end.charged.nanoUSD == FeeRequest.fee && end.held == .zero)
        }
    }

    @Test("a key's own limit holds beside its account's credit", arguments: Backend.available)
    func keyLimit(_ backend: Backend) async throws {
        try await withDirectory { directory in
            try await backend.withStore { store in
                let account = try await account(store, credit: 50 * FeeRequest.fee)
                var key = APIKey.sample(1)
                key.account = account
                key.limit = Money(nanoUSD: 3 * FeeRequest.fee)
                key.limitReset = .monthly
                try await store.add(key)
                let node = try await LedgerNode.start(1, on: store, in: directory, shared: false)
                var answered = 0
                for number in 0..<10
                where try await FeeRequest.run(number, at: node, account: account, key: key.id, limited: true) {
                    answered += 1
                }
                #expect(answered == 3)
                let isOther = try await FeeRequest.run(50, at: node, account: account)
                #expect(isOther)
                try await node.ledger.stop()
                let spending = try await store.spending(of: account, at: 1_776_249_000_000)
                #expect(spending[key.id]?.monthly.nanoUSD == 3 * FeeRequest.fee)
                let verification = try await store.verify()
                #expect(verification.isExact, "\(verification.findings)")
            }
        }
    }

    @Test("a server that has left without a word loses its leases, and learns of it", arguments: Backend.shared)
    func reclaims(_ backend: Backend) async throws {
        try await withDirectory { directory in
            try await backend.withStores(2) { stores in
                let account = try await account(stores[0], credit: 50 * FeeRequest.fee)
                let lost = try await LedgerNode.start(1, on: stores[0], in: directory)
                let isFirst = try await FeeRequest.run(1, at: lost, account: account)
                #expect(isFirst)
                let ended = try await stores[1].reclaim(after: .seconds(-10))
                #expect(ended == [NodeID(rawValue: "node-1")])
                let between = try await balance(account, stores[1])
                #expect(between.held == .zero && between.charged == .zero)
                // What it had not reported is charged all the same, and it goes on with a new life.
                try await lost.ledger.report()
                let isSecond = try await FeeRequest.run(2, at: lost, account: account)
                #expect(isSecond)
                try await lost.ledger.stop()
                let after = try await balance(account, stores[1])
                #expect(after.charged.nanoUSD == 2 * FeeRequest.fee && after.held == .zero)
                let verification = try await stores[1].verify()
                #expect(verification.isExact, "\(verification.findings)")
            }
        }
    }

    @Test("finds a bill, a balance and a reservation that somebody has changed", arguments: Backend.available)
    func findsChanges(_ backend: Backend) async throws {
        for statement: SQLText in [
            "UPDATE generations SET cost_n = cost_n + 1", "UPDATE accounts SET charged_n = charged_n - 1 WHERE id = 2",
            "UPDATE accounts SET reserved_n = reserved_n + 1 WHERE id = 2",
            "UPDATE entries SET amount_n = amount_n + 1",
            "DELETE FROM generations",
        ] {
            try await withDirectory { directory in
                try await backend.withStore { store in
                    let account = try await account(store, credit: 50 * FeeRequest.fee)
                    let node = try await LedgerNode.start(1, on: store, in: directory, shared: false)
                    _ = try await FeeRequest.run(1, at: node, account: account)
                    try await node.ledger.stop()
                    let before = try await store.verify()
                    #expect(before.isExact)
                    try await store.driver.write { transaction throws(StoreError) in
                        _ = try transaction.execute(statement)
                    }
                    let verification = try await store.verify()
                    #expect(!verification.isExact, "\(statement.sqlite)")
                }
            }
        }
    }

    @Test("an entry counts once, and nothing is taken back that is spent", arguments: Backend.available)
    func entries(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let account = try await account(store, credit: 1000)
            let entry = CreditEntry(
                id: "pay-1", account: account, kind: .grant, amount: Money(nanoUSD: 500), reason: "again",
                createdAt: 1_776_249_000_001)
            for _ in 0..<3 { _ = try await store.credit(entry) }
            let after = try await balance(account, store)
            #expect(after.balance.nanoUSD == 1500)
            var other = entry
            other.amount = Money(nanoUSD: 501)
            let conflict = await storeError { () throws(StoreError) in try await store.credit(other) }
            #expect(conflict?.kind == .conflict)
            var back = CreditEntry(
                id: "back-1", account: account, kind: .correction, amount: Money(nanoUSD: -1501), reason: "too much",
                createdAt: 1_776_249_000_002)
            let tooMuch = await storeError { [back] () throws(StoreError) in try await store.credit(back) }
            #expect(tooMuch?.kind == .conflict)
            back.amount = Money(nanoUSD: -1500)
            let empty = try await store.credit(back)
            #expect(empty.balance == .zero)
            let list = try await store.entries(of: account, since: 0)
            #expect(list.map(\.id) == ["grant-1", "pay-1", "back-1"])
            for amount in [Int64.max, 1_000_000_000_000_000_001] {
                let huge = CreditEntry(
                    id: "huge", account: account, kind: .grant, amount: Money(nanoUSD: amount), reason: "x",
                    createdAt: 0)
                let refused = await storeError { () throws(StoreError) in try await store.credit(huge) }
                #expect(refused?.kind == .conflict)
            }
        }
    }
}
