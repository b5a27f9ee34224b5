/// What the text between a string's quotes stands for. Only for text that was checked.
enum JSONEscapes {
    static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte) - 0x30
        case 0x41...0x46: UInt32(byte) - 0x41 + 10
        case 0x61...0x66: UInt32(byte) - 0x61 + 10
        default: nil
        }
    }

    /// The text at `range` without escapes, in UTF-8; half of a surrogate pair becomes U+FFFD.
    static func decoded(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var at = range.lowerBound
        while true {
            let start = at
            while at < range.upperBound, text[at] != 0x5C { at += 1 }
            text.extracting(start..<at).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
            guard at + 1 < range.upperBound else { return bytes }
            at += 2
            switch text[at - 1] {
            case 0x62: bytes.append(0x08)
            case 0x66: bytes.append(0x0C)
            case 0x6E: bytes.append(0x0A)
            case 0x72: bytes.append(0x0D)
            case 0x74: bytes.append(0x09)
            case 0x75:
                bytes.append(
                    contentsOf: UTF8.encode(scalar(text, &at, range.upperBound)) ?? UTF8.encodedReplacementCharacter)
            case let other: bytes.append(other)
            }
        }
    }

    /// The character of the escape whose four digits begin at `at`, and of the one after it if they are a pair.
    private static func scalar(_ text: Span<UInt8>, _ at: inout Int, _ end: Int) -> Unicode.Scalar {
        let first = unit(text, at, end)
        at += 4
        if first & 0xFC00 == 0xD800, at + 6 <= end, text[at] == 0x5C, text[at + 1] == 0x75 {
            let second = unit(text, at + 2, end)
            if second & 0xFC00 == 0xDC00 {
                at += 6
                return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private static func unit(_ text: Span<UInt8>, _ at: Int, _ end: Int) -> UInt32 {
        var unit: UInt32 = 0
        for position in at..<min(at + 4, end) { unit = unit << 4 | (hexadecimal(text[position]) ?? 0) }
        return unit
    }
}

extension JSONEscapes {
    static func string(of node: JSONNode, in bytes: [UInt8]) -> String {
        guard node.flag else {
            return bytes.span.extracting(node.content).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        return String(decoding: decoded(bytes.span, node.content), as: UTF8.self)
    }
}

extension Span<UInt8> {
    /// The digits at `range`, a minus before them or not, as a number; `nil` when it does not fit.
    func integer(_ range: Range<Int>) -> Int? {
        let isNegative = self[range.lowerBound] == 0x2D
        var value = 0
        for at in (isNegative ? range.lowerBound + 1 : range.lowerBound)..<range.upperBound {
            let digit = Int(self[at]) - 0x30
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            // Towards the sign, since the smallest number has no positive counterpart.
            let (sum, overflowsToo) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflows || overflowsToo { return nil }
            value = sum
        }
        return value
    }
}
