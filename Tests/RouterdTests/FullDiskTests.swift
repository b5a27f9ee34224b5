import Foundation
import Glibc
import RouterCore
import TestSupport
import Testing

/// A disk of a few megabytes, in memory, which only commands that are run by ``prefix`` see at ``path``.
///
/// A process of its own keeps it: a `routerd` that is killed leaves its files behind, as on a real disk.
private final class SmallDisk {
    let path: String
    /// Runs the command that follows where the disk is there.
    let prefix: [String]
    private let keeper: Process
    /// Where it is seen from outside.
    private let outside: String

    /// Whether this machine lets tests have disks of their own: as root, or by user namespaces.
    static let isPossible: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    init(megabytes: Int, at path: String) async throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        keeper = Process()
        keeper.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        keeper.arguments = [
            "-rm", "sh", "-c",
            "mount -t tmpfs -o size=\(megabytes)m,mode=700 tmpfs '\(path)' && touch '\(path)/is-there' && exec sleep 600",
        ]
        try keeper.run()
        let id = keeper.processIdentifier
        prefix = ["/usr/bin/nsenter", "-t", "\(id)", "-U", "-m", "--preserve-credentials"]
        outside = "/proc/\(id)/root\(path)"
        let isThere = await until(seconds: 10) { [outside] in
            FileManager.default.fileExists(atPath: "\(outside)/is-there")
        }
        try #require(isThere, "no small disk")
    }

    deinit {
        kill(keeper.processIdentifier, SIGKILL)
        keeper.waitUntilExit()
    }

    /// Leaves no byte free.
    func fill() throws {
        let file = open("\(outside)/filler", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        for size in [65_536, 4096, 1] {
            let zeros = [UInt8](repeating: 0, count: size)
            while write(file, zeros, size) > 0 {}
        }
    }

    func free() throws { try FileManager.default.removeItem(atPath: "\(outside)/filler") }
}

/// These run alone in scripts/test: they wait for what takes seconds.
@Suite(
    "routerd on a disk that is full, under load", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: SmallDisk.isPossible, "no small disk can be made here: unshare -rm is refused"))
struct FullDiskTests {
    private static let email = "disk@example.org"
    private static let model = "airouter-cloud/test"
    /// Four tokens, in nano-dollars.
    private static let cost: Int64 = 40_000_000

    private struct Scene {
        let directory: String
        let disk: SmallDisk
        let configuration: String
        var data: String { disk.path }

        func start() async throws -> ServerProcess {
            try await ServerProcess(
                in: directory, configuration: configuration, data: data, prefix: disk.prefix)
        }

        @discardableResult
        func run(_ words: [String]) async throws -> Executable.Outcome {
            try await Executable.run(words + ["--data", data], in: directory, prefix: disk.prefix)
        }

        /// Waits until answers come again.
        func becomesWell(_ load: ChatLoad, _ server: ServerProcess) async throws {
            let before = load.seen.whole.count
            let isWell = await until(seconds: 30) { load.seen.whole.count >= before + 20 }
            #expect(isWell, "\(load.seen) \(server.log.suffix(2000))")
        }

        /// Waits until requests are refused because nothing can be kept.
        func refuses(_ load: ChatLoad, _ server: ServerProcess) async throws {
            let before = load.seen.count(503)
            let refuses = await until(seconds: 60) { load.seen.count(503) >= before + 5 }
            #expect(refuses, "\(load.seen)")
            let text = load.seen.errors[503] ?? ""
            #expect(text.contains("Credit cannot be checked now"), "\(text)")
            let isTold = await until(seconds: 5) { server.log.contains("settlements cannot be stored") }
            #expect(isTold, "\(server.log.suffix(2000))")
            let ready = try await server.curl("/readyz")
            #expect(ready.status == 503, "\(ready)")
        }
    }

    private func withScene(_ body: (Scene, ServerProcess, _ key: String) async throws -> Void) async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let scene = Scene(
                directory: directory, disk: try await SmallDisk(megabytes: 16, at: "\(directory)/disk"),
                configuration: OneEngine.configuration(at: vendor, model: Self.model))
            let server = try await scene.start()
            for words in [
                ["users", "create", Self.email], ["credits", "grant", Self.email, "100000", "--reason", "test"],
            ] {
                let outcome = try await scene.run(words)
                try #require(outcome.status == 0, "\(outcome)")
            }
            let made = try await scene.run([
                "keys", "create", "--user", Self.email, "--name", "test", "--rpm", "1000000", "--json",
            ])
            try await body(scene, server, try #require(try made.json["key"] as? String, "\(made)"))
        }
    }

    /// What a client was told is what it was charged, to the nano-dollar, and the books add up.
    ///
    /// - Parameter unseen: answers whose end their clients may not have seen, because the server was killed.
    private func check(_ seen: ChatLoad.Seen, _ scene: Scene, unseen: Int64 = 0) async throws {
        #expect(seen.faults.isEmpty && seen.cutOff <= unseen, "\(seen.faults)")
        #expect(Set(seen.statuses.keys).isSubset(of: [0, 200, 503]), "\(seen.statuses) \(seen.errors)")
        let verified = try await scene.run(["credits", "verify", "--json"])
        #expect(verified.status == 0, "\(verified)")
        let balance = try await scene.run(["credits", "balance", Self.email, "--json"]).json
        let told = seen.whole.values.reduce(0) { $0 + $1.nanoUSD }
        let charged = 100_000_000_000_000 - (try #require(Money(usd: balance["balance"] as? String ?? "")).nanoUSD)
        #expect(charged >= told && charged <= told + unseen * Self.cost, "\(told) told, \(charged) charged")
        #expect(balance["held"] as? String == "0.000000000", "\(balance)")
    }

    @Test("refuses new requests with 503, finishes what runs, and goes on when there is space, every charge once")
    func fills() async throws {
        try await withScene { scene, server, key in
            let load = try ChatLoad(port: server.port, key: key, model: Self.model, clients: 4)
            try await scene.becomesWell(load, server)
            for _ in 1...2 {
                try scene.disk.fill()
                try await scene.refuses(load, server)
                try scene.disk.free()
                try await scene.becomesWell(load, server)
                let ready = try await server.curl(becomesReadyIn: 10)
                #expect(ready.status == 200, "\(ready)")
            }
            let seen = try await load.stop()
            #expect(seen.count(0) == 0)
            server.signal(SIGTERM)
            let code = await server.exitCode(seconds: 20)
            #expect(code == 0)
            try await check(seen, scene)
        }
    }

    @Test(
        "killed while the disk is full it says so when it starts, and settles all that it had answered when there is space"
    )
    func isKilled() async throws {
        try await withScene { scene, server, key in
            let load = try ChatLoad(port: server.port, key: key, model: Self.model, clients: 4)
            try await scene.becomesWell(load, server)
            try scene.disk.fill()
            try await scene.refuses(load, server)
            server.signal(SIGKILL)
            _ = await server.exitCode(seconds: 10)
            let seen = try await load.stop()
            let refused = try await scene.run(["serve", "--port", "0"])
            #expect(refused.status != 0, "\(refused)")
            #expect(refused.errors.contains("No space left") || refused.errors.contains("is full"), "\(refused)")
            try scene.disk.free()
            let again = try await scene.start()
            again.signal(SIGTERM)
            let code = await again.exitCode(seconds: 20)
            #expect(code == 0)
            try await check(seen, scene, unseen: 4)
        }
    }
}
