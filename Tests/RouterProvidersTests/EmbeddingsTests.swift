import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Embeddings at vendors") struct EmbeddingsTests {
    private static let mistral = Endpoint(provider: Endpoints.mistral, upstreamModel: "mistral-embed")
    private static let openAI = Endpoint(provider: Endpoints.openAI, upstreamModel: "text-embedding-3-small")
    private static let engine = Endpoint(provider: Endpoints.engine, upstreamModel: "bge-m3")
    private static let gemini = Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-embedding-001")

    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .embeddings)
    }

    private func sent(_ members: String, to endpoint: Endpoint) throws -> (path: String, body: String) {
        let translator = try #require(Vendors.all[endpoint.provider.dialect]?.operations[.embeddings])
        let upstream = try translator.encode(try request(members), for: endpoint)
        return (upstream.path, String(decoding: upstream.body, as: UTF8.self))
    }

    @Test("OpenAI gets what it knows, and nothing that is meant for this router")
    func openAIRequest() throws {
        let (path, body) = try sent(
            #""input":["a",  "b"],"encoding_format":"base64","dimensions":256,"user":"u","provider":{"zdr":false},"input_type":"x","session_id":"s""#,
            to: Self.openAI)
        #expect(path == "/embeddings")
        #expect(
            body
                == #"{"model":"text-embedding-3-small","input":["a",  "b"],"encoding_format":"base64","dimensions":256,"user":"u"}"#
        )
    }

    @Test("Mistral has its own word for dimensions, gives numbers, and takes no tokens")
    func mistralRequest() throws {
        let (_, body) = try sent(#""input":"a","encoding_format":"base64","dimensions":256"#, to: Self.mistral)
        #expect(body == #"{"model":"mistral-embed","input":"a","output_dimension":256}"#)
        let failure = #expect(throws: UpstreamFailure.self) { try sent(#""input":[1,2]"#, to: Self.mistral) }
        #expect(failure?.kind == .unsupported && failure?.parameter == "input")
    }

    @Test("an engine gets members that nobody here knows")
    func engineRequest() throws {
        let (_, body) = try sent(
            #""input":[[1,2],[3]],"truncate_prompt_tokens":512,"provider":{}"#, to: Self.engine)
        #expect(body == #"{"model":"bge-m3","input":[[1,2],[3]],"truncate_prompt_tokens":512}"#)
    }

    @Test("Gemini gets one request for each text")
    func geminiRequest() throws {
        let (path, body) = try sent(
            #""input":["a","b\n"],"dimensions":8,"input_type":"search_query""#, to: Self.gemini)
        #expect(path == "/models/gemini-embedding-001:batchEmbedContents?prettyPrint=false")
        #expect(
            body
                == #"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b\n"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8}]}"#
        )
        for (members, parameter) in [(#""input":[1]"#, "input"), (#""input":"a","input_type":"x""#, "input_type")] {
            let failure = #expect(throws: UpstreamFailure.self) { try sent(members, to: Self.gemini) }
            #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        }
    }

    /// What comes out of an answer: the client's members, or the failure; the same however it is cut.
    private func received(
        _ answer: String, for members: String, from endpoint: Endpoint
    ) throws -> (text: String, usage: Usage?) {
        let translator = try #require(Vendors.all[endpoint.provider.dialect]?.operations[.embeddings])
        var results: [(String, Usage?)] = []
        for (_, pieces) in ByteCuts.all(of: Array(answer.utf8), random: 3, seed: 50) {
            var decoder = translator.makeDecoder(
                for: try request(members), from: endpoint, head: UpstreamHead(status: 200))
            var events: [ChatEvent] = []
            for piece in pieces { try decoder.decode(piece, into: &events) }
            try decoder.finish(into: &events)
            var result: (String, Usage?) = ("", nil)
            for event in events {
                if case .completion(let piece) = event { result.0 = String(decoding: piece.members, as: UTF8.self) }
                if case .usage(let usage) = event { result.1 = usage }
            }
            results.append(result)
        }
        #expect(results.allSatisfy { $0.0 == results[0].0 && $0.1 == results[0].1 })
        return results[0]
    }

    // 1, -2 and 0.5 as little-endian floats.
    private static let base64 = "AACAPwAAAMAAAAA/"

    @Test(
        "the client gets the form it asked for, whichever the vendor chose", arguments: [true, false], [true, false])
    func converts(_ asksBase64: Bool, _ givesBase64: Bool) throws {
        let vector = givesBase64 ? #""\#(Self.base64)""# : "[1, -2.0, 0.5]"
        let (text, usage) = try received(
            #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":\#(vector)}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#,
            for: #""input":"a""# + (asksBase64 ? #","encoding_format":"base64""# : ""), from: Self.openAI)
        let root = try JSONDocument(Array("{\(text)}".utf8)).root
        #expect(root["object"]?.string == "list" && usage?.prompt == 5 && usage?.completion == 0)
        let embedding = try #require(root["data"]?.elements.first { _ in true }?["embedding"])
        if asksBase64 {
            #expect(embedding.string == Self.base64)
        } else {
            #expect(embedding.elements.map(\.double) == [1, -2, 0.5])
        }
    }

    @Test("embeddings come in the order of the inputs")
    func orders() throws {
        let (text, _) = try received(
            #"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}"#, for: #""input":["a","b"]"#,
            from: Self.engine)
        #expect(
            text
                == #""object":"list","data":[{"object":"embedding","index":0,"embedding":[1]},{"object":"embedding","index":1,"embedding":[2]}]"#
        )
    }

    @Test("Gemini's values become embeddings; it counts nothing")
    func gemini() throws {
        let (text, usage) = try received(
            #"{"embeddings":[{"values":[0.25]},{"values":[1e-3]}]}"#, for: #""input":["a","b"]"#, from: Self.gemini)
        #expect(text.contains(#""embedding":[0.25]"#) && text.contains(#""embedding":[1e-3]"#) && usage == nil)
    }

    @Test("Gemini's embeddings of fewer dimensions have the length 1, as OpenAI's do", arguments: ["", "base64"])
    func units(_ form: String) throws {
        let encoding = form.isEmpty ? "" : #","encoding_format":"\#(form)""#
        func vectors(_ values: [String], dimensions: String) throws -> [[Double]] {
            let texts = values.map { _ in #""a""# }.joined(separator: ",")
            let (text, _) = try received(
                #"{"embeddings":["# + values.map { #"{"values":\#($0)}"# }.joined(separator: ",") + "]}",
                for: #""input":[\#(texts)]"# + encoding + dimensions, from: Self.gemini)
            let data = try #require(try JSONDocument(Array("{\(text)}".utf8)).root["data"])
            return data.elements.map { element in
                guard let vector = element["embedding"], let letters = vector.string else {
                    return element["embedding"]?.elements.compactMap(\.double) ?? []
                }
                let bytes = Base64.decoded(Array(letters.utf8))
                return stride(from: 0, to: bytes.count, by: 4).map { place in
                    let pattern = bytes[place..<(place + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                    return Double(Float(bitPattern: pattern))
                }
            }
        }
        // What has no length that can be told goes out as it came, in numbers: floats of 32 bits have no such number.
        let large = form.isEmpty ? ["[1e200, 1]"] : []
        let half = try vectors(
            ["[3, -4]", "[0, 0.0]", "[1e-3, 2e-3]"] + large, dimensions: #","dimensions":2"#)
        #expect(half.count == 3 + large.count && half[1] == [0, 0])
        for (got, wanted) in zip(half[0] + half[2], [0.6, -0.8, 0.447213595, 0.894427191]) {
            #expect(abs(got - wanted) < 1e-6)
        }
        if form.isEmpty {
            #expect(half.last == [1e200, 1] && half[0] == [0.6, -0.8])
        } else {
            #expect(throws: UpstreamFailure.self) { try vectors(["[1e200, 1]"], dimensions: #","dimensions":2"#) }
        }
        for dimensions in ["", #","dimensions":null"#, #","dimensions":3072"#] {
            #expect(try vectors(["[3, -4]"], dimensions: dimensions) == [[3, -4]])
        }
        #expect(throws: UpstreamFailure.self) { try vectors([#"["x"]"#], dimensions: #","dimensions":2"#) }
        #expect(throws: UpstreamFailure.self) { try vectors(["[1e999]"], dimensions: #","dimensions":2"#) }
    }

    /// The request, and what each part of the answer to it is asked with.
    private func tasks(_ members: String) throws -> [UpstreamRequest] {
        let translator = try #require(Vendors.all[.gemini]?.operations[.embeddings])
        return try translator.tasks(for: request(members), at: Self.gemini).map { task in
            var task = task
            guard case .send(let request, nil, let bytesMax) = try task.next(after: nil) else {
                throw UpstreamFailure(.broken, "A batch is one request.")
            }
            #expect(bytesMax >= 4 << 10 && bytesMax <= 128 << 20)
            return request
        }
    }

    private static func texts(_ count: Int) -> String {
        #""input":["# + (0..<count).map { #""\#($0)""# }.joined(separator: ",") + "]"
    }

    @Test("Gemini takes 100 texts at once: more are as many requests as it takes, and no text is twice in one")
    func geminiBatches() throws {
        #expect(try tasks(#""input":"a""#).isEmpty)
        #expect(try tasks(Self.texts(100)).isEmpty)
        for (count, sizes) in [
            (101, [100, 1]), (250, [100, 100, 50]), (2048, [Int](repeating: 100, count: 20) + [48]),
        ] {
            let requests = try tasks(Self.texts(count) + #","dimensions":8"#)
            var texts: [String] = []
            for (request, size) in zip(requests, sizes) {
                let list = try #require(try JSONDocument(request.body).root["requests"])
                #expect(list.count == size)
                #expect(list.elements.allSatisfy { $0["outputDimensionality"]?.integer == 8 })
                texts += list.elements.compactMap {
                    $0["content"]?["parts"]?.elements.first { _ in true }?["text"]?.string
                }
            }
            #expect(requests.count == sizes.count && texts == (0..<count).map(String.init))
            // What is sent alone is no more than what the vendor takes.
            let (_, body) = try sent(Self.texts(count), to: Self.gemini)
            #expect(try JSONDocument(Array(body.utf8)).root["requests"]?.count == 100)
        }
        #expect(throws: UpstreamFailure.self) {
            try tasks(#""input":["# + [String](repeating: "[1]", count: 101).joined(separator: ",") + "]")
        }
    }

    @Test("Gemini's batches are one answer, in order, and counted together where each was")
    func geminiParts() throws {
        func part(_ places: Range<Int>, _ usage: String) -> String {
            let vectors = places.map { #"{"values":[\#($0)]}"# }.joined(separator: ",")
            return #"{"embeddings":[\#(vectors)]\#(usage)}"#
        }
        let counted = #","usageMetadata":{"promptTokenCount":7}"#
        func answer(_ usage: String) -> String {
            #"{"parts":[\#(part(0..<100, counted)),\#(part(100..<200, counted)),\#(part(200..<250, usage))]}"#
        }
        let (text, usage) = try received(answer(counted), for: Self.texts(250), from: Self.gemini)
        let data = try #require(try JSONDocument(Array("{\(text)}".utf8)).root["data"])
        #expect(data.elements.map { $0["index"]?.integer } == (0..<250).map { $0 })
        #expect(
            data.elements.map { $0["embedding"]?.elements.first { _ in true }?.integer } == (0..<250).map { $0 })
        #expect(usage?.prompt == 21)
        #expect(try received(answer(""), for: Self.texts(250), from: Self.gemini).usage == nil)
        for wrong in [
            #"{"parts":[]}"#, #"{"parts":[\#(part(0..<100, "")),{}]}"#, part(0..<250, ""),
            #"{"parts":[\#(part(0..<100, "")),{"error":{"code":500,"message":"broke"}}]}"#,
        ] {
            #expect(throws: UpstreamFailure.self) {
                try received(wrong, for: Self.texts(250), from: Self.gemini)
            }
        }
    }

    @Test(
        "what is no answer is refused",
        arguments: [
            "", "<html>", "[]", "{}", #"{"data":{}}"#, #"{"data":[]}"#, #"{"data":[{"embedding":["x"]}]}"#,
            #"{"data":[{"embedding":"?"}]}"#, #"{"data":[{"embedding":"AAA="}]}"#, #"{"data":[{"embedding":null}]}"#,
            #"{"data":[{"index":7,"embedding":[1]}]}"#, #"{"data":[{"index":-1,"embedding":[1]}]}"#,
            #"{"data":[{"embedding":[1]},{"embedding":[1]}]}"#, #"{"data":[{"index":0,"embedding":[1]},{"index":0}]}"#,
            #"{"data":[{"embedding":"AADAfw=="}]}"#, #"{"error":{"message":"broke","code":500}}"#,
        ])
    func refuses(_ answer: String) {
        let failure = #expect(throws: UpstreamFailure.self) {
            try received(answer, for: #""input":"a""#, from: Self.openAI)
        }
        #expect(failure.map { [.broken, .failed].contains($0.kind) } == true)
    }

    @Test("a number that is no float of 32 bits is refused where floats are asked for", arguments: ["1e39", "-3.5e38"])
    func refusesLargeNumbers(_ number: String) throws {
        let answer = #"{"data":[{"embedding":[1,\#(number)]}]}"#
        let failure = #expect(throws: UpstreamFailure.self) {
            try received(answer, for: #""input":"a","encoding_format":"base64""#, from: Self.openAI)
        }
        #expect(failure?.kind == .broken)
        #expect(try received(answer, for: #""input":"a""#, from: Self.openAI).text.contains(number))
    }

    @Test("bytes that a client wants as bytes are looked at all the same", arguments: ["?", "AAA=", "", "AAAAAA=="])
    func refusesBytes(_ text: String) {
        let answer = #"{"data":[{"embedding":"\#(text)"}]}"#
        let asked = #""input":"a","encoding_format":"base64""#
        let wanted = text == "AAAAAA=="
        let got = try? received(answer, for: asked, from: Self.openAI)
        #expect((got != nil) == wanted)
    }
}
