public import Foundation

/// A server that is another program, such as `openssl s_server` or `nghttpd`, for what ``LoopbackServer`` cannot speak.
///
/// On 127.0.0.1, below port 32768. ``stop()`` ends it; by itself it ends after two minutes.
public final class ExternalServer: Sendable {
    public let port: Int
    private let process: pid_t

    /// Starts `program` and waits until its port takes connections.
    ///
    /// - Parameter arguments: gets the port to listen on.
    /// - Returns: `nil` when the program is not installed or did not come up within ten seconds.
    public init?(_ program: String, arguments: (_ port: Int) -> [String]) async {
        guard let path = Program.path(of: program), let port = Self.freePort(),
            let process = Program.start("timeout", ["-k", "1", "120", path] + arguments(port))
        else { return nil }
        self.process = process
        self.port = port
        let deadline = ContinuousClock.now + .seconds(10)
        while !LoopbackServer.accepts(port: port) {
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                stop()
                return nil
            }
            // Cancelling shows in the condition.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Call it once, at the end of the test.
    public func stop() {
        kill(process, SIGTERM)
        _ = Program.wait(for: process)
    }

    /// A port that nobody listens on now, outside the range from which the kernel takes ports for clients.
    private static func freePort() -> Int? {
        (0..<50).lazy.map { _ in Int.random(in: 20_000..<32_000) }.first { !LoopbackServer.accepts(port: $0) }
    }
}

/// Other programs. Foundation's `Process` needs a run loop to hear of an end, which a task's thread does not have.
public enum Program {
    /// Where it is; `nil` when it is not installed.
    public static func path(of program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders: [String] = path.split(separator: ":").map(String.init) + ["/usr/sbin"]
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Starts it without input and output.
    ///
    /// - Returns: its process; `nil` when it cannot be started.
    static func start(_ program: String, _ arguments: [String]) -> pid_t? {
        guard let path = path(of: program) else { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0..<Int32(3) {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // Threads of the pool block signals, and a child would never hear that it is to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process = pid_t()
        guard posix_spawn(&process, path, &actions, &attributes, words, environ) == 0 else { return nil }
        return process
    }

    /// - Returns: its exit code; -1 when it ended by a signal.
    static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        var ended: pid_t
        repeat { ended = waitpid(process, &status, 0) } while ended < 0 && errno == EINTR
        return ended == process && status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}

/// A folder with a certificate of its own, made by `openssl`; removed with the last reference.
public final class TestCertificate: Sendable {
    public let folder: URL

    public var certificateFile: String { folder.appendingPathComponent("certificate.pem").path }
    public var keyFile: String { folder.appendingPathComponent("key.pem").path }

    /// - Parameter names: such as `DNS:localhost,IP:127.0.0.1`.
    /// - Returns: `nil` when `openssl` is not installed.
    public init?(names: String = "DNS:localhost,IP:127.0.0.1") throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("routerd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Program.start(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=routerd test", "-addext", "subjectAltName=\(names)", "-keyout", keyFile, "-out",
                certificateFile,
            ])
        guard let process, Program.wait(for: process) == 0 else { return nil }
    }

    deinit {
        // A folder that stays behind is the temporary directory's business.
        try? FileManager.default.removeItem(at: folder)
    }
}
