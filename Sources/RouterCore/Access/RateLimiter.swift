import Synchronization

/// Limits requests by key.
public protocol RequestLimiter: Sendable {
    /// Counts one request of `key`, if it may pass, without asking anybody; `nil` when somebody must be asked.
    ///
    /// - Parameter limit: requests in any 60 seconds.
    func admit(_ key: String, limit: Int) -> RateLimiter.Verdict?

    /// Counts one request of `key`, if it may pass: for what ``admit(_:limit:)`` could not say.
    /// - Throws: ``StoreError`` of kind `unavailable` when nobody can tell.
    func ask(_ key: String, limit: Int) async throws(StoreError) -> RateLimiter.Verdict

    /// Gives back the place of a request that was refused for another reason before anything was done for it.
    func giveBack(_ key: String, _ verdict: RateLimiter.Verdict)
}

/// Limits requests by key, on one node, in memory; a restart forgets. ``SharedRateLimiter`` does it on several.
public final class RateLimiter: RequestLimiter {
    /// What was decided for one request, and what its answer's headers say.
    public struct Verdict: Sendable, Hashable {
        public var isAdmitted: Bool
        /// Requests in any 60 seconds.
        public var limit: Int
        /// How many more would be admitted now.
        public var remaining: Int
        /// Milliseconds since 1970: when a place is free again if none is left, else when all are.
        public var resetAt: Int64
        /// Until a place is free; zero when one is.
        public var retryAfter: Duration
        /// What was taken, for giving it back.
        var place: Place

        enum Place: Sendable, Hashable {
            case none
            /// One of the second, counted on this node.
            case counted(second: Int64)
            /// A permit that the store gave out in a second of its clock, counted on this node in one of its own.
            case permit(second: Int64, counted: Int64)
        }
    }

    private let windows: Mutex<[String: RateWindow]>
    private let clock: @Sendable () -> Int64
    /// Idle windows are looked for when there are more than this.
    private static let windowsMax = 10_000

    /// - Parameter clock: milliseconds since 1970; a step back only delays.
    public init(clock: @escaping @Sendable () -> Int64) {
        self.clock = clock
        windows = Mutex([:])
    }

    public func admit(_ key: String, limit: Int) -> Verdict? { count(key, limit: limit) }

    public func ask(_ key: String, limit: Int) async throws(StoreError) -> Verdict { count(key, limit: limit) }

    private func count(_ key: String, limit: Int) -> Verdict {
        let now = clock()
        let second = now / 1000
        return windows.withLock { windows in
            if windows.count > Self.windowsMax, windows[key] == nil {
                windows = windows.compactMapValues { window in
                    var window = window
                    return window.isIdle(at: second) ? nil : window
                }
            }
            var window = windows[key] ?? RateWindow()
            windows[key] = nil  // So that the counters below are not shared, and not copied.
            defer { windows[key] = window }
            let isAdmitted = window.take(at: second, limit: limit)
            let remaining = window.remaining(at: second, limit: limit)
            let nextPlace = window.secondOfNextPlace(after: second, limit: limit) * 1000
            return Verdict(
                isAdmitted: isAdmitted, limit: limit, remaining: remaining,
                resetAt: remaining == 0 ? max(nextPlace, now) : (second + 61) * 1000,
                retryAfter: isAdmitted ? .zero : .milliseconds(max(1, nextPlace - now)),
                place: isAdmitted ? .counted(second: second) : .none)
        }
    }

    public func giveBack(_ key: String, _ verdict: Verdict) {
        guard case .counted(let second) = verdict.place else { return }
        windows.withLock { $0[key]?.giveBack(takenAt: second) }
    }
}
