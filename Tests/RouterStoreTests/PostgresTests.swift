import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterStore

@Suite("The address of a PostgreSQL database")
struct PostgresAddressTests {
    @Test(
        "is called by host, port and name, never by user and password",
        arguments: [
            ("postgres://user:canary@db.example.org:5433/routerd", "PostgreSQL at db.example.org:5433/routerd"),
            (
                "postgresql://user:canary@db.example.org/routerd?sslmode=require",
                "PostgreSQL at db.example.org:5432/routerd"
            ),
            ("postgres://[::1]/routerd?password=canary", "PostgreSQL at ::1:5432/routerd"),
            ("postgres:///routerd?host=/run/postgresql&password=canary", "PostgreSQL at /run/postgresql/routerd"),
        ])
    func names(_ uri: String, _ name: String) throws {
        #expect(try PostgresAddress(uri: uri).name == name)
    }

    @Test(
        "that libpq cannot read is refused without repeating it",
        arguments: [
            "postgres://user:canary%@h/d", "postgres://user:canary@h/d?nonsense=canary", "postgres://[canary/d",
            "mysql://user:canary@h/d", "postgres://user:canary\0@h/d", "",
        ])
    func refuses(_ uri: String) async {
        let error = await storeError { () throws(StoreError) in try PostgresAddress(uri: uri) }
        #expect(error?.kind == .incompatible)
        #expect(error?.description.contains("canary") == false)
        #expect(error?.description.contains("%40") == true)
    }

    @Test("takes the password out of what libpq says")
    func redacts() throws {
        let address = try PostgresAddress(uri: "postgres://user:canary%40x@h/d")
        #expect(address.redacted("bad: canary@x, canary@x") == "bad: ***, ***")
    }
}

@Suite("Reconnecting")
struct ReconnectGateTests {
    @Test("is tried soon, then once a second, by one at a time, and at once after a success")
    func backsOff() {
        var gate = ReconnectGate()
        let start = ContinuousClock.now
        let error = StoreError(.unavailable, "gone")
        #expect(gate.refusal(at: start) == nil)
        #expect(gate.refusal(at: start) == nil)
        gate.failed(error, at: start)
        #expect(gate.refusal(at: start + .milliseconds(49)) == error)
        #expect(gate.refusal(at: start + .milliseconds(50)) == nil)
        #expect(gate.refusal(at: start + .milliseconds(50)) == error)
        var now = start
        for _ in 1...20 {
            now += .seconds(2)
            gate.failed(error, at: now)
        }
        #expect(gate.refusal(at: now + .milliseconds(999)) == error)
        #expect(gate.refusal(at: now + .seconds(1)) == nil)
        gate.succeeded()
        #expect(gate.refusal(at: now) == nil)
    }
}

@Suite("PostgreSQL", .enabled(if: !Backend.isPostgresMissing, "no PostgreSQL: scripts/postgres run -- swift test"))
struct PostgresTests {
    @Test("a wrong password, a wrong name and a port where nobody listens are told, without the password")
    func cannotConnect() async throws {
        let uri = try #require(PostgresServer.uri)
        let cases = [
            (uri.replacing("routerd-test", with: "canary"), "password authentication failed"),
            (
                uri.replacing("/postgres", with: "/nowhere").replacing("postgres:/nowhere", with: "postgres:/"),
                "nowhere"
            ),
            ("postgres://u:canary@127.0.0.1:1/d", "refused"),
        ]
        for (uri, words) in cases {
            let error = await storeError { () throws(StoreError) in try await PostgresStore.open(uri: uri) }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.contains(words) == true, "\(error as Any)")
            #expect(error?.description.contains("canary") == false)
        }
    }

    @Test("sessions have limits of time, unless the address says otherwise")
    func limits() async throws {
        try await PostgresServer.withSchema { uri in
            let cases = [
                (uri, ["10s", "5s", "15s", "on"]),
                (uri.replacing("options=", with: "options=-cstatement_timeout%3D3s%20"), ["3s", "5s", "15s", "on"]),
                (uri.replacing("options=", with: "options=-csynchronous_commit%3Doff%20"), ["10s", "5s", "15s", "on"]),
            ]
            for (uri, expected) in cases {
                let store = try await PostgresStore.open(uri: uri, limits: PostgresServer.limits)
                try await closing([store]) { _ in
                    let rows = try await store.driver.read { snapshot throws(StoreError) in
                        try snapshot.rows(
                            """
                            SELECT current_setting('statement_timeout') AS a, current_setting('lock_timeout') AS b,
                                current_setting('idle_in_transaction_session_timeout') AS c,
                                current_setting('synchronous_commit') AS d
                            """)
                    }
                    #expect(rows.map(\.values) == [expected.map { .text($0) }])
                }
            }
        }
    }

    @Test("a statement that takes too long and a lock that is not given end with an error that says so")
    func timeouts() async throws {
        try await PostgresServer.withSchema { uri in
            let quick = uri.replacing(
                "options=", with: "options=-cstatement_timeout%3D200ms%20-clock_timeout%3D100ms%20")
            let store = try await PostgresStore.open(uri: quick, limits: PostgresServer.limits)
            try await closing([store]) { _ in
                let slow = await storeError { () throws(StoreError) in
                    try await store.driver.read { snapshot throws(StoreError) in
                        try snapshot.rows("SELECT pg_sleep(5)")
                    }
                }
                #expect(slow?.kind == .unavailable)
                #expect(slow?.description.contains("statement timeout") == true)
                let locked = await storeError { () throws(StoreError) in
                    try await store.driver.write { transaction throws(StoreError) in
                        try transaction.execute("UPDATE keys_version SET version = version")
                        // Another connection, while this one holds the row.
                        let other = try PostgresConnection(try PostgresAddress(uri: quick))
                        do throws(PostgresFailure) {
                            try other.command("UPDATE keys_version SET version = 7")
                        } catch {
                            throw error.error
                        }
                    }
                }
                #expect(locked?.kind == .unavailable)
                #expect(locked?.description.contains("lock timeout") == true)
                try await store.check()
            }
        }
    }

    @Test("two that lock the same rows the other way round both get through")
    func deadlock() async throws {
        try await Backend.postgres.withStores(2) { stores in
            let keys = [APIKey.sample(1), .sample(2)]
            for key in keys { try await stores[0].add(key) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for turn in 0..<2 {
                    group.addTask {
                        try await stores[turn].driver.write { transaction throws(StoreError) in
                            for index in [turn, 1 - turn] {
                                try transaction.execute(
                                    "UPDATE api_keys SET rpm = rpm + 1 WHERE id = $1", [.text(keys[index].id)])
                                _ = try transaction.rows("SELECT pg_sleep(0.1)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let all = try await stores[0].keys()
            #expect(all.map(\.requestsPerMinute) == [62, 62])
        }
    }

    @Test("a full queue refuses at once, and what waits too long is refused in time")
    func fullQueue() async throws {
        try await PostgresServer.withSchema { uri in
            let limits = PostgresDriver.Limits(connections: 1, queueMax: 4, queueWait: .milliseconds(300))
            let store = try await PostgresStore.open(uri: uri, limits: limits)
            try await closing([store]) { _ in
                let errors = await withTaskGroup(of: StoreError?.self) { group in
                    for number in 1...12 {
                        // The first must have its connection before the others come, or it counts as waiting.
                        if number == 2 { try? await Task.sleep(for: .milliseconds(300)) }
                        group.addTask {
                            do throws(StoreError) {
                                _ = try await store.driver.read { snapshot throws(StoreError) in
                                    try snapshot.rows("SELECT pg_sleep(1)")
                                }
                                return nil
                            } catch {
                                return error
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                let texts = errors.compactMap(\.?.description)
                // One runs; four wait, in vain; the others are refused at once.
                #expect(errors.count { $0 == nil } == 1)
                #expect(texts.count { $0.contains("4 calls wait for it already") } == 7)
                #expect(texts.count { $0.contains("no connection was free") } == 4)
                #expect(errors.allSatisfy { $0 == nil || $0?.kind == .unavailable })
                try await store.check()
            }
        }
    }

    @Test("connections that the server ended are opened again without anybody noticing")
    func terminated() async throws {
        try await PostgresServer.withSchema { uri in
            let name = "ended_\(UUID().uuidString.prefix(8))"
            let store = try await PostgresStore.open(
                uri: PostgresServer.adding("application_name=\(name)", to: uri), limits: PostgresServer.limits)
            try await closing([store]) { _ in
                for number in 1...5 {
                    try await PostgresServer.run(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '\(name)'",
                        on: uri)
                    try await store.add(.sample(number))
                    _ = try await store.keysVersion()
                }
                let keys = try await store.keys()
                #expect(keys.count == 5)
            }
        }
    }

    @Test("a server that stops under load and comes back loses nothing that it confirmed, and is found again")
    func restarts() async throws {
        try await OwnPostgresServer.with { server in
            let store = try await PostgresStore.open(uri: server.uri, limits: PostgresServer.limits)
            try await closing([store]) { _ in
                let confirmed = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for worker in 0..<4 {
                        group.addTask {
                            var confirmed: [Int] = []
                            var number = worker * 100_000
                            while !Task.isCancelled {
                                number += 1
                                do throws(StoreError) {
                                    try await store.add(.sample(number))
                                    confirmed.append(number)
                                } catch {
                                    #expect(error.kind == .unavailable, "\(error)")
                                    await Task.yield()
                                }
                            }
                            return confirmed
                        }
                    }
                    for _ in 1...2 {
                        try server.stopImmediately()
                        let error = await storeError { () throws(StoreError) in try await store.check() }
                        #expect(error?.kind == .unavailable)
                        try server.start()
                        try await Self.becomesUsable(store)
                    }
                    try server.restart()
                    try await Self.becomesUsable(store)
                    group.cancelAll()
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                let kept = Set(try await store.keys().map(\.id))
                #expect(!confirmed.isEmpty)
                #expect(confirmed.allSatisfy { kept.contains(APIKey.sample($0).id) })
            }
        }
    }

    /// A second is the longest that nobody tries; ten allow for other tests on this machine.
    private static func becomesUsable(_ store: SQLStore) async throws {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(10) {
            do throws(StoreError) {
                return try await store.check()
            } catch {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await store.check()
    }
}
