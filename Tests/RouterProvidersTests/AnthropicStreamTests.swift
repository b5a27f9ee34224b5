import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

@Suite("Answers of Anthropic")
struct AnthropicStreamTests {
    private static let start =
        #"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},"output_tokens":1}}}"#
    private static let stop = #"{"type":"message_stop"}"#

    private static func end(_ reason: String, _ more: String = "") -> String {
        #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)"\#(more)},"usage":{"output_tokens":7}}"#
    }
    private static func block(_ members: String, _ index: Int = 0) -> String {
        #"{"type":"content_block_start","index":\#(index),"content_block":{\#(members)}}"#
    }
    private static func delta(_ members: String, _ index: Int = 0) -> String {
        #"{"type":"content_block_delta","index":\#(index),"delta":{\#(members)}}"#
    }
    private static func close(_ index: Int = 0) -> String { #"{"type":"content_block_stop","index":\#(index)}"# }
    private static func text(_ text: String) -> String { delta(#""type":"text_delta","text":"\#(text)""#) }

    private func stream(_ records: [String], _ more: String = "") throws -> FixtureStream {
        let stream = try Client(.opus47, stream: true, more).stream(records, done: false)
        #expect(stream.violations.isEmpty)
        return stream
    }

    @Test("what is not known is skipped, and many pieces pass as fast as one")
    func unknown() throws {
        let words = (0..<30).map { #"w\#($0) \n\u00e9é"# }
        let stream = try stream(
            [Self.start, Self.block(#""type":"text","text":"A""#), #"{"type":"ping"}"#, #"{"type":"newer"}"#]
                + words.map(Self.text)
                + [Self.delta(#""type":"newer_delta","text":"x""#), Self.text(""), Self.close()]
                + [Self.block(#""type":"server_tool_use","id":"s","name":"w","input":{}"#, 1)]
                + [Self.delta(#""type":"input_json_delta","partial_json":"{}""#, 1), Self.close(1)]
                + [Self.end("end_turn"), Self.stop, Self.text("late")])
        let choice = try #require(stream.fold.choices[0])
        #expect(choice.content == "A" + (0..<30).map { "w\($0) \néé" }.joined())
        #expect(choice.calls.isEmpty)
        #expect(choice.finish == "stop")
        #expect(stream.chunks.count == 33)
    }

    @Test("usage is replaced, never added up, and knows how long what was cached is kept")
    func usage() throws {
        let client = try Client(.opus47, stream: true)
        var decoder = AnthropicChat().makeDecoder(
            for: client.request, from: client.endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        let records = [
            Self.start, Self.block(#""type":"text""#), Self.text("A"), Self.end("end_turn"),
            #"{"type":"message_delta","delta":{},"usage":{"input_tokens":11,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}"#,
            Self.stop,
        ]
        for record in records { try decoder.decode(Array("data: \(record)\r\n\r\n".utf8), into: &events) }
        try decoder.finish(into: &events)
        let totals = events.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }
        #expect(totals.map(\.completion) == [0, 7, 9])
        #expect(totals.map(\.prompt) == [18, 18, 19])
        let last = try #require(totals.last)
        #expect(last.cacheRead == 5)
        #expect(last.cacheWrite == 3)
        #expect(last.cacheWriteHour == 2)
        #expect(last.reasoning == 4)
    }

    @Test("calls count by themselves; one without input, and one that has it from the start, are whole")
    func calls() throws {
        let stream = try stream([
            Self.start, Self.block(#""type":"text","text":"""#), Self.close(),
            Self.block(#""type":"tool_use","id":"t1","name":"f","input":{"a":1.0}"#, 1), Self.close(1),
            Self.block(#""type":"tool_use","id":"t2","name":"g","input":{}"#, 2),
            Self.end("end_turn"), Self.stop,
        ])
        let choice = try #require(stream.fold.choices[0])
        #expect(choice.calls[0]?.arguments.contains("1.0") == true)
        #expect(choice.calls[0]?.id == "t1")
        #expect(choice.calls[1]?.arguments == "{}")
        #expect(choice.finish == "tool_calls")
    }

    @Test(
        "why it ended is said in our words, and the vendor's beside them",
        arguments: [
            ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"), ("refusal", "content_filter"), ("pause_turn", "stop"),
            ("newer", "stop"),
        ])
    func finish(_ word: String, _ reason: String) throws {
        let stream = try stream([Self.start, Self.end(word), Self.stop])
        #expect(stream.fold.choices[0]?.finish == reason)
        let native = stream.chunks.compactMap { $0["choices"]?.elements.first { _ in true }?["native_finish_reason"] }
        #expect(native.map(\.string) == [word])
        let whole = try Client(.opus47, stream: false).answer(#"{"content":[],"stop_reason":"\#(word)"}"#)
        let choice = try #require(whole["choices"]?.elements.first { _ in true })
        #expect(choice["finish_reason"]?.string == reason)
        #expect(choice["native_finish_reason"]?.string == word)
        #expect(choice["message"]?["content"]?.string == "")
    }

    @Test("a refusal says why")
    func refusal() throws {
        let more = #","stop_details":{"type":"refusal","explanation":"No."}"#
        #expect(try stream([Self.start, Self.end("refusal", more), Self.stop]).fold.choices[0]?.refusal == "No.")
    }

    @Test("thoughts are signed and counted, and hidden from who does not want them")
    func thoughts() throws {
        let records = [
            Self.start, Self.block(#""type":"redacted_thinking","data":"D""#), Self.close(),
            Self.block(#""type":"thinking","thinking":"","signature":"""#, 1),
            Self.delta(#""type":"thinking_delta","thinking":"a""#, 1),
            Self.delta(#""type":"thinking_delta","thinking":"b""#, 1),
            Self.delta(#""type":"thinking_delta","thinking":"c""#, 1),
            Self.delta(#""type":"signature_delta","signature":"S""#, 1), Self.close(1), Self.end("end_turn"), Self.stop,
        ]
        let shown = try stream(records)
        #expect(shown.fold.choices[0]?.reasoning == "abc")
        let details = shown.chunks.flatMap { chunk in
            chunk["choices"]?.elements.flatMap { $0["delta"]?["reasoning_details"].map { Array($0.elements) } ?? [] }
                ?? []
        }
        #expect(details.map { $0["index"]?.integer } == [0, 1, 1, 1, 1])
        #expect(details.first?["data"]?.string == "D")
        #expect(details.last?["signature"]?.string == "S")
        let hidden = try stream(records, #""reasoning":{"exclude":true}"#)
        #expect(hidden.chunks.count == 2)
    }

    @Test("citations become annotations of the text they stand in, streamed and whole")
    func citations() throws {
        let citation =
            #"{"type":"char_location","cited_text":"q","document_index":0,"document_title":"a.txt","start_char_index":1,"end_char_index":2}"#
        let annotation =
            #"[{"type":"file_citation","file_citation":{"start_index":2,"end_index":4,"content":"q","document_index":0,"filename":"a.txt","start_char_index":1,"end_char_index":2}}]"#
        let body =
            #"{"model":"a/b","stream":STREAM,"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain,q"},"citations":{"enabled":true}}]}]}"#
        func client(_ isStreamed: Bool) throws -> Client {
            Client(try ChatRequest(Array(body.replacing("STREAM", with: "\(isStreamed)").utf8)), endpoint: .opus47)
        }
        let stream = try client(true).stream(
            [
                Self.start, Self.block(#""type":"text","text":"""#), Self.text(#"\u00e9é"#), Self.close(),
                Self.block(#""type":"text","text":"""#, 1),
                Self.delta(#""type":"citations_delta","citation":\#(citation)"#, 1),
                Self.delta(#""type":"text_delta","text":"ab""#, 1), Self.close(1), Self.end("end_turn"), Self.stop,
            ], done: false)
        #expect(stream.violations.isEmpty)
        let streamed = stream.chunks.compactMap { chunk in
            chunk["choices"]?.elements.first { _ in true }?["delta"]?["annotations"]
        }
        #expect(streamed.map { String(decoding: $0.text, as: UTF8.self) } == [annotation])
        let whole = try client(false).answer(
            #"{"content":[{"type":"text","text":"éé"},{"type":"text","text":"ab","citations":[\#(citation)]}],"stop_reason":"end_turn"}"#
        )
        let message = whole["choices"]?.elements.first { _ in true }?["message"]
        #expect(message?["annotations"].map { String(decoding: $0.text, as: UTF8.self) } == annotation)
    }

    @Test("a whole answer where a stream was asked for is a stream")
    func unstreamed() throws {
        let client = try Client(.opus47, stream: true)
        let body =
            #"{"content":[{"type":"text","text":"A"},{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#
        let head = UpstreamHead(status: 200, lines: Array("content-type: application/json\r\n".utf8))
        let stream = FixtureStream(client.receive([Array(body.utf8)], through: AnthropicChat(), head: head))
        #expect(stream.violations.isEmpty)
        #expect(stream.fold.choices[0]?.content == "A")
        #expect(stream.fold.choices[0]?.calls[0]?.arguments == "{}")
        #expect(stream.fold.choices[0]?.finish == "tool_calls")
    }

    @Test("bytes that are no UTF-8 are replaced")
    func badUTF8() throws {
        let client = try Client(.opus47, stream: true)
        var bytes: [UInt8] = []
        for record in [Self.start, Self.text("A~B"), Self.end("end_turn"), Self.stop] {
            bytes += Array("data: \(record)\n\n".utf8).map { $0 == UInt8(ascii: "~") ? 0xFF : $0 }
        }
        let stream = FixtureStream(
            client.receive([bytes], through: AnthropicChat(), head: UpstreamHead(status: 200)))
        #expect(stream.fold.choices[0]?.content == "A\u{FFFD}B")
        #expect(stream.isDone)
    }

    @Test("a stream that ends after its reason but before its stop was cut off")
    func cutOff() throws {
        let stream = try Client(.opus47, stream: true).stream([Self.start, Self.end("end_turn")], done: false)
        #expect(!stream.isDone)
        #expect(stream.fold.error?.contains("|502|") == true)
    }

    // MARK: Failures

    @Test(
        "an error inside a 200 counts by its type, streamed and whole",
        arguments: [
            ("overloaded_error", 503), ("timeout_error", 503), ("rate_limit_error", 429), ("api_error", 502),
            ("invalid_request_error", 400), ("authentication_error", 502), ("billing_error", 502), ("newer", 502),
        ])
    func errors(_ type: String, _ status: Int) throws {
        let error = #"{"type":"error","error":{"type":"\#(type)","message":"Words"}}"#
        let stream = try stream([Self.start, Self.text("A"), error])
        #expect(stream.fold.error?.contains("|\(status)|") == true)
        let whole = try Client(.opus47, stream: false).answer(error)
        #expect(whole["error"]?["code"]?.integer == status)
    }

    @Test(
        "a status says who is at fault",
        arguments: [
            (400, "refused"), (401, "unauthorized"), (402, "unauthorized"), (403, "unauthorized"), (404, "notFound"),
            (413, "refused"), (429, "rateLimited"), (500, "failed"), (504, "overloaded"), (529, "overloaded"),
        ])
    func statuses(_ status: Int, _ kind: String) {
        let body = Array(#"{"type":"error","error":{"type":"x","message":"Words"}}"#.utf8)
        let failure = AnthropicChat().failure(head: UpstreamHead(status: status), body: body)
        #expect("\(failure.kind)" == kind)
        #expect(failure.message == "Words")
    }

    @Test("our account without money is no fault of the request")
    func balance() {
        let body =
            #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#
        let failure = AnthropicChat().failure(head: UpstreamHead(status: 400), body: Array(body.utf8))
        #expect(failure.kind == .unauthorized)
    }

    @Test("without a word on how long to wait, the limits that are used up say it")
    func resets() {
        func wait(_ lines: String) -> Duration? {
            AnthropicChat().failure(head: UpstreamHead(status: 429, lines: Array(lines.utf8)), body: []).retryAfter
        }
        let date = "date: Wed, 15 Apr 2026 10:30:00 GMT\r\n"
        let limits =
            "anthropic-ratelimit-requests-remaining: 5\r\nanthropic-ratelimit-requests-reset: 2026-04-15T11:00:00Z\r\n"
            + "anthropic-ratelimit-tokens-remaining: 0\r\nanthropic-ratelimit-tokens-reset: 2026-04-15T10:30:21Z\r\n"
        #expect(wait(date + limits) == .seconds(21))
        #expect(wait(date + limits + "retry-after: 4\r\n") == .seconds(4))
        #expect(wait(limits) == nil)
        #expect(wait(date + limits.replacing("2026-04-15T10:30:21Z", with: "soon")) == nil)
    }
}
