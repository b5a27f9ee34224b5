import RouterCore
import Testing

@testable import RouterProviders

@Suite("Rules of the Mistral family")
struct MistralRulesTests {
    private func sent(_ messages: String) throws -> String {
        try encoded(messages: messages, to: .engine(ChatTraits(mistralRules: true)))
    }

    static let orderCases = [
        (
            "a system message at the end is sent as the user's",
            #"[{"role":"user","content":"a"},{"role":"system","content":"b"}]"#,
            #"[{"role":"user","content":"a"},{"role":"user","content":"b"}]"#
        ),
        (
            "a system message elsewhere stays",
            #"[{"role":"system","content":"b"},{"role":"user","content":"a"}]"#,
            #"[{"role":"system","content":"b"},{"role":"user","content":"a"}]"#
        ),
        (
            "the assistant speaks between a result and the user or system",
            #"[{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"system","content":"s"},{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"user","content":"a"}]"#,
            #"[{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"assistant","content":"Understood."},{"role":"system","content":"s"},{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"tool","tool_call_id":"123456789","content":"r"},{"role":"assistant","content":"Understood."},{"role":"user","content":"a"}]"#
        ),
        (
            "an assistant message at the end is a prefix",
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]"#,
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b","prefix":true}]"#
        ),
        (
            "a prefix that the client marked is marked once",
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b","prefix":true}]"#,
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b","prefix":true}]"#
        ),
        (
            "an assistant message that says nothing is left out",
            #"[{"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"assistant","content":null,"tool_calls":[]},{"role":"assistant","refusal":"no"},{"role":"user","content":"c"}]"#,
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"no"},{"role":"user","content":"c"}]"#
        ),
    ]

    @Test("messages are put into the order that the template takes", arguments: orderCases)
    func order(_ rule: String, _ messages: String, _ expected: String) throws {
        #expect(try sent(messages) == expected, "\(rule)")
    }

    static let idCases: [(String, String?)] = [
        ("123456789", nil), ("abcDEF012", nil), ("12345678", "RSsYRdqTi"), ("call_1", "Bu09e4fdz"),
        ("12345678-", "74htAl8Pl"), ("", "klZHOI1Sz"), ("call_PTLP8xhu3uwZk4l3nlnrrJha", "rf5fAVt9v"),
    ]

    @Test("ids of calls have nine letters or digits, the same id always the same", arguments: idCases)
    func callIDs(_ id: String, _ expected: String?) {
        #expect(CallIDRule(isMistral: true, charactersMax: nil).replacement(for: id) == expected)
    }

    @Test("different ids stay different")
    func distinctIDs() {
        let rule = CallIDRule(isMistral: true, charactersMax: nil)
        #expect(Set((0..<2000).compactMap { rule.replacement(for: "call_\($0)") }).count == 2000)
    }

    static let digestCases = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ]

    @Test("SHA-256 gives the digests of the standard", arguments: digestCases)
    func sha256(_ text: String, _ digest: String) {
        let digits = PlainSHA256.digest(of: text.utf8).map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        #expect(digits.joined() == digest)
    }
}
