import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("Routes besides chat", .serialized) struct OperationRouteTests {
    private static let embed = Model(
        id: "test/embed", name: "Embed", contextLength: 8192, outputModalities: ["embeddings"],
        pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0")],
        endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "e")])

    private func ask(
        _ script: [ScriptedTransport.Step], body: String, path: String = "/api/v1/embeddings",
        key: String? = TestServer.key, headers: String = "", check: @escaping @Sendable (String, ScriptedLedger) -> Void
    ) async throws {
        try await TestServer.run([script], models: [Self.embed, Samples.model()]) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(path: path, key: key, headers: "Connection: close\r\n" + headers, body: body))
            check(await client.read(), ledger)
        }
    }

    @Test("embeddings are answered with usage, cost and names", arguments: ["/api/v1/embeddings", "/v1//embeddings/"])
    func answers(_ path: String) async throws {
        try await ask(
            [.head(200), .bytes("whole x\nusage 7 0\nend\n")], body: #"{"model":"test/embed","input":"hi"}"#, path: path
        ) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 200") && text.lowercased().contains("x-generation-id: gen-"))
            #expect(text.lowercased().contains("x-ratelimit-remaining: "))
            #expect(text.contains(#""usage":{"prompt_tokens":7,"total_tokens":7,"cost":0.000007}"#))
            #expect(text.contains(#""model":"test/embed","id":"gen-"#) && text.contains(#""provider":"One""#))
            #expect(ledger.settled.map(\.kind) == [.embeddings])
        }
    }

    @Test(
        "what is wrong is said, and nothing is held",
        arguments: [
            (#"{"model":"test/embed"}"#, 400, "`input` is required"), ("{", 400, "not valid JSON"),
            (#"{"model":"test/embedd","input":"a"}"#, 404, "test/embed"),
            (#"{"model":"test/model","input":"a"}"#, 400, "POST /api/v1/chat/completions"),
        ])
    func refuses(_ body: String, _ status: Int, _ word: String) async throws {
        try await ask([], body: body) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(word), "\(text)")
            #expect(ledger.held == 0)
        }
    }

    @Test("a request without a key is refused, and so is another method")
    func refusesStrangers() async throws {
        try await ask([], body: #"{"model":"test/embed","input":"a"}"#, key: nil) { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 401"))
        }
        try await TestServer.run([]) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get("/api/v1/embeddings", headers: "Connection: close\r\n"))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 405") && text.lowercased().contains("allow: post"))
        }
    }

    @Test("a vendor's failure is told as one, and costs nothing")
    func tellsFailures() async throws {
        try await ask([.head(500), .bytes("broken")], body: #"{"model":"test/embed","input":"a"}"#) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 502") && text.contains("broken"))
            #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
        }
    }
}
