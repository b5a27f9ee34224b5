import Foundation
import Glibc
import TestSupport
import Testing

/// The promise of docs/benchmarks.md that the usual request waits for no database. These run alone in scripts/test.
@Suite("Waiting for the database", .serialized, .timeLimit(.minutes(2))) struct StoreWaitTests {
    private static let first = 1000
    private static let requests = 5000

    private func check(environment: [String: String]) async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(
                in: directory,
                configuration: OneEngine.configuration(at: vendor, model: "test/model", price: "0.000001"),
                environment: environment)
            func key(_ more: String...) async throws -> String {
                let outcome = try await Executable.run(
                    ["keys", "create", "--name", "test", "--data", "\(directory)/data", "--json"] + more, in: directory,
                    environment: environment)
                return try #require(try outcome.json["key"] as? String, "\(outcome)")
            }
            let manager = try await key("--management")
            func metrics() async throws -> (requests: Int, waits: [Int], text: String) {
                let answer = try await server.curl("/metrics", ["-H", "Authorization: Bearer \(manager)"])
                func number(_ name: String) throws -> Int {
                    let line = answer.text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + " ") }
                    return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) }, "\(name): \(answer.text)")
                }
                return (
                    try number("routerd_requests_total"),
                    try ["key", "rate", "credit", "charge"].map {
                        try number("routerd_store_waits_total{for=\"\($0)\"}")
                    }, answer.text
                )
            }
            let load = try ChatLoad(
                port: server.port, key: try await key("--rpm", "1000000"), model: "test/model", clients: 4,
                pause: .zero)
            // The first ones know nothing: key, pace and cost are new to the server.
            _ = await until(seconds: 60) { load.seen.whole.count >= Self.first }
            let before = try await metrics()
            #expect(before.waits[0] >= 1 && before.waits[2] >= 1, "\(before)")
            #expect(before.text.lowercased().contains("content-type: text/plain; version=0.0.4"), "\(before)")
            _ = await until(seconds: 90) { load.seen.whole.count >= Self.first + Self.requests }
            let seen = try await load.stop()
            #expect(
                seen.whole.count >= Self.first + Self.requests && Set(seen.statuses.keys) == [200], "\(seen.statuses)")
            let after = try await metrics()
            #expect(after.requests == seen.count(200))
            #expect(after.text.contains("\nrouterd_requests_running 0\n"), "\(after)")
            let waited = zip(after.waits, before.waits).map { $0 - $1 }
            let requests = after.requests - before.requests
            #expect(
                requests >= Self.requests - 100 && waited.reduce(0, +) * 1000 <= requests, "\(waited) of \(requests)")
        }
    }

    @Test("at least 99.9 % of requests wait for no database, with SQLite")
    func sqlite() async throws { try await check(environment: [:]) }

    @Test(
        "at least 99.9 % of requests wait for no database, with PostgreSQL",
        .enabled(if: isPostgresThere, "no PostgreSQL: scripts/postgres run -- swift test"))
    func postgres() async throws {
        try await OwnPostgresServer.with { database in
            try await check(environment: ["DATABASE_URL": database.uri])
        }
    }
}
