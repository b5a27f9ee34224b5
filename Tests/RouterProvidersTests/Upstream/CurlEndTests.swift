import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("How exchanges are ended from our side", .timeLimit(.minutes(1)))
struct CurlEndTests {
    /// What the design promises is 100 ms; a loaded machine gets more.
    private static let bound = Duration.seconds(1)

    /// A vendor that sends a head and a chunk and then waits for its client to leave.
    private static func stalling(_ closed: Signal) -> LoopbackServer.Script {
        { _ in [.head(200), .chunk("x"), .untilClosed(closed)] }
    }

    private static func readHeadAndChunk(_ exchange: any Exchange) async throws {
        var came: [ExchangeEvent] = []
        while came.count < 2, let event = try await exchange.next() { came.append(event) }
        #expect(came.last == .bytes([UInt8(ascii: "x")]))
    }

    private static func report(_ what: String, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
        let duration = start.duration(to: end)
        print("\(what): the vendor saw the close after \(duration)")
        #expect(duration < bound)
    }

    @Test("cancel() closes the connection, and the reader gets cancelled ever after")
    func cancels() async throws {
        let closed = Signal()
        try await withUpstream(script: Self.stalling(closed)) { transport, server in
            let exchange = transport.post(at: server.baseURL)
            try await Self.readHeadAndChunk(exchange)
            let start = ContinuousClock.now
            exchange.cancel()
            Self.report("cancel()", from: start, to: await closed.raised())
            exchange.cancel()
            for _ in 0..<2 {
                let reading = await Reading(exchange)
                #expect(reading.failure?.kind == .cancelled)
            }
        }
    }

    @Test("cancel() from elsewhere wakes a reader that waits")
    func wakesReader() async throws {
        let closed = Signal()
        try await withUpstream(script: Self.stalling(closed)) { transport, server in
            let exchange = transport.post(at: server.baseURL)
            try await Self.readHeadAndChunk(exchange)
            async let reading = Reading(exchange)
            // Whether the reader waits already or not makes no difference to what it gets.
            await Task.yield()
            exchange.cancel()
            let result = await reading
            #expect(result.failure?.kind == .cancelled)
            await closed.raised()
        }
    }

    @Test("a cancelled task reads on where the provider charges the whole answer")
    func readsOn() async throws {
        let go = Signal()
        try await withUpstream(script: { _ in [.head(200), .chunk("x"), .wait(for: go), .lastChunk] }) {
            transport, server in
            let provider = Provider(
                slug: "whole", name: "Whole", dialect: .gemini, baseURL: server.baseURL, billsAbandoned: true)
            let isReading = Signal()
            let task = Task {
                let exchange = transport.open(UpstreamRequest(path: "/chat"), to: provider, timeouts: .test())
                try await Self.readHeadAndChunk(exchange)
                isReading.raise()
                return await Reading(exchange)
            }
            await isReading.raised()
            task.cancel()
            go.raise()
            let reading = try await task.value
            #expect(reading.failure == nil)
        }
    }

    @Test("cancelling the task that reads closes the connection")
    func cancelsTask() async throws {
        let closed = Signal()
        let isReading = Signal()
        try await withUpstream(script: Self.stalling(closed)) { transport, server in
            let task = Task {
                let exchange = transport.post(at: server.baseURL)
                try await Self.readHeadAndChunk(exchange)
                isReading.raise()
                return await Reading(exchange)
            }
            await isReading.raised()
            let start = ContinuousClock.now
            task.cancel()
            Self.report("task cancellation", from: start, to: await closed.raised())
            let reading = try await task.value
            #expect(reading.failure?.kind == .cancelled)
        }
    }

    @Test("dropping the exchange closes the connection")
    func dropped() async throws {
        let closed = Signal()
        try await withUpstream(script: Self.stalling(closed)) { transport, server in
            var exchange: (any Exchange)? = transport.post(at: server.baseURL)
            if let exchange { try await Self.readHeadAndChunk(exchange) }
            let start = ContinuousClock.now
            exchange = nil
            Self.report("dropping", from: start, to: await closed.raised())
        }
    }

    @Test("an exchange that is cancelled while it waits for its connection ends")
    func cancelsConnecting() async throws {
        let backlog = try FullBacklog()
        let transport = try CurlTransport()
        // Nothing else is to end it, however late this task goes on.
        let exchange = transport.post(
            at: "http://127.0.0.1:\(backlog.port)", .test { ($0.connect, $0.firstByte) = (.seconds(60), .seconds(60)) })
        async let reading = Reading(exchange)
        await Task.yield()
        exchange.cancel()
        let result = await reading
        #expect(result.failure?.kind == .cancelled)
        await transport.shutdown()
    }

    @Test("shutdown ends open exchanges as cancelled, and what is opened later too")
    func shutsDown() async throws {
        let closed = (0..<3).map { _ in Signal() }
        let server = try LoopbackServer { [.head(200), .chunk("x"), .untilClosed(closed[$0.connection])] }
        defer { server.stop() }
        let transport = try CurlTransport()
        let exchanges = (0..<3).map { _ in transport.post(at: server.baseURL) }
        for exchange in exchanges { try await Self.readHeadAndChunk(exchange) }
        async let waiting = Reading(exchanges[0])
        let start = ContinuousClock.now
        await transport.shutdown()
        let first = await waiting
        #expect(first.failure?.kind == .cancelled)
        for exchange in exchanges {
            let reading = await Reading(exchange)
            #expect(reading.failure?.kind == .cancelled)
        }
        for signal in closed { Self.report("shutdown", from: start, to: await signal.raised()) }
        let late = await Reading(transport.post(at: server.baseURL))
        #expect(late.failure?.kind == .cancelled)
        await transport.shutdown()
    }

    @Test("dropping the transport ends what is open")
    func dropsTransport() async throws {
        let closed = Signal()
        let server = try LoopbackServer(Self.stalling(closed))
        defer { server.stop() }
        var transport: CurlTransport? = try CurlTransport()
        let exchange = try #require(transport?.post(at: server.baseURL))
        try await Self.readHeadAndChunk(exchange)
        transport = nil
        await closed.raised()
        let reading = await Reading(exchange)
        #expect(reading.failure?.kind == .cancelled)
    }
}
