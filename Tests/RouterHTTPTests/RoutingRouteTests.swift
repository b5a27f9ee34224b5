import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("How requests were routed, seen from outside", .serialized) struct RoutingRouteTests {
    private static let failing: [ScriptedTransport.Step] = [.head(503), .bytes("busy")]
    private static let close = "Connection: close\r\n"
    private static let wanted = "X-OpenRouter-Metadata: enabled\r\n" + close

    /// Sends requests one after another and hands over what came back, and the log of whom the vendor was.
    private func run(
        _ requests: [String], scripts: [[ScriptedTransport.Step]] = [], providers: [String] = ["one", "two"],
        _ check: @escaping @Sendable ([String]) -> Void
    ) async throws {
        try await TestServer.run(scripts, models: [Samples.model(providers)]) { port, _, _ in
            var answers: [String] = []
            for request in requests {
                let client = try RawClient(port: port)
                await client.send(request)
                answers.append(await client.read())
            }
            check(answers)
        }
    }

    @Test("a client that asks is told of each try, in a whole answer and in the last chunk of a stream")
    func metadata() async throws {
        try await run(
            [
                TestServer.chat(headers: Self.wanted), TestServer.chat(stream: true, headers: Self.wanted),
                TestServer.chat(headers: Self.close),
            ], scripts: [TestServer.whole, TestServer.streamed, TestServer.whole], providers: ["one"]
        ) { answers in
            let expected =
                #""openrouter_metadata":{"requested":"test/model","strategy":"direct","attempt":1,"is_byok":false,"endpoints":{"total":1,"available":[{"provider":"One","model":"test/model","selected":true}]},"attempts":[{"provider":"one","model":"test/model","status":200}]}"#
            #expect(answers[0].contains(expected) && answers[0].hasSuffix("}}"))
            let last = answers[1].components(separatedBy: "data: ").dropLast().last ?? ""
            #expect(last.contains(expected) && last.contains(#""finish_reason":"stop""#))
            #expect(!answers[2].contains("openrouter_metadata"))
        }
    }

    @Test("tries that failed stand in the metadata, and in the health of their endpoint")
    func healthOfProviders() async throws {
        // Whichever chance takes first fails; the other answers.
        try await run(
            [
                TestServer.chat(headers: Self.wanted),
                TestServer.get(
                    "/health/providers", headers: "Authorization: Bearer \(TestServer.key)\r\n" + Self.close),
            ], scripts: [Self.failing, TestServer.whole]
        ) { answers in
            #expect(answers[0].contains(#""attempt":2"#) && answers[0].contains(#""status":503"#))
            #expect(answers[1].hasPrefix("HTTP/1.1 200 OK"))
            for member in [
                #"{"data":[{"provider":"one","status":"up","endpoints":[{"model":"test/model","upstream_model":"m""#,
                #""successes":1,"failures":0"#, #""successes":0,"failures":1"#, #""state":"well","rests_ms":0"#,
            ] {
                #expect(answers[1].contains(member), "\(member)")
            }
            #expect(answers[1].lowercased().contains("x-ratelimit-remaining"))
            #expect(!answers[1].contains("http://"), "no address")
        }
    }

    @Test("the health of providers is for whoever has a key")
    func healthNeedsKey() async throws {
        try await run([TestServer.get("/health/providers", headers: Self.close)]) { answers in
            #expect(answers[0].hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test("a request that nobody may answer is a 404 that says which condition excluded whom")
    func availability() async throws {
        let body =
            #"{"model":"test/model","provider":{"zdr":true},"messages":[{"role":"user","content":"Hi"}]}"#
        try await run([TestServer.chat(headers: Self.close, body: body)]) { answers in
            #expect(answers[0].hasPrefix("HTTP/1.1 404 "))
            #expect(answers[0].contains(#""excluded_by":["data_policy:zdr"]"#))
            #expect(answers[0].contains(#""param":"provider.zdr""#))
        }
    }

    @Test("a full server refuses whole answers first, then all, and says when to come back")
    func full() {
        let gate = LoadGate()
        #expect(gate.refusal(isStreamed: false, chance: 0) == nil)
        gate.set(.wholeAnswers)
        #expect(gate.refusal(isStreamed: true, chance: 0) == nil)
        #expect(gate.refusal(isStreamed: false, chance: 0)?.kind.status == 503)
        gate.set(.everything)
        let refusal = gate.refusal(isStreamed: true, chance: .max)
        #expect(refusal?.retryAfter.map { $0 >= .seconds(1) && $0 < .seconds(5) } == true)
        gate.set(.nothing)
        #expect(gate.refusal(isStreamed: true, chance: 0) == nil)
    }

    @Test("a conversation that the header names stays at its endpoint")
    func session() async throws {
        let ask = TestServer.chat(headers: "X-Session-Id: s\r\n" + Self.close)
        var model = Samples.model(["one", "two", "three", "four"])
        model.pricing.append(.init(unit: "input_cache_read", usd: "0.0000001"))
        let whole = Array(repeating: TestServer.whole, count: 8)
        try await TestServer.run(whole, models: [model]) { port, transport, _ in
            for _ in 0..<8 {
                let client = try RawClient(port: port)
                await client.send(ask)
                _ = await client.read()
            }
            #expect(Set(transport.providersAsked).count == 1 && transport.providersAsked.count == 8)
        }
    }
}
