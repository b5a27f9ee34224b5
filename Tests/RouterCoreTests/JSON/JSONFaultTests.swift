import RouterCore
import Testing

@Suite("Faults in JSON")
struct JSONFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var kind: JSONFault.Kind
        var offset: Int
        var path: String
        var testDescription: String { text }

        init(_ text: String, _ kind: JSONFault.Kind, _ offset: Int, _ path: String) {
            self.text = text
            self.kind = kind
            self.offset = offset
            self.path = path
        }
    }

    /// In the notation of the conformance cases: a character up to U+00FF is a byte.
    static let cases: [Case] = [
        Case("", .empty, 0, ""),
        Case(" \n", .empty, 2, ""),
        Case("\u{EF}\u{BB}\u{BF}{}", .unexpectedByte, 0, ""),
        Case("}", .unexpectedByte, 0, ""),
        Case("{} x", .trailingBytes, 3, ""),
        Case("[1,2", .unexpectedEnd, 4, ""),
        Case("[1,", .unexpectedEnd, 3, "[1]"),
        Case("[1,}", .unexpectedByte, 3, "[1]"),
        Case("[1 2]", .unexpectedByte, 3, ""),
        Case("[[1],[2,[3,x]]]", .unexpectedByte, 11, "[1][1][1]"),
        Case("[tru]", .unexpectedByte, 4, "[0]"),
        Case("[nul", .unexpectedEnd, 4, "[0]"),
        Case(#"{"a""#, .unexpectedEnd, 4, "a"),
        Case(#"{"a" 1}"#, .unexpectedByte, 5, "a"),
        Case(#"{"a":"#, .unexpectedEnd, 5, "a"),
        Case(#"{"a":1,}"#, .unexpectedByte, 7, ""),
        Case(#"{"a":1,"#, .unexpectedEnd, 7, ""),
        Case(#"{"a":{"b":[0,{"c":01}]}}"#, .invalidNumber, 19, "a.b[1].c"),
        Case("[1.]", .invalidNumber, 3, "[0]"),
        Case("[1.", .unexpectedEnd, 3, "[0]"),
        Case("-", .unexpectedEnd, 1, ""),
        Case(#"{"messages":[{},{"content":}]}"#, .unexpectedByte, 27, "messages[1].content"),
        Case(#"{"messages":[{"content":"a"#, .unexpectedEnd, 26, "messages[0].content"),
        Case("{\"messages\":[{\"content\":\"a\nb\"}]}", .controlCharacter, 26, "messages[0].content"),
        Case("{\"a\":[{\"b\":\"x\u{C3}\"}]}", .invalidUTF8, 13, "a[0].b"),
        Case(#"{"a":{"b":"x\y"}}"#, .invalidEscape, 12, "a.b"),
        Case(#"{"a":{"b":"x\u12"}}"#, .invalidEscape, 12, "a.b"),
        Case(#"{"a":{"x\ud800":1}}"#, .invalidEscape, 8, "a"),
        Case(#"{"a":{"x\udc00":1}}"#, .invalidEscape, 8, "a"),
        Case("{\"a\":{\"x\u{0}\":1}}", .controlCharacter, 8, "a"),
        Case(#"{"messages":[{"role":"a","role":"b"}]}"#, .duplicateName, 25, "messages[0].role"),
        Case(#"{"a":1,"\u0061":2}"#, .duplicateName, 7, "a"),
        Case(#"{"":1,"":2}"#, .duplicateName, 6, "[\"\"]"),
        // The first fault of a text is told, not the first that was noticed.
        Case(#"{"a":1,"a":{"b":1,"b":2}}"#, .duplicateName, 7, "a"),
        Case(#"{"a":1,"a":[1,{"b":1,"c":x}]}"#, .duplicateName, 7, "a"),
        Case(#"{"a":1,"a""#, .duplicateName, 7, "a"),
        Case(#"{"c":[{"a":1,"b":2,"a":3,}]}"#, .duplicateName, 19, "c[0].a"),
        Case(#"{"c":[{"a":1,"b":2,"a\z":3}]}"#, .invalidEscape, 21, "c[0]"),
    ]

    @Test("a fault names what is wrong, the byte, and the value it is in", arguments: cases)
    func faults(_ example: Case) throws {
        let text = JSONConformance.bytes(example.text)
        let fault = try #require(throws: JSONFault.self) { try JSONDocument(text) }
        #expect(fault.kind == example.kind)
        #expect(fault.offset == example.offset)
        #expect(fault.path == example.path)
        #expect(fault.description == fault.message)
        expectAgreement(text)
    }

    @Test("a client reads a sentence that says what and where")
    func sentences() throws {
        func message(_ text: String, _ limits: JSONLimits = .request) -> String? {
            #expect(throws: JSONFault.self) { try JSONDocument(JSONConformance.bytes(text), limits: limits) }?.message
        }
        #expect(
            message(#"{"messages":[1,}"#)
                == "The body is not valid JSON: unexpected `}` at byte 15, in messages[1].")
        #expect(message("x") == "The body is not valid JSON: unexpected `x` at byte 0.")
        #expect(message("[\0]") == "The body is not valid JSON: unexpected byte 0x00 at byte 1, in [0].")
        #expect(message("") == "The body is empty; a JSON value was expected.")
        #expect(message("\u{EF}\u{BB}\u{BF}1") == "The body is not valid JSON: it begins with a byte order mark.")
        #expect(message("[1") == "The body is not valid JSON: it ends too soon at byte 2.")
        #expect(
            message(#"{"a":[{"b":1,"b":2}]}"#)
                == "The body has two members of the same name at byte 13, in a[0].b.")
        #expect(
            message(#"{"a":["","# + "\"" + String(repeating: #"\u0301\u0316"#, count: 200) + "\"]}")
                == "The body has a text with more than 256 marks on one letter at byte 9, in a[1].")
        var limits = JSONLimits.request
        limits.bytesMax = 3
        #expect(message("[12]", limits) == "The body is larger than 3 bytes.")
        limits = .request
        limits.depthMax = 1
        #expect(
            message("[[1]]", limits)
                == "The body has more than 1 objects and arrays inside each other at byte 1, in [0].")
        limits = .request
        limits.valuesMax = 2
        #expect(message("[1,2]", limits) == "The body has more than 2 values at byte 3, in [1].")
    }

    @Test("every kind of fault is among these tests, and says something of its own")
    func everyKind() {
        let provoked = Set(Self.cases.map(\.kind)).union([.tooLarge, .tooDeep, .tooManyValues, .costlyText])
        #expect(provoked == Set(JSONFault.Kind.allCases))
    }

    @Test("paths stay readable whatever the names are")
    func paths() throws {
        func path(_ text: String) throws -> String? {
            let document = try JSONDocument(Array(text.utf8))
            var value = document.root
            while let inner = value.members.reversed().first?.value ?? value.elements.reversed().first { value = inner }
            return value.path
        }
        #expect(try path(#"{"a":[0,{"b-c_1":[[7]]}]}"#) == "a[1].b-c_1[0][0]")
        #expect(try path(#"{"a b":{"1":0}}"#) == #"["a b"]["1"]"#)
        #expect(try path(#"{"é":{"a.b":0}}"#) == #"["é"]["a.b"]"#)
        #expect(try path(#"{"a\n\u0000\u001b\"\\b":0}"#) == #"["a\u{a}\u{0}\u{1b}\"\\b"]"#)
        // Characters that turn the direction of writing, or cannot be seen.
        #expect(try path("{\"\u{202E}\u{200B}\u{2028}\u{E000}\":0}") == #"["\u{202e}\u{200b}\u{2028}\u{e000}"]"#)
        let long = String(repeating: "n", count: 100_000)
        #expect(try path("{\"\(long)\":{\"b\":0}}") == String(repeating: "n", count: 64) + "….b")
        #expect(try path("{\"\(long) \":0}") == "[\"" + String(repeating: "n", count: 64) + "…\"]")
        let deep = String(repeating: "[0,", count: 100) + "1" + String(repeating: "]", count: 100)
        #expect(
            try path(deep) == String(repeating: "[1]", count: 8) + "…" + String(repeating: "[1]", count: 8))
        // Combining characters do not make a name longer than its limit.
        let marks = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(try #require(try path("{\"\(marks)\":0}")).utf8.count < 300)
    }

    @Test("a fault deep in a broken text has a path of bounded length")
    func boundedPath() throws {
        let name = String(repeating: "\\u0001", count: 1000)
        let text = String(repeating: "{\"\(name)\":", count: 120) + "x"
        let fault = try #require(throws: JSONFault.self) { try JSONDocument(Array(text.utf8)) }
        #expect(fault.kind == .unexpectedByte)
        #expect(fault.message.utf8.count < 8_000)
        #expect(fault.path.hasPrefix(#"["\u{1}\u{1}"#))
    }

    @Test("every value knows its own path")
    func everyPath() throws {
        let document = try JSONDocument(Array(#"{"a":[[],{"b":[1,2,{"c":null}]},3],"d":{},"e":[{}]}"#.utf8))
        var found: [String] = []
        func visit(_ value: JSONValue) {
            found.append(value.path)
            for member in value.members { visit(member.value) }
            for element in value.elements { visit(element) }
        }
        visit(document.root)
        #expect(
            found == [
                "", "a", "a[0]", "a[1]", "a[1].b", "a[1].b[0]", "a[1].b[1]", "a[1].b[2]", "a[1].b[2].c", "a[2]", "d",
                "e",
                "e[0]",
            ])
    }
}
