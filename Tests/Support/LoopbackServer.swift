import Glibc
import Synchronization

/// A real HTTP/1.1 server on 127.0.0.1 that does what a script says: the vendor of a test.
///
/// For each request it asks the script for steps and does them in order, then reads the next request of the same
/// connection, unless a step ended it. A thread for each connection; plain sockets; nothing of the code under test.
///
/// ```swift
/// let server = try LoopbackServer { request in
///     request.target == "/v1/models" ? [.answer(body: "[]")] : [.head(200), .chunk("one"), .wait(for: go), .lastChunk]
/// }
/// defer { server.stop() }
/// … server.baseURL … server.requests …
/// ```
///
/// Nothing waits for ever: a step gives up after ``patience``, and ``stop()`` ends all of them.
public final class LoopbackServer: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        public var method: String
        /// Path and query.
        public var target: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
        /// The body, where it is a form and the server reads forms; ``body`` is empty then.
        public var form: SimulatedForm?
        /// Which connection it came on, from 0.
        public var connection: Int
        /// Which request of its connection it is, from 0.
        public var index: Int

        /// The value of the first header of this name, in any case.
        public subscript(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What is done for a request.
    public typealias Script = @Sendable (Request) -> [Step]

    /// No step takes longer.
    public static let patience = Duration.seconds(20)

    private struct State {
        var requests: [Request] = []
        var connectionCount = 0
        /// Open connections, so that ``stop()`` can end them.
        var sockets: [Int: Int32] = [:]
        var isStopped = false
    }

    /// On 127.0.0.1; the kernel chose it.
    public let port: Int
    private let listener: Int32
    private let script: Script
    private let sendBufferBytes: Int32?
    private let readsBodies: Bool
    private let readsForms: Bool
    private let state = Mutex(State())
    private let stopping = Signal()

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - sendBufferBytes: of the kernel, for each connection; small to see early that the client does not read.
    ///   - readsBodies: false: the script is asked when a request's head is there, and its body stays unread.
    ///   - readsForms: forms are read while they come, and their files not kept.
    ///   - script: called on the connection's thread for each request.
    /// - Throws: ``LoopbackError`` when the kernel refuses.
    public init(
        port: Int = 0, sendBufferBytes: Int? = nil, readsBodies: Bool = true, readsForms: Bool = false,
        _ script: @escaping Script
    ) throws {
        (listener, self.port) = try Self.listen(port: port, backlog: 1024)
        self.script = script
        self.readsBodies = readsBodies
        self.readsForms = readsForms
        self.sendBufferBytes = sendBufferBytes.map(Int32.init)
        try startThread { [self] in acceptConnections() }
    }

    /// The same steps for every request.
    public convenience init(sendBufferBytes: Int? = nil, readsBodies: Bool = true, steps: [Step]) throws {
        try self.init(sendBufferBytes: sendBufferBytes, readsBodies: readsBodies) { _ in steps }
    }

    /// `http://127.0.0.1:PORT`.
    public var baseURL: String { "http://127.0.0.1:\(port)" }

    /// What came so far, in the order in which it was complete.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// How many of them are open.
    public var openConnectionCount: Int { state.withLock { $0.sockets.count } }

    /// Waits until at most `count` connections are open.
    ///
    /// - Throws: `CancellationError` when the test's time limit is at its end.
    public func connectionsOpen(atMost count: Int) async throws {
        try await until { self.openConnectionCount <= count }
    }

    /// Ends every connection and stops listening. Call it at the end of the test: the threads keep the server alive.
    public func stop() {
        stopping.raise()
        state.withLock { state in
            state.isStopped = true
            for socket in state.sockets.values { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    // MARK: Threads

    private func acceptConnections() {
        defer { close(listener) }
        while Self.wait(for: listener, Int16(POLLIN), or: stopping, patience: nil) {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { continue }
            var one: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            if var bytes = sendBufferBytes { setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, 4) }
            let number = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.connectionCount += 1
                state.sockets[state.connectionCount - 1] = socket
                return state.connectionCount - 1
            }
            guard let number else {
                close(socket)
                return
            }
            do {
                try startThread { [self] in serve(LoopbackConnection(socket, stopping: stopping), number: number) }
            } catch {
                forget(number, socket)
            }
        }
    }

    private func serve(_ connection: LoopbackConnection, number: Int) {
        defer { forget(number, connection.socket) }
        var index = 0
        while let request = connection.readRequest(
            connection: number, index: index, readsBody: readsBodies, readsForm: readsForms)
        {
            state.withLock { $0.requests.append(request) }
            let steps = script(request)
            for (number, step) in steps.enumerated() where !connection.perform(step) {
                // A client that left earlier than the script expected has left all the same.
                for case .untilClosed(let signal) in steps[number...] { signal.raise() }
                return
            }
            index += 1
        }
    }

    private func forget(_ number: Int, _ socket: Int32) {
        // Under the lock, so that `stop` never ends another connection that got the same descriptor.
        state.withLock { state in
            state.sockets[number] = nil
            close(socket)
        }
    }

    // MARK: Sockets

    /// Waits until `socket` is ready, `signal` is raised, or patience is at its end (`nil`: never).
    ///
    /// - Returns: whether the socket is ready.
    static func wait(for socket: Int32, _ events: Int16, or signal: Signal, patience: Duration? = patience) -> Bool {
        var polled = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = patience.map { Int32($0 / .milliseconds(1)) } ?? -1
        var count: Int32
        repeat { count = poll(&polled, 2, milliseconds) } while count < 0 && errno == EINTR
        return count > 0 && polled[1].revents == 0 && polled[0].revents != 0
    }

    /// Whether somebody listens on a port of 127.0.0.1.
    static func accepts(port: Int) -> Bool {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { return false }
        defer { close(client) }
        return connect(client, port: port) == 0
    }

    static func connect(_ client: Int32, port: Int) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    static func listen(port: Int = 0, backlog: Int32) throws -> (socket: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw LoopbackError("socket") }
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, length) == 0, Glibc.listen(listener, backlog) == 0 else { return -1 }
                return getsockname(listener, address, &length)
            }
        }
        guard status == 0 else {
            close(listener)
            throw LoopbackError("bind and listen")
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// What the kernel did not allow.
public struct LoopbackError: Error, CustomStringConvertible {
    public var description: String

    init(_ call: String) {
        description = "\(call): \(String(cString: strerror(errno)))"
    }
}

/// A listening port of 127.0.0.1 where nobody accepts and no more connection fits: connecting to it never ends.
public final class FullBacklog: Sendable {
    public let port: Int
    private let sockets: [Int32]

    public init() throws {
        let (listener, port) = try LoopbackServer.listen(backlog: 0)
        self.port = port
        var sockets = [listener]
        // A backlog of 0 takes one connection; the kernel drops what comes after.
        for _ in 0..<4 {
            let client = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard client >= 0 else { continue }
            _ = LoopbackServer.connect(client, port: port)
            sockets.append(client)
        }
        self.sockets = sockets
    }

    deinit {
        for socket in sockets { close(socket) }
    }
}

/// Runs `body` on a new thread, which nobody waits for.
func startThread(_ body: @escaping @Sendable () -> Void) throws {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let context = Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }, context.toOpaque())
    guard status == 0 else {
        context.release()
        throw LoopbackError("pthread_create")
    }
    pthread_detach(thread)
}
