extension JSONReader {
    @inline(__always)
    static func skipSpace(_ text: Span<UInt8>, _ at: inout Int) {
        while at < text.count, text[at] <= 0x20 {
            let byte = text[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at &+= 1
        }
    }

    static func skip(_ word: StaticString, _ text: Span<UInt8>, _ at: inout Int) throws(Stop) {
        for position in 0..<word.utf8CodeUnitCount {
            let expected = word.withUTF8Buffer { $0[position] }
            guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: true) }
            guard text[at] == expected else { throw Stop(kind: .unexpectedByte, offset: at, inValue: true) }
            at += 1
        }
    }

    /// - Returns: whether the number has a fraction or an exponent.
    static func skipNumber(_ text: Span<UInt8>, _ at: inout Int) throws(Stop) -> Bool {
        if text[at] == 0x2D { at += 1 }
        let first = at
        try skipDigits(text, &at)
        guard text[first] != 0x30 || at == first + 1 else {
            throw Stop(kind: .invalidNumber, offset: first + 1, inValue: true)
        }
        var flag = false
        if at < text.count, text[at] == 0x2E {
            flag = true
            at += 1
            try skipDigits(text, &at)
        }
        if at < text.count, text[at] | 0x20 == 0x65 {
            flag = true
            at += 1
            if at < text.count, text[at] == 0x2B || text[at] == 0x2D { at += 1 }
            try skipDigits(text, &at)
        }
        return flag
    }

    /// At least one digit.
    @inline(__always)
    private static func skipDigits(_ text: Span<UInt8>, _ at: inout Int) throws(Stop) {
        let start = at
        while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
        if at == start {
            throw Stop(kind: at < text.count ? .invalidNumber : .unexpectedEnd, offset: at, inValue: true)
        }
    }

    /// A string from its quote to after its closing quote.
    ///
    /// - Returns: whether a backslash is in it.
    static func skipString(_ text: Span<UInt8>, _ at: inout Int, isName: Bool) throws(Stop) -> Bool {
        var escaped = false
        at += 1
        while true {
            at = text.bytes.firstSpecial(from: at)
            guard at < text.count else { break }
            let byte = text[at]
            if byte == 0x22 {
                at += 1
                return escaped
            }
            if byte == 0x5C {
                escaped = true
                try skipEscape(text, &at, isName: isName)
                continue
            }
            if byte < 0x20 { throw Stop(kind: .controlCharacter, offset: at, inValue: !isName) }
            repeat {
                guard let length = lengthOfScalar(text, at) else {
                    throw Stop(kind: .invalidUTF8, offset: at, inValue: !isName)
                }
                at += length
            } while at < text.count && text[at] >= 0x80
        }
        throw Stop(kind: .unexpectedEnd, offset: at, inValue: !isName)
    }

    /// A backslash and what belongs to it.
    static func skipEscape(_ text: Span<UInt8>, _ at: inout Int, isName: Bool) throws(Stop) {
        let start = at
        guard at + 1 < text.count else { throw Stop(kind: .unexpectedEnd, offset: text.count, inValue: !isName) }
        switch text[at + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            at += 2
        case 0x75:
            let unit = try unit(text, at, isName: isName)
            at += 6
            guard isName, unit & 0xF800 == 0xD800 else { return }
            // A name must be comparable, so that halves of surrogate pairs must find each other.
            guard unit < 0xDC00, at + 1 < text.count, text[at] == 0x5C, text[at + 1] == 0x75,
                try self.unit(text, at, isName: isName) & 0xFC00 == 0xDC00
            else { throw Stop(kind: .invalidEscape, offset: start, inValue: !isName) }
            at += 6
        default:
            throw Stop(kind: .invalidEscape, offset: at, inValue: !isName)
        }
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
