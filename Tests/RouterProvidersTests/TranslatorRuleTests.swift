import RouterCore
import RouterProviders
import TestSupport
import Testing

/// What must hold for every dialect that is listed; a new one is tested without a line here.
@Suite("Rules for any translator")
struct TranslatorRuleTests {
    static let dialects = Vendors.all.filter { $0.value.chat != nil }.keys.sorted { $0.rawValue < $1.rawValue }

    private func endpoint(_ dialect: Dialect) -> Endpoint {
        Endpoint(
            provider: Provider(
                slug: "p", name: "P", dialect: dialect, baseURL: "http://127.0.0.1:1/v1", location: .local),
            upstreamModel: "vendor/model \"1\"")
    }

    private let request =
        #"{"model":"a/b","messages":[{"role":"user","content":"é\u00e9\/"}],"stream":true,"temperature":1.0}"#

    @Test("the body is JSON with no name twice, and names the vendor's model", arguments: dialects)
    func body(_ dialect: Dialect) throws {
        let chat = try #require(Vendors.all[dialect]?.chat)
        let upstream = try chat.encode(ChatRequest(Array(request.utf8)), for: endpoint(dialect))
        let root = try JSONDocument(upstream.body, limits: .request).root
        // Google's have the model in the path.
        let isInPath = upstream.path.contains("/models/vendor/model%20%221%22:")
        #expect(isInPath || root["model"]?.string == "vendor/model \"1\"")
        #expect(upstream.path.hasPrefix("/"))
        #expect(!upstream.headers.contains { $0.name.lowercased() == "authorization" })
    }

    @Test("the same request is always the same bytes", arguments: dialects)
    func determinism(_ dialect: Dialect) throws {
        let chat = try #require(Vendors.all[dialect]?.chat)
        let bodies = try (0..<5).map { _ in
            try chat.encode(ChatRequest(Array(request.utf8)), for: endpoint(dialect)).body
        }
        #expect(Set(bodies).count == 1)
    }

    @Test("an empty body, HTML, and a cut JSON text are failures, whole and streamed", arguments: dialects)
    func noAnswer(_ dialect: Dialect) throws {
        let chat = try #require(Vendors.all[dialect]?.chat)
        for stream in [false, true] {
            let request = try ChatRequest(
                Array(#"{"model":"a/b","stream":\#(stream),"messages":[{"role":"user","content":"a"}]}"#.utf8))
            for body in ["", "\n\n", "<html></html>", "{\"choices\":[", "data: {\"id\":\"1\"}\n\n"] {
                for (name, pieces) in ByteCuts.all(of: Array(body.utf8), random: 3, seed: 1) {
                    var decoder = chat.makeDecoder(
                        for: request, from: endpoint(dialect), head: UpstreamHead(status: 200))
                    var events: [ChatEvent] = []
                    let failure = #expect(throws: UpstreamFailure.self, "\(name)") {
                        for piece in pieces { try decoder.decode(piece, into: &events) }
                        try decoder.finish(into: &events)
                    }
                    #expect(failure?.kind == .broken)
                    #expect(!events.contains { $0.commits })
                }
            }
        }
    }

    @Test("random bytes never trap and never pass for an answer", arguments: dialects)
    func randomBytes(_ dialect: Dialect) throws {
        let chat = try #require(Vendors.all[dialect]?.chat)
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("data: {}[]\":,\n\r0choicesdelta\\u".utf8) + [0xFF, 0x00, 0xC3]
        for round in 0..<200 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            let request = try ChatRequest(
                Array(#"{"model":"a/b","stream":\#(round % 2 == 0),"messages":[{"role":"user","content":"a"}]}"#.utf8))
            var decoder = chat.makeDecoder(for: request, from: endpoint(dialect), head: UpstreamHead(status: 200))
            var events: [ChatEvent] = []
            #expect(throws: UpstreamFailure.self) {
                try decoder.decode(bytes, into: &events)
                try decoder.finish(into: &events)
            }
            _ = chat.failure(head: UpstreamHead(status: 400 + round), body: bytes)
        }
    }

    // MARK: What nobody changed

    @Test("what OpenAI's dialect does not know goes to OpenAI byte for byte, in its order")
    func unknownMembers() throws {
        let unknown =
            #""zeta":1.0,"alpha":12345678901234567890,"n":1e2,"a.b": { "y" : -0,"x":0.10000000000000000001 },"list":[true, 1 ,"\u00e9\/é"],"seed":1"#
        let body = try encoded(
            #""messages":[{"role":"user","content":"a"}],\#(unknown)"#.replacing(#""n":1e2,"#, with: #""m":1e2,"#),
            to: .gpt41)
        #expect(body.contains(unknown.replacing(#""n":1e2,"#, with: #""m":1e2,"#)))
        let engines = try encoded(#""messages":[{"role":"user","content":"a"}],"zeta":1.0,"alpha":1e2"#, to: .engine())
        #expect(engines.contains(#""zeta":1.0,"alpha":1e2"#))
    }

    @Test("members keep their order, our own come last")
    func order() throws {
        let body = try encoded(
            #""temperature":1.0,"stream":true,"messages":[{"role":"user","content":"a"}],"user":"u","top_p":1"#,
            to: .gpt41)
        let names = try JSONDocument(Array(body.utf8)).root.members.map(\.name.string)
        #expect(names == ["model", "temperature", "stream", "messages", "user", "top_p", "stream_options"])
    }

    @Test("numbers keep their spelling in answers, whole and streamed")
    func numbersInAnswers() throws {
        let numbers = "[1.0,12345678901234567890,1e2,-0,0.10000000000000000001]"
        let whole = try Client(.gpt41, stream: false).answer(
            #"{"choices":[{"message":{"content":"a"},"logprobs":{"content":\#(numbers)}}],"x":\#(numbers)}"#)
        #expect(String(decoding: whole.text, as: UTF8.self).split(separator: numbers).count == 3)
        let stream = try Client(.gpt41, stream: true).stream([
            #"{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":\#(numbers)}}],"x":\#(numbers)}"#
        ])
        let text = stream.chunks.map { String(decoding: $0.text, as: UTF8.self) }.joined()
        #expect(text.split(separator: numbers).count == 3)
    }
}
