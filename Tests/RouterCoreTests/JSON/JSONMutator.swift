import TestSupport

/// Spoils JSON texts in the ways that matter to a reader: bytes that mean something in the wrong place, ends that come
/// too soon, pieces twice or from elsewhere.
struct JSONMutator {
    private var random: SeededGenerator
    private let corpus: [[UInt8]]

    init(seed: UInt64, corpus: [[UInt8]]) {
        random = SeededGenerator(seed: seed)
        self.corpus = corpus
    }

    /// A text of the corpus after one to four mutations.
    mutating func next() -> [UInt8] {
        var text = corpus.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&text) }
        return text
    }

    private mutating func mutate(_ text: inout [UInt8]) {
        let place = Int.random(in: 0...text.count, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
            if place < text.count { text[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 1:
            if place < text.count { text[place] = UInt8.random(in: 0...255, using: &random) }
        case 2:
            text.removeSubrange(range(from: place, in: text))
        case 3:
            text.insert(contentsOf: text[range(from: place, in: text)], at: place)
        case 4:
            text.removeSubrange(place...)
        case 5:
            let other = corpus.randomElement(using: &random) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            text.insert(contentsOf: other[range(from: start, in: other)], at: place)
        case 6:
            text.insert(contentsOf: [UInt8](repeating: 0x61, count: Int.random(in: 1...70, using: &random)), at: place)
        default:
            let token = Self.tokens.randomElement(using: &random) ?? ""
            text.insert(contentsOf: JSONConformance.bytes(token), at: place)
        }
        // A text that keeps growing would only make the test slow.
        if text.count > 4_000 { text.removeSubrange(4_000...) }
    }

    private mutating func range(from start: Int, in text: [UInt8]) -> Range<Int> {
        start..<Int.random(in: start...min(text.count, start + 100), using: &random)
    }

    /// A character up to U+00FF is a byte.
    private static let tokens = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\0", "\t", "-", "0", "1", ".", "e", "E", "+", "true",
        "false",
        "null", "tru", "nul", "\\u", "\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\n", "\\\"", "\\\\", "\"\"",
        "\"a\":", "\"a\":1,", "{\"a\":1,\"a\":2}", "[[[[", "]]]]", "{\"\":", "}}}}", "1e400", "-0", "00", "1.0",
        "\u{C3}\u{A9}", "\u{E2}\u{82}\u{AC}", "\u{F0}\u{9F}\u{98}\u{80}", "\u{80}", "\u{C0}\u{80}",
        "\u{ED}\u{A0}\u{80}",
        "\u{F4}\u{90}\u{80}\u{80}", "\u{FF}", "\u{EF}\u{BB}\u{BF}", "\u{E2}\u{82}", "\u{7F}",
    ]
}
