/// What in a string is not simply ASCII.
extension JSONReader {
    /// The rest of a string in which something special stands.
    @inline(never)
    static func restOfString(
        _ text: Span<UInt8>, at start: Int, isName: Bool
    ) throws(Stop) -> StringEnd {
        var at = start
        var isEscaped = false
        var mayHaveMarks = false
        while at < text.count {
            let byte = text[at]
            if byte == 0x22 { return (at &+ 1, isEscaped, mayHaveMarks) }
            if byte == 0x5C {
                isEscaped = true
                if text.peek(at &+ 1) == 0x75 { mayHaveMarks = true }
                at = try endOfEscape(text, at: at, isName: isName)
            } else if byte < 0x20 {
                throw Stop(kind: .controlCharacter, offset: at, inValue: !isName)
            } else {
                repeat {
                    // U+0300, the first mark, begins with this byte.
                    if text[at] >= 0xCC { mayHaveMarks = true }
                    guard let length = lengthOfScalar(text, at) else {
                        throw Stop(kind: .invalidUTF8, offset: at, inValue: !isName)
                    }
                    at &+= length
                } while text.peek(at) >= 0x80
            }
            // Escapes often follow each other, or stand by themselves between characters beyond ASCII.
            if text.peek(at) == 0x5C { continue }
            at = text.bytes.firstSpecial(from: at)
        }
        throw Stop(kind: .unexpectedEnd, offset: at, inValue: !isName)
    }

    /// A backslash and what belongs to it.
    @inline(__always)
    private static func endOfEscape(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> Int {
        switch text.peek(start &+ 1) {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: start &+ 2
        case 0x75: try endOfUnicodeEscape(text, at: start, isName: isName)
        default:
            throw start &+ 1 < text.count
                ? Stop(kind: .invalidEscape, offset: start, inValue: !isName)
                : Stop(kind: .unexpectedEnd, offset: text.count, inValue: !isName)
        }
    }

    @inline(__always)
    private static func endOfUnicodeEscape(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> Int {
        if !isName, start &+ 6 <= text.count, isHexadecimal(text.bytes.word(start &+ 2)) { return start &+ 6 }
        return try endOfCheckedEscape(text, at: start, isName: isName)
    }

    /// Whether four bytes are hexadecimal digits.
    @inline(__always)
    private static func isHexadecimal(_ word: UInt32) -> Bool {
        let ones: UInt32 = 0x0101_0101
        // Adding what is missing to 0x80 sets the highest bit of each byte that is not less; more than 0x7F is left
        // out first, so that no byte carries into the next.
        guard word & (ones &* 0x80) == 0 else { return false }
        let digits = (word &+ ones &* (0x80 - 0x30)) & ~(word &+ ones &* (0x80 - 0x3A))
        let small = word | ones &* 0x20
        let letters = (small &+ ones &* (0x80 - 0x61)) & ~(small &+ ones &* (0x80 - 0x67))
        return (digits | letters) & (ones &* 0x80) == ones &* 0x80
    }

    @inline(never)
    private static func endOfCheckedEscape(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> Int {
        let unit = try unit(text, start, isName: isName)
        guard isName, unit & 0xF800 == 0xD800 else { return start + 6 }
        // A name must be comparable, so that halves of surrogate pairs must find each other.
        let second = start + 6
        guard unit < 0xDC00, text.peek(second) == 0x5C, text.peek(second + 1) == 0x75,
            try self.unit(text, second, isName: isName) & 0xFC00 == 0xDC00
        else { throw Stop(kind: .invalidEscape, offset: start, inValue: !isName) }
        return second + 6
    }

    /// The UTF-16 unit that the escape `\u1234` at `at` stands for.
    private static func unit(_ text: Span<UInt8>, _ at: Int, isName: Bool) throws(Stop) -> UInt32 {
        var unit: UInt32 = 0
        for position in at + 2..<at + 6 {
            guard position < text.count else {
                throw Stop(kind: .unexpectedEnd, offset: text.count, inValue: !isName)
            }
            guard let digit = JSONEscapes.hexadecimal(text[position]) else {
                throw Stop(kind: .invalidEscape, offset: at, inValue: !isName)
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// Bytes of the character at `at`, which begins with a byte of 0x80 or more; `nil` when it is not UTF-8.
    ///
    /// Source: Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
    @inline(__always)
    private static func lengthOfScalar(_ text: Span<UInt8>, _ at: Int) -> Int? {
        guard at &+ 4 <= text.count else { return lengthOfLastScalar(text, at) }
        let word = text.bytes.word(at)
        if word & 0xC0_C0F0 == 0x80_80E0 {
            // Four bits of the first byte and one of the second tell what two bytes could hold, and surrogates.
            let bits = word & 0x200F
            return bits != 0 && bits != 0x200D ? 3 : nil
        }
        if word & 0xC0E0 == 0x80C0 { return word & 0x1E != 0 ? 2 : nil }
        guard word & 0xC0C0_C0F8 == 0x8080_80F0 else { return nil }
        // From U+10000, what three bytes cannot hold, to U+10FFFF.
        let plane = (word & 7) << 2 | (word >> 12) & 3
        return plane >= 1 && plane <= 16 ? 4 : nil
    }

    /// The same among the last bytes of a text.
    @inline(never)
    private static func lengthOfLastScalar(_ text: Span<UInt8>, _ at: Int) -> Int? {
        func follows(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            range.contains(text.peek(at + distance))
        }
        switch text[at] {
        case 0xC2...0xDF: return follows(1) ? 2 : nil
        case 0xE0: return follows(1, 0xA0...0xBF) && follows(2) ? 3 : nil
        case 0xED: return follows(1, 0x80...0x9F) && follows(2) ? 3 : nil
        case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : nil
        // What needs four bytes was looked at already where there are four.
        default: return nil
        }
    }
}
