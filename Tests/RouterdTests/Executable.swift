import Foundation
import Testing

/// Runs the `routerd` that was built with these tests, in a directory of its own.
enum Executable {
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var errors: String

        /// Standard output as a JSON object.
        var json: [String: Any] {
            get throws {
                try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(self)")
            }
        }
    }

    /// Beside the test bundle.
    static let path: String = {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("routerd").path
    }()

    /// - Parameters:
    ///   - directory: where it runs.
    ///   - environment: all of it, besides a `PATH` and `ROUTERD_DISCOVER=false`: what runs on the machine of the tests
    ///     is none of their business.
    ///   - prefix: a program that runs it, with its path and arguments.
    /// - Returns: what it printed and how it ended; ended by us after 30 seconds.
    static func run(
        _ arguments: [String], in directory: String, environment: [String: String] = [:], prefix: [String] = []
    ) async throws -> Outcome {
        let process = Process()
        let words = prefix + [path] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ["PATH": "/usr/bin:/bin", "ROUTERD_DISCOVER": "false"].merging(environment) { _, new in
            new
        }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: nobody has to read them while it runs.
        let name = "\(directory)/.\(UUID().uuidString)"
        let files = try ["\(name).out", "\(name).err"].map { path in
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            return try #require(FileHandle(forWritingAtPath: path))
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        await withCheckedContinuation { continuation in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
                let id = process.processIdentifier
                DispatchQueue.global().asyncAfter(deadline: .now() + 30) { [process] in
                    if process.isRunning { kill(id, SIGKILL) }
                }
            } catch {
                Issue.record(error)
                process.terminationHandler = nil
                continuation.resume()
            }
        }
        return Outcome(
            status: process.terminationStatus,
            output: try String(contentsOfFile: "\(name).out", encoding: .utf8),
            errors: try String(contentsOfFile: "\(name).err", encoding: .utf8))
    }
}

/// A directory that is gone when the closure returns.
enum TemporaryDirectory {
    static func with<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = NSTemporaryDirectory() + "routerd-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        // A directory that stays does no harm to the next run.
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
