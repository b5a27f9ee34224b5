import RouterCore
import Synchronization
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Connections to a vendor", .timeLimit(.minutes(1)))
struct CurlPoolTests {
    @Test("requests in a row share one connection")
    func reuses() async throws {
        try await withUpstream(script: { request in
            request.index % 2 == 0 ? [.answer(body: "ok")] : [.head(200), .chunk("ok"), .lastChunk]
        }) { transport, server in
            for _ in 0..<10 {
                let reading = await Reading(transport.post(at: server.baseURL))
                #expect(reading.text == "ok")
            }
            #expect(server.connectionCount == 1)
            #expect(server.requests.count == 10)
        }
    }

    @Test("a connection whose response was not read to its end is not used again")
    func doesNotReuseUnfinished() async throws {
        let closed = Signal()
        try await withUpstream(script: { request in
            request.connection == 0 ? [.head(200), .chunk("x"), .untilClosed(closed)] : [.answer(body: "ok")]
        }) { transport, server in
            let exchange = transport.post(at: server.baseURL)
            _ = try await exchange.next()
            exchange.cancel()
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.text == "ok")
            #expect(server.connectionCount == 2)
            await closed.raised()
        }
    }

    @Test("a pooled connection that the vendor closed meanwhile costs nothing but a new one")
    func closedWhileIdle() async throws {
        try await withUpstream(script: { _ in [.answer(body: "ok"), .close] }) { transport, server in
            for _ in 0..<5 {
                let reading = await Reading(transport.post(at: server.baseURL))
                #expect(reading.failure == nil)
                #expect(reading.text == "ok")
            }
            #expect(server.connectionCount == 5)
        }
    }

    @Test(
        "a pooled connection that ends just as the next request goes out is replaced, and the request sent again whole",
        arguments: [2, 100_000], [true, false])
    func closedWhileSending(bodyBytes: Int, resets: Bool) async throws {
        try await withUpstream(script: { request in
            request.connection == 0 && request.index == 1 ? [resets ? .reset : .close] : [.answer(body: "ok")]
        }) { transport, server in
            let request = UpstreamRequest(path: "/", body: [UInt8](repeating: 65, count: bodyBytes))
            for _ in 0..<2 {
                let reading = await Reading(transport.open(request, at: server.baseURL))
                #expect(reading.failure == nil)
                #expect(reading.text == "ok")
            }
            #expect(server.connectionCount == 2)
            #expect(server.requests.count == 3)
            #expect(server.requests.allSatisfy { $0.body == request.body })
        }
    }

    @Test("a hundred exchanges at once all end, on several threads too", arguments: [1, 2])
    func manyAtOnce(threads: Int) async throws {
        var settings = CurlTransport.Settings()
        settings.driverThreads = threads
        try await withUpstream(
            settings,
            script: { request in
                [.head(200), .chunk("got "), .chunk(String(decoding: request.body, as: UTF8.self)), .lastChunk]
            }
        ) { transport, server in
            let url = server.baseURL
            let answers = await withTaskGroup { group in
                for number in 0..<100 { group.addTask { await Reading(transport.post("\(number)", at: url)).text } }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<100).map { "got \($0)" }))
            #expect(server.requests.count == 100)
        }
    }

    @Test("no more idle connections are kept than allowed")
    func boundsIdle() async throws {
        var settings = CurlTransport.Settings()
        settings.idleConnectionsMax = 2
        let go = Signal()
        try await withUpstream(
            settings,
            script: { request in
                request.target == "/chat" ? [.wait(for: go), .answer(body: "ok")] : [.answer(body: "last")]
            }
        ) { transport, server in
            let exchanges = (0..<6).map { _ in transport.post(at: server.baseURL) }
            go.raise()
            for exchange in exchanges {
                let reading = await Reading(exchange)
                #expect(reading.text == "ok")
            }
            // Its round comes after theirs, so their connections are closed by then or kept.
            let last = await Reading(transport.open(UpstreamRequest(path: "/last"), at: server.baseURL))
            #expect(last.text == "last")
            #expect(server.connectionCount == 6)
            try await server.connectionsOpen(atMost: 2)
        }
    }

    @Test("the thread stands still while many streams are open, and lanes that are empty give up their connections")
    func sleepsAndGivesUpLanes() async throws {
        var settings = CurlTransport.Settings()
        settings.connectionsPerLane = 2
        settings.laneLinger = .milliseconds(5)
        let go = Signal()
        try await withUpstream(
            settings, script: { _ in [.head(200), .chunk("x"), .wait(for: go), .chunk("y"), .lastChunk] }
        ) { transport, server in
            let exchanges = (0..<10).map { _ in transport.post(at: server.baseURL) }
            for exchange in exchanges {
                var came: [ExchangeEvent] = []
                while came.count < 2, let event = try await exchange.next() { came.append(event) }
            }
            // Longer than an empty lane lingers.
            try await Task.sleep(for: .milliseconds(20))
            let before = transport.drivers[0].roundCount.load(ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(100))
            #expect(transport.drivers[0].roundCount.load(ordering: .relaxed) - before < 20)
            go.raise()
            for exchange in exchanges {
                let reading = await Reading(exchange)
                #expect(reading.text == "y")
                #expect(reading.failure == nil)
            }
            try await server.connectionsOpen(atMost: 2)
            let last = await Reading(transport.post(at: server.baseURL))
            #expect(last.text == "xy")
        }
    }

    @Test("a provider whose URL changed is reached at its new one")
    func followsURL() async throws {
        try await withUpstream(script: { _ in [.answer(body: "first")] }) { transport, first in
            let second = try LoopbackServer(steps: [.answer(body: "second")])
            defer { second.stop() }
            var reading = await Reading(transport.post(at: first.baseURL))
            #expect(reading.text == "first")
            reading = await Reading(transport.post(at: second.baseURL))
            #expect(reading.text == "second")
        }
    }
}
