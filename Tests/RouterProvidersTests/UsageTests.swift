import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

/// What vendors say of an answer's tier and of what its tokens were is charged by.
@Suite("Counts of vendors")
struct UsageTests {
    private static let openAI = Endpoint.gpt41
    private static let claude = Endpoint(provider: Endpoints.anthropic, upstreamModel: "c")
    private static let gemini = GeminiRequestTests.pro
    private static let vertex = Endpoint(
        provider: Provider(slug: "v", name: "V", dialect: .vertex, baseURL: "https://v.example"), upstreamModel: "g")

    /// The totals that stand when the vendor has sent these bodies, each a record when it streams.
    private func totals(_ endpoint: Endpoint, stream: Bool, _ bodies: [String]) throws -> Usage {
        let client = try Client(endpoint, stream: stream)
        let chat = try #require(Vendors.all[endpoint.provider.dialect]?.chat)
        let type = stream ? "text/event-stream" : "application/json"
        let head = UpstreamHead(status: 200, lines: Array("content-type: \(type)\r\n".utf8))
        var decoder = chat.makeDecoder(for: client.request, from: endpoint, head: head)
        var events: [ChatEvent] = []
        for body in bodies {
            try decoder.decode(Array((stream ? "data: \(body)\n\n" : body).utf8), into: &events)
        }
        try decoder.finish(into: &events)
        let usages = events.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }
        return try #require(usages.last)
    }

    static let tiers = [
        (#""flex""#, "flex"), (#""priority""#, "priority"), (#""fast""#, "priority"), (#""scale""#, "scale"),
        (#""default""#, nil), (#""auto""#, nil), ("null", nil), ("7", nil), (#""""#, nil),
    ]

    @Test("the tier of OpenAI's answers is that of the answer, not of the request", arguments: tiers)
    func openAI(_ word: String, _ tier: String?) throws {
        let counts = #""usage":{"prompt_tokens":3,"completion_tokens":2}"#
        let whole = try totals(
            Self.openAI, stream: false,
            [#"{"service_tier":\#(word),"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],\#(counts)}"#])
        #expect(whole.serviceTier == tier)
        #expect(whole.prompt == 3)
        let streamed = try totals(
            Self.openAI, stream: true,
            [
                #"{"service_tier":"auto","choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#,
                #"{"service_tier":\#(word),"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
                #"{"choices":[],\#(counts)}"#, "[DONE]",
            ])
        #expect(streamed.serviceTier == tier)
        #expect(streamed.completion == 2)
    }

    @Test("a tier that comes behind the counts counts too")
    func lateTier() throws {
        let usage = try totals(
            Self.openAI, stream: true,
            [
                #"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}"#,
                #"{"service_tier":"flex","choices":[]}"#, "[DONE]",
            ])
        #expect(usage.serviceTier == "flex")
        #expect(usage.prompt == 3)
    }

    @Test("the tier of Anthropic's answers stands beside their counts")
    func anthropic() throws {
        for (word, tier) in [("standard", nil), ("priority", "priority"), ("batch", "batch")] as [(String, String?)] {
            let counts =
                #""usage":{"input_tokens":3,"output_tokens":2,"service_tier":"\#(word)","server_tool_use":{"web_search_requests":4}}"#
            let whole = try totals(
                Self.claude, stream: false,
                [#"{"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn",\#(counts)}"#])
            #expect(whole.serviceTier == tier)
            #expect(whole.webSearches == 4)
            let streamed = try totals(
                Self.claude, stream: true,
                [
                    #"{"type":"message_start","message":{\#(counts)}}"#,
                    #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
                    #"{"type":"message_stop"}"#,
                ])
            #expect(streamed.serviceTier == tier)
            #expect(streamed.completion == 9)
        }
    }

    @Test("the tier of Gemini's answers stands beside their counts, at Google Cloud under another name")
    func gemini() throws {
        for (said, tier) in [
            (#""serviceTier":"standard""#, nil), (#""serviceTier":"flex""#, "flex"),
            (#""serviceTier":"priority""#, "priority"), (#""trafficType":"ON_DEMAND""#, nil),
            (#""trafficType":"ON_DEMAND_FLEX""#, "flex"), (#""trafficType":"ON_DEMAND_PRIORITY""#, "priority"),
            (#""trafficType":"PROVISIONED_THROUGHPUT""#, nil),
        ] as [(String, String?)] {
            for (endpoint, stream) in [(Self.gemini, false), (Self.gemini, true), (Self.vertex, true)] {
                let usage = try totals(
                    endpoint, stream: stream,
                    [
                        #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,\#(said)}}"#
                    ])
                #expect(usage.serviceTier == tier, "\(said)")
            }
        }
    }

    @Test("sound and images among OpenAI's tokens are counted apart, and Mistral's seconds of sound")
    func openAIKinds() throws {
        let usage = try totals(
            Self.openAI, stream: false,
            [
                #"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":20,"prompt_audio_seconds":7,"prompt_tokens_details":{"audio_tokens":1,"image_tokens":2,"cached_tokens":3,"cache_write_tokens":4},"completion_tokens_details":{"audio_tokens":5,"image_tokens":6,"accepted_prediction_tokens":7,"rejected_prediction_tokens":8}}}"#
            ])
        #expect(usage.promptAudio == 1)
        #expect(usage.promptImage == 2)
        #expect(usage.cacheRead == 3)
        #expect(usage.cacheWrite == 4)
        #expect(usage.completionAudio == 5)
        #expect(usage.completionImage == 6)
        #expect(usage.acceptedPrediction == 7)
        #expect(usage.rejectedPrediction == 8)
        #expect(usage.audioMilliseconds == 7000)
    }

    @Test("sound and images among Gemini's tokens are counted apart, cached and of tools too")
    func geminiKinds() throws {
        let usage = try totals(
            Self.gemini, stream: false,
            [
                #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"toolUsePromptTokenCount":20,"cachedContentTokenCount":60,"candidatesTokenCount":30,"totalTokenCount":150,"promptTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"AUDIO","tokenCount":"50"},{"modality":"IMAGE","tokenCount":30}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":40}],"toolUsePromptTokensDetails":[{"modality":"AUDIO","tokenCount":2},{"modality":"IMAGE","tokenCount":3}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":25},{"modality":"AUDIO","tokenCount":4}]}}"#
            ])
        #expect(usage.prompt == 120)
        #expect(usage.promptAudio == 52)
        #expect(usage.promptImage == 33)
        #expect(usage.cacheRead == 60)
        #expect(usage.cacheReadAudio == 40)
        #expect(usage.completionImage == 25)
        #expect(usage.completionAudio == 4)
    }

    @Test("counts survive their record")
    func record() throws {
        var record = Generation(
            id: Generation.ID(rawValue: "gen-1-a"), account: .first, key: "k", model: "a/b", createdAt: 0,
            streamed: false)
        record.usage.cacheReadAudio = 5
        record.usage.serviceTier = "flex"
        let again = try Generation(json: JSONDocument(record.json).root)
        #expect(again.usage == record.usage)
    }
}
