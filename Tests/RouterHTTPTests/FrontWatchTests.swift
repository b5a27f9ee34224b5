import NIOCore
import NIOEmbedded
import NIOHTTP1
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("What takes too long on a connection") struct FrontWatchTests {
    @Test("a client that is slow and keeps at it is waited for, one that is slower than that is not")
    func waitsForSlowBody() {
        var limits = FrontLimits()
        limits.slowBody = .seconds(10)
        limits.bodyBytesPerSecond = 100
        let loop = EmbeddedEventLoop()
        var watch = FrontWatch(on: loop)
        watch.start(.body, limits: limits)
        #expect(watch.expired(now: loop.now + .seconds(9)) == nil)
        #expect(watch.expired(now: loop.now + .seconds(10)) == .body)
        for _ in 0..<5 { watch.received(100) }  // Five seconds' worth.
        #expect(watch.expired(now: loop.now + .seconds(14)) == nil)
        #expect(watch.expired(now: loop.now + .seconds(15)) == .body)
        watch.stop()
        #expect(watch.expired(now: loop.now + .seconds(1000)) == nil)
    }

    @Test("whoever takes something of what Hummingbird answers is not idle, and who takes nothing is let go")
    func waitsForSlowClient() throws {
        let ambient = TestServer.ambient
        let engine = Samples.engine(ScriptedTransport([]), ambient: ambient)
        let gate = Gate(
            directory: KeyDirectory(store: TestServer.Keys(), ambient: ambient),
            limiter: RateLimiter(clock: ambient.timestamp), digests: { _ in [] }, timestamp: ambient.timestamp)
        let routes = InferenceRoutes(
            chat: ChatRoute(engine: engine, gate: gate, ambient: ambient, recorder: NoRecorder()),
            operations: OperationRoute(engine: engine, gate: gate, ambient: ambient, recorder: NoRecorder()))
        let loop = EmbeddedEventLoop()
        let front = FrontHandler(
            routes: routes, limits: FrontLimits(), loop: loop, inFlight: InFlight(), handOver: { _ in })
        let channel = EmbeddedChannel(handler: front, loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/api/v1/media/x")
        for part in [HTTPServerRequestPart.head(head), .end(nil)] { try channel.writeInbound(part) }
        for _ in 0..<5 {
            loop.advanceTime(by: .seconds(60))  // Of 75.
            #expect(channel.isActive)
            for isWritable in [false, true] {
                channel.isWritable = isWritable
                channel.pipeline.fireChannelWritabilityChanged()
            }
        }
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        loop.advanceTime(by: .seconds(85))
        #expect(!channel.isActive)
    }
}
