import Testing

@testable import RouterCore

/// Every form in which the catalogue says what a model takes.
@Suite("Traits in the catalogue")
struct TraitFormTests {
    private static func traits(_ members: String) throws -> ChatTraits {
        let reading = try CatalogReaderTests.read(
            #"[{"id": "a/b", \#(members), "endpoints": [{"provider": "gpu1", "model": "x"}]}]"#)
        return try #require(reading.models.last?.endpoints.first?.traits)
    }

    static let forms: [(String, ChatTraits)] = [
        (#""token_limit": "max_tokens""#, ChatTraits(tokenLimit: .maxTokens)),
        (#""token_limit": "max_completion_tokens""#, ChatTraits(tokenLimit: .maxCompletionTokens)),
        (#""token_limit": "either""#, ChatTraits()),
        (#""reasoning": "none""#, ChatTraits(reasoning: .none)),
        (#""reasoning": "always""#, ChatTraits(reasoning: .always)),
        (#""reasoning": "budget""#, ChatTraits(reasoning: .budget)),
        (
            #""reasoning": {"efforts": ["high", "low", "medium"]}"#,
            ChatTraits(reasoning: .effort(efforts: [.low, .medium, .high], standard: .medium))
        ),
        (
            #""reasoning": {"efforts": ["xhigh", "low"]}"#,
            ChatTraits(reasoning: .effort(efforts: [.low, .xhigh], standard: .low))
        ),
        (
            #""reasoning": {"efforts": ["low", "max"], "default": "max"}"#,
            ChatTraits(reasoning: .effort(efforts: [.low, .max], standard: .max))
        ),
        (
            #""reasoning": {"efforts": ["none", "minimal"], "default": "none"}"#,
            ChatTraits(reasoning: .effort(efforts: [.none, .minimal], standard: .none))
        ),
        (
            #""reasoning": {"adaptive": ["max", "low"]}"#,
            ChatTraits(reasoning: .adaptive(efforts: [.low, .max]))
        ),
        (#""reasoning": {"levels": ["high", "minimal"]}"#, ChatTraits(reasoning: .levels([.minimal, .high]))),
        (#""reasoning": {"min_tokens": 128, "max_tokens": 32768}"#, ChatTraits(reasoning: .tokens(128...32_768))),
        (#""reasoning": {"max_tokens": 24576}"#, ChatTraits(reasoning: .tokens(0...24_576))),
        (#""reasoning": {"switch": "enable_thinking"}"#, ChatTraits(reasoning: .templateSwitch("enable_thinking"))),
        (#""mistral_rules": true"#, ChatTraits(mistralRules: true)),
        (#""one_system_message": true"#, ChatTraits(oneSystemMessage: true)),
        (#""sampling": false"#, ChatTraits(takesSampling: false)),
        (#""penalties": false"#, ChatTraits(takesPenalties: false)),
        (#""thought_signatures": true"#, ChatTraits(signsThoughts: true)),
        (#""later_system_messages": true"#, ChatTraits(takesLaterSystem: true)),
        (#""forced_calls": false"#, ChatTraits(takesForcedCalls: false)),
    ]

    @Test("each form is read, and says nothing of the others", arguments: forms.indices)
    func reads(_ index: Int) throws {
        let (members, expected) = Self.forms[index]
        var traits = try Self.traits(members)
        traits.answerTokensMax = nil
        #expect(traits == expected, "\(members)")
    }

    @Test(
        "what is no form is named with what to do",
        arguments: [
            #""reasoning": "sometimes""#, #""reasoning": {}"#, #""reasoning": 7"#, #""reasoning": {"efforts": []}"#,
            #""reasoning": {"efforts": ["hard"]}"#, #""reasoning": {"levels": ["low"], "default": "low"}"#,
            #""reasoning": {"efforts": ["low"], "default": "high"}"#,
            #""reasoning": {"min_tokens": 9, "max_tokens": 8}"#, #""reasoning": {"switch": 7}"#,
            #""token_limit": "tokens""#, #""sampling": "no""#, #""thought_signatures": 1"#, #""penaltys": false"#,
        ])
    func wrong(_ members: String) throws {
        let faults = CatalogReaderTests.faults(
            #"[{"id": "a/b", \#(members), "endpoints": [{"provider": "gpu1", "model": "x"}]}]"#)
        #expect(faults.count >= 1)
        #expect(faults.allSatisfy { $0.path.hasPrefix("models[0].") && !$0.message.isEmpty }, "\(faults)")
    }
}
