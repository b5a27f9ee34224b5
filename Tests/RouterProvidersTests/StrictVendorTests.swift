import RouterCore
import Testing

@testable import RouterProviders

/// What the worked examples of DeepSeek, Mistral and xAI do not show.
@Suite("DeepSeek, Mistral and xAI")
struct StrictVendorTests {
    static let deepSeek = Endpoint(
        provider: Endpoints.deepSeek, upstreamModel: "d", traits: Endpoints.deepSeekChat)
    static let mistral = Endpoint(provider: Endpoints.mistral, upstreamModel: "m")
    static let grok = Endpoint(provider: Endpoints.xAI, upstreamModel: "g", traits: ChatTraits(reasoning: .always))
    static let all = [deepSeek, mistral, grok]

    private static let hi = #""messages":[{"role":"user","content":"a"}]"#

    private func refusal(_ members: String, to endpoint: Endpoint) throws -> UpstreamFailure {
        try #require(#expect(throws: UpstreamFailure.self) { try encoded(members, to: endpoint) })
    }

    @Test("what they do not know is not sent", arguments: all)
    func unknownMembers(_ endpoint: Endpoint) throws {
        let body = try encoded(
            Self.hi
                + #","zeta":1,"store":true,"metadata":{},"min_p":0.1,"chat_template_kwargs":{"a":true},"reasoning":{}"#,
            to: endpoint)
        #expect(body == #"{"model":"\#(endpoint.upstreamModel)",\#(Self.hi)}"#)
        let messages = try encoded(
            messages:
                #"[{"role":"user","content":"a","zeta":1},{"role":"assistant","content":"b","images":[1],"refusal":null},{"role":"user","content":"c"}]"#,
            to: endpoint)
        #expect(
            messages
                == #"[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]"#)
    }

    @Test("sound and searches are refused by name", arguments: all)
    func refused(_ endpoint: Endpoint) throws {
        for (member, value) in [("audio", "{}"), ("web_search_options", "{}"), ("modalities", #"["text","audio"]"#)] {
            let failure = try refusal(Self.hi + ",\"\(member)\":\(value)", to: endpoint)
            #expect(failure.kind == .unsupported)
            #expect(failure.parameter == member)
        }
        #expect(try encoded(Self.hi + #","modalities":["text"]"#, to: endpoint).contains("modalities") == false)
    }

    // MARK: DeepSeek

    static let efforts = [
        ("none", #""thinking":{"type":"disabled"}"#),
        ("minimal", #""thinking":{"type":"enabled"},"reasoning_effort":"high""#),
        ("high", #""thinking":{"type":"enabled"},"reasoning_effort":"high""#),
        ("xhigh", #""thinking":{"type":"enabled"},"reasoning_effort":"max""#),
        ("max", #""thinking":{"type":"enabled"},"reasoning_effort":"max""#),
    ]

    @Test("DeepSeek is told to think, and how hard", arguments: efforts)
    func thinking(_ effort: String, _ sent: String) throws {
        let body = try encoded(Self.hi + #","reasoning_effort":"\#(effort)""#, to: Self.deepSeek)
        #expect(body == #"{"model":"d",\#(Self.hi),\#(sent)}"#)
    }

    @Test("DeepSeek gets the reasoning of calls back while it thinks, or a space, and no other")
    func reasoningBack() throws {
        let call = #""tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#
        let messages =
            #""messages":[{"role":"assistant","content":null,\#(call),"reasoning":"why"},{"role":"assistant","content":null,\#(call)},{"role":"assistant","content":"x","reasoning_content":"y"}]"#
        let on = try encoded(messages + #","reasoning_effort":"high""#, to: Self.deepSeek)
        #expect(on.contains(#"\#(call),"reasoning_content":"why"}"#))
        #expect(on.contains(#"\#(call),"reasoning_content":" "}"#))
        #expect(on.contains(#"{"role":"assistant","content":"x"}"#))
        #expect(try !encoded(messages, to: Self.deepSeek).contains("reasoning_content"))
    }

    @Test("a schema becomes DeepSeek's JSON mode and a system text of its own, numbers as they were spelled")
    func schema() throws {
        let body = try encoded(
            Self.hi
                + #","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{ "maximum": 1.0 }}}"#,
            to: Self.deepSeek)
        let root = try JSONDocument(Array(body.utf8)).root
        let first = try #require(root["messages"]?.elements.first { _ in true })
        #expect(first["role"]?.string == "system")
        #expect(first["content"]?.string?.hasSuffix("nothing else:\n{\"maximum\":1.0}") == true)
        #expect(root["response_format"].map { String(decoding: $0.text, as: UTF8.self) } == #"{"type":"json_object"}"#)
    }

    @Test("DeepSeek's n above 1 and its parts that are no text are refused by name")
    func deepSeekRefusals() throws {
        #expect(try refusal(Self.hi + #","n":2"#, to: Self.deepSeek).parameter == "n")
        for part in [#"{"type":"input_audio","input_audio":{}}"#, #"{"type":"file","file":{}}"#] {
            let failure = try refusal(
                #""messages":[{"role":"user","content":[{"type":"text","text":"a"},\#(part)]}]"#, to: Self.deepSeek)
            #expect(failure.parameter == "messages[0].content[1].type")
        }
    }

    @Test("the name of a result is not sent to DeepSeek, and only that to Mistral")
    func names() throws {
        let messages =
            #"[{"role":"user","content":"a","name":"n"},{"role":"tool","tool_call_id":"123456789","content":"r","name":"f"}]"#
        #expect(
            try encoded(messages: messages, to: Self.deepSeek)
                == #"[{"role":"user","content":"a","name":"n"},{"role":"tool","tool_call_id":"123456789","content":"r"}]"#
        )
        #expect(
            try encoded(messages: messages, to: Self.mistral)
                == #"[{"role":"user","content":"a"},{"role":"tool","tool_call_id":"123456789","content":"r","name":"f"}]"#
        )
    }

    // MARK: Mistral

    @Test("a prediction in parts goes to Mistral as one text")
    func prediction() throws {
        let body = try encoded(
            Self.hi
                + #","prediction":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
            to: Self.mistral)
        #expect(body.contains(#""prediction":{"type":"content","content":"ab"}"#))
    }

    @Test(
        "a PDF in bare Base64 gets an address for Mistral; one that does not decode, and a file by its id, are refused")
    func documents() throws {
        func messages(_ file: String) -> String {
            #""messages":[{"role":"user","content":[{"type":"file","file":\#(file)}]}]"#
        }
        let body = try encoded(messages(#"{"file_data":"JVBERg=="}"#), to: Self.mistral)
        #expect(body.contains(#"{"type":"document_url","document_url":"data:application/pdf;base64,JVBERg=="}"#))
        #expect(
            try refusal(messages(#"{"file_data":"***"}"#), to: Self.mistral).parameter
                == "messages[0].content[0].file.file_data")
        #expect(
            try refusal(messages(#"{"file_id":"x"}"#), to: Self.mistral).parameter
                == "messages[0].content[0].file.file_id")
    }

    @Test("Mistral's word for an answer that failed is a failure")
    func mistralError() throws {
        let error = try Client(Self.mistral, stream: false).answer(
            #"{"choices":[{"message":{"content":"a"},"finish_reason":"error"}]}"#)
        #expect(error["error"]?["code"]?.integer == 503)
    }

    // MARK: xAI

    @Test("reasoning is added to xAI's completion only where the total says so")
    func usage() throws {
        func completion(_ total: Int) throws -> Int? {
            try Client(Self.grok, stream: false).answer(
                #"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":\#(total),"completion_tokens_details":{"reasoning_tokens":3}}}"#
            )["usage"]?["completion_tokens"]?.integer
        }
        #expect(try completion(18) == 8)
        #expect(try completion(15) == 5)
    }

    @Test("xAI shows at most eight other tokens")
    func topLogprobs() throws {
        #expect(try encoded(Self.hi + #","top_logprobs":20"#, to: Self.grok).contains(#""top_logprobs":8"#))
        #expect(try encoded(Self.hi + #","top_logprobs":3"#, to: Self.grok).contains(#""top_logprobs":3"#))
    }
}
