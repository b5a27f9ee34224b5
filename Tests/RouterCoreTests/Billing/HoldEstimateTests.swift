import Testing

@testable import RouterCore

@Suite("What is held before a request is sent")
struct HoldEstimateTests {
    private static let pricing = Pricing(
        prices: [
            .init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002"),
            .init(unit: "audio", usd: "0.000010"), .init(unit: "audio_output", usd: "0.000020"),
            .init(unit: "image_token", usd: "0.000003"), .init(unit: "image", usd: "0.5"),
            .init(unit: "request", usd: "0.25"),
        ],
        tiers: [
            .init(
                above: 100_000, service: nil,
                prices: [.init(unit: "prompt", usd: "0.000004"), .init(unit: "completion", usd: "0.000005")])
        ],
        services: ["priority": [.init(unit: "prompt", usd: "0.000007"), .init(unit: "completion", usd: "0.000008")]])

    private static func estimate(_ members: String, text: String = "Hi") throws -> HoldEstimate {
        try estimate(content: #""\#(text)""#, members)
    }

    private static func estimate(content: String, _ members: String = "") throws -> HoldEstimate {
        let endpoint = Endpoint(provider: Sites.provider("one"), upstreamModel: "m", pricing: pricing)
        let model = try #require(Catalog([Sites.model("test/model", [endpoint])]).models.first)
        let candidates = Candidates(model, providers: ["one": 0])
        let request = try ChatRequest(
            Array(#"{"model":"test/model","messages":[{"role":"user","content":\#(content)}]\#(members)}"#.utf8))
        return HoldEstimate(for: request, targets: [Plan.Target(candidates: candidates, index: 0)])
    }

    @Test("goes by the ordinary prices of text where there is only text")
    func text() throws {
        let estimate = try Self.estimate("")
        #expect(estimate.promptRate == 1_000_000)
        #expect(estimate.outputRate == 2_000_000)
        #expect(estimate.requestFee == 250_000_000_000)
    }

    @Test("goes by the prices of audio and images where the request has them")
    func modalities() throws {
        let audio = try Self.estimate(
            content: #"[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]"#,
            #","modalities":["text","audio"]"#)
        #expect(audio.promptRate == 10_000_000)
        #expect(audio.outputRate == 20_000_000)
        let images = try Self.estimate(
            content: #"[{"type":"image_url","image_url":{"url":"https://a.example/1.png"}},"#
                + #"{"type":"image_url","image_url":{"url":"https://a.example/2.png"}}]"#)
        #expect(images.promptRate == 3_000_000)
        #expect(images.requestFee == 250_000_000_000 + 2 * 500_000_000_000)
    }

    @Test("goes by the prices of long prompts and of the service tier that is asked for")
    func tiers() throws {
        let long = try Self.estimate("", text: String(repeating: "long ", count: 60_000))
        #expect(long.promptRate == 4_000_000)
        #expect(long.outputRate == 5_000_000)
        let priority = try Self.estimate(#","service_tier":"priority""#)
        #expect(priority.promptRate == 7_000_000)
        #expect(priority.outputRate == 8_000_000)
    }

    @Test(
        "counts the text of a part whatever else the part names",
        arguments: [
            #""image_url":null"#, #""input_audio":null"#, #""file":null"#, #""image_url":"https://a.example/1.png""#,
            #""file":{"file_id":"f"}"#, #""x":1"#,
        ])
    func countsText(_ member: String) throws {
        let text = String(repeating: "long ", count: 20_000)
        let estimate = try Self.estimate(content: #"[{"type":"text",\#(member),"text":"\#(text)"}]"#)
        #expect(estimate.promptTokens >= text.utf8.count / 2)
    }
}
