import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("How exchanges fail", .timeLimit(.minutes(1)))
struct CurlFailureTests {
    // MARK: Before the head

    @Test("a port where nobody listens is unreachable, and the message does not show the password of the URL")
    func refused() async throws {
        let transport = try CurlTransport()
        let reading = await Reading(transport.post(at: "http://user:hunter2@127.0.0.1:1"))
        #expect(reading.failure?.kind == .unreachable)
        #expect(reading.failure?.message.contains("127.0.0.1") == true)
        #expect(reading.failure?.message.contains("hunter2") == false)
        await transport.shutdown()
    }

    @Test(
        "a base URL that is none is unreachable, and is not quoted",
        arguments: [
            "ftp://user:hunter2@127.0.0.1", "http://user:hunter2@[::", "", "file:///etc/passwd", "http://a b/hunter2",
        ])
    func badURL(url: String) async throws {
        let transport = try CurlTransport()
        let reading = await Reading(transport.post(at: url))
        #expect(reading.failure?.kind == .unreachable)
        #expect(reading.failure?.message.contains("hunter2") == false)
        await transport.shutdown()
    }

    @Test("a host without an address is unreachable")
    func unknownHost() async throws {
        let transport = try CurlTransport()
        let reading = await Reading(transport.post(at: "http://nobody.invalid"))
        #expect(reading.failure?.kind == .unreachable)
        #expect(reading.failure?.message.contains("nobody.invalid") == true)
        await transport.shutdown()
    }

    @Test("a new connection that ends without an answer is unreachable, and is tried once", arguments: [true, false])
    func closedWithoutAnswer(resets: Bool) async throws {
        try await withUpstream(script: { _ in [resets ? .reset : .close] }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.failure?.kind == .unreachable)
            #expect(reading.head == nil)
            #expect(server.requests.count == 1)
        }
    }

    // MARK: After it

    @Test("a body that is cut off is broken, after what came of it", arguments: ["length", "chunks", "reset"])
    func cutOff(how: String) async throws {
        let steps: [Step] =
            switch how {
            case "length": [.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"), .close]
            case "chunks": [.head(200), .chunk("only this"), .close]
            default: [.head(200), .chunk("only this"), .pause(.milliseconds(50)), .reset]
            }
        try await withUpstream(script: { _ in steps }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.head?.status == 200)
            #expect(reading.text == "only this")
            #expect(reading.failure?.kind == .broken)
            #expect(reading.failure?.message.contains("ended early") == true)
        }
    }

    @Test("a vendor that closes its half in the middle has broken off")
    func halfClosed() async throws {
        let closed = Signal()
        try await withUpstream(script: { _ in [.head(200), .chunk("part"), .halfClose, .untilClosed(closed)] }) {
            transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.text == "part")
            #expect(reading.failure?.kind == .broken)
            await closed.raised()
        }
    }

    @Test(
        "what is not HTTP is broken",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{1}\u{2}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        ])
    func notHTTP(text: String) async throws {
        try await withUpstream(script: { _ in [.send(text), .close] }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.failure?.kind == .broken)
        }
    }

    @Test("headers of a megabyte are broken, in one line or in many", arguments: [true, false])
    func hugeHeaders(inOne: Bool) async throws {
        let filler = String(repeating: "x", count: 1_000)
        let lines =
            inOne
            ? "x: \(String(repeating: filler, count: 1_000))\r\n"
            : (0..<1_000).map { "x-\($0): \(filler)\r\n" }.joined()
        try await withUpstream(script: { _ in [.send("HTTP/1.1 200 OK\r\n\(lines)\r\n"), .close] }) {
            transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.head == nil)
            #expect(reading.failure?.kind == .broken)
        }
    }

    @Test("headers up to the bound are taken, beyond are not")
    func boundsHeaders() async throws {
        var settings = CurlTransport.Settings()
        settings.headerBytesMax = 1_000
        try await withUpstream(
            settings,
            script: { request in
                // Status line 17, `content-length: 0` 19, the last line 2, `x: ` and its end 5.
                [
                    .send(
                        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: \(String(repeating: "y", count: request.target == "/in" ? 957 : 958))\r\n\r\n"
                    )
                ]
            }
        ) { transport, server in
            let inside = await Reading(transport.open(UpstreamRequest(path: "/in"), at: server.baseURL))
            #expect(inside.head?.status == 200)
            #expect(inside.failure == nil)
            let outside = await Reading(transport.open(UpstreamRequest(path: "/out"), at: server.baseURL))
            #expect(outside.failure?.message.contains("longer than 1000 bytes") == true)
        }
    }

    @Test("an encoded answer is broken, its connection closed, and nothing of it is decoded")
    func encoded() async throws {
        let closed = Signal()
        try await withUpstream(script: { _ in
            [.head(200, ["content-encoding": "gzip", "content-length": "5000000"]), .untilClosed(closed)]
        }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.failure?.kind == .broken)
            #expect(reading.failure?.message.contains("encoded (gzip)") == true)
            #expect(reading.body.isEmpty)
            await closed.raised()
        }
    }

    @Test("one request more than may be open fails at once, and there is room again after one ended")
    func boundsOpen() async throws {
        var settings = CurlTransport.Settings()
        settings.openPerProviderMax = 2
        let go = Signal()
        try await withUpstream(settings, script: { _ in [.wait(for: go), .answer(body: "ok")] }) { transport, server in
            let first = transport.post(at: server.baseURL)
            let second = transport.post(at: server.baseURL)
            let third = await Reading(transport.post(at: server.baseURL))
            #expect(third.failure?.kind == .unreachable)
            #expect(third.failure?.message.contains("2 requests") == true)
            go.raise()
            let readings = [
                await Reading(first), await Reading(second), await Reading(transport.post(at: server.baseURL)),
            ]
            #expect(readings.map(\.text) == ["ok", "ok", "ok"])
        }
    }
}
