/// What one node knows of money: its leases, the requests that run, those that have ended and must be reported.
///
/// Pure: it is told what happened and says what to do; ``CreditLedger`` does it, the simulator of its tests pretends to.
/// Amounts are nano-dollars.
struct NodeLedger: Sendable {
    let node: NodeID
    /// How long leases are good after the store has heard of this node; `nil` when no other node can end its life.
    let leaseLifetime: Duration?

    private(set) var book = LeaseBook()
    /// Requests that have a hold.
    private(set) var running: [Generation.ID: Generation] = [:]
    /// Requests that have ended and are not in the store yet, oldest first; the first of them may be in ``reporting``.
    private var ended: [Ended] = []
    private var endedByID: [Generation.ID: Generation] = [:]
    /// Sent to the store; nobody knows whether it arrived.
    private(set) var reporting: SettlementBatch?
    /// Decided to be given back, not in a batch yet.
    private var returns: [LeaseName: Int64] = [:]
    private var sequence: Int64 = 0
    private var validUntil: ContinuousClock.Instant?
    private var heardAt: ContinuousClock.Instant?
    private var shortages: [LeaseName: Shortage] = [:]
    /// What could be set aside besides each lease, when it was last asked for.
    private var available: [LeaseName: Int64] = [:]
    private var sizes = AnswerSizes()
    /// The node must join before it can hold anything.
    private(set) var mustJoin = true
    /// Nothing more is set aside for it.
    private(set) var isStopping = false

    private struct Ended: Sendable {
        var settlement: Settlement
        var epoch: Int64
        var segment: Int64
    }

    private struct Shortage: Sendable {
        var shortage: LeaseShortage
        var need: Int64
        var until: ContinuousClock.Instant
    }

    /// Settlements in one batch.
    static let batchMax = 1000
    /// Settlements that may wait for the store; beyond it nothing new is held.
    static let endedMax = 200_000
    /// A shortage is believed for so long without asking again.
    private static let shortageBelieved: Duration = .milliseconds(25)
    /// The store hears of a node that has nothing to report so often.
    private static let heartbeat: Duration = .seconds(1)

    init(node: NodeID, leaseLifetime: Duration?) {
        self.node = node
        self.leaseLifetime = leaseLifetime
    }

    // MARK: Requests

    enum Taking: Sendable, Hashable {
        case held
        /// The lease must be refilled first.
        case mustRefill
        /// It was asked for a moment ago, and there was not so much.
        case short(LeaseShortage)
        /// Nothing can be held now, for this reason.
        case unavailable(String)
    }

    /// Holds `amount` for a request.
    mutating func take(
        _ amount: Int64, from name: LeaseName, for generation: Generation, at now: ContinuousClock.Instant
    ) -> Taking {
        if mustJoin { return .unavailable("the store has not answered since this node started") }
        guard ended.count < Self.endedMax else {
            return .unavailable("too many settlements wait for the store")
        }
        if amount > 0 {
            if let validUntil, now >= validUntil { return .unavailable("the store has not answered for too long") }
            guard book.take(amount, from: name, at: now) else {
                if let known = shortages[name], known.need <= amount, now < known.until {
                    return .short(known.shortage)
                }
                return .mustRefill
            }
        }
        running[generation.id] = generation
        return .held
    }

    /// Makes a hold of a running request larger by `more`.
    mutating func grow(by more: Int64, of name: LeaseName, epoch: Int64, at now: ContinuousClock.Instant) -> Bool {
        guard epoch == book.epoch, validUntil.map({ now < $0 }) ?? true else { return false }
        return book.take(more, from: name, at: now)
    }

    /// What a charge of `cost` lacks in the hold and its lease.
    func lacking(_ hold: Hold, cost: Int64) -> Int64 {
        let free = hold.epoch == book.epoch ? book.leases[hold.lease]?.free ?? 0 : 0
        return max(0, cost - hold.amount.nanoUSD - free)
    }

    /// Ends a hold.
    /// - Returns: what is charged of `cost`.
    mutating func settle(_ hold: Hold, cost: Int64) -> Int64 {
        let charged = book.settle(hold.amount.nanoUSD, cost: cost, of: hold.lease, epoch: hold.epoch)
        // What was short may now be there, together with what the store has.
        if charged < hold.amount.nanoUSD { shortages[hold.lease] = nil }
        return charged
    }

    /// A request has ended, and its record is in the journal.
    mutating func append(_ generation: Generation, record: [UInt8], of hold: Hold, segment: Int64) {
        running[generation.id] = nil
        endedByID[generation.id] = generation
        ended.append(
            Ended(
                settlement: Settlement(generation: generation, record: record, lease: hold.lease),
                epoch: hold.epoch, segment: segment))
        sizes.note(generation)
    }

    /// The record of a request that has ended and is not in the store yet.
    func generation(_ id: Generation.ID) -> Generation? { endedByID[id] }

    /// Tokens of answer to set aside for a request that sets no bound.
    func outputTokensExpected(_ estimate: HoldEstimate) -> Int {
        sizes.expected(of: estimate.model, possible: estimate.outputTokensPossible)
    }

    // MARK: Refilling

    /// What to ask the store for when `need` more must be held.
    func request(for name: LeaseName, need: Int64, at now: ContinuousClock.Instant) -> LeaseRequest {
        // What is free is less than what is needed, and is not to be left over in the end.
        let missing = max(1, need - (book.leases[name]?.free ?? 0))
        return LeaseRequest(
            node: node, epoch: book.epoch, lease: name, need: missing,
            want: max(missing, book.slice(for: need, of: name, at: now)))
    }

    /// Gives up what is free of the account's other leases on this node, so that this one can have it.
    /// - Returns: whether there was anything.
    mutating func giveUpSiblings(of name: LeaseName) -> Bool {
        let given = book.giveBack { other, _ in other != name && other.account == name.account }
        returns.merge(given, uniquingKeysWith: +)
        return !given.isEmpty
    }

    /// The store answered a ``LeaseRequest``.
    /// - Returns: the answer; what is short counts what the lease has free.
    mutating func answered(
        _ answer: LeaseAnswer, to request: LeaseRequest, at now: ContinuousClock.Instant
    ) -> LeaseAnswer {
        guard request.epoch == book.epoch else { return answer }
        switch answer {
        case .granted(let remaining, let more):
            book.refill(request.lease, remaining: remaining, at: now)
            available[request.lease] = more
            shortages[request.lease] = nil
        case .short(var shortage):
            available[request.lease] = shortage.available
            let free = book.leases[request.lease]?.free ?? 0
            shortage.available += free
            shortages = shortages.filter { now < $0.value.until }
            shortages[request.lease] = Shortage(
                shortage: shortage, need: request.need + free, until: now.advanced(by: Self.shortageBelieved))
            return .short(shortage)
        case .fenced:
            mustJoin = true
        }
        return answer
    }

    /// What a lease has free, and what could be set aside besides when it was last asked.
    func credit(of name: LeaseName) -> (free: Int64, available: Int64?) {
        (book.leases[name]?.free ?? 0, available[name])
    }

    // MARK: Reporting

    /// What the store must be told now; the same batch again until it is ``accepted(_:_:sentAt:)``. `nil`: nothing.
    mutating func batch(at now: ContinuousClock.Instant) -> SettlementBatch? {
        if let reporting { return reporting }
        guard !mustJoin else { return nil }
        // Of a node that stops, also what was asked for before.
        let isStopping = isStopping
        returns.merge(book.giveBack { _, lease in isStopping || lease.isIdle(at: now) }, uniquingKeysWith: +)
        guard !ended.isEmpty || !returns.isEmpty || isHeartbeatDue(at: now) else { return nil }
        sequence += 1
        let settlements = ended.prefix(Self.batchMax).map { entry in
            var settlement = entry.settlement
            // Its lease went with an earlier life of this node, or nothing was held.
            if entry.epoch != book.epoch { settlement.lease = nil }
            return settlement
        }
        let batch = SettlementBatch(
            node: node, epoch: book.epoch, sequence: sequence, settlements: settlements, returns: returns)
        returns = [:]
        reporting = batch
        return batch
    }

    private func isHeartbeatDue(at now: ContinuousClock.Instant) -> Bool {
        guard leaseLifetime != nil else { return false }
        return heardAt.map { $0.duration(to: now) >= Self.heartbeat } ?? true
    }

    /// The store has taken ``reporting``.
    ///
    /// - Parameter sentAt: before it was sent, so that a slow answer shortens the life of leases and never stretches it.
    mutating func accepted(_ receipt: SettlementReceipt, sentAt: ContinuousClock.Instant) {
        guard let batch = reporting else { return }
        reporting = nil
        for entry in ended.prefix(batch.settlements.count) {
            endedByID[entry.settlement.generation.id] = nil
        }
        ended.removeFirst(batch.settlements.count)
        if receipt.isFenced {
            mustJoin = true
            return
        }
        var charged: [LeaseName: Int64] = [:]
        for settlement in batch.settlements {
            if let lease = settlement.lease { charged[lease, default: 0] += settlement.generation.cost.nanoUSD }
        }
        book.reported(charged, batch.returns)
        heard(at: sentAt)
        returns.merge(
            book.giveBack { name, _ in receipt.recalled.contains(name.account) }, uniquingKeysWith: +)
    }

    /// The store has begun a new life of this node.
    mutating func joined(epoch: Int64, sentAt: ContinuousClock.Instant) {
        book.begin(epoch: epoch)
        mustJoin = false
        sequence = 0
        reporting = nil
        returns = [:]
        shortages = [:]
        available = [:]
        heard(at: sentAt)
    }

    private mutating func heard(at sentAt: ContinuousClock.Instant) {
        heardAt = sentAt
        validUntil = leaseLifetime.map { sentAt.advanced(by: $0 * 9 / 10) }
    }

    /// Gives up all that is free and asks for no more; for a node that stops.
    mutating func giveUpAll() {
        isStopping = true
        returns.merge(book.giveBack { _, _ in true }, uniquingKeysWith: +)
    }

    /// Whether the store has everything that has ended.
    var isReported: Bool { ended.isEmpty && returns.isEmpty && reporting == nil }

    /// Whether credit waits to be given back.
    var hasReturns: Bool { !returns.isEmpty && !mustJoin }

    /// How many requests have ended and are not in the store.
    var endedCount: Int { ended.count }

    /// The oldest segment of the journal with a record that the store does not have.
    var oldestSegment: Int64? { ended.lazy.map(\.segment).min() }
}
