import Synchronization

/// Limits requests by key, on one node, in memory; a restart forgets.
public final class RateLimiter: Sendable {
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
        /// The second that was counted, for giving the place back.
        fileprivate var second: Int64
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

    /// Counts one request of `key`, if it may pass.
    public func admit(_ key: String, limit: Int) -> Verdict {
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
                retryAfter: isAdmitted ? .zero : .milliseconds(max(1, nextPlace - now)), second: second)
        }
    }

    /// Gives back the place of a request that was refused for another reason before anything was done for it.
    public func giveBack(_ key: String, _ verdict: Verdict) {
        windows.withLock { $0[key]?.giveBack(takenAt: verdict.second) }
    }
}
