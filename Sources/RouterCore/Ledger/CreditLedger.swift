import Synchronization

/// Prepaid credit that holds exactly, without a database on the path of a request.
///
/// Credit is leased from the store in slices; a hold is taken from the lease in memory. A charge is in the journal before
/// the end of its answer goes out, and in the store a moment later, with many others in one transaction. What dies with
/// the process is found in the journal by its next start. Why this is exact: `docs/billing.md`.
///
/// Call ``start(recovering:)`` once, then ``run()`` as long as requests come, then ``stop()``.
public final class CreditLedger: Ledger {
    let state: Mutex<NodeLedger>
    let store: any LedgerStore
    let journal: any Journal
    let ambient: Ambient
    private let policy: Policy
    private let waits: StoreWaits
    /// One conversation with the store at a time: what a lease has there is known exactly between two of them.
    private let lane = AsyncLane()
    private let refills = Mutex<[LeaseName: Refill]>([:])
    private let segments: Mutex<[Int64: Int]> = Mutex([:])
    /// Why the store did not take the last report.
    private let reportFailure = Mutex<StoreError?>(nil)
    /// When nobody could tell whether there was credit for a request, the last time, and why.
    private let refusal = Mutex<(reason: String, at: ContinuousClock.Instant)?>(nil)

    /// How a node and the store keep in touch.
    public struct Policy: Sendable, Hashable {
        /// How long leases are good after the store has heard of this node; `nil` for a store that only this node uses.
        public var leaseLifetime: Duration?
        /// Nodes that have not been heard of for so long lose their leases.
        public var reclaimAfter: Duration = .seconds(120)
        /// How often settlements are reported, at least.
        public var reportEvery: Duration = .milliseconds(200)
        /// How often a shortage is asked about again while other nodes give back what they do not use.
        public var recallTries = 7
        public var recallPause: Duration = .milliseconds(100)
        /// How long a request waits for credit at most, beside the recalls.
        public var patience: Duration = .seconds(5)
        /// Bytes of a segment of the journal after which the next one is begun.
        public var segmentBytes = 4 * 1024 * 1024

        public init(leaseLifetime: Duration? = nil) { self.leaseLifetime = leaseLifetime }
    }

    public init(
        node: NodeID, store: any LedgerStore, journal: any Journal, ambient: Ambient, policy: Policy = Policy(),
        waits: StoreWaits = StoreWaits()
    ) {
        state = Mutex(NodeLedger(node: node, leaseLifetime: policy.leaseLifetime))
        self.store = store
        self.journal = journal
        self.ambient = ambient
        self.policy = policy
        self.waits = waits
    }

    /// Bytes of the journal that are kept free for the end of each running request.
    private static let recordBytesReserved = 4096
    private static let refusalBelieved: Duration = .seconds(1)
    /// A client is not told that credit is short before so many tokens of answer cannot be paid.
    private static let tokensMin = 16
    /// A whole answer of fewer tokens is hardly of use.
    private static let wholeTokensMin = 256

    // MARK: Ledger

    public func hold(
        for generation: Generation, _ estimate: HoldEstimate, caller: Caller
    ) async throws(APIError) -> Hold {
        let lease = LeaseName(account: caller.account, key: caller.hasSpendingLimit ? caller.key : nil)
        let expected =
            estimate.outputTokensAllowed ?? state.withLock { $0.outputTokensExpected(estimate) }
        guard let amount = estimate.amount(outputTokens: expected) else {
            throw APIError(
                .invalidRequest, "This request could cost more than can be counted.", parameter: "max_tokens")
        }
        try reserveJournal()
        var held = amount
        if let shortage = try await take(amount, from: lease, for: generation) {
            // Without a bound of its own a request may begin with what there is.
            let afforded = estimate.outputTokens(affordedBy: Money(nanoUSD: max(0, shortage.available)))
            let least = estimate.streamed ? Self.tokensMin : Self.wholeTokensMin
            guard estimate.outputTokensAllowed == nil, afforded >= min(least, expected),
                let smaller = estimate.amount(outputTokens: min(afforded, expected)), smaller < amount,
                try await take(smaller, from: lease, for: generation) == nil
            else { throw APIError(shortage, of: estimate, expected: expected, afforded: afforded) }
            held = smaller
        }
        journal.appendLater(generation.openJSON)
        let epoch = state.withLock { $0.book.epoch }
        return Hold(
            generation: generation.id, lease: lease, epoch: epoch, amount: held,
            outputTokensMax: bound(for: estimate, holding: held, of: lease))
    }

    public func grow(_ hold: inout Hold, to amount: Money) async -> HoldGrowth {
        let more = amount.nanoUSD.subtractingReportingOverflow(hold.amount.nanoUSD)
        guard !more.overflow else { return .short }
        guard more.partialValue > 0 else { return .granted }
        for _ in 0..<Self.takesMax {
            let (lease, epoch) = (hold.lease, hold.epoch)
            if state.withLock({ $0.grow(by: more.partialValue, of: lease, epoch: epoch, at: ambient.now()) }) {
                hold.amount = amount
                return .granted
            }
            // What is refilled belongs to another life of this node than the hold.
            guard state.withLock({ $0.book.epoch }) == epoch else { return .unknown }
            waits.wait(for: .credit)
            switch await refill(hold.lease, need: more.partialValue) {
            case .granted: continue
            case .short: return .short
            case .failed: return .unknown
            }
        }
        return .unknown
    }

    public func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) -> Generation {
        var record = generation
        let cost = generation.cost.nanoUSD
        // An answer that was longer than expected is paid like any other, if there is credit.
        for _ in 0..<Self.settlingRefillsMax {
            let lacking = state.withLock { $0.lacking(hold, cost: cost) }
            guard lacking > 0 else { break }
            waits.wait(for: .credit)
            guard case .granted = await refill(hold.lease, need: lacking) else { break }
        }
        let charged = state.withLock { $0.settle(hold, cost: cost) }
        record.cost = Money(nanoUSD: charged)
        record.uncollected = Money(nanoUSD: max(0, cost - charged))
        record.held = hold.amount
        let json = record.json
        // Whoever removes segments must not remove one between the writing of a record and its being listed.
        let oldest = journal.current.segment
        segments.withLock { $0[oldest, default: 0] += 1 }
        var failure: StoreError?
        var segment = oldest
        do throws(StoreError) {
            segment = try journal.append(json)
        } catch {
            failure = error
        }
        state.withLock { [record, segment] in $0.append(record, record: json, of: hold, segment: segment) }
        segments.withLock { segments in
            segments[oldest, default: 1] -= 1
            if segments[oldest] == 0 { segments[oldest] = nil }
        }
        // Without a journal the store must have it before the client may be told.
        if failure != nil {
            waits.wait(for: .charge)
            try await report()
        }
        return record
    }

    /// The record of a request that has ended here and that the store may not have yet.
    public func generation(_ id: Generation.ID) -> Generation? { state.withLock { $0.generation(id) } }

    // MARK: Holding

    /// Refills one hold may wait for.
    private static let takesMax = 1000
    /// Refills one charge may wait for: others may take what came.
    private static let settlingRefillsMax = 3

    /// - Returns: what is short, if it cannot be held.
    private func take(
        _ amount: Money, from lease: LeaseName, for generation: Generation
    ) async throws(APIError) -> LeaseShortage? {
        for _ in 0..<Self.takesMax {
            let taking = state.withLock { state in
                state.take(amount.nanoUSD, from: lease, for: generation, at: ambient.now())
            }
            switch taking {
            case .held:
                refillAhead(lease, amount: amount.nanoUSD)
                return nil
            case .short(let shortage): return shortage
            case .unavailable(let reason): throw unknown(reason)
            case .mustRefill:
                waits.wait(for: .credit)
                switch await refill(lease, need: amount.nanoUSD) {
                case .granted: continue
                case .short(let shortage, let need):
                    if need <= amount.nanoUSD { return shortage }
                case .failed(let reason): throw unknown(reason)
                }
            }
        }
        throw unknown("too many requests wait for credit")
    }

    /// It cannot be told whether there is credit; ``trouble`` says so for a while.
    private func unknown(_ reason: String) -> APIError {
        refusal.withLock { $0 = (reason, ambient.now()) }
        return APIError(creditUnknown: reason)
    }

    private func reserveJournal() throws(APIError) {
        let running = state.withLock { $0.running.count }
        do throws(StoreError) {
            try journal.reserve((running + 1) * Self.recordBytesReserved)
        } catch {
            throw unknown(error.description)
        }
    }

    /// The bound that the vendor must be told, so that a whole answer cannot cost more than there is.
    private func bound(for estimate: HoldEstimate, holding held: Money, of lease: LeaseName) -> Int? {
        guard estimate.outputTokensAllowed == nil, !estimate.streamed, held > .zero else { return nil }
        let (free, available) = state.withLock { $0.credit(of: lease) }
        guard let available else { return nil }
        let all = held.nanoUSD.addingReportingOverflow(free)
        let most = all.partialValue.addingReportingOverflow(available)
        guard !all.overflow, !most.overflow else { return nil }
        let afforded = estimate.outputTokens(affordedBy: Money(nanoUSD: most.partialValue))
        return afforded < estimate.outputTokensPossible ? max(1, afforded) : nil
    }

    // MARK: Refilling

    private enum Refilled: Sendable {
        case granted
        /// - Parameter need: what was asked for; who needs less may ask again.
        case short(LeaseShortage, need: Int64)
        case failed(String)
    }

    /// Others that need the same lease wait for one answer.
    private struct Refill: Sendable {
        var waiting: [CheckedContinuation<Refilled, Never>] = []
        /// The store has not answered in time; until it does, nobody waits for it.
        var isLate = false
    }

    /// Asks for more before the lease is empty. Nobody waits for it; it ends with the store's answer.
    private func refillAhead(_ lease: LeaseName, amount: Int64) {
        guard amount > 0, state.withLock({ $0.book.isLow(lease, amount: amount) }),
            refills.withLock({ $0[lease] == nil }), !isShort(lease)
        else { return }
        Task { _ = await refill(lease, need: amount) }
    }

    private func isShort(_ lease: LeaseName) -> Bool {
        state.withLock { $0.credit(of: lease).available.map { $0 == 0 } ?? false }
    }

    private func refill(_ lease: LeaseName, need: Int64) async -> Refilled {
        await withCheckedContinuation { continuation in
            let (isFirst, isLate) = refills.withLock { refills -> (Bool, Bool) in
                if refills[lease]?.isLate == true { return (false, true) }
                let isFirst = refills[lease] == nil
                refills[lease, default: Refill()].waiting.append(continuation)
                return (isFirst, false)
            }
            if isLate { continuation.resume(returning: Self.late) }
            guard isFirst else { return }
            // All that wait wait for this task; it ends with the store's answer.
            Task {
                let impatience = Task { [policy] in
                    do { try await Task.sleep(for: policy.patience) } catch { return }
                    loseAll(of: lease)
                }
                let result = await askForCredit(lease, need: need)
                impatience.cancel()
                let waiting = refills.withLock { $0.removeValue(forKey: lease)?.waiting ?? [] }
                for (place, continuation) in waiting.enumerated() {
                    // What was short for whoever asked need not be for those that joined: what was free then may be more.
                    if place > 0, case .short = result {
                        continuation.resume(returning: .granted)
                    } else {
                        continuation.resume(returning: result)
                    }
                }
            }
        }
    }

    /// The store takes too long: those that wait are told so, and those that come until it answers.
    private func loseAll(of lease: LeaseName) {
        let waiting = refills.withLock { refills in
            refills[lease]?.isLate = true
            let waiting = refills[lease]?.waiting ?? []
            refills[lease]?.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: Self.late) }
    }

    private static let late = Refilled.failed("the store has not answered for too long")

    private func askForCredit(_ lease: LeaseName, need: Int64) async -> Refilled {
        var shortage: LeaseShortage?
        for attempt in 0..<max(1, policy.recallTries) {
            if attempt > 0 { try? await Task.sleep(for: policy.recallPause) }  // Cancelled, it asks at once.
            let answer: LeaseAnswer
            do throws(StoreError) {
                answer = try await lane.run { () throws(StoreError) in try await askOnce(lease, need: need) }
            } catch {
                return .failed(error.description)
            }
            switch answer {
            case .granted: return .granted
            case .fenced: return .failed("another server has taken the place of this one")
            case .short(let found):
                shortage = found
                guard found.isElsewhere else { return .short(found, need: need) }
            }
        }
        guard let shortage else { return .failed("the store was not asked") }
        return .short(shortage, need: need)
    }

    /// In the lane.
    private func askOnce(_ lease: LeaseName, need: Int64) async throws(StoreError) -> LeaseAnswer {
        if state.withLock(\.isStopping) { return .fenced }
        // A batch whose fate is unknown would make what the store says of a lease ambiguous.
        if state.withLock({ $0.reporting != nil }) { try await reportOnce() }
        var answer = try await send(lease, need: need)
        if case .short = answer, state.withLock({ $0.giveUpSiblings(of: lease) }) {
            try await reportOnce()
            answer = try await send(lease, need: need)
        }
        return answer
    }

    private func send(_ lease: LeaseName, need: Int64) async throws(StoreError) -> LeaseAnswer {
        let request = state.withLock { $0.request(for: lease, need: need, at: ambient.now()) }
        let answer = try await store.lease(request)
        return state.withLock { $0.answered(answer, to: request, at: ambient.now()) }
    }

    // MARK: Reporting

    /// Settles what a journal held, and joins.
    ///
    /// - Parameter records: all records of the journal's old segments, in order.
    /// - Throws: ``StoreError`` when the store does not take them; nothing is lost, start again.
    public func start(recovering records: [[UInt8]]) async throws(StoreError) {
        for batch in try Recovery(records).batches(of: state.withLock(\.node)) { _ = try await store.settle(batch) }
        try await lane.run { () throws(StoreError) in try await join() }
        journal.remove(through: journal.current.segment - 1)
    }

    /// Reports until its task is cancelled.
    ///
    /// - Parameter onTrouble: told when the store cannot be reached, and with `nil` when it can again.
    public func run(onTrouble: @Sendable (StoreError?) -> Void) async {
        var isFailing = false
        var reclaimedAt = ambient.now()
        while !Task.isCancelled {
            do throws(StoreError) {
                try journal.flush()
                try await report()
                try tidyJournal()
                if policy.leaseLifetime != nil, reclaimedAt.duration(to: ambient.now()) >= .seconds(10) {
                    reclaimedAt = ambient.now()
                    _ = try await store.reclaim(after: policy.reclaimAfter)
                }
                reportFailure.withLock { $0 = nil }
                if isFailing { onTrouble(nil) }
                isFailing = false
            } catch {
                reportFailure.withLock { $0 = error }
                if !isFailing { onTrouble(error) }
                isFailing = true
            }
            // Cancelling ends the wait, and then the loop.
            try? await Task.sleep(for: policy.reportEvery)
        }
    }

    /// Reports what has ended, and gives back all credit. Requests must have ended before.
    public func stop() async throws(StoreError) {
        state.withLock { $0.giveUpAll() }
        try await report()
        try tidyJournal()
    }

    /// Returns once the store has everything that had ended before this was called.
    public func report() async throws(StoreError) {
        try await lane.run { () throws(StoreError) in
            // What ends meanwhile is left to the next report, so that leases get their turn.
            var left = state.withLock(\.endedCount)
            // What another node has asked for is not kept until the next one, though.
            repeat { left -= try await reportOnce() } while left > 0 || state.withLock { $0.hasReturns }
        }
    }

    /// In the lane.
    /// - Returns: how many settlements the store has taken.
    @discardableResult
    private func reportOnce() async throws(StoreError) -> Int {
        let now = ambient.now()
        var count = 0
        if let batch = state.withLock({ $0.batch(at: now) }) {
            let receipt = try await store.settle(batch)
            state.withLock { $0.accepted(receipt, sentAt: now) }
            count = batch.settlements.count
        }
        if state.withLock(\.mustJoin) { try await join() }
        return count
    }

    /// In the lane.
    private func join() async throws(StoreError) {
        let now = ambient.now()
        let epoch = try await store.join(state.withLock(\.node))
        state.withLock { $0.joined(epoch: epoch, sentAt: now) }
    }

    /// Begins a new segment when the old one is long, and removes those that the store has all of.
    private func tidyJournal() throws(StoreError) {
        // Also when there is no room for a new one: old segments are what may be in its place.
        defer { removeSegments() }
        if journal.current.bytes > policy.segmentBytes {
            try journal.rotate(keeping: state.withLock { $0.running.values.map(\.openJSON) })
        }
    }

    private func removeSegments() {
        let oldestWritten = segments.withLock { $0.keys.min() }
        let oldestListed = state.withLock(\.oldestSegment)
        let needed = [oldestWritten, oldestListed, journal.current.segment].compactMap { $0 }.min()
        if let needed { journal.remove(through: needed - 1) }
    }

    /// Requests that run, and those that have ended and are not in the store yet.
    public var counts: (running: Int, unreported: Int) { state.withLock { ($0.running.count, $0.endedCount) } }

    /// Why nothing can be held now or soon; `nil` when all is well.
    public var trouble: String? {
        if state.withLock(\.mustJoin) { return "the ledger has not joined the store" }
        if let failure = reportFailure.withLock({ $0 }) { return failure.description }
        do throws(APIError) { try reserveJournal() } catch { return error.detail ?? error.message }
        // There may be room and credit for one request and none for the next: a refusal is believed for a while.
        guard let refusal = refusal.withLock({ $0 }) else { return nil }
        return refusal.at.duration(to: ambient.now()) < Self.refusalBelieved ? refusal.reason : nil
    }
}
