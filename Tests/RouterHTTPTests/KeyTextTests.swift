import RouterCore
import Testing

@testable import RouterHTTP

@Suite("The text of keys") struct KeyTextTests {
    private let peppers = Peppers([Array(repeating: 1, count: 32), Array(repeating: 2, count: 32)])

    @Test("has 52 characters, a checksum that holds, and never comes twice")
    func makes() throws {
        let peppers = try #require(peppers)
        var texts = Set<String>()
        for _ in 0..<10_000 {
            let (text, label) = KeyText.make()
            #expect(text.hasPrefix("air_live_") && text.utf8.count == 52)
            #expect(
                text.dropFirst(9).utf8.allSatisfy {
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8.contains($0)
                })
            #expect(!KeyText.isMistyped(text) && peppers.digests(of: text) != nil)
            #expect(label == "\(text.prefix(13))…\(text.suffix(4))")
            texts.insert(text)
        }
        #expect(texts.count == 10_000)
    }

    @Test("is refused without a look-up when one character of it was changed")
    func findsSlips() throws {
        let text = Array(KeyText.make().text.utf8)
        for index in 9..<text.count {
            var slip = text
            slip[index] = slip[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(KeyText.isMistyped(String(decoding: slip, as: UTF8.self)))
        }
    }

    @Test(
        "may be any other text, which is looked up",
        arguments: [
            "", "sk-or-v1-abc", "air_live_", "air_live_abc123def456ghi789jkl012mno345pqr678stu", "ключ", "a b\u{0}c",
        ])
    func takesOthers(_ text: String) throws {
        #expect(try #require(peppers).digests(of: text)?.count == 2)
    }

    @Test("that is longer than any key is refused")
    func refusesLong() throws {
        #expect(try #require(peppers).digests(of: String(repeating: "x", count: 1_000_000)) == nil)
    }
}

@Suite("Peppers") struct PeppersTests {
    @Test("give the digest that RFC 4231 gives")
    func digests() throws {
        // RFC 4231, test case 1: key 0x0b twenty times, "Hi There".
        let peppers = try #require(Peppers([Array(repeating: 0x0B, count: 20)]))
        #expect(
            peppers.digest(of: "Hi There").hex == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    @Test("find keys of every version, and make new ones under the last")
    func rotates() throws {
        let first = Peppers.newSecret()
        let before = try #require(Peppers(text: first))
        let after = try #require(Peppers(text: "\(first)\n  \(Peppers.newSecret())  \n\n"))
        let (text, _) = KeyText.make()
        #expect(before.digest(of: text).pepperVersion == 1 && after.digest(of: text).pepperVersion == 2)
        #expect(after.digests(of: text)?.contains(before.digest(of: text)) == true)
        #expect(after.digests(of: text)?.first == after.digest(of: text))
    }

    @Test("are no peppers when they are missing or short, and never say what they are")
    func refuses() throws {
        #expect(Peppers(text: "") == nil && Peppers(text: "short") == nil && Peppers([]) == nil)
        let secret = Peppers.newSecret()
        #expect(secret.count == 64)
        #expect(try #require(Peppers(text: secret)).description == "1 pepper(s)")
    }
}
