import Testing

@testable import RouterCore

@Suite("The OpenAI chat format")
struct OpenAIChatFormatTests {
    private let piece = ChatPiece(members: Array(#""system_fingerprint":null,"choices":[]"#.utf8))

    private var record: Generation {
        Generation(
            id: Generation.ID(rawValue: "gen-1"), account: .first, key: "key_test", model: "a/b", createdAt: 0,
            streamed: false, cost: Money(nanoUSD: 3_062_500), answerCost: Money(nanoUSD: 3_000_000))
    }

    private func format(streamed: Bool) -> OpenAIChatFormat {
        OpenAIChatFormat(
            id: Generation.ID(rawValue: "gen-1"), createdAt: 1_776_249_000_000, model: "a/b", provider: "Vendor",
            streamed: streamed, streamUsage: .finishChunk)
    }

    @Test("a whole answer is one JSON object with our members before the vendor's")
    func wholeAnswer() throws {
        let root = try JSONDocument(format(streamed: false).completion(piece, of: record)).root
        #expect(
            root.members.map(\.name.string) == [
                "id", "object", "created", "model", "provider", "system_fingerprint", "choices", "usage",
            ])
        #expect(root["created"]?.integer == 1_776_249_000)
        let usage = root["usage"]
        #expect(usage?["cost"]?.double == 0.0030625)
        #expect(usage?["cost_details"]?["upstream_inference_prompt_cost"]?.double == 0.0000625)
        #expect(usage?["cost_details"]?["upstream_inference_completions_cost"]?.double == 0.003)
    }

    @Test("a stream that breaks off ends with one JSON object that has the error, and no [DONE]")
    func brokenStream() throws {
        var format = format(streamed: true)
        var bytes: [UInt8] = []
        format.fail(APIError(.providerError, "It broke."), into: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("data: ") && text.hasSuffix("\n\n") && !text.contains("[DONE]"))
        let root = try JSONDocument(Array(text.dropFirst(6).utf8)).root
        #expect(root["error"]?["message"]?.string == "It broke.")
        #expect(root["choices"]?.elements.first { _ in true }?["finish_reason"]?.string == "error")
    }
}
