import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("How long exchanges wait", .timeLimit(.minutes(1)))
struct CurlTimeTests {
    @Test("a connection that is never made meets the connect limit")
    func connectLimit() async throws {
        let backlog = try FullBacklog()
        let transport = try CurlTransport()
        let start = ContinuousClock.now
        let reading = await Reading(
            transport.post(at: "http://127.0.0.1:\(backlog.port)", .test { $0.connect = .milliseconds(150) }))
        #expect(reading.failure?.kind == .timedOut)
        #expect(reading.failure?.message.contains("0.15 s (connect limit)") == true)
        #expect(start.duration(to: .now) >= .milliseconds(145))
        await transport.shutdown()
    }

    @Test("a vendor that accepts and never answers meets the first byte limit")
    func firstByteLimit() async throws {
        let closed = Signal()
        try await withUpstream(script: { _ in [.untilClosed(closed)] }) { transport, server in
            let start = ContinuousClock.now
            let reading = await Reading(transport.post(at: server.baseURL, .test { $0.firstByte = .milliseconds(100) }))
            #expect(reading.failure?.kind == .timedOut)
            #expect(reading.failure?.message.contains("0.1 s (first byte limit)") == true)
            #expect(start.duration(to: .now) >= .milliseconds(100))
            await closed.raised()
        }
    }

    @Test("a head alone does not satisfy the first byte limit")
    func firstByteAfterHead() async throws {
        let closed = Signal()
        try await withUpstream(script: { _ in [.head(200), .untilClosed(closed)] }) { transport, server in
            let reading = await Reading(transport.post(at: server.baseURL, .test { $0.firstByte = .milliseconds(500) }))
            #expect(reading.head?.status == 200)
            #expect(reading.failure?.message.contains("first byte limit") == true)
            await closed.raised()
        }
    }

    @Test("a 200 that stalls meets the idle limit, after what came of it")
    func idleLimit() async throws {
        let closed = Signal()
        try await withUpstream(script: { _ in [.head(200), .chunk("part"), .untilClosed(closed)] }) {
            transport, server in
            let start = ContinuousClock.now
            let reading = await Reading(transport.post(at: server.baseURL, .test { $0.idle = .milliseconds(100) }))
            #expect(reading.text == "part")
            #expect(reading.failure?.kind == .timedOut)
            #expect(reading.failure?.message.contains("0.1 s (idle limit)") == true)
            #expect(start.duration(to: .now) < .seconds(5), "the silences of ten seconds are not what wakes it")
            await closed.raised()
        }
    }

    @Test("pieces that keep coming are never idle, until the total limit")
    func totalLimit() async throws {
        let pieces = (0..<200).flatMap { _ in [Step.chunk("x"), .pause(.milliseconds(10))] }
        try await withUpstream(script: { _ in [.head(200)] + pieces }) { transport, server in
            let start = ContinuousClock.now
            let reading = await Reading(
                transport.post(
                    at: server.baseURL,
                    .test {
                        $0.idle = .milliseconds(5_000)
                        $0.total = .milliseconds(1_000)
                    }))
            #expect(reading.failure?.kind == .timedOut)
            #expect(reading.failure?.message.contains("1 s (total limit)") == true)
            #expect(reading.body.count > 1)
            #expect(start.duration(to: .now) >= .milliseconds(1_000))
        }
    }

    @Test("silence is told again and again while nothing comes, before the head and behind it")
    func silence() async throws {
        let (first, second) = (Signal(), Signal())
        try await withUpstream(script: { _ in
            [.wait(for: first), .head(200), .chunk("a"), .wait(for: second), .chunk("b"), .lastChunk]
        }) { transport, server in
            let exchange = transport.post(at: server.baseURL, .test { $0.silence = .milliseconds(20) })
            for go in [first, second] {
                for _ in 0..<3 {
                    let event = try await exchange.next()
                    #expect(event == .silence)
                }
                go.raise()
                // A tick may have been under way.
                var event = try await exchange.next()
                while event == .silence { event = try await exchange.next() }
                if go === first {
                    guard case .head? = event else { return #expect(Bool(false), "no head") }
                    event = try await exchange.next()
                    while event == .silence { event = try await exchange.next() }
                    #expect(event == .bytes(Array("a".utf8)))
                } else {
                    #expect(event == .bytes(Array("b".utf8)))
                }
            }
        }
    }

    @Test("one slow exchange does not make another late")
    func timersAreIndependent() async throws {
        let closed = Signal()
        try await withUpstream(script: { request in
            request.target == "/slow" ? [.untilClosed(closed)] : [.answer(body: "ok")]
        }) { transport, server in
            let slow = transport.open(
                UpstreamRequest(path: "/slow"), at: server.baseURL, .test { $0.firstByte = .milliseconds(200) })
            for _ in 0..<20 {
                let reading = await Reading(transport.post(at: server.baseURL))
                #expect(reading.text == "ok")
            }
            let reading = await Reading(slow)
            #expect(reading.failure?.kind == .timedOut)
        }
    }
}
