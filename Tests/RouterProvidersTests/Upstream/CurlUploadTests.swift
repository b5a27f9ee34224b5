import RouterCore
import RouterProviders
import Synchronization
import TestSupport
import Testing

@Suite("Uploads through libcurl", .timeLimit(.minutes(1)))
struct CurlUploadTests {
    /// So many bytes, a block again and again.
    private static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { bytes += block.prefix(count - bytes.count) }
        return bytes
    }

    private static let block = (0..<50_021).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }

    /// Writes as a front does: stops where it is told to, and goes on when it hears that there is room.
    ///
    /// - Returns: how often it had to stop.
    private static func write(_ bytes: [UInt8], to pipe: UploadPipe) async -> Int {
        var pauses = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(64 * 1024))
            rest = rest.dropFirst(piece.count)
            let signal = Signal()
            guard !pipe.write(piece, whenRoom: { signal.raise() }) else { continue }
            pauses += 1
            await signal.raised()
        }
        pipe.finish()
        return pauses
    }

    @Test("body, pipe and end arrive as one, with their length", arguments: [0, 1, 70_000, 3_000_000])
    func arrives(count: Int) async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let content = Self.bytes(count)
            let pipe = UploadPipe()
            let request = UpstreamRequest(
                path: "/", body: Array("head".utf8),
                upload: Upload(pipe: pipe, pipeByteCount: count, end: Array("tail".utf8)))
            let exchange = transport.open(request, at: server.baseURL)
            async let reading = Reading(exchange)
            _ = await Self.write(content, to: pipe)
            #expect(await reading.text == "ok")
            let came = try #require(server.requests.first)
            #expect(came.body == Array("head".utf8) + content + Array("tail".utf8))
            #expect(
                came["content-length"] == "\(count + 8)" && came["expect"] == nil && came["transfer-encoding"] == nil)
            #expect(pipe.isDrained)
            // The handle is as good as before.
            #expect(await Reading(transport.post(at: server.baseURL)).text == "ok")
        }
    }

    @Test("a client that sends slowly is no vendor's fault: time counts from the end of what it sends")
    func slowClient() async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let timeouts = Timeouts.test { limits in
                (limits.firstByte, limits.idle, limits.total) = (.seconds(1), .seconds(1), .seconds(1))
                limits.silence = .milliseconds(50)
            }
            let pipe = UploadPipe()
            let exchange = transport.open(
                UpstreamRequest(path: "/", upload: Upload(pipe: pipe, pipeByteCount: 3)),
                at: server.baseURL, timeouts)
            async let reading = Reading(exchange)
            for byte in 1...3 {
                try await Task.sleep(for: .milliseconds(500))
                pipe.write([UInt8(byte)])
            }
            let came = await reading
            #expect(came.text == "ok")
            #expect(came.silences == 0)
            #expect(server.requests.first?.body == [1, 2, 3])
        }
    }

    @Test("what is cancelled before there is a connection has asked nobody")
    func unasked() async throws {
        let transport = try CurlTransport()
        // Nobody answers there: a network for documentation (RFC 5737).
        let exchange = transport.open(UpstreamRequest(path: "/", body: [1]), at: "http://192.0.2.1:9")
        async let reading = Reading(exchange)
        try await Task.sleep(for: .milliseconds(50))
        exchange.cancel()
        let failure = await reading.failure
        #expect(failure?.wasAsked == false)
        await transport.shutdown()
    }

    @Test("a vendor that does not read holds the writer back")
    func holdsBack() async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let proxy = try LoopbackProxy(to: server.port)
            defer { proxy.stop() }
            proxy.path = .swallowing
            let content = Self.bytes(20 << 20)
            let pipe = UploadPipe()
            let exchange = transport.open(
                UpstreamRequest(path: "/", upload: Upload(pipe: pipe, pipeByteCount: content.count)),
                at: "http://127.0.0.1:\(proxy.port)")
            async let reading = Reading(exchange)
            let opens = Task {
                // Far less than all of it fits between the two: it comes to a stand, with more waiting than may be asked for.
                let last = Mutex((sent: 0, looks: 0))
                try await until {
                    let sent = pipe.readCount
                    let looks = last.withLock { last in
                        last = (sent, sent == last.sent ? last.looks + 1 : 0)
                        return last.looks
                    }
                    return looks >= 20 && sent > 0 && pipe.unreadCount > UploadPipe.Limits().unreadLow
                }
                let sent = pipe.readCount
                proxy.path = .open
                return sent
            }
            #expect(await Self.write(content, to: pipe) > 0)
            #expect(try await opens.value < content.count)
            #expect(await reading.text == "ok")
            let isWhole = server.requests.first?.body == content
            #expect(isWhole)
        }
    }

    @Test("an answer that comes before all was sent is read, and ends the sending")
    func earlyAnswer() async throws {
        let server = try LoopbackServer(
            readsBodies: false, steps: [.answer(413, body: "too large"), .untilClosed(Signal())])
        defer { server.stop() }
        let transport = try CurlTransport()
        let pipe = UploadPipe()
        pipe.write(Self.bytes(100_000))
        let request = UpstreamRequest(path: "/", upload: Upload(pipe: pipe, pipeByteCount: 1 << 20))
        let reading = await Reading(transport.open(request, at: server.baseURL))
        #expect(reading.head?.status == 413 && reading.text == "too large" && reading.failure == nil)
        await transport.shutdown()
    }

    @Test("what fails the pipe is how the exchange fails, and the vendor's connection ends", arguments: [true, false])
    func failure(isEarly: Bool) async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let pipe = UploadPipe()
            if !isEarly { pipe.write(Self.bytes(200_000)) }
            let request = UpstreamRequest(path: "/", body: [1], upload: Upload(pipe: pipe, pipeByteCount: 1 << 20))
            let exchange = transport.open(request, at: server.baseURL)
            async let reading = Reading(exchange)
            let failure = UpstreamFailure(.refused, "The form is broken.")
            pipe.fail(failure)
            #expect(await reading.failure == failure)
            try await server.connectionsOpen(atMost: 0)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("a pipe that brings less than it said fails, and one that is cancelled ends at the vendor")
    func short() async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let pipe = UploadPipe()
            pipe.write([1, 2, 3])
            pipe.finish()
            let request = UpstreamRequest(path: "/", upload: Upload(pipe: pipe, pipeByteCount: 4))
            #expect(await Reading(transport.open(request, at: server.baseURL)).failure?.kind == .refused)
            let other = UploadPipe()
            other.write([1])
            let exchange = transport.open(
                UpstreamRequest(path: "/", upload: Upload(pipe: other, pipeByteCount: 4)), at: server.baseURL)
            async let reading = Reading(exchange)
            try await until { server.connectionCount == 2 }
            exchange.cancel()
            #expect(await reading.failure?.kind == .cancelled)
            try await server.connectionsOpen(atMost: 0)
            other.write([2])  // Nobody listens; nothing happens.
        }
    }
}
