import Synchronization

/// Counts how often requests for answers had to wait for the store, which the usual one never does.
///
/// A request that waits twice is counted twice: waits by requests are an upper bound of the share that waited.
public final class StoreWaits: Sendable {
    /// What a request waited for.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// Its key, which was not seen before or has changed.
        case key
        /// Permits of its rate limit.
        case rate
        /// Credit.
        case credit
        /// That its charge was stored, because the journal could not take it.
        case charge
    }

    /// What was counted so far.
    public struct Count: Sendable, Hashable {
        /// Requests for answers with a key that is good.
        public var requests = 0
        public var waits: [Cause: Int] = [:]
    }

    private let count = Mutex(Count())

    public init() {}

    /// A request was let in, or refused for its limit.
    public func begin() { count.withLock { $0.requests += 1 } }

    public func wait(for cause: Cause) { count.withLock { $0.waits[cause, default: 0] += 1 } }

    public var soFar: Count { count.withLock { $0 } }
}
