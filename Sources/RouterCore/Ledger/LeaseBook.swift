/// Whose credit a lease is cut from: an account's or, for a key with a limit of its own, that key's share of it.
public struct LeaseName: Sendable, Hashable {
    public var account: Account.ID
    /// The id of a key that has a limit; `nil` for what all other keys of the account share.
    public var key: String?

    public init(account: Account.ID, key: String? = nil) {
        self.account = account
        self.key = key
    }
}

/// The credit that one node may spend: its leases, what is held of them, what was spent and not reported yet.
///
/// A lease is a slice of an account's balance that the store has set aside for this node, so that a hold needs no
/// database. What the store has set aside for a lease is always `free + held + unreported + returning`. Pure: time is
/// given, and whatever must be asked of the store is said by an answer. Amounts are nano-dollars, never negative.
struct LeaseBook: Sendable {
    struct Lease: Sendable, Hashable {
        /// May be held.
        var free: Int64 = 0
        /// Set aside for running requests.
        var held: Int64 = 0
        /// Charged here, not settled in the store yet.
        var unreported: Int64 = 0
        /// Given back here, not in the store yet.
        var returning: Int64 = 0
        /// What was free when it was refilled last.
        fileprivate var slice: Int64 = 0
        /// What was charged since ``refilledAt``: how much the next slice should have.
        fileprivate var spent: Int64 = 0
        fileprivate var refilledAt: ContinuousClock.Instant
        fileprivate var usedAt: ContinuousClock.Instant
    }

    private(set) var leases: [LeaseName: Lease] = [:]
    /// Counts the lives of this node in the store; a hold of an earlier one has no lease any more.
    private(set) var epoch: Int64 = 0

    /// A lease that nobody used for so long is given back.
    static let idleMax: Duration = .seconds(5)
    /// A slice is meant to last so long.
    private static let sliceSeconds: Int64 = 3
    /// The first slice is so many times what is needed at once.
    private static let firstSlice: Int64 = 4

    // MARK: Holding

    /// Sets `amount` aside.
    /// - Returns: whether the lease had it; if not, nothing has changed.
    mutating func take(_ amount: Int64, from name: LeaseName, at now: ContinuousClock.Instant) -> Bool {
        guard amount > 0 else { return true }
        guard leases[name]?.free ?? 0 >= amount else { return false }
        leases[name]?.free -= amount
        leases[name]?.held += amount
        leases[name]?.usedAt = now
        return true
    }

    /// Ends a hold of `amount` with a charge.
    ///
    /// - Parameters:
    ///   - cost: what the request came to. Beyond the hold it is taken from what is free.
    ///   - epoch: the one in which the hold was made.
    /// - Returns: what is charged: `cost`, or less when hold and lease together have less. A hold of an earlier epoch
    ///   is charged at most what it had.
    mutating func settle(_ amount: Int64, cost: Int64, of name: LeaseName, epoch: Int64) -> Int64 {
        let cost = max(0, cost)
        guard epoch == self.epoch, var lease = leases[name] else { return min(cost, amount) }
        leases[name] = nil  // So that it is changed in place.
        let charged = min(cost, amount + lease.free)
        lease.held -= amount
        lease.free += amount - charged
        lease.unreported += charged
        lease.spent &+= charged
        leases[name] = lease
        return charged
    }

    // MARK: The store's side

    /// How much to ask the store for when `need` is not there: enough for a few seconds at the pace so far.
    func slice(for need: Int64, of name: LeaseName, at now: ContinuousClock.Instant) -> Int64 {
        let most = Int64.max / 8
        let first = min(need, most) * Self.firstSlice
        guard let lease = leases[name], lease.spent > 0 else { return first }
        let milliseconds = max(1, lease.refilledAt.duration(to: now).wholeMilliseconds)
        let (perSecond, overflow) = lease.spent.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return most }
        return max(first, min(most, perSecond / milliseconds) * Self.sliceSeconds)
    }

    /// Whether so little is left that the next requests may have to wait: a third of the last slice, which is a second at
    /// the pace so far.
    func isLow(_ name: LeaseName, amount: Int64) -> Bool {
        guard let lease = leases[name] else { return true }
        return lease.free < max(min(amount, Int64.max / 2) * 2, lease.slice / 3)
    }

    /// The store has set aside more.
    ///
    /// - Parameter remaining: what it has set aside for this lease in all and not seen settled or given back.
    mutating func refill(_ name: LeaseName, remaining: Int64, at now: ContinuousClock.Instant) {
        var lease = leases[name] ?? Lease(refilledAt: now, usedAt: now)
        lease.free = max(0, remaining - lease.held - lease.unreported - lease.returning)
        lease.slice = lease.free
        lease.spent = 0
        lease.refilledAt = now
        lease.usedAt = now
        leases[name] = lease
    }

    /// Gives up what is free of the leases that `choose` picks; it can be held no more.
    /// - Returns: what the store must be told, in no order.
    mutating func giveBack(where choose: (LeaseName, Lease) -> Bool) -> [LeaseName: Int64] {
        var returns: [LeaseName: Int64] = [:]
        for (name, lease) in leases where lease.free > 0 && choose(name, lease) {
            returns[name] = lease.free
            leases[name]?.returning += lease.free
            leases[name]?.free = 0
        }
        return returns
    }

    /// The store knows now that so much was charged and given back.
    mutating func reported(_ charged: [LeaseName: Int64], _ returned: [LeaseName: Int64]) {
        for (name, amount) in charged { leases[name]?.unreported -= amount }
        for (name, amount) in returned { leases[name]?.returning -= amount }
        leases = leases.filter { !$0.value.isEmpty }
    }

    /// The node begins a new life in the store, in which it has no leases.
    mutating func begin(epoch: Int64) {
        self.epoch = epoch
        leases = [:]
    }

    /// Nothing is set aside for running requests.
    var isQuiet: Bool { leases.values.allSatisfy { $0.held == 0 } }

    /// Whether each part of each lease makes sense.
    var isSound: Bool {
        leases.values.allSatisfy { $0.free >= 0 && $0.held >= 0 && $0.unreported >= 0 && $0.returning >= 0 }
    }
}

extension LeaseBook.Lease {
    /// Whether it has been left alone for ``LeaseBook/idleMax``.
    func isIdle(at now: ContinuousClock.Instant) -> Bool { usedAt.duration(to: now) >= LeaseBook.idleMax }

    fileprivate var isEmpty: Bool { free == 0 && held == 0 && unreported == 0 && returning == 0 }
}

extension Duration {
    /// Rounded down; bounded to what fits.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, Int64.max / 2000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
