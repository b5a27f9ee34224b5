import Testing

@testable import RouterCore

/// RFC 4648, section 10, and what clients make of it.
struct Base64Tests {
    private static func letters(_ text: String) -> [UInt8]? { Base64.checked(Array(text.utf8)[...]) }

    @Test(arguments: [
        ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func vectors(plain: String, text: String) throws {
        #expect(Base64.encoded(Array(plain.utf8)) == Array(text.utf8))
        #expect(Base64.decoded(try #require(Self.letters(text))) == Array(plain.utf8))
    }

    @Test("any number of any bytes comes back")
    func roundTrip() throws {
        for count in 1...100 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 89 + count * 37) }
            let text = Base64.encoded(bytes)
            #expect(Base64.decoded(try #require(Base64.checked(text[...]))) == bytes)
            #expect(Base64.isValid(text[...]))
        }
    }

    @Test("exactly the 64 letters are letters, wherever they stand", arguments: [0, 5, 15, 16, 30, 40])
    func alphabet(place: Int) {
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let spaces: Set<UInt8> = [0x09, 0x0A, 0x0D, 0x20]
        for byte in UInt8.min...UInt8.max {
            var text = [UInt8](repeating: UInt8(ascii: "Q"), count: 44)
            text[place] = byte
            #expect((Base64.checked(text[...]) == text) == letters.contains(byte), "\(byte)")
            // A space leaves 43 letters, which is a number that can be.
            #expect(Base64.isValid(text[...]) == (letters.contains(byte) || spaces.contains(byte)), "\(byte)")
        }
    }

    @Test("white space and missing padding are no harm")
    func tidied() {
        #expect(Self.letters("Zm9v\r\nYmFy") == Array("Zm9vYmFy".utf8))
        #expect(Self.letters(" Zm8 ") == Array("Zm8=".utf8))
        #expect(Self.letters("Zg") == Array("Zg==".utf8))
        #expect(Self.letters("Zg = =") == Array("Zg==".utf8))
    }

    @Test(arguments: [
        "", " ", "=", "====", "Z", "Zm9vY", "Zg=", "Zm9v====", "Zg==Zg==", "Zm=v", "Zm9v\u{0}", "Zm9_", "Zm9-",
    ])
    func wrong(text: String) {
        #expect(Self.letters(text) == nil)
        #expect(!Base64.isValid(Array(text.utf8)[...]))
    }

    /// What comes of letters in two pieces; `nil` when they are no Base64.
    private static func decoded(_ text: [UInt8], cutAt place: Int) -> [UInt8]? {
        var decoder = Base64Decoder()
        var bytes: [UInt8] = []
        guard decoder.add(text.span.extracting(0..<place), to: &bytes),
            decoder.add(text.span.extracting(place..<text.count), to: &bytes), decoder.end(addingTo: &bytes)
        else { return nil }
        return bytes
    }

    @Test(
        "is decoded in pieces as it is as a whole, wherever it was cut",
        arguments: [
            "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy", "Zm9v\r\nYmFy", " Zm8 ", "Zg", "Zg = =", "", " ", "=", "====", "Z",
            "Zm9vY", "Zg=",
            "Zm9v====", "Zg==Zg==", "Zm=v", "Zm9v\u{0}", "Zm9_", "Zm9-", "Zg===", "+/+/+/8=",
        ])
    func pieces(text: String) {
        let letters = Array(text.utf8)
        let whole = Base64.checked(letters[...]).map(Base64.decoded)
        #expect((whole != nil) == Base64.isValid(letters[...]))
        for place in 0...letters.count { #expect(Self.decoded(letters, cutAt: place) == whole, "\(place)") }
    }
}
