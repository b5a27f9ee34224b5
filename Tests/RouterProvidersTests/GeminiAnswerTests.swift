import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

/// What the worked examples of Gemini do not show of answers.
@Suite("Answers of Gemini")
struct GeminiAnswerTests {
    private static let endpoint = GeminiRequestTests.pro

    private func stream(_ records: [String], _ more: String = "") throws -> FixtureStream {
        try Client(Self.endpoint, stream: true, more).stream(records, done: false)
    }

    private func answer(_ body: String, _ more: String = "") throws -> JSONValue {
        try Client(Self.endpoint, stream: false, more).answer(body)
    }

    private func text(_ piece: String, _ more: String = "") -> String {
        #"{"candidates":[{"content":{"parts":[{"text":"\#(piece)"}],"role":"model"},"index":0\#(more)}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#
    }

    @Test("candidates are kept apart, each with its role and end")
    func candidates() throws {
        let got = try stream([
            #"{"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}},{"content":{"parts":[{"text":"a"}]}}]}"#,
            #"{"candidates":[{"index":1,"finishReason":"STOP"}]}"#, #"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#,
        ])
        #expect(got.violations.isEmpty)
        #expect(got.fold.choices[0]?.content == "a")
        #expect(got.fold.choices[0]?.finish == "length")
        #expect(got.fold.choices[1]?.content == "b")
        #expect(got.fold.choices[1]?.finish == "stop")
    }

    @Test("a candidate without an end is a cut answer, and nothing of it counts as complete")
    func cutOff() throws {
        let got = try stream([
            text("a"), #"{"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}"#,
        ])
        #expect(!got.isDone)
        #expect(got.fold.error?.contains("ended early") == true)
    }

    @Test("the last totals count, and members that are missing stay as they were")
    func usage() throws {
        let got = try stream(
            [
                #"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":"9","cachedContentTokenCount":3,"totalTokenCount":9}}"#,
                #"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"candidatesTokenCount":5,"thoughtsTokenCount":2,"totalTokenCount":14}}"#,
            ], #""stream_options":{"include_usage":true}"#)
        // 9 and 5 make 14: the thoughts are among the 5.
        #expect(got.fold.usage?.contains("completion_tokens=5") == true)
        #expect(got.fold.usage?.contains("prompt_tokens=9") == true)
        #expect(got.fold.usage?.contains("prompt_tokens_details.cached_tokens=3") == true)
        #expect(got.fold.usage?.contains("reasoning_tokens=2") == true)
    }

    @Test("sound among the tokens is counted apart")
    func audioTokens() throws {
        let got = try answer(
            #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"promptTokensDetails":[{"modality":"TEXT","tokenCount":2},{"modality":"AUDIO","tokenCount":7}],"candidatesTokenCount":1,"totalTokenCount":10}}"#
        )
        #expect(got["usage"]?["prompt_tokens_details"]?["audio_tokens"]?.integer == 7)
    }

    @Test("the vendor's word for the end stands beside ours")
    func nativeReason() throws {
        for (word, ours) in [
            ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("SPII", "content_filter"),
            ("OTHER", "stop"), ("SOMETHING_NEW", "stop"), ("MALFORMED_FUNCTION_CALL", "stop"),
        ] {
            let got = try answer(#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"\#(word)"}]}"#)
            let choice = try #require(got["choices"]?.elements.first { _ in true })
            #expect(choice["finish_reason"]?.string == ours)
            #expect(choice["native_finish_reason"]?.string == word)
            // What was said is not called a refusal.
            #expect(choice["message"]?["refusal"]?.isNull == true)
        }
    }

    @Test("calls have ids of their own form where the vendor gives none, no two the same")
    func callIDs() throws {
        let call = #"{"functionCall":{"name":"f","args":{"a":12345678901234567890,"b":1.0}}}"#
        let got = try answer(
            #"{"candidates":[{"content":{"parts":[\#(call),\#(call)]},"finishReason":"STOP"}],"responseId":"r"}"#)
        let calls = try #require(
            got["choices"]?.elements.first { _ in true }?["message"]?["tool_calls"].map { Array($0.elements) })
        let ids = calls.compactMap { $0["id"]?.string }
        #expect(Set(ids).count == 2)
        #expect(ids.allSatisfy { $0.hasPrefix("call_") && $0.utf8.count == 29 })
        #expect(calls[0]["function"]?["arguments"]?.string == #"{"a":12345678901234567890,"b":1.0}"#)
    }

    @Test("a call without arguments ends with an empty object")
    func noArguments() throws {
        let got = try stream([
            #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#
        ])
        #expect(got.violations.isEmpty)
        #expect(got.fold.choices[0]?.calls[0]?.arguments == "{}")
        #expect(got.fold.choices[0]?.finish == "tool_calls")
    }

    @Test("who does not want to see the reasoning sees none of it, and gets the signatures of calls")
    func hiddenReasoning() throws {
        let got = try stream(
            [
                #"{"candidates":[{"content":{"parts":[{"text":"why","thought":true,"thoughtSignature":"T"},{"functionCall":{"name":"f"},"thoughtSignature":"S"}]},"finishReason":"STOP"}]}"#
            ], #""include_reasoning":false"#)
        let all = got.chunks.map { String(decoding: $0.text, as: UTF8.self) }.joined()
        #expect(!all.contains("why"))
        #expect(!all.contains("reasoning_details"))
        #expect(all.contains(#""thought_signature":"S""#))
    }

    @Test("images come as data addresses")
    func images() throws {
        let got = try answer(
            #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},"finishReason":"STOP"}]}"#
        )
        let image = got["choices"]?.elements.first { _ in true }?["message"]?["images"]?.elements.first { _ in true }
        #expect(image?["image_url"]?["url"]?.string == "data:image/png;base64,AAAA")
    }

    private func annotations(_ message: JSONValue?) -> [String] {
        message?["annotations"]?.elements.map { annotation in
            let citation = annotation["url_citation"]
            let range = [citation?["start_index"]?.integer, citation?["end_index"]?.integer].map { $0 ?? -1 }
            return "\(range[0])-\(range[1]) \(citation?["url"]?.string ?? "") \(citation?["title"]?.string ?? "-")"
        } ?? []
    }

    private static let grounding =
        #""groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}},{"web":{"uri":"https://b.example"}},{"web":{}}],"groundingSupports":[{"segment":{"endIndex":3,"text":"né"},"groundingChunkIndices":[0]},{"segment":{"startIndex":4,"endIndex":7,"text":"abc"},"groundingChunkIndices":[0,1,2,9]},{"segment":{"startIndex":9,"endIndex":2},"groundingChunkIndices":[0]},{}]}"#

    @Test("sources stand in annotations, their places counted in characters, whole and streamed")
    func grounding() throws {
        let expected = [
            "0-2 https://a.example A", "3-6 https://a.example A", "3-6 https://b.example ",
        ]
        let whole = try answer(
            #"{"candidates":[{"content":{"parts":[{"text":"né abc"}]},"finishReason":"STOP",\#(Self.grounding)}]}"#)
        #expect(annotations(whole["choices"]?.elements.first { _ in true }?["message"]) == expected)
        let streamed = try stream([
            text("n"), text("\\u00e9"), text(" a"), text("bc"), text("", ",\(Self.grounding)"),
            text("", #","finishReason":"STOP",\#(Self.grounding)"#),
        ])
        #expect(streamed.violations.isEmpty)
        let deltas = streamed.chunks.flatMap { annotations($0["choices"]?.elements.first { _ in true }?["delta"]) }
        #expect(deltas == expected)
    }

    @Test("what was copied from elsewhere is cited, and what has no address is not")
    func citations() throws {
        let got = try answer(
            #"{"candidates":[{"content":{"parts":[{"text":"abcdef"}]},"finishReason":"STOP","citationMetadata":{"citationSources":[{"startIndex":1,"endIndex":3,"uri":"https://c.example","license":"mit"},{"endIndex":3}]}}]}"#
        )
        #expect(
            annotations(got["choices"]?.elements.first { _ in true }?["message"]) == ["1-3 https://c.example "])
    }

    @Test("code that the vendor ran, and what it printed, stand in the text")
    func code() throws {
        let parts =
            #"{"text":"So:"},{"executableCode":{"language":"PYTHON","code":"print(\"1\")"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK"}}"#
        let expected = "So:\n```python\nprint(\"1\")\n```\n\n```\n1\n```\n"
        let whole = try answer(#"{"candidates":[{"content":{"parts":[\#(parts)]},"finishReason":"STOP"}]}"#)
        #expect(
            whole["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string == expected)
        let streamed = try stream([
            #"{"candidates":[{"content":{"parts":[\#(parts)]}}]}"#, #"{"candidates":[{"finishReason":"STOP"}]}"#,
        ])
        #expect(streamed.fold.choices[0]?.content == expected)
    }

    @Test("an image of some megabytes comes through a stream")
    func largeImage() throws {
        let data = String(repeating: "QUJD", count: 1_000_000)
        let got = try stream([
            #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(data)"}}]},"finishReason":"STOP"}]}"#
        ])
        #expect(got.fold.error == nil)
        let images = got.chunks.compactMap {
            $0["choices"]?.elements.first { _ in true }?["delta"]?["images"]?.elements.first { _ in true }
        }
        #expect(images.first?["image_url"]?["url"]?.string == "data:image/png;base64,\(data)")
    }

    @Test("errors inside a 200 count by their code, whole and streamed")
    func errors() throws {
        for (code, ours) in [(429, 429), (503, 503), (500, 502), (400, 400)] {
            let body = #"{"error":{"code":\#(code),"message":"no","status":"X"}}"#
            #expect(try answer(body)["error"]?["code"]?.integer == ours)
            let got = try stream([text("a"), body])
            #expect(!got.isDone)
            #expect(got.fold.error?.hasPrefix("no|") == true)
        }
        let key = #"{"error":{"code":400,"message":"k","details":[{"reason":"API_KEY_INVALID"}]}}"#
        #expect(try answer(key)["error"]?["code"]?.integer == 502)
    }

    @Test("a delay that makes no sense is no delay")
    func delays() {
        for (delay, seconds) in [("2s", 2), ("0.5s", 1), ("99999999s", 86_400)] {
            #expect(failure(delay).retryAfter == .seconds(seconds))
        }
        for delay in ["s", "-1s", "nans", "1", "infs"] { #expect(failure(delay).retryAfter == nil) }
    }

    private func failure(_ delay: String) -> UpstreamFailure {
        GeminiFailure.reading(
            UpstreamHead(status: 429),
            body: Array(#"{"error":{"code":429,"message":"m","details":[{"retryDelay":"\#(delay)"}]}}"#.utf8))
    }

    @Test("a body where a stream was asked for becomes a stream, also as the list that comes without events")
    func unstreamed() throws {
        for body in [text("a", #","finishReason":"STOP""#), "[\(text("a")),\(text("", #","finishReason":"STOP""#))]"] {
            let client = try Client(Self.endpoint, stream: true)
            let head = UpstreamHead(status: 200, lines: Array("content-type: application/json\r\n".utf8))
            let got = FixtureStream(client.receive([Array(body.utf8)], through: GeminiChat(), head: head))
            #expect(got.violations.isEmpty)
            #expect(got.fold.choices[0]?.content == "a")
        }
    }

    @Test("what follows the end of a candidate, a [DONE] and comments say nothing")
    func afterEnd() throws {
        let got = try stream([text("a", #","finishReason":"STOP""#), text("b"), "[DONE]"])
        #expect(got.violations.isEmpty)
        #expect(got.fold.choices[0]?.content == "a")
    }
}
