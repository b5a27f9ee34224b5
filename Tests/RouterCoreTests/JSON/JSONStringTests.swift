import RouterCore
import Testing

@Suite("Strings in JSON")
struct JSONStringTests {
    /// What can stand in a string, good and bad.
    static let specials: [String] = [
        "\"", "\\\"", "\\\\", "\\/", "\\n", "\\u0041", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\udc00x",
        "\u{00}", "\u{01}", "\u{1F}", "\u{7F}", "\\", "\\x", "\\u12", "\\u12G4",
        "\u{C3}\u{A9}", "\u{E2}\u{82}\u{AC}", "\u{F0}\u{9F}\u{98}\u{80}",
        "\u{FF}", "\u{80}", "\u{C0}\u{80}", "\u{C3}", "\u{E2}\u{82}", "\u{E0}\u{80}\u{80}", "\u{ED}\u{A0}\u{80}",
        "\u{F0}\u{80}\u{80}\u{80}", "\u{F4}\u{90}\u{80}\u{80}", "\u{F0}\u{9F}\u{98}",
    ]

    @Test("nothing is overlooked wherever it stands among 16 and 32 bytes", arguments: specials)
    func boundaries(_ special: String) {
        let special = JSONConformance.bytes(special)
        for position in 0...70 {
            for (before, after, tail) in [(0, 0, 0), (1, 3, 0), (7, 17, 1), (15, 33, 40), (31, 64, 33)] {
                let content =
                    [UInt8](repeating: 0x61, count: position) + special + [UInt8](repeating: 0x62, count: after)
                let space = [UInt8](repeating: 0x20, count: before)
                let end = [UInt8](repeating: 0x20, count: tail)
                expectAgreement(space + [0x22] + content + [0x22] + end, "at \(position)")
            }
            // As a name, and as the rest of a text that ends in it.
            expectAgreement(
                [0x7B, 0x22] + [UInt8](repeating: 0x61, count: position) + special + Array(#"":1}"#.utf8),
                "in a name at \(position)")
            expectAgreement([0x22] + [UInt8](repeating: 0x61, count: position) + special, "cut at \(position)")
        }
    }

    @Test("two specials in a row are both seen", arguments: specials)
    func pairs(_ first: String) {
        for second in Self.specials {
            for position in [0, 13, 14, 15, 16, 29, 30, 31, 32, 33] {
                expectAgreement(
                    [0x22] + [UInt8](repeating: 0x61, count: position)
                        + JSONConformance.bytes(first + second) + Array(#"cccc""#.utf8),
                    "at \(position)")
            }
        }
    }

    @Test("every two bytes are judged as the reference judges them")
    func pairsOfBytes() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max where first >= 0x80 || second % 16 == 0 || second == 0x22 {
                expectAgreement([0x22, first, second, 0x22])
                if second % 8 == 0 { expectAgreement([0x22, first, second, 0xBF, 0x80, 0x22]) }
            }
        }
    }

    @Test("every kind of malformed character is found, at the end of a text and before it")
    func malformed() {
        let bytes: [UInt8] = [0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        let first: [UInt8] = [
            0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7,
            0xF8, 0xFF,
        ]
        for first in first {
            for second in bytes {
                for third in [0x22, 0x7F, 0x80, 0xBF, 0xC0] as [UInt8] {
                    for fourth in [0x22, 0x80, 0xBF, 0xC0] as [UInt8] {
                        expectAgreement([0x22, first, second, third, fourth, 0x22])
                        expectAgreement([0x22, first, second, third, fourth])
                    }
                    expectAgreement([0x22, first, second, third])
                }
                expectAgreement([0x22, first, second])
            }
            expectAgreement([0x22, first])
        }
    }

    @Test("every byte is judged as the reference judges it in each place of an escape")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<4 {
                var escape = Array("\"\\uaF09".utf8)
                escape[3 + place] = byte
                expectAgreement(escape + [0x22])
                expectAgreement(escape + Array("      \"".utf8))
                expectAgreement([0x7B] + escape + Array("\":0}".utf8))
                expectAgreement(escape)
            }
        }
    }

    @Test("every character is written and read back as it was")
    func scalars() throws {
        var text = ""
        for value in UInt32(0)...0x2FFF { Unicode.Scalar(value).map { text.unicodeScalars.append($0) } }
        for value in stride(from: UInt32(0x3000), through: 0x10FFFF, by: 251) {
            Unicode.Scalar(value).map { text.unicodeScalars.append($0) }
        }
        var writer = JSONWriter()
        writer.string(text)
        let document = try JSONDocument(writer.bytes)
        #expect(document.root.string.map { Array($0.utf8) } == Array(text.utf8))
        #expect(!writer.bytes.contains { $0 < 0x20 })
    }

    @Test("half of a surrogate pair passes through a value and is replaced when decoded")
    func loneSurrogates() throws {
        let text = Array(#"["a\ud800","\ude00b","\ud800\ud83d\ude00","\ud800\u0041"]"#.utf8)
        let document = try JSONDocument(text)
        #expect(
            document.root.elements.map(\.string) == ["a\u{FFFD}", "\u{FFFD}b", "\u{FFFD}😀", "\u{FFFD}A"])
        var writer = JSONWriter()
        writer.copy(document.root)
        #expect(writer.bytes == text)
    }

    @Test("strings are compared without regard to how they are written")
    func comparing() throws {
        let document = try JSONDocument(Array(#"["model","m\u006fdel","mode","models","Model","",7,"é"]"#.utf8))
        #expect(
            document.root.elements.map { $0.equals("model") }
                == [true, true, false, false, false, false, false, false])
        #expect(document.root.elements.map { $0.equals("") }.firstIndex(of: true) == 5)
        #expect(document.root.elements.map { $0.equals("é") }.firstIndex(of: true) == 7)
    }

    @Test("a member is found by its name however it is written, and by nothing that only looks like it")
    func names() throws {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        let document = try JSONDocument(
            Array("{\"\(composed)\":1,\"\(decomposed)\":2,\"m\\u006fdel\":3,\"\":4,\"a\\u0000b\":5}".utf8))
        #expect(document.root[composed]?.integer == 1)
        #expect(document.root[decomposed]?.integer == 2)
        #expect(document.root["model"]?.integer == 3)
        #expect(document.root[""]?.integer == 4)
        #expect(document.root["a\0b"]?.integer == 5)
        #expect(document.root["a"] == nil)
        var found: [String] = []
        for member in document.root.members {
            switch member.name {
            case "mode", "models", "": found.append("wrong: \(member.name.string)")
            case "model": found.append("model")
            default: found.append("other")
            }
        }
        #expect(found == ["other", "other", "model", "wrong: ", "other"])
        // A constant that is a character rather than a text.
        let character = StaticString(unicodeScalarLiteral: "é")
        #expect(document.root.members.map { $0.name == character } == [true, false, false, false, false])
        #expect(document.root.members.map { $0.name != character } == [false, true, true, true, true])
    }

    @Test(
        "of hundreds of marks on one letter in disorder, which nobody can compare in time, are refused of clients",
        .timeLimit(.minutes(1)))
    func costly() throws {
        let marks = String(repeating: "\u{301}", count: 200_000) + String(repeating: "\u{316}", count: 200_000)
        let escapes = String(repeating: "\\u0301\\u0316", count: 1000)
        for text in [
            #"{"a":["x","b\#(marks)"]}"#, #"{"b\#(marks)":1}"#, #"{"a":"\#(escapes)"}"#, #"{"\#(escapes)":1}"#,
        ] {
            let fault = #expect(throws: JSONFault.self) { try JSONDocument(Array(text.utf8)) }
            #expect(fault?.kind == .costlyText && fault?.message.contains("marks") == true)
            // What vendors say is taken as it is.
            #expect((try? JSONDocument(Array(text.utf8), limits: .response)) != nil)
        }
        // Marks in order, and long texts of languages that have marks, are texts.
        for word in [
            "a" + String(repeating: "\u{336}", count: 2000), "हिन्दी ", "שָׁלוֹם ", "tiếng Việt ", "Сәлем ", "e\u{301}\u{316}",
            "日本語",
        ] {
            let long = String(repeating: word, count: 1000)
            #expect(try JSONDocument(Array(#""\#(long)""#.utf8)).root.string?.utf8.count == long.utf8.count)
        }
    }
}
