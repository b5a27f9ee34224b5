import Glibc
import Synchronization

/// Between clients and a server on 127.0.0.1: passes bytes on, late, or not at all, as a network that is in trouble does.
///
/// Two threads for each connection; nothing of the code under test.
public final class LoopbackProxy: Sendable {
    /// What happens to connections, from now on.
    public enum Path: Sendable, Hashable {
        case open
        /// What comes is passed on after so long, in either direction.
        case slow(Duration)
        /// Connections end, and new ones end at once.
        case cut
        /// Connections stay, and nothing is passed on until the path is another.
        case swallowing
    }

    private struct State {
        var path = Path.open
        var sockets: [Int: Int32] = [:]
        var count = 0
    }

    /// On 127.0.0.1; the kernel chose it.
    public let port: Int
    private let listener: Int32
    private let target: Int
    private let state = Mutex(State())
    private let stopping = Signal()

    /// - Parameter port: of the server.
    /// - Throws: ``LoopbackError`` when the kernel refuses.
    public init(to port: Int) throws {
        (listener, self.port) = try LoopbackServer.listen(backlog: 1024)
        target = port
        try startThread { [self] in acceptConnections() }
    }

    public var path: Path {
        get { state.withLock(\.path) }
        set {
            state.withLock { state in
                state.path = newValue
                guard newValue == .cut else { return }
                for socket in state.sockets.values { shutdown(socket, Int32(SHUT_RDWR)) }
            }
        }
    }

    /// Ends every connection and stops listening. Call it at the end of the test: the threads keep the proxy alive.
    public func stop() {
        stopping.raise()
        path = .cut
    }

    private func acceptConnections() {
        defer { close(listener) }
        while LoopbackServer.wait(for: listener, Int16(POLLIN), or: stopping, patience: nil) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard path != .cut, server >= 0, LoopbackServer.connect(server, port: target) == 0 else {
                close(client)
                if server >= 0 { close(server) }
                continue
            }
            for socket in [client, server] {
                var one: Int32 = 1
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            }
            join(client, server)
        }
    }

    /// Each direction has a thread; the last one that ends closes both sockets.
    private func join(_ client: Int32, _ server: Int32) {
        let number = state.withLock { state in
            state.count += 2
            state.sockets[state.count - 2] = client
            state.sockets[state.count - 1] = server
            return state.count - 2
        }
        let left = Counter()
        for (from, to) in [(client, server), (server, client)] {
            let end: @Sendable () -> Void = { [self] in
                for socket in [client, server] { shutdown(socket, Int32(SHUT_RDWR)) }
                state.withLock { state in
                    left.add(1)
                    guard left.value == 2 else { return }
                    for offset in 0...1 {
                        if let socket = state.sockets.removeValue(forKey: number + offset) { close(socket) }
                    }
                }
            }
            do {
                try startThread { [self] in
                    pass(from, to)
                    end()
                }
            } catch {
                end()
            }
        }
    }

    private func pass(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while LoopbackServer.wait(for: from, Int16(POLLIN), or: stopping, patience: nil) {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            if case .slow(let delay) = path, isStopped(after: delay) { return }
            while path == .swallowing { if isStopped(after: .milliseconds(10)) { return } }
            var sent = 0
            while sent < count {
                let more = buffer[sent..<count].withUnsafeBytes {
                    send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { return }
                sent += more
            }
        }
    }

    private func isStopped(after delay: Duration) -> Bool {
        var polled = pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, Int32(delay / .milliseconds(1))) > 0
    }
}
