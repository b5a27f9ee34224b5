import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("Back-pressure", .timeLimit(.minutes(1)))
struct CurlFlowTests {
    private static let large = 64 * 1024 * 1024

    @Test(
        "a reader that does not read stops its vendor, holds little, and gets everything later; another reader runs free",
        arguments: [true, false])
    func slowBesideFast(isPassedOn: Bool) async throws {
        let (slow, fast) = (Counter(), Counter())
        try await withUpstream(
            sendBufferBytes: 64 * 1024,
            script: { request in
                let counter = request.target == "/slow" ? slow : fast
                return [.head(200, ["content-length": "\(Self.large)"]), .pour(bytes: Self.large, counted: counter)]
            }
        ) { transport, server in
            let bounds = isPassedOn ? CurlTransport.Settings().passedOn : CurlTransport.Settings().collected
            var request = UpstreamRequest(path: "/slow")
            request.isPassedOn = isPassedOn
            let slowExchange = transport.open(request, at: server.baseURL)
            guard case .head? = try await slowExchange.next() else { return #expect(Bool(false), "no head") }
            let reading = await Reading(transport.open(UpstreamRequest(path: "/fast"), at: server.baseURL))
            #expect(reading.failure == nil)
            #expect(reading.body.count == Self.large)
            // The kernel's buffers and ours are full; the rest is still with the vendor.
            #expect(slow.value < Self.large / 2)
            var pieces: [Int] = []
            while case .bytes(let bytes)? = try await slowExchange.next() { pieces.append(bytes.count) }
            #expect(pieces.reduce(0, +) == Self.large)
            #expect(pieces.first ?? 0 >= bounds.unreadBytesMax)
            #expect(pieces.max() ?? 0 <= bounds.unreadBytesMax + bounds.bufferBytes)
        }
    }

    @Test("cancelling a paused exchange closes its connection")
    func cancelsPaused() async throws {
        let counter = Counter()
        try await withUpstream(
            sendBufferBytes: 64 * 1024,
            script: { request in
                request.target == "/slow"
                    ? [.head(200, ["content-length": "\(Self.large)"]), .pour(bytes: Self.large, counted: counter)]
                    : [.answer(body: "ok")]
            }
        ) { transport, server in
            let exchange = transport.open(UpstreamRequest(path: "/slow"), at: server.baseURL)
            _ = try await exchange.next()
            try await counter.reached(100_000)
            exchange.cancel()
            try await server.connectionsOpen(atMost: 0)
            let reading = await Reading(transport.post(at: server.baseURL))
            #expect(reading.text == "ok")
        }
    }

    @Test("a paused exchange meets its total limit")
    func limitsPaused() async throws {
        try await withUpstream(
            sendBufferBytes: 64 * 1024,
            script: { _ in
                [.head(200, ["content-length": "\(Self.large)"]), .pour(bytes: Self.large, counted: Counter())]
            }
        ) { transport, server in
            let exchange = transport.post(at: server.baseURL, .test { $0.total = .milliseconds(1_000) })
            _ = try await exchange.next()
            try await server.connectionsOpen(atMost: 0)
            let reading = await Reading(exchange)
            #expect(!reading.body.isEmpty)
            #expect(reading.failure?.message.contains("total limit") == true)
        }
    }

    @Test("chunks that come in bursts around the bound are all read")
    func bursts() async throws {
        // Small chunks make libcurl keep some of what it has received while it is paused.
        let chunk = String(repeating: "x", count: 4_000)
        let chunks = { @Sendable (count: Int) in [Step](repeating: .chunk(chunk), count: count) }
        try await withUpstream(
            script: { _ in
                [.head(200)] + chunks(10) + [.pause(.milliseconds(1))] + chunks(30) + chunks(3) + [.lastChunk]
            }
        ) { transport, server in
            for _ in 0..<100 {
                let reading = await Reading(transport.post(at: server.baseURL, .test { $0.idle = .seconds(20) }))
                #expect(reading.failure == nil && reading.body.count == 43 * 4_000)
            }
        }
    }
}
