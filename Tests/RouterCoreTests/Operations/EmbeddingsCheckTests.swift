import Testing

@testable import RouterCore

@Suite("A request for embeddings") struct EmbeddingsCheckTests {
    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .embeddings)
    }

    @Test(
        "takes a text, texts, tokens and lists of tokens, and counts them",
        arguments: [
            (#""input":"hi""#, 1, nil), (#""input":["hi","there"]"#, 2, nil), (#""input":[1,2,3]"#, 1, 3),
            (#""input":[[1,2],[3]]"#, 2, 3), (#""input":"hi","dimensions":256,"encoding_format":"base64""#, 1, nil),
        ])
    func takes(_ members: String, _ inputs: Int, _ tokens: Int?) throws {
        let request = try request(members)
        #expect(request.inputCount == inputs && !request.stream && request.model == "a/b")
        let size = request.size
        if let tokens {
            #expect(size.atMost.prompt == tokens + 2 * inputs && size.atLeast.prompt == tokens)
        }
        #expect(size.atMost.prompt >= size.atLeast.prompt)
    }

    @Test(
        "names the member that is wrong",
        arguments: [
            (#""inputs":"hi""#, "input"), (#""input":null"#, "input"), (#""input":"""#, "input"),
            (#""input":[]"#, "input"),
            (#""input":7"#, "input"), (#""input":{"a":1}"#, "input"), (#""input":["a",""]"#, "input[1]"),
            (#""input":["a",1]"#, "input[1]"), (#""input":[1,"a"]"#, "input[1]"), (#""input":[1,-1]"#, "input[1]"),
            (#""input":[1,1.5]"#, "input[1]"), (#""input":[1,9999999999999999999999]"#, "input[1]"),
            (#""input":[[1],[]]"#, "input[1]"), (#""input":[[1],["a"]]"#, "input[1][0]"),
            (#""input":[null]"#, "input[0]"),
            (#""input":"a","encoding_format":"hex""#, "encoding_format"),
            (#""input":"a","dimensions":0"#, "dimensions"),
            (#""input":"a","dimensions":1e9"#, "dimensions"), (#""input":"a","stream":true"#, "stream"),
        ])
    func refuses(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: APIError.self) { try request(members) }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter)
        #expect(error?.message.contains(parameter) == true)
    }

    @Test("takes 2,048 texts and not one more")
    func bounds() throws {
        let texts = [String](repeating: #""a""#, count: 2048).joined(separator: ",")
        #expect(try request(#""input":[\#(texts)]"#).inputCount == 2048)
        let error = #expect(throws: APIError.self) { try request(#""input":[\#(texts),"a"]"#) }
        #expect(error?.parameter == "input" && error?.message.contains("2048") == true)
    }

    @Test("holds for a token a byte, and for what an engine puts around each text")
    func holds() throws {
        let short = [String](repeating: #""a""#, count: 2048).joined(separator: ",")
        #expect(try request(#""input":[\#(short)]"#).size.atMost.prompt >= 2048 * 3)
        let rare = String(repeating: "𒀀", count: 500)
        #expect(try request(#""input":"\#(rare)""#).size.atMost.prompt >= rare.utf8.count + 2)
        #expect(try request(#""input":"a""#).size.atMost.prompt == 5)
    }

    @Test("takes 300,000 tokens, as OpenAI does, in one list or a thousand; and at most 700,000 values")
    func manyTokens() throws {
        let list = "[" + [String](repeating: "100256", count: 300).joined(separator: ",") + "]"
        let lists = try request(#""input":["# + [String](repeating: list, count: 1000).joined(separator: ",") + "]")
        #expect(lists.inputCount == 1000 && lists.size.atLeast.prompt == 300_000)
        func tokens(_ count: Int) -> String {
            #""input":["# + [String](repeating: "1", count: count).joined(separator: ",") + "]"
        }
        #expect(try request(tokens(300_000)).size.atLeast.prompt == 300_000)
        // The root, the model and the list are values too.
        #expect(try request(tokens(699_997)).inputCount == 1)
        let error = #expect(throws: APIError.self) { try request(tokens(699_998)) }
        #expect(error?.kind == .invalidRequest && error?.message.contains("700") == true)
        // An entry of the index: 700,000 are 11 MB.
        #expect(MemoryLayout<JSONNode>.stride == 16)
    }

    @Test(
        "refuses a body that is no object, has no model or names a member twice",
        arguments: [
            "[]", "7", "", "{", #"{"input":"a"}"#, #"{"model":"","input":"a"}"#, #"{"model":7,"input":"a"}"#,
            #"{"model":"a/b","input":"a","input":"b"}"#,
        ])
    func refusesBodies(_ body: String) {
        let error = #expect(throws: APIError.self) { try OperationRequest(Array(body.utf8), for: .embeddings) }
        #expect(error?.kind == .invalidRequest)
    }
}
