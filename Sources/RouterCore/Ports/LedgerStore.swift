/// Where accounts, their credit and the records of what was spent are kept, for all nodes.
///
/// The store is the truth about balances; a node only spends what the store has set aside for it. Every call is one
/// transaction. Amounts are nano-dollars.
public protocol LedgerStore: Sendable {
    /// Begins a new life of `node`: what was set aside for its earlier ones is free again.
    ///
    /// - Returns: the number of this life. Calls for an earlier one are answered with ``LeaseAnswer/fenced`` and
    ///   ``SettlementReceipt/isFenced``.
    func join(_ node: NodeID) async throws(StoreError) -> Int64

    /// Keeps price lists, so that what was charged at them can be computed again ever after. Those that are there
    /// already stay as they are.
    func keep(_ prices: [PriceList]) async throws(StoreError)

    /// Sets credit aside for a lease of a node.
    func lease(_ request: LeaseRequest) async throws(StoreError) -> LeaseAnswer

    /// Takes what a node has to report: charges with their records, credit given back, and that it lives.
    ///
    /// Each generation is charged once, however often it is reported. A batch of a node's life is taken once too, so
    /// that it may be sent again when nobody knows whether it arrived.
    func settle(_ batch: SettlementBatch) async throws(StoreError) -> SettlementReceipt

    /// Frees what was set aside for nodes that have not been heard of for `silence`, and ends their lives.
    /// - Returns: the nodes whose lives were ended.
    func reclaim(after silence: Duration) async throws(StoreError) -> [NodeID]
}

/// A server among those that share a store: kept beside its journal, the same in each of its lives.
public struct NodeID: Sendable, Hashable, RawRepresentable {
    /// Such as `node-4fQb0dL2mXz81RtA`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// A node asks for credit.
public struct LeaseRequest: Sendable, Hashable {
    public var node: NodeID
    public var epoch: Int64
    public var lease: LeaseName
    /// Less than this is of no use.
    public var need: Int64
    /// So much would last for a while; at least ``need``.
    public var want: Int64

    public init(node: NodeID, epoch: Int64, lease: LeaseName, need: Int64, want: Int64) {
        self.node = node
        self.epoch = epoch
        self.lease = lease
        self.need = need
        self.want = want
    }
}

/// What a store says to a ``LeaseRequest``.
public enum LeaseAnswer: Sendable, Hashable {
    /// - Parameters:
    ///   - remaining: all that is set aside for this lease now and neither settled nor given back.
    ///   - available: what more could be set aside.
    case granted(remaining: Int64, available: Int64)
    /// Not so much is there; nothing was set aside.
    case short(LeaseShortage)
    /// The life of the node was ended by another that has its name, or after a long silence.
    case fenced
}

/// Why credit could not be set aside.
public struct LeaseShortage: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        /// The account's balance, less what is set aside, does not reach.
        case balance
        /// The key's own limit does not reach.
        case keyLimit(LimitReset?)
        /// The account is suspended or not there.
        case suspended
    }

    public var reason: Reason
    /// What could still be set aside, of the account and within the key's limit.
    public var available: Int64
    /// Other leases have credit of this account, which their nodes were asked to give back.
    public var isElsewhere: Bool

    public init(reason: Reason, available: Int64, isElsewhere: Bool) {
        self.reason = reason
        self.available = available
        self.isElsewhere = isElsewhere
    }
}

/// What a node reports at once.
public struct SettlementBatch: Sendable {
    public var node: NodeID
    public var epoch: Int64
    /// 1 for the first batch of a life, then one more for each; 0 for what a journal held when the node started, before
    /// it joined.
    public var sequence: Int64
    public var settlements: [Settlement]
    public var returns: [LeaseName: Int64]

    public init(
        node: NodeID, epoch: Int64, sequence: Int64, settlements: [Settlement], returns: [LeaseName: Int64] = [:]
    ) {
        self.node = node
        self.epoch = epoch
        self.sequence = sequence
        self.settlements = settlements
        self.returns = returns
    }
}

/// One request that has ended, and the lease that pays for it.
public struct Settlement: Sendable {
    public var generation: Generation
    /// `generation` as text, see ``Generation/json``.
    public var record: [UInt8]
    /// `nil` when it is gone: the account is charged all the same.
    public var lease: LeaseName?

    public init(generation: Generation, record: [UInt8], lease: LeaseName?) {
        self.generation = generation
        self.record = record
        self.lease = lease
    }
}

/// What a store says to a ``SettlementBatch``: all of it is stored.
public struct SettlementReceipt: Sendable, Hashable {
    /// The node must join again: it has no leases any more.
    public var isFenced: Bool
    /// Accounts whose credit another node needs.
    public var recalled: Set<Account.ID>

    public init(isFenced: Bool = false, recalled: Set<Account.ID> = []) {
        self.isFenced = isFenced
        self.recalled = recalled
    }
}
