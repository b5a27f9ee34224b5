import RouterCore
import TestSupport
import Testing

@Suite("Equal names in JSON")
struct JSONDuplicateTests {
    private func object(_ names: [String]) -> [UInt8] {
        Array(("{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8)
    }

    @Test("a name that comes twice is found among few and among many", arguments: [2, 3, 15, 16, 17, 18, 64, 300])
    func anywhere(_ count: Int) {
        let names = (0..<count).map { "name\($0)" }
        #expect(expectAgreement(object(names)))
        for (first, second) in [(0, count - 1), (0, 1), (count - 2, count - 1), (count / 2, count - 1)] {
            guard first < second else { continue }
            var twice = names
            twice[second] = twice[first]
            #expect(!expectAgreement(object(twice)))
            // The same name in other letters.
            twice[second] = "n\\u0061me\(first)"
            #expect(!expectAgreement(object(twice)))
            twice[first] = "n\\u0061m\\u0065\(first)"
            #expect(!expectAgreement(object(twice)))
            twice[second] = "name\(first)"
            #expect(!expectAgreement(object(twice)))
        }
    }

    @Test("names that only look alike are different")
    func lookingAlike() {
        #expect(
            expectAgreement(object(["a", "A", "á", "a\u{301}", "aa", "", " ", "a ", "а", "a\\u0000", "\\\\u0061"])))
        // The same length, first and last character.
        #expect(expectAgreement(object((100...115).map { "a\($0)a" })))
        #expect(expectAgreement(object((1000...1600).map { "a\($0)a" })))
        // Different only beyond the first eight bytes, or within them.
        #expect(expectAgreement(object(["abcdefgh1", "abcdefgh2", "1bcdefghi", "2bcdefghi"])))
    }

    @Test("the same name in different objects is no fault")
    func differentObjects() {
        #expect(expectAgreement(Array(#"{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":{"a":1}}"#.utf8)))
    }

    @Test("an object inside another does not hide a name that comes twice")
    func nested() {
        #expect(!expectAgreement(Array(#"{"a":{"x":[{"y":1}]},"b":{},"a":1}"#.utf8)))
        #expect(!expectAgreement(Array(#"[{"z":[{"a":1,"b":{"c":{"d":1,"d":2}}}]}]"#.utf8)))
    }

    @Test("from a vendor the last of equal names is found, and all of them are there")
    func lastWins() throws {
        let document = try JSONDocument(Array(#"{"a":1,"b":2,"a":3,"\u0061":4}"#.utf8), limits: .response)
        #expect(document.root["a"]?.integer == 4)
        #expect(document.root["b"]?.integer == 2)
        #expect(document.root.count == 4)
        #expect(document.root.members.map(\.name.string) == ["a", "b", "a", "a"])
    }

    @Test("200,000 names are compared in no more than a blink, also when they were chosen to be alike")
    func many() throws {
        // Were each compared with all before it, this would take minutes.
        let prefix = String(repeating: "p", count: 40)
        for (count, make): (Int, (Int) -> String) in [
            (200_000, { "\(prefix)\(1_000_000 + $0)z" }), (20_000, { "\\u0061\($0)" }), (20_000, { "\($0)" }),
        ] {
            var names = (0..<count).map(make)
            #expect(throws: Never.self) { try JSONDocument(object(names)) }
            names[count - 1] = names[count / 2]
            let text = object(names)
            let fault = try #require(throws: JSONFault.self) { try JSONDocument(text) }
            #expect(fault.kind == .duplicateName)
            #expect(fault.offset == text.lastIndex(of: 0x2C).map { $0 + 1 })
        }
    }
}
