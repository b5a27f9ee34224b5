import Foundation

/// A PostgreSQL of a test's own, which may be stopped and started.
public final class OwnPostgresServer {
    /// What PostgreSQL did not do.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// For libpq, with its password.
    public let uri: String
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    /// Gives `body` a running server and removes it afterwards.
    public static func with<Value>(_ body: (OwnPostgresServer) async throws -> Value) async throws -> Value {
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

    /// Starts it again after ``stopImmediately()``.
    public func start() throws { try control("start") }

    /// Without a shutdown: the next start recovers, as after a loss of power.
    public func stopImmediately() throws { try control("stop -m immediate") }

    /// Stops it as an administrator does, and starts it again.
    public func restart() throws { try control("restart -m fast") }

    private func control(_ what: String) throws {
        let said = try Self.ask("$ROUTERD_TEST_POSTGRES_CONTROL \(what) >/dev/null 2>&1; echo $?", input, output)
        guard said == "0" else { throw Failure(description: "pg_ctl \(what): \(said)") }
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
