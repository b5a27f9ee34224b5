/// Base64 with the letters `+` and `/`. Source: RFC 4648, section 4.
public enum Base64 {
    /// 0 to 63; 64 for white space, 255 for what may not be there.
    static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let letters: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        letters.withUTF8Buffer { for (value, letter) in $0.enumerated() { values[Int(letter)] = UInt8(value) } }
        for space: UInt8 in [0x09, 0x0A, 0x0D, 0x20] { values[Int(space)] = 64 }
        return values
    }()

    /// Whether `text` decodes; white space and missing padding are no harm.
    public static func isValid(_ text: ArraySlice<UInt8>) -> Bool { isPlain(text) || tidied(text) != nil }

    /// `text` without white space and with all its padding; `nil` when it is empty or does not decode.
    public static func checked(_ text: ArraySlice<UInt8>) -> [UInt8]? { isPlain(text) ? Array(text) : tidied(text) }

    /// Whether there are letters in fours and nothing else: most text is so, which is seen faster than the rest.
    private static func isPlain(_ text: ArraySlice<UInt8>) -> Bool {
        guard !text.isEmpty, text.count % 4 == 0 else { return false }
        let padding = text.suffix(2).reversed().prefix { $0 == 0x3D }.count
        return text.span.bytes.extracting(first: text.count - padding).areBase64Letters
    }

    private static func tidied(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var letters: [UInt8] = []
        letters.reserveCapacity(text.count + 3)
        var padding = 0
        let isGood = values.withUnsafeBufferPointer { values in
            for letter in text {
                let value = values[Int(letter)]
                if value < 64, padding == 0 {
                    letters.append(letter)
                } else if letter == 0x3D {
                    padding += 1
                } else if value != 64 {
                    return false
                }
            }
            return true
        }
        let missing = (4 - letters.count % 4) % 4
        guard isGood, !letters.isEmpty, missing < 3, padding == 0 || padding == missing else { return nil }
        letters += repeatElement(0x3D, count: missing)
        return letters
    }

    /// `bytes` as letters with padding.
    public static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return alphabet.withUTF8Buffer { alphabet in
            var letters: [UInt8] = []
            letters.reserveCapacity((bytes.count + 2) / 3 * 4)
            var at = 0
            while at + 2 < bytes.count {
                let bits = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
                letters.append(alphabet[bits >> 18])
                letters.append(alphabet[bits >> 12 & 63])
                letters.append(alphabet[bits >> 6 & 63])
                letters.append(alphabet[bits & 63])
                at += 3
            }
            guard at < bytes.count else { return letters }
            let hasSecond = at + 1 < bytes.count
            let bits = Int(bytes[at]) << 16 | (hasSecond ? Int(bytes[at + 1]) << 8 : 0)
            letters.append(alphabet[bits >> 18])
            letters.append(alphabet[bits >> 12 & 63])
            letters.append(hasSecond ? alphabet[bits >> 6 & 63] : 0x3D)
            letters.append(0x3D)
            return letters
        }
    }

    /// The bytes that `letters` stand for.
    ///
    /// - Parameter letters: as ``checked(_:)`` returns them.
    public static func decoded(_ letters: [UInt8]) -> [UInt8] {
        var decoder = Base64Decoder()
        var bytes: [UInt8] = []
        _ = decoder.add(letters.span, to: &bytes) && decoder.end(addingTo: &bytes)
        return bytes
    }
}

extension RawSpan {
    /// Whether all bytes are of the 64 letters. Looks at 16 of them at a time; see `JSONScan.swift` for its loads, and for
    /// why every type is written out.
    fileprivate var areBase64Letters: Bool {
        var wrong = SIMD16<UInt8>(repeating: 0)
        var at = 0
        while at <= byteCount &- 16 {
            wrong |= Self.notBase64(unsafeLoadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self))
            at &+= 16
        }
        if at < byteCount {
            var rest = SIMD16<UInt8>(repeating: UInt8(ascii: "A"))
            for place in 0..<byteCount &- at {
                rest[place] = unsafeLoadUnaligned(fromByteOffset: at &+ place, as: UInt8.self)
            }
            wrong |= Self.notBase64(rest)
        }
        return !wrong.isMarked
    }

    /// Bytes of ones where there is no letter.
    @inline(__always)
    private static func notBase64(_ bytes: SIMD16<UInt8>) -> SIMD16<UInt8> {
        let lowercased = (bytes | SIMD16<UInt8>(repeating: 0x20)) &- SIMD16<UInt8>(repeating: UInt8(ascii: "a"))
        let letters: SIMDMask<SIMD16<Int8>> = lowercased .< SIMD16<UInt8>(repeating: 26)
        let digits: SIMDMask<SIMD16<Int8>> =
            (bytes &- SIMD16<UInt8>(repeating: UInt8(ascii: "0"))) .< SIMD16<UInt8>(repeating: 10)
        // They differ in one bit: `+` is 0x2B, `/` 0x2F.
        let signs: SIMDMask<SIMD16<Int8>> =
            (bytes | SIMD16<UInt8>(repeating: 4)) .== SIMD16<UInt8>(repeating: UInt8(ascii: "/"))
        return ~SIMD16(marking: letters .| digits .| signs)
    }
}
