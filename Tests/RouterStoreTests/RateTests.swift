import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterStore

@Suite("Rate limits in a store") struct RateTests {
    private func request(
        _ key: String = "key_a", limit: Int = 60, need: Int, ahead: Int = 0, unasked: Int = 0,
        returns: [Int64: Int] = [:]
    ) -> PermitRequest {
        PermitRequest(key: key, limit: limit, need: need, ahead: ahead, unasked: unasked, returns: returns)
    }

    @Test("give out no more permits than there are, and take back what was not used", arguments: Backend.available)
    func permits(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let first = try await store.permits([request(need: 50), request("key_b", limit: 5, need: 7)])
            #expect(first.nodes == 1)
            #expect(first.grants.map(\.permits) == [50, 5] && first.grants.map(\.left) == [10, 0])
            #expect(first.grants[1].wait > .seconds(61) && first.grants[1].wait <= .seconds(63))
            let second = try await store.permits([
                request("key_b", limit: 5, need: 1, returns: [first.grants[1].second: 2]),
                request(need: 20, unasked: 3),
            ])
            #expect(second.grants.map(\.permits) == [1, 7] && second.grants.map(\.left) == [1, 0])
            let nobody = try await store.permits([])
            #expect(nobody.grants.isEmpty)
            _ = try await store.join(NodeID(rawValue: "node-1"))
            _ = try await store.join(NodeID(rawValue: "node-2"))
            let nodes = try await store.permits([]).nodes
            #expect(nodes == 2)
        }
    }

    @Test(
        "are counted once when many ask at once, also for a key that nobody has asked for before",
        arguments: Backend.shared)
    func races(_ backend: Backend) async throws {
        try await backend.withStores(3) { stores in
            let given = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let names = number % 2 == 0 ? ["key_a", "key_b"] : ["key_b", "key_a"]
                        let answer = try await stores[number % 3].permits(
                            names.map { request($0, limit: 100, need: 3) })
                        return answer.grants.reduce(0) { $0 + $1.permits }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(given == 200)
        }
    }

    @Test(
        "hold for three servers together: of 300 requests at once the limit passes, then nothing",
        arguments: Backend.shared)
    func severalNodes(_ backend: Backend) async throws {
        try await backend.withStores(3) { stores in
            let limit = 60
            var limiters: [SharedRateLimiter] = []
            let ambient = Ambient.live { Int64(Date().timeIntervalSince1970 * 1000) }
            // Waits for a machine that other tests use.
            var policy = SharedRateLimiter.Policy()
            policy.patience = .seconds(60)
            for (number, store) in stores.enumerated() {
                _ = try await store.join(NodeID(rawValue: "node-\(number)"))
                limiters.append(SharedRateLimiter(store: store, ambient: ambient, policy: policy))
            }
            let passed = try await withThrowingTaskGroup(of: Bool.self) { [limiters] group in
                for number in 0..<300 {
                    group.addTask {
                        let limiter = limiters[number % 3]
                        if let verdict = limiter.admit("key_a", limit: limit) { return verdict.isAdmitted }
                        return try await limiter.ask("key_a", limit: limit).isAdmitted
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // Each may have a share taken ahead that others could have used.
            #expect(passed <= limit && passed >= limit - 3 * (limit / 12), "\(passed)")
            for limiter in limiters { await limiter.stop() }
            var more = 0
            for limiter in limiters {
                for _ in 0..<limit {
                    if let verdict = limiter.admit("key_a", limit: limit) {
                        more += verdict.isAdmitted ? 1 : 0
                    } else if try await limiter.ask("key_a", limit: limit).isAdmitted {
                        more += 1
                    }
                }
            }
            #expect(passed + more <= limit, "\(more)")
        }
    }

    @Test("a dead server's share returns by itself", arguments: Backend.available)
    func deadNode(_ backend: Backend) async throws {
        try await backend.withStore { store in
            // Taken, and never heard of again.
            let lost = try await store.permits([request(need: 60)])
            #expect(lost.grants.map(\.permits) == [60])
            func later(_ seconds: Int64) async throws -> Int {
                try await store.driver.write { transaction throws(StoreError) in
                    _ = try transaction.execute(
                        "UPDATE rate_windows SET latest_s = latest_s - $1", [.integer(seconds)])
                }
                return try await store.permits([request(need: 0)]).grants[0].left
            }
            let early = try await later(55)
            #expect(early == 0)
            let after = try await later(8)
            #expect(after == 60)
        }
    }

    @Test(
        "that is gone lets each server's share pass, and is told when it is back",
        .enabled(if: !Backend.isPostgresMissing, "no PostgreSQL: scripts/postgres run -- swift test"))
    func postgresIsGone() async throws {
        try await OwnPostgresServer.with { server in
            let store = try await PostgresStore.open(uri: server.uri, limits: PostgresServer.limits)
            try await closing([store]) { stores in
                for number in 1...4 { _ = try await stores[0].join(NodeID(rawValue: "node-\(number)")) }
                let limiter = SharedRateLimiter(
                    store: stores[0], ambient: .live { Int64(Date().timeIntervalSince1970 * 1000) })
                await limiter.report()
                try server.stopImmediately()
                var passed = 0
                for _ in 0..<20 {
                    let verdict =
                        if let known = limiter.admit("key_a", limit: 40) {
                            known
                        } else {
                            try await limiter.ask("key_a", limit: 40)
                        }
                    passed += verdict.isAdmitted ? 1 : 0
                }
                #expect(passed == 10, "a quarter of the limit")
                try server.start()
                var left: Int?
                for _ in 0..<500 where left != 30 {
                    await limiter.report()
                    left = try? await stores[0].permits([request(limit: 40, need: 0)]).grants[0].left
                    if left != 30 { try await Task.sleep(for: .milliseconds(20)) }
                }
                #expect(left == 30)
            }
        }
    }
}
