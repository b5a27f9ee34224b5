import Foundation
import Glibc
import TestSupport
import Testing

/// Two `routerd` on one PostgreSQL. These run alone in scripts/test: they have a promise of one second to keep.
@Suite(
    "Two servers on one PostgreSQL", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: isPostgresThere, "no PostgreSQL: scripts/postgres run -- swift test"))
struct TwoServersTests {

    /// Gives `body` two servers that share keys.
    private func withServers(_ body: (_ servers: [ServerProcess], _ command: Command) async throws -> Void) async throws
    {
        try await OwnPostgresServer.with { database in
            let vendor = try LoopbackServer(steps: [
                OneEngine.answer
            ])
            defer { vendor.stop() }
            try await TemporaryDirectory.with { directory in
                let environment = [
                    "DATABASE_URL": database.uri, "ROUTERD_PEPPER": "a pepper for tests only, not a secret",
                ]
                var servers: [ServerProcess] = []
                for number in 1...2 {
                    let own = "\(directory)/\(number)"
                    try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
                    servers.append(
                        try await ServerProcess(
                            in: own,
                            configuration: OneEngine.configuration(at: vendor, price: "0.001"), environment: environment
                        ))
                }
                let command = Command(directory: directory, environment: environment)
                try await body(servers, command)
                for server in servers {
                    server.signal(SIGTERM)
                    let code = await server.exitCode(seconds: 10)
                    #expect(code == 0)
                }
                let verified = try await Executable.run(["credits", "verify"], in: directory, environment: environment)
                #expect(verified.status == 0, "\(verified)")
            }
        }
    }

    private struct Command {
        let directory: String
        let environment: [String: String]

        @discardableResult
        func run(_ words: [String]) async throws -> Executable.Outcome {
            let outcome = try await Executable.run(words, in: directory, environment: environment)
            try #require(outcome.status == 0, "\(words): \(outcome)")
            return outcome
        }

        func key(_ more: String...) async throws -> (id: String, text: String) {
            let json = try await run(["keys", "create", "--name", "test", "--json"] + more).json
            return (try #require(json["id"] as? String), try #require(json["key"] as? String))
        }
    }

    /// Status of a chat at `server` as soon as it is `status`, else the last one after a second.
    private func status(_ status: Int, of key: String, at server: ServerProcess) async throws -> (Int, Duration) {
        let start = ContinuousClock.now
        while true {
            let now = try await server.chat(key).status
            let elapsed = start.duration(to: .now)
            if now == status || elapsed > .seconds(3) { return (now, elapsed) }
        }
    }

    @Test(
        "one refuses within a second what the other was told of a key: disabled, limited, expired, deleted, suspended")
    func changes() async throws {
        try await withServers { servers, command in
            let manager = try await command.key("--management")
            // What is asked until a change counts is more than the usual limit.
            let key = try await command.key("--rpm", "1000000")
            func change(_ method: String, _ body: String) async throws {
                let answer = try await servers[0].curl(
                    "/api/v1/keys/\(key.id)",
                    [
                        "-X", method, "-H", "Authorization: Bearer \(manager.text)", "-H",
                        "Content-Type: application/json", "-d", body,
                    ])
                try #require(answer.status == 200, "\(answer)")
            }
            func expect(_ expected: Int, _ what: String) async throws {
                for server in servers {
                    let (status, elapsed) = try await status(expected, of: key.text, at: server)
                    #expect(status == expected && elapsed < .seconds(1), "\(what): \(status) after \(elapsed)")
                }
            }
            try await expect(200, "new")
            try await change("PATCH", #"{"disabled":true}"#)
            try await expect(401, "disabled")
            try await change("PATCH", #"{"disabled":false}"#)
            try await expect(200, "enabled")
            try await change("PATCH", #"{"limit":0.000000001}"#)
            try await expect(402, "limited")
            try await change("PATCH", #"{"limit":null}"#)
            try await expect(200, "unlimited")
            try await change("PATCH", #"{"expires_at":"2020-01-01T00:00:00Z"}"#)
            try await expect(401, "expired")
            try await change("PATCH", #"{"expires_at":null}"#)
            try await expect(200, "not expired")
            try await change("DELETE", "{}")
            try await expect(401, "deleted")
            try await command.run(["users", "create", "a@example.org"])
            try await command.run(["credits", "grant", "a@example.org", "10", "--reason", "test"])
            let own = try await command.key("--user", "a@example.org", "--rpm", "1000000")
            for server in servers {
                let first = try await status(200, of: own.text, at: server)
                #expect(first.0 == 200)
            }
            try await command.run(["users", "suspend", "a@example.org"])
            for server in servers {
                let (status, elapsed) = try await status(403, of: own.text, at: server)
                #expect(status == 403 && elapsed < .seconds(1), "suspended: \(status) after \(elapsed)")
            }
        }
    }

    @Test("together let no more requests of a key pass than its limit")
    func rates() async throws {
        try await withServers { servers, command in
            let key = try await command.key("--rpm", "16")
            var passed = 0
            for number in 0..<32 where try await servers[number % 2].chat(key.text).status == 200 { passed += 1 }
            // Each server may have had two taken ahead.
            #expect((12...16).contains(passed), "\(passed)")
            let refused = try await servers[0].chat(key.text)
            #expect(
                refused.status == 429 && refused.text.lowercased().contains("x-ratelimit-remaining: 0"), "\(refused)")
            #expect(refused.text.lowercased().contains("retry-after:"))
        }
    }
}

/// Whether PostgreSQL can be started for tests, or must be.
let isPostgresThere =
    ProcessInfo.processInfo.environment["ROUTERD_TEST_POSTGRES"] != nil
    || ProcessInfo.processInfo.environment["ROUTERD_REQUIRE_POSTGRES"] == "1"
