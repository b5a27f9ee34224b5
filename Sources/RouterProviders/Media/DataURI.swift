import RouterCore

/// A `data:` address taken apart.
///
/// Source: RFC 2397.
struct DataURI {
    /// In lower case and without parameters, such as `image/png`; empty when there is none.
    let mediaType: String
    private let isBase64: Bool
    /// What stands behind the comma.
    private let data: ArraySlice<UInt8>

    /// - Returns: `nil` when `bytes` is no data URI.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count > 5, bytes.prefix(5).elementsEqual("data:".utf8, by: { $0 | 0x20 == $1 | 0x20 }),
            let comma = bytes.prefix(1000).firstIndex(of: 0x2C)
        else { return nil }
        let head = String(decoding: bytes[(bytes.startIndex + 5)..<comma], as: UTF8.self).lowercased()
        let parts = head.split(separator: ";", omittingEmptySubsequences: false)
        mediaType = parts.first.map { String($0.filter { !$0.isWhitespace }) } ?? ""
        isBase64 = parts.dropFirst().contains { $0.filter { !$0.isWhitespace } == "base64" }
        data = bytes[(comma + 1)...]
    }

    /// What it holds, in Base64 with its padding and nothing else; `nil` when it is not in Base64, or empty.
    var base64: [UInt8]? { isBase64 ? Base64.checked(data) : nil }

    /// What it holds as text; `nil` when that is not UTF-8.
    var text: String? {
        guard let bytes = isBase64 ? Base64.checked(data).map(Base64.decoded) : Self.unescaped(data) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Without `%20` and the like.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var plain: [UInt8] = []
        var at = bytes.startIndex
        while at < bytes.endIndex {
            guard bytes[at] == 0x25 else {
                plain.append(bytes[at])
                at += 1
                continue
            }
            let digits = bytes[(at + 1)...].prefix(2)
            guard digits.count == 2, let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            plain.append(byte)
            at += 3
        }
        return plain
    }
}

/// Base64 with the letters `+` and `/`. Source: RFC 4648, section 4.
enum Base64 {
    /// 0 to 63; 64 for white space, 255 for what may not be there.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let letters: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        letters.withUTF8Buffer { for (value, letter) in $0.enumerated() { values[Int(letter)] = UInt8(value) } }
        for space: UInt8 in [0x09, 0x0A, 0x0D, 0x20] { values[Int(space)] = 64 }
        return values
    }()

    /// `text` without white space and with all its padding; `nil` when it is empty or does not decode.
    static func checked(_ text: ArraySlice<UInt8>) -> [UInt8]? {
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
    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
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
    static func decoded(_ letters: [UInt8]) -> [UInt8] {
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
