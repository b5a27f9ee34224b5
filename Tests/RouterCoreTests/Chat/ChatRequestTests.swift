@testable import RouterCore
import Testing

@Suite("A chat request") struct ChatRequestTests {
    private func fault(_ body: String) -> APIError? {
        do throws(APIError) {
            _ = try ChatRequest(Array(body.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("is read from the least that is needed")
    func reads() throws {
        let request = try ChatRequest(Array(#"{"model":"a/b","messages":[{"role":"user","content":"Hi"}]}"#.utf8))
        #expect(request.model == "a/b" && !request.stream && request.streamUsage == .finishChunk)
    }

    @Test(
        "says where a stream's usage goes",
        arguments: [
            ("{}", ChatRequest.StreamUsage.finishChunk), (#"{"include_usage":true}"#, .ownChunk),
            (#"{"include_usage":false}"#, .hidden), ("null", .finishChunk), (#"{"include_usage":null}"#, .finishChunk),
        ])
    func streamUsage(_ options: String, _ expected: ChatRequest.StreamUsage) throws {
        let request = try ChatRequest(
            Array(
                #"{"model":"a/b","stream":true,"stream_options":\#(options),"messages":[{"role":"user","content":"Hi"}]}"#
                    .utf8))
        #expect(request.stream && request.streamUsage == expected)
    }

    @Test(
        "names what is wrong with it",
        arguments: [
            ("", ""), ("[]", ""), ("\"x\"", ""), ("null", ""), ("{", ""), ("{}", "model"),
            (#"{"model":1,"messages":[]}"#, "model"), (#"{"model":"","messages":[]}"#, "model"),
            (#"{"model":"a"}"#, "messages"), (#"{"model":"a","messages":null}"#, "messages"),
            (#"{"model":"a","messages":{}}"#, "messages"), (#"{"model":"a","messages":[]}"#, "messages"),
            (#"{"model":"a","messages":["hi"]}"#, "messages[0]"),
            (#"{"model":"a","messages":[{"content":"x"}]}"#, "messages[0].role"),
            (#"{"model":"a","messages":[{"role":"user"},{"role":"robot"}]}"#, "messages[1].role"),
            (#"{"model":"a","messages":[{"role":7}]}"#, "messages[0].role"),
            (#"{"model":"a","messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
            (#"{"model":"a","messages":[{"role":"user","content":["x"]}]}"#, "messages[0].content[0]"),
            (#"{"model":"a","messages":[{"role":"user","content":[{}]}]}"#, "messages[0].content[0].type"),
            (#"{"model":"a","messages":[{"role":"tool","content":"x"}]}"#, "messages[0].tool_call_id"),
            (#"{"model":"a","max_tokens":-1,"messages":[{"role":"user"}]}"#, "max_tokens"),
            (#"{"model":"a","max_tokens":0,"messages":[{"role":"user"}]}"#, "max_tokens"),
            (#"{"model":"a","max_tokens":1.5,"messages":[{"role":"user"}]}"#, "max_tokens"),
            (#"{"model":"a","max_tokens":1e3,"messages":[{"role":"user"}]}"#, "max_tokens"),
            (
                #"{"model":"a","max_completion_tokens":99999999999999999999,"messages":[{"role":"user"}]}"#,
                "max_completion_tokens"
            ),
            (#"{"model":"a","max_tokens":"5","messages":[{"role":"user"}]}"#, "max_tokens"),
            (#"{"model":"a","n":0,"messages":[{"role":"user"}]}"#, "n"),
            (#"{"model":"a","temperature":2.1,"messages":[{"role":"user"}]}"#, "temperature"),
            (#"{"model":"a","temperature":1e999,"messages":[{"role":"user"}]}"#, "temperature"),
            (#"{"model":"a","stream":"yes","messages":[{"role":"user"}]}"#, "stream"),
            (#"{"model":"a","stream_options":true,"messages":[{"role":"user"}]}"#, "stream_options"),
            (
                #"{"model":"a","stream_options":{"include_usage":1},"messages":[{"role":"user"}]}"#,
                "stream_options.include_usage"
            ),
            (#"{"model":"a","tools":[{}],"messages":[{"role":"user"}]}"#, "tools[0].type"),
            (
                #"{"model":"a","tools":[{"type":"function","function":{}}],"messages":[{"role":"user"}]}"#,
                "tools[0].function.name"
            ),
            (#"{"model":"a","stop":[1],"messages":[{"role":"user"}]}"#, "stop[0]"),
            (#"{"model":"a","plugins":{},"messages":[{"role":"user"}]}"#, "plugins"),
            (
                #"{"model":"a","plugins":[{"id":"web","enabled":false},{"id":"web"}],"messages":[{"role":"user"}]}"#,
                "plugins[1].id"
            ),
            (#"{"model":"a","messages":[{"role":"user","role":"system"}]}"#, "messages[0].role"),
            (#"{"model":"a","max_tokens":1,"max_tokens":99999,"messages":[{"role":"user"}]}"#, "max_tokens"),
        ])
    func names(_ body: String, _ parameter: String) throws {
        let error = try #require(fault(body))
        #expect(error.kind == .invalidRequest)
        #expect((error.parameter ?? "") == parameter, "\(error.message)")
        #expect(!error.message.isEmpty && error.message.count < 300)
    }

    @Test("may have any member that this version does not know, and ten thousand messages")
    func takesUnknown() throws {
        let messages = Array(repeating: #"{"role":"user","content":"x","new":[1]}"#, count: 10_000).joined(
            separator: ",")
        let request = try ChatRequest(Array(#"{"model":"a","brand_new":{"x":1e2},"messages":[\#(messages)]}"#.utf8))
        #expect(request.root["messages"]?.count == 10_000)
    }

    @Test("nested forty deep is taken, ten thousand deep is refused")
    func nesting() throws {
        func body(_ depth: Int) -> String {
            #"{"model":"a","messages":[{"role":"user","content":"x"}],"deep":"#
                + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(fault(body(40)) == nil)
        #expect(fault(body(10_000))?.kind == .invalidRequest)
    }

    @Test("gets its bound also where it has as many values as it may have")
    func limitsFullRequest() throws {
        let start = #"{"model":"a/b","messages":[{"role":"user","content":"Hi"}],"x":["#
        // The root, the model, the messages with one of three values, and the list.
        let zeros = Array(repeating: "0", count: 250_000 - 7).joined(separator: ",")
        let request = try ChatRequest(Array((start + zeros + "]}").utf8)).limitingAnswer(to: 500)
        #expect(request.root["max_completion_tokens"]?.integer == 500)
    }
}
