/// Where nodes that share a database share the rate limits of keys.
///
/// A node takes permits, a few at a time, and lets requests pass with them. A permit is good for
/// ``PermitRequest/lifetime`` from the moment its node asked for it, and stays counted for a minute longer than that: in
/// no 60 seconds can more requests pass than the limit, whatever the nodes do and whenever one of them dies.
public protocol RateStore: Sendable {
    /// Gives out permits, in one transaction.
    ///
    /// - Parameter requests: each for another key; may be none, for a node that asks how many there are.
    /// - Throws: ``StoreError``. Permits that were given out all the same are not used and are free again by themselves.
    func permits(_ requests: [PermitRequest]) async throws(StoreError) -> PermitAnswer
}

/// What a node needs of the limit of one key, and what it has to say of it.
public struct PermitRequest: Sendable, Hashable {
    /// The id of the key.
    public var key: String
    /// Requests in any 60 seconds, of all nodes together.
    public var limit: Int
    /// Requests that wait.
    public var need: Int
    /// More that would be used soon.
    public var ahead: Int
    /// Requests that passed without a permit while the store could not be asked.
    public var unasked: Int
    /// Permits that were not used, by the second in which the store gave them out.
    public var returns: [Int64: Int]

    /// How long a permit is good.
    public static let lifetime: Duration = .seconds(2)

    public init(key: String, limit: Int, need: Int, ahead: Int = 0, unasked: Int = 0, returns: [Int64: Int] = [:]) {
        self.key = key
        self.limit = limit
        self.need = need
        self.ahead = ahead
        self.unasked = unasked
        self.returns = returns
    }
}

/// What a store says to a ``PermitRequest``.
public struct PermitGrant: Sendable, Hashable {
    /// From 0 up to what was asked for.
    public var permits: Int
    /// When they were given out: seconds since 1970 by the clock of the store.
    public var second: Int64
    /// What could be given out besides.
    public var left: Int
    /// Until something can be given out again, when ``left`` is 0; else zero.
    public var wait: Duration

    public init(permits: Int, second: Int64, left: Int, wait: Duration) {
        self.permits = permits
        self.second = second
        self.left = left
        self.wait = wait
    }
}

/// What a store says to all requests of one call.
public struct PermitAnswer: Sendable, Hashable {
    /// In the order of the requests.
    public var grants: [PermitGrant]
    /// Nodes that the store has heard of in the last minute, at least 1.
    public var nodes: Int

    public init(grants: [PermitGrant], nodes: Int) {
        self.grants = grants
        self.nodes = nodes
    }
}
