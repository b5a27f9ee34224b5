import Dispatch
import Glibc

/// A client that sends what it is told, byte for byte, over a real socket. Blocks a queue of its own, never a task.
final class RawClient: Sendable {
    private let socket: Int32
    private let queue = DispatchQueue(label: "raw client")

    struct Failure: Error { var what: String }

    /// - Parameter receiveBuffer: bytes that the kernel keeps for us; small for a client that does not read.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failure(what: "socket") }
        if var size = receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    deinit { Glibc.close(socket) }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// Sends all bytes; stops without a word when the server no longer takes them.
    func send(_ bytes: [UInt8]) async {
        await run { [socket] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// Reads until the text holds `end`, the server closes, or time is up; what came is returned whatever happened.
    func read(until end: String? = nil, seconds: Double = 20) async -> String {
        await run { [socket] in
            var received: [UInt8] = []
            let deadline = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while DispatchTime.now().uptimeNanoseconds < deadline {
                var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                guard Glibc.poll(&poll, 1, 50) > 0 else { continue }
                let count = recv(socket, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                received += buffer.prefix(count)
                guard let end else { continue }
                let recent = received.suffix(count + end.utf8.count)
                if String(decoding: recent, as: UTF8.self).contains(end) { break }
            }
            return String(decoding: received, as: UTF8.self)
        }
    }

    /// Whether the server closes within so many seconds; what it sends before is thrown away.
    func isClosed(seconds: Double) async -> Bool {
        await run { [socket] in
            let deadline = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while DispatchTime.now().uptimeNanoseconds < deadline {
                var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                guard Glibc.poll(&poll, 1, 20) > 0 else { continue }
                if recv(socket, &buffer, buffer.count, 0) <= 0 { return true }
            }
            return false
        }
    }

    /// Whether the server has ended the connection as well, in order or with a reset.
    var isOver: Bool {
        var state: UInt8 = 0
        var length: socklen_t = 1
        return getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &state, &length) == 0 && state == UInt8(TCP_CLOSE)
    }

    /// Says that nothing more will be sent; still reads.
    func closeOutput() { shutdown(socket, Int32(SHUT_WR)) }

    /// Leaves.
    func close() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Leaves with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
