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

/// A server of a test's own, which may be stopped and started.
final class OwnPostgresServer {
    let uri: String
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    /// Gives `body` a running server and removes it afterwards.
    static func with<Value>(_ body: (OwnPostgresServer) async throws -> Value) async throws -> Value {
        let server = try OwnPostgresServer()
        defer { server.remove() }
        return try await body(server)
    }

    private init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process = Process()
        process.executableURL = root.appending(path: "scripts/postgres")
        process.arguments = ["run", "--", "sh"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
        try process.run()
        uri = try Self.ask("echo $ROUTERD_TEST_POSTGRES", self.input, self.output)
    }

    func start() throws { try control("start") }

    /// Without a shutdown: the next start recovers, as after a loss of power.
    func stopImmediately() throws { try control("stop -m immediate") }

    func restart() throws { try control("restart -m fast") }

    private func control(_ what: String) throws {
        let said = try Self.ask("$ROUTERD_TEST_POSTGRES_CONTROL \(what) >/dev/null 2>&1; echo $?", input, output)
        try #require(said == "0", "\(what)")
    }

    private func remove() {
        try? input.close()  // The shell ends at the end of its input, and the script cleans up.
        process.waitUntilExit()
    }

    /// The line that a command of the shell answers.
    private static func ask(_ command: String, _ input: FileHandle, _ output: FileHandle) throws -> String {
        try input.write(contentsOf: Data((command + "\n").utf8))
        var line: [UInt8] = []
        while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}
