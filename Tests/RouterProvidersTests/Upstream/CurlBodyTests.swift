import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("What libcurl sends and receives", .timeLimit(.minutes(1)))
struct CurlBodyTests {
    private static let text = (0..<2_000).map { "line \($0)\n" }.joined()

    // MARK: Requests

    @Test("method, path, headers and body arrive as they were given, and nothing is added that asks for more")
    func sendsRequest() async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let headers = [
                UpstreamRequest.Header("Content-Type", "application/json"),
                UpstreamRequest.Header("Authorization", "Bearer k"), UpstreamRequest.Header("x-empty", ""),
            ]
            let request = UpstreamRequest(path: "/v1/chat?x=1", headers: headers, body: Array(Self.text.utf8))
            let reading = await Reading(transport.open(request, at: server.baseURL + "/base"))
            #expect(reading.failure == nil)
            #expect(reading.text == "ok")
            let came = try #require(server.requests.first)
            #expect(came.method == "POST")
            #expect(came.target == "/base/v1/chat?x=1")
            #expect(came.body == request.body)
            #expect(came["content-type"] == "application/json")
            #expect(came["authorization"] == "Bearer k")
            #expect(came["x-empty"] == "")
            #expect(came["accept-encoding"] == "identity")
            #expect(came["content-length"] == "\(request.body.count)")
            #expect(came["expect"] == nil)
            #expect(came["cookie"] == nil)
        }
    }

    @Test("bodies around libcurl's own bounds arrive whole", arguments: [0, 1, 65_535, 65_536, 102_400, 2_000_000])
    func sendsBodies(count: Int) async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok")] }) { transport, server in
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let reading = await Reading(transport.open(UpstreamRequest(path: "/", body: body), at: server.baseURL))
            #expect(reading.failure == nil)
            let came = try #require(server.requests.first)
            #expect(came.body == body)
            #expect(came["expect"] == nil)
        }
    }

    @Test("one handle serves GET, POST and DELETE in any order")
    func changesMethods() async throws {
        try await withUpstream(script: { request in [.answer(body: request.method)] }) { transport, server in
            let methods: [UpstreamRequest.Method] = [.post, .get, .delete, .get, .post, .delete, .post]
            for method in methods {
                let body: [UInt8] = method == .post ? [1, 2] : []
                let request = UpstreamRequest(method: method, path: "/", headers: [], body: body)
                let reading = await Reading(transport.open(request, at: server.baseURL))
                #expect(reading.text == method.rawValue)
            }
            #expect(server.requests.map(\.method) == methods.map(\.rawValue))
            #expect(server.requests.allSatisfy { $0["content-type"] == nil })
            #expect(server.requests.map(\.body.count) == [2, 0, 0, 0, 2, 0, 2])
            #expect(server.connectionCount == 1)
        }
    }

    @Test("a header with a line break is refused and never sent", arguments: ["a\r\nb: c", "a\nb", "a\u{0}b"])
    func refusesLineBreaks(value: String) async throws {
        try await withUpstream(script: { _ in [.answer()] }) { transport, server in
            let request = UpstreamRequest(path: "/", headers: [.init("x", value)])
            let reading = await Reading(transport.open(request, at: server.baseURL))
            #expect(reading.failure?.kind == .unsupported)
            #expect(server.requests.isEmpty)
        }
    }

    // MARK: Bodies

    @Test("a body with a length comes whole, behind one head")
    func receivesLength() async throws {
        try await withUpstream(script: { _ in [.answer(201, headers: ["x-a": "b"], body: Self.text)] }) {
            transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.failure == nil)
            #expect(reading.head?.status == 201)
            #expect(reading.head?["x-a"] == "b")
            #expect(reading.text == Self.text)
        }
    }

    @Test("chunks come whole wherever they are cut", arguments: [1, 2, 3, 7, 100, 20_000])
    func receivesChunks(cut: Int) async throws {
        let parts = cut < 10 ? ["alpha", "b", "{\"c\":1}\n\n"] : [Self.text, "b", Self.text]
        var bytes: [UInt8] = Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".utf8)
        for part in parts { bytes += Array("\(String(part.utf8.count, radix: 16));x=y\r\n\(part)\r\n".utf8) }
        bytes += Array("0\r\nx-trailer: 1\r\n\r\n".utf8)
        let whole = bytes
        let steps = stride(from: 0, to: whole.count, by: cut).map { start in
            Step.send(Array(whole[start..<min(start + cut, whole.count)]))
        }
        try await withUpstream(script: { _ in steps }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.failure == nil)
            #expect(reading.text == parts.joined())
            #expect(reading.head?["x-trailer"] == nil)
        }
    }

    @Test("a chunk is handed out when it comes, not when the next one does")
    func handsOutAtOnce() async throws {
        let go = Signal()
        try await withUpstream(script: { _ in [.head(200), .chunk("one"), .wait(for: go), .chunk("two"), .lastChunk] })
        {
            transport, server in
            let exchange = transport.post(at: server.baseURL)
            guard case .head? = try await exchange.next() else { return #expect(Bool(false), "no head") }
            var event = try await exchange.next()
            #expect(event == .bytes(Array("one".utf8)))
            go.raise()
            event = try await exchange.next()
            #expect(event == .bytes(Array("two".utf8)))
            event = try await exchange.next()
            #expect(event == nil)
            event = try await exchange.next()
            #expect(event == nil)
        }
    }

    @Test("no body, a length of zero, and a body that ends with its connection (HTTP/1.0) are complete answers")
    func receivesOddBodies() async throws {
        try await withUpstream(script: { request in
            switch request.target {
            case "/204": [.head(204, [:])]
            case "/zero": [.answer()]
            default: [.send("HTTP/1.0 200 OK\r\n\r\nuntil "), .send("the end"), .close]
            }
        }) { transport, server in
            var bodies: [String: String] = [:]
            for path in ["/204", "/zero", "/old"] {
                let reading = await Reading(transport.open(UpstreamRequest(path: path), at: server.baseURL))
                #expect(reading.failure == nil)
                #expect(reading.head != nil)
                bodies[path] = reading.text
            }
            #expect(bodies == ["/204": "", "/zero": "", "/old": "until the end"])
        }
    }

    @Test("informational responses are not the answer")
    func skipsInformational() async throws {
        try await withUpstream(script: { _ in
            [.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), .answer(body: "ok")]
        }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.head?.status == 200)
            #expect(reading.head?["link"] == nil)
            #expect(reading.text == "ok")
        }
    }

    @Test("a redirect is an answer and is not followed")
    func doesNotRedirect() async throws {
        try await withUpstream(script: { _ in [.answer(302, headers: ["location": "/elsewhere"], body: "go")] }) {
            transport, server in
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.head?.status == 302)
            #expect(reading.text == "go")
            #expect(server.requests.count == 1)
        }
    }

    @Test("a vendor that answers early, before it has read the request, is heard")
    func hearsEarlyAnswer() async throws {
        // The server reads head and body before it asks its script, so the early answer comes from a small one.
        try await withUpstream(script: { _ in [.answer(413, body: "too large"), .close] }) { transport, server in
            let body = [UInt8](repeating: 7, count: 300_000)
            let reading = await Reading(transport.open(UpstreamRequest(path: "/", body: body), at: server.baseURL))
            #expect(reading.head?.status == 413)
            #expect(reading.text == "too large")
        }
    }
}
