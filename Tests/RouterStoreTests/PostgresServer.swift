import Foundation
import RouterCore
import Testing

@testable import RouterStore

/// The PostgreSQL that tests use: `scripts/postgres run -- swift test`.
enum PostgresServer {
    private static let environment = ProcessInfo.processInfo.environment

    static let uri = environment["ROUTERD_TEST_POSTGRES"]
    /// Whether its absence is a failure, as in CI.
    static let isRequired = environment["ROUTERD_REQUIRE_POSTGRES"] == "1"

    /// Many stores are open at once in tests.
    static var limits: PostgresDriver.Limits {
        var limits = PostgresDriver.Limits()
        limits.connections = 3
        // Other tests may hold this machine's processors for long.
        limits.queueWait = .seconds(60)
        return limits
    }

    /// Gives `body` the URI of an empty schema, and removes it afterwards.
    static func withSchema<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let uri = try #require(uri, "no PostgreSQL: run the tests by scripts/postgres run -- swift test")
        let schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        try await run("CREATE SCHEMA \(schema)", on: uri)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(adding("options=-csearch_path%3D\(schema)", to: uri)))
        } catch {
            result = .failure(error)
        }
        try await run("DROP SCHEMA \(schema) CASCADE", on: uri)
        return try result.get()
    }

    static func adding(_ option: String, to uri: String) -> String { uri + (uri.contains("?") ? "&" : "?") + option }

    /// Runs statements on a connection of their own.
    static func run(_ statements: String, on uri: String) async throws {
        let connected = Task.detached {
            let connection = try PostgresConnection(try PostgresAddress(uri: uri))
            try connection.command(statements)
        }
        try await connected.value
    }
}
