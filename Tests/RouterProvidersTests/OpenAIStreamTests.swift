import RouterCore
import TestSupport
import Testing

@Suite("Streams from vendors of the OpenAI family")
struct OpenAIStreamTests {
    func chunk(_ choices: String, _ more: String = "") -> String {
        #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[\#(choices)]\#(more)}"#
    }

    func delta(_ delta: String, _ more: String = "", index: Int = 0, finish: String = "null") -> String {
        chunk(#"{"index":\#(index),"delta":\#(delta)\#(more),"finish_reason":\#(finish)}"#)
    }

    let stop = #""stop""#

    /// What the client folds from chunks; the rules on chunks are checked by the way.
    func fold(
        _ records: [String], _ more: String = "", from endpoint: Endpoint = .engine(), done: Bool = true
    ) throws -> FixtureStream.Fold {
        let stream = try Client(endpoint, stream: true, more).stream(records, done: done)
        #expect(stream.violations.isEmpty)
        return stream.fold
    }

    @Test("each choice gets its role once, before its content, whatever the vendor does")
    func roles() throws {
        let repeated = try fold([
            delta(#"{"role":"assistant","content":"a"}"#), delta(#"{"role":"assistant","content":"b"}"#),
            delta("{}", finish: stop),
        ])
        #expect(repeated.choices[0]?.content == "ab")
        let never = try fold([delta(#"{"content":"a"}"#), delta("{}", finish: stop)])
        #expect(never.choices[0]?.content == "a")
        let nothingElse = try fold([delta("{}", finish: stop)])
        #expect(nothingElse.choices[0]?.finish == "stop")
    }

    @Test("the role is no content yet, so that another endpoint can still be tried")
    func openingDoesNotCommit() throws {
        let client = try Client(.gpt41, stream: true)
        var decoder = OpenAIChatProbe.decoder(client)
        var events: [ChatEvent] = []
        try decoder.decode(Array("data: \(delta(#"{"role":"assistant","content":""}"#))\n\n".utf8), into: &events)
        #expect(events.count == 1)
        #expect(!events.contains { $0.commits })
        try decoder.decode(Array("data: \(delta(#"{"content":"a"}"#))\n\n".utf8), into: &events)
        #expect(events.count == 2)
        #expect(events.contains { $0.commits })
    }

    @Test("what says nothing new is not sent")
    func nothingNew() throws {
        let records = [
            delta(#"{"role":"assistant","content":null}"#), delta(#"{"content":""}"#), delta("{}"),
            delta(#"{"tool_calls":[]}"#), delta(#"{"tool_calls":null,"refusal":null,"reasoning":"","annotations":[]}"#),
            delta(#"{"content":"a"}"#), delta("null"), chunk(""), chunk(#"{"index":0,"finish_reason":null}"#),
            delta("{}", finish: stop),
        ]
        let stream = try Client(.engine(), stream: true).stream(records)
        #expect(stream.violations.isEmpty)
        #expect(stream.chunks.count == 3)
    }

    @Test("the end comes in a chunk of its own, once, and nothing after it")
    func finish() throws {
        let together = try fold([
            delta(#"{"content":"a"}"#, finish: stop), delta(#"{"content":"b"}"#), delta("{}", finish: #""length""#),
        ])
        #expect(together.choices[0]?.content == "a")
        #expect(together.choices[0]?.finish == "stop")
    }

    @Test("log probabilities go with their text, and alone when they come alone")
    func logprobs() throws {
        let logprobs = #","logprobs":{"content":[{"token":"a","logprob":-0.50}]}"#
        let records = [
            delta(#"{"content":"a"}"#, logprobs), delta("{}", logprobs), delta("{}", logprobs, finish: stop),
        ]
        let stream = try Client(.gpt41, stream: true).stream(records)
        #expect(stream.violations.isEmpty)
        let texts = stream.chunks.map { chunk in
            chunk["choices"]?.elements.first { _ in true }?["logprobs"].map { String(decoding: $0.text, as: UTF8.self) }
        }
        let text = #"{"content":[{"token":"a","logprob":-0.50}]}"#
        #expect(texts == [nil, text, text, text])
    }

    // MARK: Several choices, reasoning, other members

    @Test("choices that interleave are kept apart")
    func choices() throws {
        let fold = try fold(
            [
                delta(#"{"content":"a"}"#, index: 1), delta(#"{"content":"b"}"#), delta(#"{"content":"c"}"#, index: 1),
                delta("{}", finish: stop), delta(#"{"content":"d"}"#, index: 1),
                delta("{}", index: 1, finish: #""length""#),
            ], #""n":2"#, from: .gpt41)
        #expect(fold.choices[0]?.content == "b" && fold.choices[0]?.finish == "stop")
        #expect(fold.choices[1]?.content == "acd" && fold.choices[1]?.finish == "length")
        let inOneChunk = try self.fold([
            chunk(
                #"{"index":0,"delta":{"content":"a"},"finish_reason":null},{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}"#
            ), delta("{}", finish: stop),
        ])
        #expect(inOneChunk.choices[0]?.content == "a" && inOneChunk.choices[1]?.content == "b")
    }

    @Test(
        "reasoning goes out under both names, whichever the vendor uses",
        arguments: [
            #"{"reasoning":"r"}"#, #"{"reasoning_content":"r"}"#, #"{"reasoning":"r","reasoning_content":"r"}"#,
            #"{"reasoning":"r","reasoning_content":""}"#, #"{"reasoning_content":"r","reasoning":{"x":1}}"#,
        ])
    func reasoning(_ members: String) throws {
        let records = [delta(members), delta(members), delta(#"{"content":"a"}"#), delta("{}", finish: stop)]
        #expect(try fold(records).choices[0]?.reasoning == "rr")
        for hiding in [#""include_reasoning":false"#, #""reasoning":{"exclude":true}"#] {
            let hidden = try fold(records, hiding).choices[0]
            #expect(hidden?.reasoning == "" && hidden?.content == "a")
        }
    }

    @Test("what an engine adds for itself is not shown; what a vendor adds for clients is, once")
    func otherMembers() throws {
        let records = [
            chunk(
                #"{"index":0,"delta":{"content":"a","token_ids":[1]},"stop_reason":1,"matched_stop":2,"x":3,"finish_reason":null}"#,
                #","timings":{"a":1},"metadata":{},"prompt_token_ids":[1],"citations":["u"],"service_tier":"flex","system_fingerprint":"fp""#
            ), delta("{}", finish: stop),
        ]
        let stream = try Client(.engine(), stream: true).stream(records)
        let text = stream.chunks.map { String(decoding: $0.text, as: UTF8.self) }.joined(separator: "\n")
        for hidden in ["token_ids", "stop_reason", "matched_stop", "timings", "metadata"] {
            #expect(!text.contains(hidden))
        }
        #expect(text.split(separator: #""citations":["u"],"service_tier":"flex""#).count == 2)
        #expect(text.split(separator: #""x":3"#).count == 2)
        #expect(stream.chunks.prefix(2).allSatisfy { $0["system_fingerprint"]?.string == "fp" })
    }

    @Test("of two members of one name the last counts, and only one goes out")
    func duplicateNames() throws {
        let records = [
            delta(#"{"content":"a","content":"b"}"#, #","x":1,"x":2"#), delta("{}", finish: stop),
        ]
        let stream = try Client(.engine(), stream: true).stream(records)
        #expect(stream.fold.choices[0]?.content == "b")
        #expect(stream.chunks.contains { String(decoding: $0.text, as: UTF8.self).contains(#""x":1"#) } == false)
    }

    // MARK: Usage

    private let usage = #","usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}"#
    private let totals = "completion_tokens=5 prompt_tokens=3 total_tokens=8"

    @Test("usage is found wherever it comes, and the last one counts")
    func usagePlaces() throws {
        let content = delta(#"{"content":"a"}"#)
        let early = #","usage":{"prompt_tokens":3,"completion_tokens":1}"#
        let onFinish = chunk(#"{"index":0,"delta":{},"finish_reason":"stop"}"#, usage)
        for records in [
            [content, onFinish], [content, delta("{}", finish: stop), chunk("", usage)],
            [chunk(#"{"index":0,"delta":{"content":"a"},"finish_reason":null}"#, early), onFinish],
            [content, chunk("", early), delta("{}", finish: stop), chunk("", usage)],
        ] {
            #expect(try fold(records).usage == totals)
            #expect(try fold(records, #""stream_options":{"include_usage":true}"#).usage == totals)
            #expect(try fold(records, #""stream_options":{"include_usage":false}"#).usage == nil)
        }
    }

    @Test("usage that was seen is known even when the stream then breaks off")
    func usageBeforeFailure() throws {
        let client = try Client(.engine(), stream: true)
        var decoder = OpenAIChatProbe.decoder(client)
        var events: [ChatEvent] = []
        let text = "data: \(chunk("", usage))\n\ndata: {\"error\":{\"message\":\"x\"}}\n\n"
        #expect(throws: UpstreamFailure.self) { try decoder.decode(Array(text.utf8), into: &events) }
        var expected = Usage()
        expected.prompt = 3
        expected.completion = 5
        #expect(events == [.usage(expected)])
    }

    // MARK: Ends

    @Test("a stream that ends without a reason or without [DONE] was cut off")
    func cutOff() throws {
        let content = delta(#"{"content":"a"}"#)
        for (records, done) in [
            ([content], true), ([content], false), ([content, delta("{}", finish: stop)], false), ([], true),
            ([], false),
            ([chunk("", usage)], true), ([delta(#"{"role":"assistant"}"#)], true),
        ] {
            let fold = try fold(records, done: done)
            #expect(fold.error?.contains("|provider_error|502|airouter-cloud|server") == true)
            #expect(!fold.isDone)
        }
    }

    @Test("what comes after [DONE] says nothing")
    func afterDone() throws {
        let fold = try fold([
            delta(#"{"content":"a"}"#), delta("{}", finish: stop), "[DONE]", delta(#"{"content":"b"}"#), "no JSON",
        ])
        #expect(fold.choices[0]?.content == "a" && fold.isDone)
    }

    @Test("a stream whose reason stays empty next to calls ends with tool_calls")
    func emptyFinish() throws {
        let fold = try fold([
            delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}"#, finish: "\"\"")
        ])
        #expect(fold.choices[0]?.finish == "tool_calls" && fold.choices[0]?.calls[0]?.arguments == "{}")
        #expect(try self.fold([delta(#"{"content":"a"}"#, finish: "\"\"")]).error != nil)
    }

    @Test(
        "the vendor's words for the end become the public ones",
        arguments: [
            ("length", "length"), ("content_filter", "content_filter"), ("eos_token", "stop"),
            ("model_length", "length"),
            ("something_new", "something_new"),
        ])
    func finishReasons(_ word: String, _ reason: String) throws {
        let fold = try fold([delta(#"{"content":"a"}"#), delta("{}", finish: "\"\(word)\"")])
        #expect(fold.choices[0]?.finish == reason)
    }

    @Test("a vendor's word for a failure is a failure")
    func failingFinish() throws {
        let fold = try fold([delta(#"{"content":"a"}"#), delta("{}", finish: #""abort""#)])
        #expect(fold.error?.contains("abort") == true && fold.error?.contains("|502|") == true)
    }

    // MARK: What is no stream

    @Test("a record that is not JSON, or no object, is no answer")
    func notJSON() throws {
        for record in ["<html>", "{", "[]", "5", "{} {}"] {
            let fold = try fold([delta(#"{"content":"a"}"#), record])
            #expect(fold.error?.contains("|502|") == true)
        }
    }

    @Test("bytes that are not UTF-8 are replaced, and the stream goes on")
    func invalidUTF8() throws {
        let client = try Client(.engine(), stream: true)
        var decoder = OpenAIChatProbe.decoder(client)
        var events: [ChatEvent] = []
        for text in ["a", "b", "c"] {
            var bytes = Array("data: \(delta(#"{"content":"\#(text)?"}"#))\n\n".utf8)
            if let place = bytes.firstIndex(of: UInt8(ascii: "?")) { bytes[place] = 0xFF }
            try decoder.decode(bytes, into: &events)
        }
        let texts = events.dropFirst().compactMap { event -> String? in
            guard case .content(let piece) = event else { return nil }
            return String(decoding: piece.members, as: UTF8.self)
        }
        #expect(texts.count == 3)
        #expect(texts.last?.contains("\"c\u{FFFD}\"") == true)
    }

    @Test("an error or a whole answer where a stream was asked for is read as what it is")
    func noStream() throws {
        func stream(_ body: String, type: String) throws -> FixtureStream.Fold {
            let head = UpstreamHead(status: 200, lines: Array("Content-Type: \(type)\r\n".utf8))
            let client = try Client(.engine(), stream: true)
            let stream = FixtureStream(client.receive([Array(body.utf8)], through: OpenAIChatProbe.chat, head: head))
            #expect(stream.violations.isEmpty)
            return stream.fold
        }
        let error = try stream(#"{"error":{"message":"too many","code":429}}"#, type: "Application/JSON; charset=utf-8")
        #expect(error.error == "too many|rate_limit_exceeded|429|airouter-cloud|rate_limit_exceeded")
        let page = try stream("<!DOCTYPE html><html>secret</html>", type: "text/html; charset=utf-8")
        #expect(page.error?.contains("|502|") == true && page.error?.contains("secret") == false)
        let whole = try stream(
            #"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]\#(usage)}"#,
            type: "application/json")
        #expect(whole.choices[0]?.content == "a" && whole.choices[0]?.finish == "stop" && whole.usage == totals)
    }

    @Test(
        "an error inside a stream tells the same as one before it would",
        arguments: [
            (
                #"{"error":{"message":"m","type":"server_error","code":null}}"#,
                "m|provider_error|502|airouter-cloud|server"
            ),
            (
                #"{"error":{"message":"m","code":503}}"#,
                "m|provider_unavailable|503|airouter-cloud|provider_unavailable"
            ),
            (#"{"error":{"message":"m","code":400}}"#, "m|invalid_request_error|400|airouter-cloud|invalid_request"),
            (
                #"{"error":{"message":"m","code":"rate_limit_exceeded"}}"#,
                "m|rate_limit_exceeded|429|airouter-cloud|rate_limit_exceeded"
            ),
            (#"{"error":"m"}"#, "m|provider_error|502|airouter-cloud|server"),
            (#"{"object":"error","message":"m","code":500}"#, "m|provider_error|502|airouter-cloud|server"),
        ])
    func errors(_ record: String, _ expected: String) throws {
        for records in [[record], [delta(#"{"content":"a"}"#), record]] {
            #expect(try fold(records).error == expected)
            #expect(try fold(records, done: false).error == expected)
        }
    }

    @Test("an event that is called an error is one, whatever is in it")
    func errorEvent() throws {
        let content = (0..<3).map { _ in "data: \(delta(#"{"content":"a"}"#))\n\n" }.joined()
        for error in [#"{"message":"m"}"#, delta(#"{"content":"b"}"#, #","message":"m""#)] {
            let text = content + "event: error\ndata: \(error)\n\n"
            let client = try Client(.engine(), stream: true)
            let stream = FixtureStream(
                client.receive([Array(text.utf8)], through: OpenAIChatProbe.chat, head: UpstreamHead(status: 200)))
            #expect(stream.fold.error?.hasSuffix("|provider_error|502|airouter-cloud|server") == true)
            #expect(stream.fold.choices[0]?.content == "aaa")
        }
    }
}
