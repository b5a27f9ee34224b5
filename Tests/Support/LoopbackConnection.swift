import Glibc

/// One thing that a ``LoopbackServer`` does on a connection.
public enum Step: Sendable {
    /// These bytes as they are.
    case send([UInt8])
    /// So many bytes `x`, counted as the kernel takes them: it stops when the client does not read.
    case pour(bytes: Int, counted: Counter)
    case pause(Duration)
    case wait(for: Signal)
    case raise(Signal)
    /// Nothing, until the client closes; then the signal is raised.
    case untilClosed(Signal)
    /// No more bytes from here; the client may go on sending.
    case halfClose
    /// Ends the connection in order.
    case close
    /// Ends the connection with a reset.
    case reset

    /// Text as it is.
    public static func send(_ text: String) -> Step { .send(Array(text.utf8)) }

    /// Status line, these headers and an empty line, without a length unless the headers have one.
    public static func head(_ status: Int, _ headers: [String: String] = ["transfer-encoding": "chunked"]) -> Step {
        var text = "HTTP/1.1 \(status) Said by a script\r\n"
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        return .send(text + "\r\n")
    }

    /// A whole response with its length.
    public static func answer(_ status: Int = 200, headers: [String: String] = [:], body: String = "") -> Step {
        var all = headers
        all["content-length"] = "\(body.utf8.count)"
        guard case .send(let head) = head(status, all) else { return .close }
        return .send(head + Array(body.utf8))
    }

    /// One chunk of a chunked body.
    public static func chunk(_ text: String) -> Step {
        .send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    /// The end of a chunked body.
    public static var lastChunk: Step { .send("0\r\n\r\n") }
}

/// One connection of a ``LoopbackServer``, on its thread.
struct LoopbackConnection {
    let socket: Int32
    private let stopping: Signal

    init(_ socket: Int32, stopping: Signal) {
        self.socket = socket
        self.stopping = stopping
    }

    /// - Returns: false when the connection is over.
    func perform(_ step: Step) -> Bool {
        switch step {
        case .send(let bytes):
            return send(bytes, counted: nil)
        case .pour(let count, let counter):
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 * 1024)
            var left = count
            while left > 0 {
                guard send(Array(piece.prefix(left)), counted: counter) else { return false }
                left -= min(left, piece.count)
            }
            return true
        case .pause(let duration):
            // The stopping signal is not written to otherwise, so this waits for it or for the time.
            return !Self.isRaised(stopping, within: duration)
        case .wait(let signal):
            return LoopbackServer.wait(for: signal.descriptor, Int16(POLLIN), or: stopping)
        case .raise(let signal):
            signal.raise()
            return true
        case .untilClosed(let signal):
            var buffer = [UInt8](repeating: 0, count: 4096)
            while LoopbackServer.wait(for: socket, Int16(POLLIN), or: stopping) {
                if recv(socket, &buffer, buffer.count, 0) <= 0 {
                    signal.raise()
                    break
                }
            }
            return false
        case .halfClose:
            return shutdown(socket, Int32(SHUT_WR)) == 0
        case .close:
            return false
        case .reset:
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            return false
        }
    }

    private static func isRaised(_ signal: Signal, within duration: Duration) -> Bool {
        var polled = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, Int32(duration / .milliseconds(1))) > 0
    }

    private func send(_ bytes: [UInt8], counted: Counter?) -> Bool {
        var sent = 0
        while sent < bytes.count {
            guard LoopbackServer.wait(for: socket, Int16(POLLOUT), or: stopping) else { return false }
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
            counted?.add(count)
        }
        return true
    }

    // MARK: Requests

    /// - Returns: `nil` when the connection ended, or what came is not a request.
    func readRequest(
        connection: Int, index: Int, readsBody: Bool = true, readsForm: Bool = false
    ) -> LoopbackServer.Request? {
        var bytes: [UInt8] = []
        // One byte at a time would be slow and more than one belongs to the body; what is too much is the body's start.
        var end: Int?
        while end == nil {
            guard receive(into: &bytes) else { return nil }
            end = Self.headEnd(of: bytes)
        }
        let headEnd = end ?? bytes.count
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        var request = LoopbackServer.Request(
            method: String(words[0]), target: String(words[1]), headers: [], body: [], connection: connection,
            index: index)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            request.headers.append((String(line[..<colon]), String(value)))
        }
        let length = request["content-length"].flatMap(Int.init) ?? 0
        if readsForm, let form = SimulatedForm(contentType: request["content-type"] ?? "") {
            guard let read = read(form, from: Array(bytes[headEnd...]), length: length) else { return nil }
            request.form = read
            return request
        }
        while readsBody, bytes.count < headEnd + length {
            guard receive(into: &bytes) else { return nil }
        }
        request.body = Array(bytes[headEnd...].prefix(length))
        return request
    }

    /// Reads a form piece by piece.
    private func read(_ form: SimulatedForm, from start: [UInt8], length: Int) -> SimulatedForm? {
        var form = form
        var piece = start
        var left = length
        while true {
            form.add(Array(piece.prefix(left)))
            left -= min(left, piece.count)
            guard left > 0 else { break }
            piece = []
            guard receive(into: &piece) else { return nil }
        }
        form.finish()
        return form
    }

    private func receive(into bytes: inout [UInt8]) -> Bool {
        guard LoopbackServer.wait(for: socket, Int16(POLLIN), or: stopping, patience: nil) else { return false }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        return true
    }

    /// Behind the empty line.
    private static func headEnd(of bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual(mark) }.map { $0 + 4 }
    }
}
