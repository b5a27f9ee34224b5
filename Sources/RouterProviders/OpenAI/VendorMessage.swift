/// Makes a vendor's error message fit to be shown to a client.
enum VendorMessage {
    private static let charactersMax = 2000
    /// So much of a message is looked at: a vendor can send one of many megabytes.
    private static let bytesMax = 16 * 1024

    /// Where programs that are printed for developers begin.
    private static let traces = ["Traceback (most recent call last)", "stack backtrace:", "\n    at ", "\nTraceback"]

    /// Beginnings of credentials and of names of the operator's account, with the least number of letters that follow.
    private static let secrets: [(prefix: String, lettersMin: Int)] = [
        ("sk-", 4), ("gsk_", 8), ("xai-", 8), ("AIza", 8), ("hf_", 8), ("Bearer ", 8), ("org-", 8), ("proj_", 8),
    ]

    /// `message` without stack traces, keys and account names, at most 2,000 characters; `nil` when nothing is left, or
    /// when it is a page of HTML.
    static func shown(_ message: String) -> String? {
        var text = Substring(
            message.utf8.count > bytesMax
                ? String(decoding: message.utf8.prefix(bytesMax), as: UTF8.self) : message)
        for trace in traces {
            if let start = text.firstRange(of: trace)?.lowerBound { text = text[..<start] }
        }
        text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        guard !text.isEmpty, !isHTML(text) else { return nil }
        let isLong = text.utf8.count > charactersMax && text.count > charactersMax
        let scrubbed = scrub(isLong ? text.prefix(charactersMax) : text)
        return isLong ? scrubbed + "…" : scrubbed
    }

    private static func isHTML(_ text: Substring) -> Bool {
        guard text.first == "<" else { return false }
        let start = text.prefix(500).lowercased()
        return start.hasPrefix("<!doctype") || start.contains("<html") || start.contains("</")
    }

    /// Puts `[redacted]` where a credential or an account's name stands.
    private static func scrub(_ text: Substring) -> String {
        var shown = ""
        var rest = text
        while let character = rest.first {
            let isStart = shown.last.map { !$0.isLetter && !$0.isNumber } ?? true
            if isStart, let end = endOfSecret(at: rest) {
                shown += "[redacted]"
                rest = rest[end...]
            } else {
                shown.append(character)
                rest.removeFirst()
            }
        }
        return shown
    }

    /// Where the secret that `text` begins with ends; `nil` when it begins with none.
    private static func endOfSecret(at text: Substring) -> Substring.Index? {
        for (prefix, lettersMin) in secrets where text.hasPrefix(prefix) {
            var body = text.dropFirst(prefix.count).prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_*.+/=".contains($0))
            }
            while body.last == "." { body.removeLast() }  // The end of the sentence.
            if body.count >= lettersMin { return body.endIndex }
        }
        return nil
    }
}
