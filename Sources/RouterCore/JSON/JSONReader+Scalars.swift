extension Span<UInt8> {
    /// The byte at `at`; at the end 0, which stands for nothing in JSON.
    @inline(__always)
    func peek(_ at: Int) -> UInt8 {
        // The comparison that the subscript makes too, so that it is made once.
        UInt(bitPattern: at) < UInt(bitPattern: count) ? self[at] : 0
    }
}

/// Functions that are not inlined take a place and return the next one: given it as `inout`, they would keep it out of
/// the registers of whoever calls them.
extension JSONReader {
    /// A byte, or the end, where something else belongs.
    @inline(never)
    static func unexpected(_ text: Span<UInt8>, _ at: Int, inValue: Bool) -> Stop {
        Stop(kind: at < text.count ? .unexpectedByte : .unexpectedEnd, offset: at, inValue: inValue)
    }

    @inline(__always)
    static func skipSpace(_ text: Span<UInt8>, _ at: inout Int) {
        while text.peek(at) <= 0x20 {
            let byte = text.peek(at)
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at &+= 1
        }
    }

    /// A number, `true`, `false` or `null`.
    ///
    /// - Returns: what and where it is; the flag of a number is that it has a fraction or an exponent.
    @inline(never)
    static func scalar(_ text: Span<UInt8>, at start: Int) throws(Stop) -> (kind: JSONNode.Kind, end: Int, flag: Bool) {
        switch text.peek(start) {
        case 0x2D, 0x30...0x39: try number(text, at: start)
        case 0x74: (.yes, try end(of: 0x65_7572, text, at: start), false)
        case 0x66: (.no, try end(of: 0x6573_6C61, text, at: start), false)
        case 0x6E: (.null, try end(of: 0x6C_6C75, text, at: start), false)
        default: throw unexpected(text, start, inValue: true)
        }
    }

    /// - Parameter rest: what follows the first letter, the next letter in the lowest byte.
    @inline(__always)
    private static func end(of rest: UInt32, _ text: Span<UInt8>, at start: Int) throws(Stop) -> Int {
        var at = start &+ 1
        var rest = rest
        while rest != 0 {
            guard text.peek(at) == UInt8(truncatingIfNeeded: rest) else { throw unexpected(text, at, inValue: true) }
            rest >>= 8
            at &+= 1
        }
        return at
    }

    @inline(__always)
    private static func number(
        _ text: Span<UInt8>, at start: Int
    ) throws(Stop) -> (kind: JSONNode.Kind, end: Int, flag: Bool) {
        let first = text.peek(start) == 0x2D ? start &+ 1 : start
        var at = try endOfDigits(text, at: first)
        guard text.peek(first) != 0x30 || at == first &+ 1 else {
            throw Stop(kind: .invalidNumber, offset: first &+ 1, inValue: true)
        }
        var flag = false
        if text.peek(at) == 0x2E {
            flag = true
            at = try endOfDigits(text, at: at &+ 1)
        }
        if text.peek(at) | 0x20 == 0x65 {
            flag = true
            let sign = text.peek(at &+ 1)
            at = try endOfDigits(text, at: sign == 0x2B || sign == 0x2D ? at &+ 2 : at &+ 1)
        }
        return (.number, at, flag)
    }

    /// At least one digit.
    @inline(__always)
    private static func endOfDigits(_ text: Span<UInt8>, at start: Int) throws(Stop) -> Int {
        var at = start
        while text.peek(at) &- 0x30 < 10 { at &+= 1 }
        if at == start {
            throw Stop(kind: at < text.count ? .invalidNumber : .unexpectedEnd, offset: at, inValue: true)
        }
        return at
    }

    /// A string from its quote to after its closing quote.
    @inline(__always)
    static func string(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> (end: Int, isEscaped: Bool) {
        let at = text.bytes.firstSpecial(from: start &+ 1)
        return text.peek(at) == 0x22 ? (at &+ 1, false) : try restOfString(text, at: at, isName: isName)
    }

    /// The rest of a string in which something special stands.
    @inline(never)
    private static func restOfString(
        _ text: Span<UInt8>, at start: Int, isName: Bool
    ) throws(Stop) -> (end: Int, isEscaped: Bool) {
        var at = start
        var isEscaped = false
        while at < text.count {
            let byte = text[at]
            if byte == 0x22 { return (at &+ 1, isEscaped) }
            if byte == 0x5C {
                isEscaped = true
                at = try endOfEscape(text, at: at, isName: isName)
            } else if byte < 0x20 {
                throw Stop(kind: .controlCharacter, offset: at, inValue: !isName)
            } else {
                repeat {
                    guard let length = lengthOfScalar(text, at) else {
                        throw Stop(kind: .invalidUTF8, offset: at, inValue: !isName)
                    }
                    at &+= length
                } while text.peek(at) >= 0x80
            }
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

    @inline(never)
    private static func endOfUnicodeEscape(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> Int {
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

    /// Bytes of the character at `at`, which begins with a byte of 0x80 or more; `nil` when it is not UTF-8
    /// (Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences").
    static func lengthOfScalar(_ text: Span<UInt8>, _ at: Int) -> Int? {
        func follows(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            at + distance < text.count && range.contains(text[at + distance])
        }
        switch text[at] {
        case 0xC2...0xDF: return follows(1) ? 2 : nil
        case 0xE0: return follows(1, 0xA0...0xBF) && follows(2) ? 3 : nil
        case 0xED: return follows(1, 0x80...0x9F) && follows(2) ? 3 : nil
        case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : nil
        case 0xF0: return follows(1, 0x90...0xBF) && follows(2) && follows(3) ? 4 : nil
        case 0xF1...0xF3: return follows(1) && follows(2) && follows(3) ? 4 : nil
        case 0xF4: return follows(1, 0x80...0x8F) && follows(2) && follows(3) ? 4 : nil
        default: return nil
        }
    }
}
