/// Decodes Base64 that comes in pieces, wherever they were cut; white space and missing padding are no harm.
struct Base64Decoder {
    /// Of the group of four letters that is not whole yet, six each.
    private var bits: UInt32 = 0
    private var letterCount = 0
    private var padding = 0
    private var isEmpty = true

    /// Decodes more letters.
    ///
    /// - Parameter bytes: what they stand for is added to it, as far as it is known.
    /// - Returns: false when they are no Base64; then `bytes` is worth nothing.
    mutating func add(_ letters: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        var isBase64 = false
        bytes.append(addingCapacity: letters.count / 4 * 3 + 3) { isBase64 = add(letters, to: &$0) }
        return isBase64
    }

    private mutating func add(_ letters: Span<UInt8>, to bytes: inout OutputSpan<UInt8>) -> Bool {
        Base64.values.withUnsafeBufferPointer { values in
            var at = 0
            while at < letters.count {
                if letterCount == 0, padding == 0 { at = addGroups(letters, from: at, values, to: &bytes) }
                guard at < letters.count else { break }
                let value = values[Int(letters[at])]
                if value < 64, padding == 0 {
                    add(value, to: &bytes)
                } else if letters[at] == 0x3D, padding < 2 {
                    padding += 1
                } else if value != 64 {
                    return false
                }
                at += 1
            }
            return true
        }
    }

    /// Groups of four letters with nothing between them.
    ///
    /// - Returns: where there is something else.
    private mutating func addGroups(
        _ letters: Span<UInt8>, from start: Int, _ values: UnsafeBufferPointer<UInt8>, to bytes: inout OutputSpan<UInt8>
    ) -> Int {
        var at = start
        while at &+ 4 <= letters.count {
            let word = letters.bytes.word(at)
            let first = UInt32(values[Int(word & 0xFF)])
            let second = UInt32(values[Int(word >> 8 & 0xFF)])
            let third = UInt32(values[Int(word >> 16 & 0xFF)])
            let fourth = UInt32(values[Int(word >> 24)])
            guard first | second | third | fourth < 64 else { break }
            let bits = first << 18 | second << 12 | third << 6 | fourth
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
            at &+= 4
        }
        if at > start { isEmpty = false }
        return at
    }

    private mutating func add(_ value: UInt8, to bytes: inout OutputSpan<UInt8>) {
        isEmpty = false
        bits = bits << 6 | UInt32(value)
        letterCount += 1
        guard letterCount == 4 else { return }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        bytes.append(UInt8(truncatingIfNeeded: bits))
        (bits, letterCount) = (0, 0)
    }

    /// Nothing more comes.
    ///
    /// - Returns: false when it was no Base64, or nothing.
    mutating func end(addingTo bytes: inout [UInt8]) -> Bool {
        let missing = (4 - letterCount) % 4
        guard !isEmpty, missing < 3, padding == 0 || padding == missing else { return false }
        switch letterCount {
        case 2: bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: break
        }
        return true
    }
}
