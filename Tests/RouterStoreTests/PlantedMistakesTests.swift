import Foundation
import RouterCore
import Synchronization
import Testing

@testable import RouterStore

/// What a server could get wrong about money, planted around the real ledger, journal and store.
enum PlantedMistake: CaseIterable {
    /// The client has its answer before its record is in the file.
    case answersBeforeJournal
    /// Nothing is ever written down.
    case hasNoJournal
    /// A record that comes twice is charged twice.
    case settlesTwice
    /// Whether there is credit is looked up, and nothing is set aside.
    case checksWithoutHold
}

/// A journal that keeps everything back until it is flushed, or loses it.
private final class ForgetfulJournal: Journal {
    private let journal: FileJournal
    private let losesAll: Bool

    init(_ journal: FileJournal, losesAll: Bool) {
        self.journal = journal
        self.losesAll = losesAll
    }

    func append(_ record: [UInt8]) throws(StoreError) -> Int64 {
        if !losesAll { journal.appendLater(record) }
        return journal.current.segment
    }

    func appendLater(_ record: [UInt8]) { if !losesAll { journal.appendLater(record) } }
    func flush() throws(StoreError) { try journal.flush() }
    func reserve(_ bytes: Int) throws(StoreError) { try journal.reserve(bytes) }
    var current: (segment: Int64, bytes: Int) { journal.current }
    func rotate(keeping records: [[UInt8]]) throws(StoreError) { try journal.rotate(keeping: records) }
    func remove(through segment: Int64) { journal.remove(through: segment) }
}

/// A store that takes every record for a new one.
private final class ForgetfulStore: LedgerStore {
    private let store: SQLStore
    private let count = Mutex(0)

    init(_ store: SQLStore) { self.store = store }

    func settle(_ batch: SettlementBatch) async throws(StoreError) -> SettlementReceipt {
        var batch = batch
        batch.settlements = batch.settlements.map { settlement in
            var settlement = settlement
            let number = count.withLock { count in
                count += 1
                return count
            }
            settlement.generation.id = .init(rawValue: settlement.generation.id.rawValue + "-\(number)")
            settlement.record = settlement.generation.json
            return settlement
        }
        return try await store.settle(batch)
    }

    func join(_ node: NodeID) async throws(StoreError) -> Int64 { try await store.join(node) }
    func keep(_ prices: [PriceList]) async throws(StoreError) { try await store.keep(prices) }
    func lease(_ request: LeaseRequest) async throws(StoreError) -> LeaseAnswer { try await store.lease(request) }
    func reclaim(after silence: Duration) async throws(StoreError) -> [NodeID] {
        try await store.reclaim(after: silence)
    }
}

/// A ledger that looks whether there is credit, and holds none of it.
private final class CarelessLedger: Ledger {
    private let ledger: CreditLedger

    init(_ ledger: CreditLedger) { self.ledger = ledger }

    func hold(
        for generation: Generation, _ estimate: HoldEstimate, caller: Caller
    ) async throws(APIError) -> Hold {
        var hold = try await ledger.hold(for: generation, estimate, caller: caller)
        var nothing = generation
        nothing.id = .init(rawValue: generation.id.rawValue + "-check")
        nothing.outcome = .failed
        // What was set aside is free again at once.
        do throws(StoreError) {
            _ = try await ledger.settle(hold, as: nothing)
        } catch {
            throw APIError(.unavailable, error.description)
        }
        hold.amount = .zero
        return hold
    }

    func grow(_ hold: inout Hold, to amount: Money) async -> HoldGrowth { await ledger.grow(&hold, to: amount) }
    func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) -> Generation {
        try await ledger.settle(hold, as: generation)
    }
}

@Suite("Mistakes about money that are planted")
struct PlantedMistakesTests {
    /// What a client saw of a request.
    private struct Answer: Sendable {
        var id: Generation.ID
        var cost: Money
    }

    /// Lives of one server, which is killed between them, on credit for 100 requests; then what the tests of the real one
    /// ask of it.
    ///
    /// - Returns: what is wrong, for people.
    private func audit(_ mistake: PlantedMistake?, _ store: SQLStore, in directory: String) async throws -> [String] {
        let grant = CreditEntry(
            id: "grant-1", account: .first, kind: .grant, amount: Money(nanoUSD: 100 * FeeRequest.fee),
            reason: "test", createdAt: 1_776_249_000_000)
        let account = try await store.add(
            Account(id: .first, email: "a@example.org", createdAt: 1_776_249_000_000), grant: grant
        ).id
        try await store.keep([FeeRequest.prices])
        var answers: [Answer] = []
        for life in 0..<3 {
            let (file, records) = try FileJournal.open(directory + "/node")
            let journal: any Journal =
                switch mistake {
                case .answersBeforeJournal: ForgetfulJournal(file, losesAll: false)
                case .hasNoJournal: ForgetfulJournal(file, losesAll: true)
                default: file
                }
            let kept: any LedgerStore = mistake == .settlesTwice ? ForgetfulStore(store) : store
            let credit = CreditLedger(
                node: NodeID(rawValue: "node-1"), store: kept, journal: journal,
                ambient: .live { 1_776_249_000_000 })
            try await credit.start(recovering: records)
            let ledger: any Ledger = mistake == .checksWithoutHold ? CarelessLedger(credit) : credit
            answers += try await withThrowingTaskGroup(of: Answer?.self) { group in
                for number in life * 40..<(life + 1) * 40 {
                    group.addTask { try await request(number, of: account, at: ledger) }
                }
                return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            // The second life has reported what is still in its journal, the others nothing. Then it is killed.
            if life == 1 { try await credit.report() }
        }
        let (file, records) = try FileJournal.open(directory + "/node")
        let last = CreditLedger(
            node: NodeID(rawValue: "node-1"), store: mistake == .settlesTwice ? ForgetfulStore(store) : store,
            journal: file, ambient: .live { 1_776_249_000_000 })
        try await last.start(recovering: records)
        try await last.stop()
        return try await findings(answers, account, store)
    }

    private func request(_ number: Int, of account: Account.ID, at ledger: any Ledger) async throws -> Answer? {
        var record = FeeRequest.record(number, account: account)
        let hold: Hold
        do throws(APIError) {
            hold = try await ledger.hold(
                for: record, FeeRequest.estimate, caller: Caller(account: account, key: "key_a"))
        } catch {
            guard error.kind == .paymentRequired else { throw error }
            return nil
        }
        for _ in 0..<20 { await Task.yield() }
        record.outcome = .completed
        record.usage.prompt = 10
        record.usage.completion = 10
        record.basis = .vendor
        record.priceID = FeeRequest.prices.id
        record.cost = Money(nanoUSD: FeeRequest.fee)
        let settled = try await ledger.settle(hold, as: record)
        return Answer(id: settled.id, cost: settled.cost)
    }

    private func findings(_ answers: [Answer], _ account: Account.ID, _ store: SQLStore) async throws -> [String] {
        var findings = try await store.verify().findings
        let after = try #require(try await store.account(named: "\(account.rawValue)"))
        if answers.count != 100 { findings.append("\(answers.count) answers on credit for 100") }
        if after.charged.nanoUSD != Int64(answers.count) * FeeRequest.fee {
            findings.append("\(answers.count) answers, but \(after.charged.text) charged")
        }
        if after.balance < .zero { findings.append("the balance is \(after.balance.text)") }
        for answer in answers {
            guard let record = try await store.generation(answer.id, of: account) else {
                findings.append("\(answer.id) was answered and is not there")
                continue
            }
            if record.cost != answer.cost { findings.append("\(answer.id) was told another cost") }
            if record.cost.nanoUSD != FeeRequest.fee { findings.append("\(answer.id) was not paid whole") }
        }
        return findings
    }

    @Test("are none in the ledger as it is", arguments: Backend.available)
    func none(_ backend: Backend) async throws {
        try await withDirectory { directory in
            try await backend.withStore { store in
                let findings = try await audit(nil, store, in: directory)
                #expect(findings.isEmpty, "\(findings.prefix(5))")
            }
        }
    }

    @Test("are found, each", arguments: PlantedMistake.allCases)
    func found(_ mistake: PlantedMistake) async throws {
        try await withDirectory { directory in
            try await Backend.file.withStore { store in
                let findings = try await audit(mistake, store, in: directory)
                #expect(!findings.isEmpty)
            }
        }
    }
}
