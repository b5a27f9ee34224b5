import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Records of Gemini that differ only in text and counts")
struct GeminiTemplateTests {
    /// What a decoder makes of records: the events of each, and how it ended.
    private func outcome(_ records: [String], usesTemplates: Bool) -> [String] {
        RouterProvidersTests.outcome(
            of: records.map { Array("data: \($0)\r\n\r\n".utf8) },
            by: GeminiStream(GeminiAnswerShape(hidesReasoning: false, memory: nil), usesTemplates: usesTemplates))
    }

    private static func record(_ part: String, counts: String = "", more: String = "") -> String {
        let usage = counts.isEmpty ? "" : #","usageMetadata":{\#(counts)}"#
        return
            #"{"candidates":[{"content":{"parts":[\#(part)],"role":"model"},"index":0\#(more)}]\#(usage),"modelVersion":"g","responseId":"r"}"#
    }

    private static func counts(_ prompt: String, _ candidates: String, _ total: String) -> String {
        #""promptTokenCount":\#(prompt),"candidatesTokenCount":\#(candidates),"totalTokenCount":\#(total),"promptTokensDetails":[{"modality":"TEXT","tokenCount":9}],"serviceTier":"flex""#
    }

    static let texts = [
        "a", "", " the", #"\n\"q\"\\"#, #"\u003cb\u003e"#, #"\ud83d\ude00"#, #"\ud83d"#, #"\u12"#, #"\u12G4"#, #"\u"#,
        #"\DBFF"#,
        #"\uDBFF"#, #"\ud7ff"#, "Сәлем 👋🏽", "*-routerd-9f3c61d2-text-*", #"x"},{"text":"y"#,
    ]

    @Test("a record after others like it becomes what it would become as the first", arguments: texts)
    func becomesTheSame(_ text: String) {
        for extra in ["", #","thought":true"#] {
            for counts in ["", Self.counts("9", "12", "21")] {
                let before = (1...4).map { Self.record(#"{"text":"t\#($0)"\#(extra)}"#, counts: counts) }
                let records =
                    before + [Self.record(#"{"text":"\#(text)"\#(extra)}"#, counts: counts)] + before
                #expect(outcome(records, usesTemplates: true) == outcome(records, usesTemplates: false))
            }
        }
    }

    @Test(
        "counts are taken as they stand, and anything else than a count is read",
        arguments: [
            "12", "0", "123456789", "1234567890", "12345678901234567890", "007", "-1", "1.0", "1e3", "null", #""15""#,
            "",
            "[1]", "12 ", " 12",
        ])
    func numbers(_ number: String) {
        let before = (1...4).map { Self.record(#"{"text":"t"}"#, counts: Self.counts("9", "\($0)", "\($0 + 9)")) }
        let records = before + [Self.record(#"{"text":"u"}"#, counts: Self.counts("9", number, "30"))] + before
        #expect(outcome(records, usesTemplates: true) == outcome(records, usesTemplates: false))
    }

    @Test("what changes in between is not passed over", arguments: 0..<40)
    func mixed(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let shapes: [(Int) -> String] = [
            { Self.record(#"{"text":"a\#($0)"}"#, counts: Self.counts("9", "\($0)", "\($0 + 9)")) },
            { Self.record(#"{"text":"b\#($0)","thought":true}"#, counts: Self.counts("9", "\($0)", "\($0 + 9)")) },
            { Self.record(#"{"text":"c\#($0)","thought":true,"thoughtSignature":"S"}"#) },
            { Self.record(#"{"text":"d\#($0)","thoughtSignature":"S"}"#) },
            { Self.record(#"{"functionCall":{"name":"f","args":{"n":\#($0)}}}"#) },
            { Self.record(#"{"text":"e\#($0)"}"#, more: #","finishReason":"STOP""#) },
            { Self.record(#"{"text":"f\#($0)"},{"text":"g"}"#) },
            { Self.record(#"{"text":"h\#($0)"}"#).replacing(#""index":0"#, with: #""index":1"#) },
            {
                Self.record(
                    #"{"text":"i\#($0)"}"#,
                    more: #","citationMetadata":{"citationSources":[{"startIndex":0,"endIndex":1,"uri":"u"}]}"#)
            },
        ]
        let records = (0..<60).map { number in
            let place = Int.random(in: 0..<30, using: &generator)
            return shapes[place < shapes.count && (place != 5 || number > 50) ? place : seed % 2](number)
        }
        #expect(outcome(records, usesTemplates: true) == outcome(records, usesTemplates: false))
    }

    @Test("a template is used once there is one, and takes the counts of what it passes on")
    func isUsed() throws {
        let document = try JSONDocument(Array(Self.record(#"{"text":"t"}"#, counts: Self.counts("9", "1", "10")).utf8))
        var template = try #require(
            GeminiTemplate(of: document) { ChatPiece(members: Array("<".utf8) + $0) })
        var usage = GeminiUsage()
        let next = Array(Self.record(#"{"text":"next"}"#, counts: Self.counts("9", "25", "34")).utf8)
        let found = try #require(template.piece(for: next[...], counting: &usage))
        #expect(String(decoding: found.text, as: UTF8.self) == "next")
        #expect(usage.totals.prompt == 9)
        #expect(usage.totals.completion == 25)
        let other = Array(Self.record(#"{"text":"next"}"#, counts: Self.counts("9", "25", "34"), more: " ").utf8)
        #expect(template.piece(for: other[...], counting: &usage) == nil)
    }
}
