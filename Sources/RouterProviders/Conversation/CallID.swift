import RouterCore

/// Which ids of tool calls a vendor takes; others are replaced, the same one always by the same, so that a call and its
/// result stay together and a vendor's prompt cache sees the same text in each turn.
struct CallIDRule {
    /// Nine letters or digits, as models of the Mistral family demand.
    var isMistral: Bool
    /// The longest id in characters; `nil` for no limit.
    var charactersMax: Int?

    /// The id to send instead of `id`; `nil` when it can stay.
    func replacement(for id: String) -> String? {
        if isMistral {
            guard id.utf8.count != 9 || !id.utf8.allSatisfy(\.isLetterOrDigit) else { return nil }
            return CallID.letters(9, from: id)
        }
        guard let charactersMax, id.unicodeScalars.count > charactersMax else { return nil }
        return "call_" + CallID.letters(min(22, charactersMax - 5), from: id)
    }
}

enum CallID {
    /// `count` letters and digits, at most 44, that depend on all of `text`.
    static func letters(_ count: Int, from text: String) -> String {
        var letters: [UInt8] = []
        let alphabet: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        for part in PlainSHA256.digest(of: text.utf8) {
            var rest = part
            for _ in 0..<min(11, count - letters.count) {
                letters.append(alphabet.withUTF8Buffer { $0[Int(rest % 62)] })
                rest /= 62
            }
        }
        return String(decoding: letters, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
