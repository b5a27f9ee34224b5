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

    /// Where a string ends, whether there is a backslash in it, and whether there can be marks on letters.
    typealias StringEnd = (end: Int, isEscaped: Bool, mayHaveMarks: Bool)

    /// A string from its quote to after its closing quote.
    @inline(__always)
    static func string(_ text: Span<UInt8>, at start: Int, isName: Bool) throws(Stop) -> StringEnd {
        let at = text.bytes.firstSpecial(from: start &+ 1)
        guard text.peek(at) != 0x22 else { return (end: at &+ 1, isEscaped: false, mayHaveMarks: false) }
        return try restOfString(text, at: at, isName: isName)
    }
}
