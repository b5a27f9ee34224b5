/// Counts what an answer has brought, as long as the vendor has not said: by the length of its texts.
struct AnswerMeter: Sendable, Hashable {
    /// Bytes of text, reasoning and arguments of calls, as they stand in the JSON.
    private(set) var textBytes = 0
    /// Whether any came.
    var isEmpty: Bool { textBytes == 0 }

    /// A token for four bytes: rather too few.
    var tokens: Int { (textBytes + 3) / 4 }

    /// Counts the texts of one piece.
    mutating func add(_ piece: ChatPiece) {
        let bytes = piece.members.span
        var index = 0
        while let colon = bytes.firstColonBeforeQuote(from: index) {
            let start = colon + 2
            let end = bytes.endOfString(from: start)
            if Self.isText(piece.members[..<colon]) { textBytes += end - start }
            index = end + 1
        }
    }

    /// Whether the name in front of a colon is that of a text which the client reads.
    private static func isText(_ before: ArraySlice<UInt8>) -> Bool {
        names.contains { name in name.withUTF8Buffer { before.suffix($0.count).elementsEqual($0) } }
    }

    private static let names: [StaticString] = [
        "\"content\"", "\"reasoning\"", "\"arguments\"", "\"refusal\"", "\"transcript\"",
        // Of a custom tool.
        "\"input\"",
    ]
}

extension ChatPiece {
    /// The last string that stands behind `name` in the piece, if it has no escapes: for short words of the format.
    ///
    /// - Parameter name: with its quotes and the colon: `"finish_reason":`.
    func word(behind name: StaticString) -> String? {
        name.withUTF8Buffer { name in
            let bytes = members.span
            var index = bytes.count - name.count - 2
            while index >= 0 {
                if bytes[index + name.count] == 0x22, bytes.matches(name, at: index) {
                    let start = index + name.count + 1
                    let end = bytes.endOfString(from: start)
                    return String(decoding: members[start..<end], as: UTF8.self)
                }
                index -= 1
            }
            return nil
        }
    }
}

extension Span<UInt8> {
    /// The next colon with a quote behind it: a member whose value is a string, or `:"` within one.
    fileprivate func firstColonBeforeQuote(from start: Int) -> Int? {
        var index = start
        while index + 1 < count {
            if self[index] == 0x3A, self[index + 1] == 0x22 { return index }
            index += 1
        }
        return nil
    }

    /// Where a string that began before `start` ends: its quote, or the end of the bytes.
    fileprivate func endOfString(from start: Int) -> Int {
        var index = start
        while index < count, self[index] != 0x22 { index += self[index] == 0x5C ? 2 : 1 }
        return Swift.min(index, count)
    }

    fileprivate func matches(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        for offset in text.indices where self[start + offset] != text[offset] { return false }
        return true
    }
}
