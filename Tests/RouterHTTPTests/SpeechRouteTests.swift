import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("Speech over sockets", .serialized, .timeLimit(.minutes(1))) struct SpeechRouteTests {
    static func model(_ servers: [LoopbackServer]) -> Model {
        TestServer.model("test/voice", puttingOut: "speech", "character", usd: "0.001", at: servers) { _ in "tts-1" }
    }

    private func serve(
        _ servers: [LoopbackServer], timeouts: Timeouts = Timeouts(),
        _ body: @Sendable (_ port: Int, _ ledger: ScriptedLedger) async throws -> Void
    ) async throws {
        try await TestServer.serve(servers, model: Self.model(servers), timeouts: timeouts, body)
    }

    /// Five characters.
    static func request(_ input: String = "Hello", format: String = "mp3", provider: String = "{}") -> String {
        TestServer.chat(
            path: "/api/v1/audio/speech",
            body: #"{"model":"test/voice","input":"\#(input)","voice":"alloy","response_format":"\#(format)","#
                + #""provider":\#(provider)}"#)
    }
    static let head = Step.head(200, ["content-type": "audio/mpeg", "transfer-encoding": "chunked"])
    private static let sound = String(repeating: "sound ", count: 200)

    @Test("the first byte is out before the last one is in")
    func passesAtOnce() async throws {
        let goesOn = Signal()
        let server = try LoopbackServer(
            steps: [Self.head, .chunk(Self.sound), .wait(for: goesOn), .chunk("last bytes"), .lastChunk])
        try await serve([server]) { port, ledger in
            let client = try RawClient(port: port)
            await client.send(Self.request())
            let first = await client.read(until: "sound ")
            #expect(first.hasPrefix("HTTP/1.1 200") && first.lowercased().contains("content-type: audio/mpeg"))
            #expect(first.lowercased().contains("x-generation-id: gen-") && ledger.settled.isEmpty)
            goesOn.raise()
            #expect(await client.read(until: "0\r\n\r\n").contains("last bytes"))
            #expect(ledger.settled.map(\.outcome) == [.completed])
            #expect(ledger.settled.map(\.cost.nanoUSD) == [5_000_000])
        }
    }

    @Test("a client that leaves in the middle ends the vendor's request, and pays for its text")
    func leaves() async throws {
        let ended = Signal()
        let server = try LoopbackServer(steps: [Self.head, .chunk(Self.sound), .untilClosed(ended)])
        try await serve([server]) { port, ledger in
            do {
                let client = try RawClient(port: port)
                await client.send(Self.request())
                #expect(await client.read(until: "sound ").contains("sound "))
            }
            await ended.raised()
            #expect(await eventually { ledger.settled.count == 1 })
            #expect(ledger.settled.map(\.outcome) == [.cancelled])
            #expect(ledger.settled.map(\.cost.nanoUSD) == [5_000_000])
        }
    }

    @Test("a vendor that speaks longer than was held for is paid as long as the credit reaches, and then ended")
    func spends() async throws {
        let ended = Signal()
        let head = Step.head(200, ["content-type": "audio/pcm;rate=24000", "transfer-encoding": "chunked"])
        let second = Step.chunk(String(repeating: "x", count: 48_000))
        let server = try LoopbackServer(
            steps: [head] + Array(repeating: second, count: 100) + [.untilClosed(ended)])
        let model = TestServer.model(
            "test/voice", puttingOut: "speech", "audio_output_second", usd: "0.001", at: [server]
        ) { _ in "tts-1" }
        let ledger = ScriptedLedger(amount: Money(nanoUSD: 2_000_000), growsTo: Money(nanoUSD: 10_000_000))
        try await TestServer.serve([server], model: model, ledger: ledger) { port, ledger in
            let client = try RawClient(port: port)
            await client.send(Self.request(format: "pcm"))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && !text.hasSuffix("0\r\n\r\n"))
            await ended.raised()
            #expect(await eventually { ledger.settled.count == 1 })
            let record = try #require(ledger.settled.first)
            let cost = record.cost
            #expect(record.outcome == .failed && record.nativeFinishReason == "insufficient_credits")
            #expect(ledger.grown.count > 1 && ledger.grown.last.map { $0 <= Money(nanoUSD: 10_000_000) } == true)
            // What came in one piece with the last that is paid: at most as much as is read at once.
            #expect(cost.nanoUSD > 5_000_000 && cost.nanoUSD < 16_000_000, "\(cost)")
        }
    }

    @Test("a vendor that breaks off in the middle: the connection ends without the end of the body")
    func breaks() async throws {
        let server = try LoopbackServer(steps: [Self.head, .chunk(Self.sound), .reset])
        try await serve([server]) { port, ledger in
            let client = try RawClient(port: port)
            await client.send(Self.request())
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("sound ") && !text.hasSuffix("0\r\n\r\n"))
            #expect(await eventually { ledger.settled.count == 1 })
            #expect(ledger.settled.map(\.outcome) == [.failed])
        }
    }

    @Test("a vendor that stops after its head is given up for the next one, and is an error without one, at no cost")
    func stopsAfterHead() async throws {
        var timeouts = Timeouts()
        timeouts.firstByte = .milliseconds(200)
        for hasOther in [true, false] {
            let ended = Signal()
            let good: [Step] = [Self.head, .chunk(Self.sound), .lastChunk]
            let servers =
                [try LoopbackServer(steps: [Self.head, .untilClosed(ended)])]
                + (hasOther ? [try LoopbackServer(steps: good)] : [])
            try await serve(servers, timeouts: timeouts) { port, ledger in
                let client = try RawClient(port: port)
                await client.send(Self.request(provider: hasOther ? #"{"order":["v0","v1"]}"# : "{}"))
                let text = await client.read(until: hasOther ? "0\r\n\r\n" : "}}")
                if hasOther {
                    #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("sound "), "\(text.prefix(300))")
                } else {
                    #expect(text.hasPrefix("HTTP/1.1 503"), "\(text)")
                    #expect(text.lowercased().contains("content-type: application/json"))
                    #expect(text.contains("first byte limit"))
                }
                await ended.raised()
                #expect(ledger.held == 1)
                #expect(ledger.settled.map(\.outcome) == [hasOther ? .completed : .failed])
                #expect(ledger.settled.map(\.cost.nanoUSD) == [hasOther ? 5_000_000 : 0])
            }
        }
    }

    @Test("a vendor that falls silent in the middle is ended, and so is the connection, without the end of the body")
    func fallsSilent() async throws {
        var timeouts = Timeouts()
        timeouts.idle = .milliseconds(200)
        let ended = Signal()
        let server = try LoopbackServer(steps: [Self.head, .chunk(Self.sound), .untilClosed(ended)])
        try await serve([server], timeouts: timeouts) { port, ledger in
            let client = try RawClient(port: port)
            await client.send(Self.request())
            let text = await client.read(seconds: 20)
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("sound ") && !text.hasSuffix("0\r\n\r\n"))
            await ended.raised()
            #expect(await eventually { ledger.settled.count == 1 })
            #expect(ledger.settled.map(\.outcome) == [.failed])
            #expect(ledger.settled.map(\.cost.nanoUSD) == [5_000_000])
        }
    }

    @Test("what a client does not take stays at the vendor, and comes whole once it takes it")
    func waitsForSlowClient() async throws {
        let (slow, fast) = (Counter(), Counter())
        let marks = (0..<24).map { "mark \($0) " }
        let count = 1 << 20
        let length = marks.reduce(0) { $0 + $1.utf8.count + count }
        let server = try LoopbackServer(sendBufferBytes: 64 * 1024) { request in
            let counter = String(decoding: request.body, as: UTF8.self).contains("slow") ? slow : fast
            return [.head(200, ["content-type": "audio/pcm", "content-length": "\(length)"])]
                + marks.flatMap { [Step.send($0), .pour(bytes: count, counted: counter)] }
        }
        let whole = marks.map { $0 + String(repeating: "x", count: count) }.joined()
        try await serve([server]) { port, ledger in
            // Without chunks: what follows the head is the sound.
            let (slowClient, fastClient) = (try RawClient(port: port, receiveBuffer: 65_536), try RawClient(port: port))
            await slowClient.send(Self.request("slow", format: "pcm").replacing("HTTP/1.1", with: "HTTP/1.0"))
            var text = await slowClient.read(until: "mark 0")
            await fastClient.send(Self.request("fast", format: "pcm").replacing("HTTP/1.1", with: "HTTP/1.0"))
            #expect(await fastClient.read(seconds: 30).utf8.count > length)
            // As long as another took all of it; the rest is still with the vendor.
            #expect(fast.value == marks.count * count && slow.value < fast.value / 2, "\(slow.value) bytes")
            text += await slowClient.read(seconds: 30)
            let head = try #require(text.firstRange(of: "\r\n\r\n"))
            let isWhole = text[head.upperBound...] == whole
            #expect(isWhole, "\(text.utf8.count) of \(length) bytes")
            #expect(await eventually { ledger.settled.count == 2 })
            #expect(ledger.settled.map(\.outcome) == [.completed, .completed])
        }
    }

    @Test(
        "what is no audio, or breaks off before any, goes to the next endpoint, and is an error without one",
        arguments: [
            [Step.answer(headers: ["content-type": "text/html"], body: "<html><body>Hi</body></html>")],
            [Step.answer(headers: ["content-type": "audio/mpeg"], body: "")], [Self.head, .close],
            [Step.answer(500, body: "broken")],
        ])
    func fallsBack(_ bad: [Step]) async throws {
        let good: [Step] = [Self.head, .chunk(Self.sound), .lastChunk]
        for hasOther in [true, false] {
            let servers = [try LoopbackServer(steps: bad)] + (hasOther ? [try LoopbackServer(steps: good)] : [])
            try await serve(servers) { port, ledger in
                let client = try RawClient(port: port)
                await client.send(Self.request(provider: hasOther ? #"{"order":["v0","v1"]}"# : "{}"))
                let text = await client.read(until: hasOther ? "0\r\n\r\n" : "}}")
                #expect(text.hasPrefix(hasOther ? "HTTP/1.1 200" : "HTTP/1.1 5"), "\(text.prefix(300))")
                #expect(ledger.settled.map(\.outcome) == [hasOther ? .completed : .failed])
                #expect(ledger.settled.map(\.cost.nanoUSD) == [hasOther ? 5_000_000 : 0])
            }
        }
    }
}
