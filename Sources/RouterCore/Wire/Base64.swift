/// Base64 with the letters `+` and `/`. Source: RFC 4648, section 4.
public enum Base64 {
    /// 0 to 63; 64 for white space, 255 for what may not be there.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let letters: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        letters.withUTF8Buffer { for (value, letter) in $0.enumerated() { values[Int(letter)] = UInt8(value) } }
        for space: UInt8 in [0x09, 0x0A, 0x0D, 0x20] { values[Int(space)] = 64 }
        return values
    }()

    /// `text` without white space and with all its padding; `nil` when it is empty or does not decode.
    public static func checked(_ text: ArraySlice<UInt8>) -> [UInt8]? {
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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for letter in letters where letter != 0x3D {
            bits = bits << 6 | UInt32(values[Int(letter)] & 63)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
