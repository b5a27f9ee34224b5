import Hummingbird
import RouterCore
import Synchronization

/// What Hummingbird's handlers know of one request.
struct RouterContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Header fields that the answer gets, whether it succeeds or fails.
    var limitHeaders = LimitHeaders()

    init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

    /// Filled in by the route that admits the caller; read by the middleware around it.
    final class LimitHeaders: Sendable {
        private let verdict = Mutex<RateLimiter.Verdict?>(nil)
        func set(_ value: RateLimiter.Verdict) { verdict.withLock { $0 = value } }
        var value: RateLimiter.Verdict? { verdict.withLock { $0 } }
    }
}
