import Glibc
public import RouterCore
import Synchronization

/// Clients that ask for chat answers one after the other, on threads of their own, and remember what they saw.
public final class ChatLoad: Sendable {
    /// What all clients saw so far.
    public struct Seen: Sendable {
        /// How often each status was answered; 0 where there was none.
        public var statuses: [Int: Int] = [:]
        /// What was said that each whole answer costs, by the id of its generation.
        public var whole: [String: Money] = [:]
        /// Answers that were begun and cut off.
        public var cutOff = 0
        /// What should never be: bodies that are no answer and no error of the API.
        public var faults: [String] = []
        /// An error answer of each status.
        public var errors: [Int: String] = [:]
        public var slowest = Duration.zero

        public func count(_ status: Int) -> Int { statuses[status] ?? 0 }
    }

    private let port: Int
    private let head: String
    private let model: String
    private let state = Mutex(Seen())
    private let running: Counter
    private let stopping = Signal()

    /// Starts.
    ///
    /// - Parameters:
    ///   - port: of a server on 127.0.0.1.
    ///   - pause: between two requests of a client.
    /// - Throws: ``LoopbackError`` when there are no threads.
    public init(port: Int, key: String, model: String, clients: Int = 8, pause: Duration = .milliseconds(2)) throws {
        self.port = port
        self.model = model
        head =
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer \(key)\r\n"
        running = Counter()
        for number in 0..<clients {
            running.add(1)
            try startThread { [self] in
                var index = number
                while stopping.moment == nil {
                    ask(streamed: index % 2 == 0)
                    index += 1
                    usleep(UInt32(clamping: Int(pause / .microseconds(1))))
                }
                running.add(-1)
            }
        }
    }

    public var seen: Seen { state.withLock { $0 } }

    /// Lets running requests end.
    public func stop() async throws -> Seen {
        stopping.raise()
        try await until { self.running.value == 0 }
        return seen
    }

    private func ask(streamed: Bool) {
        let body =
            #"{"model":"\#(model)","max_tokens":4,"stream":\#(streamed),"messages":[{"role":"user","content":"Hi"}]}"#
        let start = ContinuousClock.now
        let bytes = exchange(head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
        let took = start.duration(to: .now)
        let (status, content) = Self.parts(bytes)
        state.withLock { seen in
            seen.statuses[status, default: 0] += 1
            seen.slowest = max(seen.slowest, took)
            guard status == 200 else {
                let text = String(decoding: content, as: UTF8.self)
                seen.errors[status] = text
                if status != 0, !text.hasPrefix(#"{"error":{"#) { seen.faults.append("\(status): \(text.prefix(200))") }
                return
            }
            guard let answer = streamed ? Self.lastRecord(content) : content else {
                seen.cutOff += 1
                return
            }
            note(answer, streamed: streamed, in: &seen)
        }
    }

    private func note(_ answer: [UInt8], streamed: Bool, in seen: inout Seen) {
        guard let document = try? JSONDocument(answer, limits: .response), let id = document.root["id"]?.string,
            let cost = document.root["usage"]?["cost"].flatMap({ Money(usd: String(decoding: $0.text, as: UTF8.self)) })
        else {
            // A body that is shorter than its length was cut off.
            seen.cutOff += 1
            return
        }
        if seen.whole.updateValue(cost, forKey: id) != nil { seen.faults.append("\(id) was given twice") }
    }

    /// Sends and reads until the end; what came until then when something fails.
    private func exchange(_ text: String) -> [UInt8] {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { return [] }
        defer { close(client) }
        var patience = timeval(tv_sec: 90, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard LoopbackServer.connect(client, port: port) == 0 else { return [] }
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBytes({ send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == bytes.count
        else {
            return []
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return received }
            received += buffer[..<count]
        }
    }

    /// Status and body, without the marks of chunks.
    private static func parts(_ bytes: [UInt8]) -> (status: Int, body: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return (0, []) }
        let head = text[..<end.lowerBound]
        let status = head.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
        let body = text[end.upperBound...]
        guard head.lowercased().contains("transfer-encoding: chunked") else { return (status, Array(body.utf8)) }
        var whole: [UInt8] = []
        var rest = Array(body.utf8)[...]
        while let lineEnd = rest.firstIndex(of: 0x0D),
            let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16), size > 0,
            rest.endIndex >= lineEnd + 2 + size
        {
            whole += rest[(lineEnd + 2)..<(lineEnd + 2 + size)]
            rest = rest[(lineEnd + 2 + size)...].dropFirst(2)
        }
        return (status, whole)
    }

    /// The record before `[DONE]`; `nil` for a stream without this end.
    private static func lastRecord(_ bytes: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("data: ") }
        guard lines.last == "data: [DONE]", lines.count > 1 else { return nil }
        return Array(lines[lines.count - 2].dropFirst(6).utf8)
    }
}

extension String {
    /// Where `text` occurs first.
    fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
