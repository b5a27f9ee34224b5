import Synchronization
import TestSupport
import Testing

@testable import RouterCore

@Suite("The rate limiter of several servers", .timeLimit(.minutes(1))) struct SharedRateLimiterTests {
    /// One window for all keys; can be told to be away, or to let callers wait.
    final class Store: RateStore {
        let state = Mutex<(window: PermitWindow, asked: [PermitRequest], isAway: Bool, gate: Signal?)>(
            (PermitWindow(), [], false, nil))
        let nodes: Int

        init(nodes: Int = 1) { self.nodes = nodes }

        func permits(_ requests: [PermitRequest]) async throws(StoreError) -> PermitAnswer {
            let gate = state.withLock { state in
                state.asked += requests
                return state.gate
            }
            await gate?.raised()
            let grants = state.withLock { [nodes] state -> [PermitGrant]? in
                if state.isAway { return nil }
                return requests.map { state.window.give($0, nodes: nodes, at: 1_776_249_000_000) }
            }
            guard let grants else { throw StoreError(.unavailable, "away") }
            return PermitAnswer(grants: grants, nodes: nodes)
        }

        var asked: [PermitRequest] { state.withLock(\.asked) }
        func away(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    }

    private func limiter(_ store: Store, ambient: Ambient = .manual(), patience: Duration = .seconds(20))
        -> SharedRateLimiter
    {
        var policy = SharedRateLimiter.Policy()
        policy.patience = patience
        return SharedRateLimiter(store: store, ambient: ambient, policy: policy)
    }

    private func pass(_ limiter: SharedRateLimiter, limit: Int) async throws -> RateLimiter.Verdict {
        if let verdict = limiter.admit("k", limit: limit) { return verdict }
        return try await limiter.ask("k", limit: limit)
    }

    @Test("asks for the first request of a key, and takes permits for those that follow ahead of need")
    func asksAhead() async throws {
        let store = Store()
        let limiter = limiter(store)
        #expect(limiter.admit("k", limit: 1000) == nil)
        let first = try await limiter.ask("k", limit: 1000)
        #expect(first.isAdmitted && first.limit == 1000 && first.remaining == 999)
        var waited = 0
        for _ in 0..<40 {
            if limiter.admit("k", limit: 1000)?.isAdmitted != true {
                waited += 1
                _ = try await limiter.ask("k", limit: 1000)
            }
            await Task.yield()
        }
        #expect(waited <= 8, "each answer brings as many as passed in the last two seconds")
        #expect(store.asked.contains { $0.ahead > 0 })
    }

    @Test("all that wait at once wait for one answer, and those beyond the limit are refused without asking again")
    func waitsTogether() async throws {
        let store = Store()
        let gate = Signal()
        store.state.withLock { $0.gate = gate }
        let limiter = limiter(store)
        let verdicts = try await withThrowingTaskGroup(of: RateLimiter.Verdict.self) { group in
            for _ in 0..<50 { group.addTask { try await pass(limiter, limit: 10) } }
            try await until { store.asked.count == 1 }
            gate.raise()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.count { $0.isAdmitted } == 10)
        let refused = try #require(verdicts.first { !$0.isAdmitted })
        #expect(refused.remaining == 0 && refused.retryAfter == .seconds(63))
        #expect(refused.resetAt == 1_776_249_063_000)
        let count = store.asked.count
        #expect(count <= 4)
        for _ in 0..<100 { #expect(limiter.admit("k", limit: 10)?.isAdmitted == false) }
        #expect(store.asked.count == count)
    }

    @Test("lets its share pass while the store is away, and tells it afterwards")
    func storeIsAway() async throws {
        let store = Store(nodes: 3)
        let limiter = limiter(store)
        await limiter.report()
        store.away(true)
        for number in 0..<7 {
            let verdict = try await pass(limiter, limit: 20)
            #expect(verdict.isAdmitted == (number < 6), "a third of 20")
            #expect(verdict.limit == 20)
        }
        store.away(false)
        // The conversation that failed may not be over yet.
        while store.asked.last?.unasked != 6 { await limiter.report() }
        let left = store.state.withLock { state in
            state.window.give(PermitRequest(key: "k", limit: 20, need: 0), nodes: 3, at: 1_776_249_000_000).left
        }
        #expect(left == 13, "and one is taken ahead")
        let next = try await pass(limiter, limit: 20)
        #expect(next.isAdmitted && next.remaining == 13)
    }

    @Test("says that nobody can tell when its share of a small limit is none")
    func noShare() async throws {
        let store = Store(nodes: 3)
        let limiter = limiter(store)
        await limiter.report()
        store.away(true)
        await #expect(throws: StoreError.self) { try await pass(limiter, limit: 2) }
    }

    @Test("goes on without a store that does not answer in time, and uses what comes late")
    func storeHangs() async throws {
        let store = Store()
        let gate = Signal()
        store.state.withLock { $0.gate = gate }
        let limiter = limiter(store, patience: .milliseconds(20))
        let first = try await pass(limiter, limit: 5)
        #expect(first.isAdmitted && first.remaining == 4)
        #expect(limiter.admit("k", limit: 5)?.isAdmitted == true)
        let before = store.asked.count
        gate.raise()
        // The answer has the permit that the first request did not wait for.
        try await until {
            if case .permit? = limiter.admit("k", limit: 5)?.place { true } else { false }
        }
        #expect(before == 1)
    }

    @Test("a place that was given back can be taken again")
    func givesBack() async throws {
        let store = Store()
        let limiter = limiter(store)
        let first = try await pass(limiter, limit: 1)
        #expect(first.isAdmitted)
        limiter.giveBack("k", first)
        await limiter.report()
        let second = try await pass(limiter, limit: 1)
        #expect(second.isAdmitted)
        let third = try await pass(limiter, limit: 1)
        #expect(!third.isAdmitted)
    }

    @Test("gives back everything when it stops")
    func stops() async throws {
        let store = Store()
        let limiter = limiter(store)
        for _ in 0..<3 { _ = try await pass(limiter, limit: 1000) }
        await limiter.stop()
        try await until {
            store.state.withLock { state in
                state.window.give(PermitRequest(key: "k", limit: 1000, need: 0), nodes: 1, at: 1_776_249_000_000).left
            } == 997
        }
    }
}
