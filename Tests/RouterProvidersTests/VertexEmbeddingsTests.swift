import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

@Suite("Embeddings at Vertex") struct VertexEmbeddingsTests {
    private static let endpoint = Endpoint(
        provider: Provider(
            slug: "vertex", name: "Vertex", dialect: .vertex, baseURL: "https://x.example/v1/publishers/google"),
        upstreamModel: "gemini-embedding-001")

    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .embeddings)
    }

    private func translator() throws -> any OperationTranslator {
        try #require(Vendors.all[.vertex]?.operations[.embeddings])
    }

    private func numbered(_ count: Int) throws -> OperationRequest {
        try request(#""input":[\#((0..<count).map { "\"\($0)\"" }.joined(separator: ","))]"#)
    }

    @Test("one text is one request, with the names that the vendor has")
    func encodes() throws {
        let request = try request(#""input":"a\n","dimensions":768,"input_type":"search_document","user":"u""#)
        let upstream = try translator().encode(request, for: Self.endpoint)
        #expect(upstream.path == "/models/gemini-embedding-001:predict")
        #expect(
            String(decoding: upstream.body, as: UTF8.self)
                == #"{"instances":[{"content":"a\n","task_type":"RETRIEVAL_DOCUMENT"}],"parameters":{"autoTruncate":false,"outputDimensionality":768}}"#
        )
        #expect(try translator().tasks(for: request, at: Self.endpoint).isEmpty)
    }

    @Test(
        "several texts are asked for one by one, ten at the same time at most, and none twice",
        arguments: [(2, 2), (10, 10), (11, 6), (25, 9), (250, 10)])
    func asksOneByOne(_ count: Int, _ series: Int) throws {
        let tasks = try translator().tasks(for: numbered(count), at: Self.endpoint)
        #expect(tasks.count == series)
        var asked: [String] = []
        for var task in tasks {
            var outcome: TaskOutcome?
            var parts: [String] = []
            var isDone = false
            while !isDone {
                switch try task.next(after: outcome) {
                case .send(let request, let origin, let bytesMax):
                    let content = try JSONDocument(request.body).root["instances"]?.elements.first { _ in true }
                    let text = try #require(content?["content"]?.string)
                    asked.append(text)
                    parts.append(text)
                    #expect(origin == nil && bytesMax * count <= 128 << 20)
                    outcome = .answer(UpstreamHead(status: 200), body: Array(text.utf8))
                case .done(let part):
                    #expect(String(decoding: part, as: UTF8.self) == "[\(parts.joined(separator: ","))]")
                    isDone = true
                default:
                    Issue.record("a step that is none of these")
                    isDone = true
                }
            }
        }
        #expect(asked == (0..<count).map(String.init))
    }

    @Test("what the vendor refuses is told, and what is lost fails")
    func seriesFails() throws {
        let request = UpstreamRequest(path: "/x")
        var task = SeriesTask([request, request], answerBytesMax: 10)
        #expect(try task.next(after: nil) == .send(request, origin: nil, answerBytesMax: 10))
        let head = UpstreamHead(status: 429)
        #expect(try task.next(after: .answer(head, body: [1])) == .refused(head, body: [1]))
        let failure = #expect(throws: UpstreamFailure.self) {
            var task = task
            return try task.next(after: .lost(UpstreamFailure(.unreachable, "gone")))
        }
        #expect(failure?.kind == .unreachable)
    }

    @Test(
        "more texts than a few, and tokens, are refused by name",
        arguments: [
            (#""input":[1,2]"#, "input"), (#""input":"a","input_type":"x""#, "input_type"),
        ])
    func refuses(_ members: String, _ parameter: String) throws {
        let request = try request(members)
        let failure = #expect(throws: UpstreamFailure.self) { try translator().encode(request, for: Self.endpoint) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        let many = try numbered(251)
        let tooMany = #expect(throws: UpstreamFailure.self) { try translator().tasks(for: many, at: Self.endpoint) }
        #expect(tooMany?.parameter == "input" && tooMany?.message.contains("250") == true)
    }

    private static func answer(_ values: String, count: String?) -> String {
        let statistics = count.map { #","statistics":{"token_count":\#($0),"truncated":false}"# } ?? ""
        return
            #"{"predictions":[{"embeddings":{"values":\#(values)\#(statistics)}}],"metadata":{"billableCharacterCount":9}}"#
    }

    private func read(
        _ answer: String, to request: OperationRequest
    ) throws -> (text: String, usage: Usage?, failure: UpstreamFailure?) {
        var decoder = try translator().makeDecoder(
            for: request, from: Self.endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        var result: (text: String, usage: Usage?, failure: UpstreamFailure?) = ("", nil, nil)
        do throws(UpstreamFailure) {
            try decoder.decode(Array(answer.utf8), into: &events)
            try decoder.finish(into: &events)
        } catch {
            result.failure = error
        }
        for event in events {
            if case .completion(let piece) = event { result.text = String(decoding: piece.members, as: UTF8.self) }
            if case .usage(let usage) = event { result.usage = usage }
        }
        return result
    }

    @Test("one answer is read, its tokens also where they have a point", arguments: ["5", "5.0"])
    func readsOne(_ count: String) throws {
        let (text, usage, failure) = try read(Self.answer("[1, -2.5]", count: count), to: request(#""input":"a""#))
        #expect(failure == nil && usage?.prompt == 5)
        #expect(text == #""object":"list","data":[{"object":"embedding","index":0,"embedding":[1, -2.5]}]"#)
    }

    @Test("several are one answer in order, with what all of them used, or no count at all")
    func readsSeveral() throws {
        let one = Self.answer("[1]", count: "5")
        let (text, usage, failure) = try read(
            #"{"parts":[[\#(one),\#(Self.answer("[2]", count: "7"))],[\#(Self.answer("[3]", count: "1"))]]}"#,
            to: numbered(3))
        #expect(failure == nil && usage?.prompt == 13)
        let order = try JSONDocument(Array("{\(text)}".utf8)).root["data"]?.elements.map {
            $0["embedding"]?.elements.first { _ in true }?.integer
        }
        #expect(order == [1, 2, 3])
        let uncounted = try read(
            #"{"parts":[[\#(one)],[\#(Self.answer("[2]", count: nil))]]}"#, to: numbered(2))
        #expect(uncounted.failure == nil && uncounted.usage == nil)
    }

    @Test("shorter embeddings are given the length 1")
    func makesUnits() throws {
        let (text, _, _) = try read(
            Self.answer("[3,4]", count: "1"), to: request(#""input":"a","dimensions":2"#))
        #expect(text.contains("[0.6,0.8]"))
    }

    @Test(
        "what is no embedding is a failure",
        arguments: [
            ("{}", UpstreamFailure.Kind.broken), (#"{"predictions":[]}"#, .broken),
            (#"{"predictions":[{"embeddings":{}}]}"#, .broken), ("<html>", .broken),
            (#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#, .overloaded),
        ])
    func fails(_ answer: String, _ kind: UpstreamFailure.Kind) throws {
        let (text, _, failure) = try read(answer, to: request(#""input":"a""#))
        #expect(failure?.kind == kind && text.isEmpty)
        // One of several that lacks its embedding.
        let one = Self.answer("[1]", count: "5")
        let several = try read(#"{"parts":[[\#(one)]]}"#, to: numbered(2))
        #expect(several.failure?.kind == .broken && several.text.isEmpty)
    }
}
