import Synchronization

/// Limits requests by key for all nodes that share a store, without asking it for the usual request.
///
/// A node lets requests pass with permits that it has taken ahead of need; only the first request of a key that was
/// quiet waits for the store, and those near the limit. Whoever must wait waits together with all others for one answer.
///
/// While the store does not answer, each node lets its share of the limit pass, the limit divided by the nodes, and tells
/// the store afterwards. What holds when, in figures: `docs/decisions/0006-rate-limits.md`.
///
/// Run ``run()`` as long as requests come, then ``stop()``.
public final class SharedRateLimiter: RequestLimiter {
    /// How a node and the store keep in touch.
    public struct Policy: Sendable, Hashable {
        /// How long a request waits for the store at most; then the store counts as away.
        public var patience: Duration = .milliseconds(500)
        /// How often permits that were not used are given back, and a store that is away is tried.
        public var reportEvery: Duration = .milliseconds(500)

        public init() {}
    }

    private struct State {
        var pools: [String: PermitPool] = [:]
        /// Keys that the store is to be asked about, with those that wait for it.
        var due: [String: [Waiting]] = [:]
        /// Those that wait for the answer that is on its way.
        var asked: [String: [Waiting]] = [:]
        var nodes = 1
        /// The store did not answer the last time.
        var isAway = false
        var isTalking = false
        /// Requests have ended: what comes still goes back.
        var isStopped = false
        /// Counts conversations, so that a late impatience does not end the next one.
        var talk = 0
    }

    /// A request that waits. Given `nil`, the store does not answer.
    private typealias Waiting = CheckedContinuation<RateLimiter.Verdict?, Never>

    private let store: any RateStore
    private let ambient: Ambient
    private let policy: Policy
    private let state = Mutex(State())

    /// Idle keys are looked for when there are more than this.
    private static let poolsMax = 10_000
    /// Keys in one conversation.
    private static let keysMax = 500
    /// How often a request that waits tries again when the store comes and goes.
    private static let triesMax = 3

    public init(store: any RateStore, ambient: Ambient, policy: Policy = Policy()) {
        self.store = store
        self.ambient = ambient
        self.policy = policy
    }

    // MARK: Requests

    public func admit(_ key: String, limit: Int) -> RateLimiter.Verdict? {
        let moment = moment
        let (verdict, mustTalk) = state.withLock { state -> (RateLimiter.Verdict?, Bool) in
            Self.forgetIdle(in: &state, besides: key, at: moment)
            if let verdict = state.pools[key, default: PermitPool()].take(limit: limit, at: moment) {
                guard !state.isAway, state.due[key] == nil, state.asked[key] == nil,
                    state.pools[key]?.ahead(at: moment) ?? 0 > 0
                else { return (verdict, false) }
                state.due[key] = []
                return (verdict, Self.begin(&state))
            }
            if let pool = state.pools[key], pool.isRefused(at: moment.now) {
                return (pool.refusal(at: moment), false)
            }
            let share = limit / state.nodes
            guard state.isAway, share > 0 else { return (nil, false) }
            return (
                state.pools[key, default: PermitPool()].takeUnasked(limit: limit, share: share, at: moment), false
            )
        }
        if mustTalk { startTalking() }
        return verdict
    }

    public func ask(_ key: String, limit: Int) async throws(StoreError) -> RateLimiter.Verdict {
        for _ in 0..<Self.triesMax {
            let verdict = await withCheckedContinuation { (continuation: Waiting) in
                let (isAway, mustTalk) = state.withLock { state -> (Bool, Bool) in
                    guard !state.isAway else { return (true, false) }
                    state.pools[key, default: PermitPool()].limit = limit
                    state.due[key, default: []].append(continuation)
                    return (false, Self.begin(&state))
                }
                if isAway { continuation.resume(returning: nil) }
                if mustTalk { startTalking() }
            }
            if let verdict = verdict ?? admit(key, limit: limit) { return verdict }
        }
        throw StoreError(.unavailable, "the store does not answer, and this server's share of the rate limit is none")
    }

    public func giveBack(_ key: String, _ verdict: RateLimiter.Verdict) {
        let now = ambient.now()
        state.withLock { $0.pools[key]?.giveBack(verdict.place, at: now) }
    }

    private var moment: PermitPool.Moment { PermitPool.Moment(now: ambient.now(), timestamp: ambient.timestamp()) }

    private static func forgetIdle(in state: inout State, besides key: String, at moment: PermitPool.Moment) {
        guard state.pools.count > poolsMax, state.pools[key] == nil else { return }
        let (due, asked) = (state.due, state.asked)
        state.pools = state.pools.filter { key, pool in
            var pool = pool
            return due[key] != nil || asked[key] != nil || !pool.isIdle(at: moment)
        }
    }

    // MARK: The store

    /// Tells the store what is to be told, and finds out whether it is there, until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            await report()
            // Cancelling ends the wait, and then the loop.
            try? await Task.sleep(for: policy.reportEvery)
        }
    }

    /// Gives back all permits. Requests must have ended before. Should the store not answer, they are free by themselves
    /// within 63 seconds.
    public func stop() async {
        state.withLock { state in
            state.isStopped = true
            for key in state.pools.keys { state.pools[key]?.giveUpAll() }
        }
        await report()
    }

    /// Gives back what was not used, and reports what passed while the store was away.
    public func report() async {
        let now = ambient.now()
        let mustTalk = state.withLock { state in
            for key in state.pools.keys where state.pools[key]?.hasNews(at: now) == true && state.due[key] == nil {
                state.due[key] = []
            }
            return Self.begin(&state)
        }
        if mustTalk { await talk() }
    }

    /// - Returns: whether the caller is the one to talk to the store; another does already if not.
    private static func begin(_ state: inout State) -> Bool {
        if state.isTalking { return false }
        state.isTalking = true
        return true
    }

    /// Nobody waits for the task; it ends when nothing is left to be asked, with the store's answer.
    private func startTalking() { Task { await talk() } }

    /// Asks until nothing is left to be asked: at least once.
    private func talk() async {
        repeat {
            let (requests, number) = collect()
            let sentAt = ambient.now()
            // Waits no longer than the answer takes: then it is cancelled.
            let impatience = Task { [policy] in
                do { try await Task.sleep(for: policy.patience) } catch { return }
                lose(patienceWith: number)
            }
            do throws(StoreError) {
                accept(try await store.permits(requests), to: requests, sentAt: sentAt)
            } catch {
                lose(patienceWith: number)
            }
            impatience.cancel()
        } while goesOn()
    }

    private func goesOn() -> Bool {
        state.withLock { state in
            state.isTalking = !state.isAway && !state.due.isEmpty
            return state.isTalking
        }
    }

    private func collect() -> (requests: [PermitRequest], talk: Int) {
        let moment = moment
        return state.withLock { state in
            state.talk += 1
            var requests: [PermitRequest] = []
            for (key, waiting) in Array(state.due.prefix(Self.keysMax)) {
                state.due[key] = nil
                state.asked[key] = waiting
                var request = state.pools[key, default: PermitPool()].request(key, need: waiting.count, at: moment)
                if state.isStopped { request.ahead = 0 }
                requests.append(request)
            }
            return (requests, state.talk)
        }
    }

    private func accept(_ answer: PermitAnswer, to requests: [PermitRequest], sentAt: ContinuousClock.Instant) {
        let moment = moment
        let resumed = state.withLock { state -> [(Waiting, RateLimiter.Verdict?)] in
            state.isAway = false
            state.nodes = max(1, answer.nodes)
            var resumed: [(Waiting, RateLimiter.Verdict?)] = []
            for (request, grant) in zip(requests, answer.grants) {
                let key = request.key
                state.pools[key]?.answered(grant, to: request, sentAt: sentAt)
                for waiting in state.asked[key] ?? [] {
                    let verdict =
                        state.pools[key]?.take(limit: request.limit, at: moment)
                        ?? state.pools[key]?.refusal(at: moment)
                    resumed.append((waiting, verdict))
                }
                if state.isStopped, grant.permits > 0 {
                    state.pools[key]?.giveUpAll()
                    state.due[key, default: []] += []
                }
            }
            state.asked = [:]
            return resumed
        }
        for (waiting, verdict) in resumed { waiting.resume(returning: verdict) }
    }

    /// Lets those that wait go on without the store.
    private func lose(patienceWith talk: Int) {
        let waiting = state.withLock { state -> [Waiting] in
            guard state.talk == talk else { return [] }
            state.isAway = true
            let waiting = state.asked.values.flatMap { $0 } + state.due.values.flatMap { $0 }
            state.asked = [:]
            state.due = [:]
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: nil) }
    }
}
