import Foundation
import Glibc
import TestSupport
import Testing

/// The built `routerd`, serving on a free port with a data directory of its own.
///
/// `@unchecked Sendable`: nothing changes after `init`; `Process` may be asked from any thread.
final class ServerProcess: @unchecked Sendable {
    let process = Process()
    let directory: String
    /// What it said on standard output so far.
    private let output: String
    private let errors: String
    private(set) var port = 0

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - configuration: the YAML file, written into `directory`.
    ///   - data: its data directory; `data` in `directory` unless given.
    ///   - prefix: a program that runs it, with its path and arguments.
    init(
        in directory: String, configuration: String, environment: [String: String] = [:], data: String? = nil,
        prefix: [String] = []
    ) async throws {
        self.directory = directory
        output = "\(directory)/serve-\(UUID().uuidString).out"
        errors = output + ".err"
        try configuration.write(toFile: "\(directory)/routerd.yaml", atomically: true, encoding: .utf8)
        let words =
            prefix + [
                Executable.path, "serve", "--port", "0", "--config", "\(directory)/routerd.yaml", "--data",
                data ?? "\(directory)/data",
            ]
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        let listens = await until(seconds: 20) { [self] in text.contains("listening on http://") || !process.isRunning }
        let line = text.split(separator: "\n").first { $0.contains("listening on http://") } ?? ""
        port = Int(line.split(separator: ":").last?.prefix { $0.isNumber } ?? "") ?? 0
        try #require(listens && port > 0, "\(text) \(log)")
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Standard output.
    var text: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
    /// Standard error.
    var log: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

    func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until it has ended.
    /// - Returns: its exit code; `nil` when it still runs after so many seconds.
    func exitCode(seconds: Double) async -> Int32? {
        await until(seconds: seconds) { [process] in !process.isRunning } ? process.terminationStatus : nil
    }

    /// A new key of its store, made by the command beside it.
    func makeKey(_ more: [String] = []) async throws -> (id: String, text: String) {
        let outcome = try await Executable.run(
            ["keys", "create", "--name", "test", "--data", "\(directory)/data", "--json"] + more, in: directory)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let json = try outcome.json
        return (try #require(json["id"] as? String), try #require(json["key"] as? String))
    }

    /// Asks with curl, as a person would.
    /// - Returns: status, and head and body together.
    func curl(_ path: String, _ arguments: [String] = []) async throws -> (status: Int, text: String) {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = ["-s", "-i", "-N", "--max-time", "20", "http://127.0.0.1:\(port)\(path)"] + arguments
        let name = "\(directory)/curl-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: name, contents: nil)
        curl.standardOutput = FileHandle(forWritingAtPath: name)
        try curl.run()
        _ = await until(seconds: 25) { !curl.isRunning }
        let text = try String(contentsOfFile: name, encoding: .utf8)
        let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
        return (status ?? 0, text)
    }

    /// `GET /readyz`, again until it says 200 or so many seconds are over.
    func curl(becomesReadyIn seconds: Double) async throws -> (status: Int, text: String) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let answer = try await curl("/readyz")
            if answer.status == 200 || ContinuousClock.now >= deadline { return answer }
            try await Task.sleep(for: .milliseconds(50))  // Another process gives no other sign.
        }
    }

    func chat(_ key: String, stream: Bool = false) async throws -> (status: Int, text: String) {
        try await curl(
            "/api/v1/chat/completions",
            [
                "-H", "Authorization: Bearer \(key)", "-H", "Content-Type: application/json", "-d",
                #"{"model":"airouter-cloud/test","stream":\#(stream),"messages":[{"role":"user","content":"Hi"}]}"#,
            ])
    }
}

/// Looks every few milliseconds whether `condition` holds.
func until(seconds: Double, _ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))  // Another process gives no other sign.
    }
    return condition()
}
