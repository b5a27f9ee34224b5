import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Chunks that differ only in their text")
struct ChunkTemplateTests {
    /// What a decoder makes of pieces: the events of each, and how it ended.
    private func outcome(_ pieces: [[UInt8]], usesTemplates: Bool) throws -> [String] {
        let request = try Client(.gpt41, stream: true).request
        let decoder = OpenAIStream(
            shape: OpenAIAnswerShape(for: request, quirks: .selfHosted), usesTemplates: usesTemplates)
        return RouterProvidersTests.outcome(of: pieces, by: decoder)
    }

    private func record(_ text: [UInt8], _ shape: String = #"{"choices":[{"index":0,"delta":{"content":"@"}}]}"#)
        -> [UInt8]
    {
        let parts = shape.split(separator: "@", omittingEmptySubsequences: false)
        return Array("data: \(parts[0])".utf8) + text + Array("\(parts.dropFirst().joined(separator: "@"))\n\n".utf8)
    }

    /// Insides of strings, valid and not.
    static let insides: [[UInt8]] =
        [
            "a", "", " the", "\\n", "\\\"", "\\\\", "\\", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\x", "\"", "\u{1}",
            "\t",
            "Сәлем 👋🏽", "\u{7F}", "€", "@", #"","finish_reason":"stop"#, #""},"x":{"content":"b"#, "\\\\\"",
            "\\/\\b\\f\\r",
            "*-routerd-9f3c61d2-text-*", "x*-routerd-9f3c61d2-text-*x", String(repeating: "long ", count: 300),
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x91, 0x8B], [0x61, 0x80], [0xF5],
            [0xE2, 0x82, 0xAC],
        ]

    @Test("a chunk after others like it becomes what it would become as the first", arguments: insides)
    func insidesOfStrings(_ inside: [UInt8]) throws {
        for shape in [
            #"{"choices":[{"index":0,"delta":{"content":"@"}}]}"#,
            #"{"id":"1","choices":[{"delta":{"reasoning":"@","role":"assistant"},"x":1,"stop_reason":null}],"service_tier":"a"}"#,
            #"{"choices":[{"index":3,"delta":{"refusal":"@"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"id":"c","index":0,"function":{"name":"f","arguments":"@"}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"@"}}]}}]}"#,
        ] {
            let pieces = [record([0x61], shape), record([0x62], shape), record([0x63], shape), record(inside, shape)]
            let again = pieces + [record([0x64], shape)]
            #expect(try outcome(again, usesTemplates: true) == outcome(again, usesTemplates: false))
        }
    }

    @Test("streams of mixed chunks become the same with templates and without", arguments: 0..<40)
    func mixedStreams(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let shapes = [
            #"{"id":"1","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}]}"#,
            #"{"id":"1","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}],"created":2}"#,
            #"{"id":"1","choices":[{"index":1,"delta":{"content":"@"},"finish_reason":null}]}"#,
            #"{"id":"1","choices":[{"index":0,"delta":{"reasoning_content":"@"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"@","reasoning":"@"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"@","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"@"},"logprobs":{"content":["@"]}}],"usage":{"prompt_tokens":1}}"#,
            #"{"choices":[{"index":0,"delta":{"content":"@"},"finish_reason":"stop"}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"@"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"@"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"2","function":{"name":"f","arguments":"@"}}]}}]}"#,
        ]
        let likely = Array(repeating: shapes[[0, 1, 2, 3, 9][seed % 5]], count: 20)
        let texts = Self.insides.filter { String(validating: $0, as: UTF8.self) != nil && !$0.contains(0x22) }
        let pieces = (0..<60).map { number -> [UInt8] in
            let shape = (likely + shapes).randomElement(using: &generator) ?? shapes[0]
            let inside = number < 50 ? texts : Self.insides
            return record(inside.randomElement(using: &generator) ?? [], shape)
        }
        #expect(try outcome(pieces, usesTemplates: true) == outcome(pieces, usesTemplates: false))
    }

    @Test("a piece without an id belongs to the newest call, also when that began beside another choice")
    func newCall() throws {
        let piece = record(
            [0x61], #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}]}"#)
        func call(_ id: String, _ more: String = "") -> [UInt8] {
            record(
                Array(id.utf8),
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"@","function":{"name":"f","arguments":"1"}}]}}\#(more)]}"#
            )
        }
        let pieces = [
            call("a"), piece, piece, piece, call("b", #",{"index":1,"delta":{"content":"x"}}"#), piece, piece,
        ]
        #expect(try outcome(pieces, usesTemplates: true) == outcome(pieces, usesTemplates: false))
        #expect(
            try outcome(pieces, usesTemplates: true).last?.contains(#"{"index":1,"function":{"arguments":"a"}}"#)
                == true)
    }

    @Test("a template is used once there is one")
    func isUsed() throws {
        let template = try #require(
            ChunkTemplate(of: Array(#"{"a":"x","b":1}"#.utf8), text: 5..<8) {
                ChatPiece(members: Array("<".utf8) + $0)
            })
        #expect(
            template.piece(for: Array(#"{"a":"yy","b":1}"#.utf8)[...])?.members == Array(#"<{"a":"yy","b":1}"#.utf8))
        #expect(template.piece(for: Array(#"{"a":"yy","b":2}"#.utf8)[...]) == nil)
        #expect(template.piece(for: Array(#"{"a":"","b":1}"#.utf8)[...]) == nil)
        #expect(template.piece(for: Array(#"{"a":""#.utf8)[...]) == nil)
    }
}
