import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Whole answers from vendors of the OpenAI family")
struct OpenAIAnswerTests {
    /// What the client reads as the only choice.
    private func choice(_ choice: String, from endpoint: Endpoint = .engine()) throws -> String {
        let answer = try Client(endpoint, stream: false).answer(#"{"id":"chatcmpl-1","choices":[\#(choice)]}"#)
        let choices = try #require(answer["choices"], "\(String(decoding: answer.text, as: UTF8.self))")
        return String(decoding: try #require(choices.elements.first { _ in true }).text, as: UTF8.self)
    }

    private func message(_ message: String, finish: String = #""stop""#) throws -> String {
        try choice(#"{"index":0,"message":\#(message),"finish_reason":\#(finish)}"#)
    }

    static let messageCases = [
        (#"{"role":"assistant","content":"a"}"#, #"{"role":"assistant","content":"a","refusal":null}"#, "stop"),
        (#"{"content":"","tool_calls":[]}"#, #"{"role":"assistant","content":"","refusal":null}"#, "stop"),
        (#"{"role":"assistant"}"#, #"{"role":"assistant","content":null,"refusal":null}"#, "stop"),
        (
            #"{"content":"a","annotations":[],"audio":null,"function_call":null,"reasoning":null,"images":[]}"#,
            #"{"role":"assistant","content":"a","refusal":null}"#, "stop"
        ),
        (
            #"{"content":"a","annotations":[{"type":"url_citation"}],"audio":{"id":"x"},"y":1.0}"#,
            #"{"role":"assistant","content":"a","refusal":null,"annotations":[{"type":"url_citation"}],"audio":{"id":"x"},"y":1.0}"#,
            "stop"
        ),
        (
            #"{"content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{ }"}}]}"#,
            #"{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{ }"}}]}"#,
            "tool_calls"
        ),
        (
            #"{"content":"t","tool_calls":[{"id":"c","function":{"name":"f"}},{"id":"d","type":"function","function":{"name":"g","arguments":{"b":1.0,"a":2}}}]}"#,
            #"{"role":"assistant","content":"t","refusal":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"d","type":"function","function":{"name":"g","arguments":"{\"b\":1.0,\"a\":2}"}}]}"#,
            "tool_calls"
        ),
    ]

    @Test("a message has its role, content and refusal, and nothing that is empty", arguments: messageCases)
    func messages(_ vendors: String, _ ours: String, _ finish: String) throws {
        #expect(
            try message(vendors) == #"{"index":0,"message":\#(ours),"logprobs":null,"finish_reason":"\#(finish)"}"#)
    }

    @Test("a call without an id gets one that stays the same for this answer")
    func callWithoutID() throws {
        let call = #"{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#
        #expect(try message(call) == message(call))
        #expect(try message(call).contains(#""id":"call_"#))
    }

    static let finishCases = [
        (#""length""#, true, "length"), (#""stop""#, true, "tool_calls"), (#""""#, true, "tool_calls"),
        ("null", true, "tool_calls"), ("null", false, "stop"), (#""eos_token""#, true, "tool_calls"),
        (#""content_filter""#, false, "content_filter"), (#""odd""#, false, "odd"),
    ]

    @Test("the reason for the end is the public one", arguments: finishCases)
    func finishReasons(_ vendors: String, _ hasCalls: Bool, _ ours: String) throws {
        let calls = #"[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#
        let text = try message(#"{"content":"a","tool_calls":\#(hasCalls ? calls : "null")}"#, finish: vendors)
        #expect(text.hasSuffix(#""finish_reason":"\#(ours)"}"#))
    }

    @Test("reasoning goes out under both names, and not to a client that does not want it")
    func reasoning() throws {
        for member in [#""reasoning":"r""#, #""reasoning_content":"r""#] {
            let body = #"{"choices":[{"message":{"content":"a",\#(member),"reasoning_details":[{"x":1}]}}]}"#
            let shown = try Client(.engine(), stream: false).answer(body)
            let text = String(decoding: shown.text, as: UTF8.self)
            #expect(
                text.contains(#""reasoning_details":[{"x":1}],"reasoning_content":"r","reasoning":"r""#))
            let hidden = try Client(.engine(), stream: false, #""reasoning":{"exclude":true}"#).answer(body)
            #expect(!String(decoding: hidden.text, as: UTF8.self).contains("reasoning\""))
        }
    }

    @Test("what is said beside the choices goes on, but for what engines say to themselves")
    func otherMembers() throws {
        let answer = try Client(.engine(), stream: false).answer(
            #"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"message":{"content":"a"},"stop_reason":5,"x":1e2}],"timings":{},"metadata":{},"__verbose":{},"service_tier":null,"citations":["u"],"system_fingerprint":"fp"}"#
        )
        #expect(
            answer.members.map(\.name.string) == [
                "id", "object", "created", "model", "provider", "system_fingerprint", "choices", "citations", "usage",
            ])
        #expect(answer["system_fingerprint"]?.string == "fp")
        let choice = answer["choices"]?.elements.first { _ in true }
        #expect(choice?["x"].map { String(decoding: $0.text, as: UTF8.self) } == "1e2")
        #expect(choice?["stop_reason"] == nil)
    }

    @Test("blank lines before the body, and bytes that are not UTF-8 in it, do no harm")
    func leniency() throws {
        let blank = try Client(.engine(), stream: false).answer(
            "\n\r\n  {\"choices\":[{\"message\":{\"content\":\"a\"}}]}\n")
        #expect(blank["error"] == nil)
        var body = Array(#"{"choices":[{"message":{"content":"a?"}}]}"#.utf8)
        body[try #require(body.firstIndex(of: UInt8(ascii: "?")))] = 0xFF
        let client = try Client(.engine(), stream: false)
        let bytes = client.receive([body], through: OpenAIChatProbe.chat, head: UpstreamHead(status: 200))
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"content\":\"a\u{FFFD}\""))
    }

    @Test(
        "what is no answer is a failure of the provider",
        arguments: [
            "", " \n", "<html>secret</html>", "{", "[]", "null", "{}", #"{"choices":[]}"#, #"{"choices":null}"#,
            #"{"choices":[{"index":0}]}"#, #"{"choices":[5]}"#, #"{"choices":[{"message":null}]}"#,
        ])
    func noAnswer(_ body: String) throws {
        let answer = try Client(.engine(), stream: false).answer(body)
        #expect(answer["error"]?["code"]?.integer == 502)
        #expect(answer["error"]?["metadata"]?["upstream_status"]?.integer == 200)
        #expect(answer["error"]?["message"]?.string?.contains("secret") == false)
    }

    @Test("an error with status 200 is an error, and so is a vendor's word for one")
    func errors() throws {
        let client = try Client(.engine(), stream: false)
        let error = try client.answer(#"{"error":{"message":"busy","code":503},"choices":[]}"#)
        #expect(error["error"]?["code"]?.integer == 503 && error["error"]?["message"]?.string == "busy")
        let word = try client.answer(#"{"choices":[{"message":{"content":"a"},"finish_reason":"abort"}]}"#)
        #expect(word["error"]?["code"]?.integer == 502)
    }

    static let usageCases: [(String, [Int])] = [
        (#"{"prompt_tokens":3,"completion_tokens":5,"total_tokens":99}"#, [3, 5, 8, 0]),
        (
            #"{"prompt_tokens":3,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":4}}"#,
            [3, 5, 8, 4]
        ),
        (#"{"prompt_tokens":3.0,"completion_tokens":5e0,"completion_tokens_details":null}"#, [3, 5, 8, 0]),
        (#"{"prompt_tokens":-3,"completion_tokens":5}"#, [0, 5, 5, 0]),
        (#"{"prompt_tokens":3,"completion_tokens":99999999999999999999}"#, [3, 0, 3, 0]),
        (#"{"prompt_tokens":3,"completion_tokens":1000000001}"#, [3, 0, 3, 0]),
        (#"{"prompt_tokens":3,"completion_tokens":1000000000}"#, [3, 1_000_000_000, 1_000_000_003, 0]),
        (#"{"prompt_tokens":"3","completion_tokens":2.5}"#, [0, 0, 0, 0]), ("5", [0, 0, 0, 0]), ("null", [0, 0, 0, 0]),
    ]

    @Test("usage is whole, positive and believable, and its total is the sum", arguments: usageCases)
    func usage(_ vendors: String, _ counts: [Int]) throws {
        let answer = try Client(.engine(), stream: false).answer(
            #"{"choices":[{"message":{"content":"a"}}],"usage":\#(vendors)}"#)
        let usage = try #require(answer["usage"])
        #expect(
            [
                usage["prompt_tokens"]?.integer, usage["completion_tokens"]?.integer, usage["total_tokens"]?.integer,
                usage["completion_tokens_details"]?["reasoning_tokens"]?.integer,
            ] == counts)
    }
}
