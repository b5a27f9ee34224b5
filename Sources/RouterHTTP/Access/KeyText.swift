/// The text of API keys: how it is made and recognised. Only this file and ``Peppers`` see it.
public enum KeyText {
    /// `air_live_`, then 37 random and 6 checksum characters of the base64url alphabet.
    private static let prefix = "air_live_"
    private static let randomCount = 37
    private static let checksumCount = 6
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Makes a new key: 222 bits of the system's randomness.
    /// - Returns: the text, to be shown once, and the label by which its owner recognises it: `air_live_AbCd…wXyZ`.
    public static func make() -> (text: String, label: String) {
        var system = SystemRandomNumberGenerator()
        var bytes = Array(prefix.utf8)
        for _ in 0..<randomCount { bytes.append(alphabet[Int(system.next() & 63)]) }
        bytes += checksum(bytes)
        let secret = bytes[prefix.utf8.count...]
        let start = String(decoding: secret.prefix(4), as: UTF8.self)
        let end = String(decoding: secret.suffix(4), as: UTF8.self)
        return (String(decoding: bytes, as: UTF8.self), "\(prefix)\(start)…\(end)")
    }

    /// Whether `text` has the form of keys that we make and a checksum that we would not have written: mistyped, so
    /// that nobody need look for it. Any other text may be a key.
    static func isMistyped(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard text.hasPrefix(prefix), bytes.count == prefix.utf8.count + randomCount + checksumCount else {
            return false
        }
        let secret = bytes[prefix.utf8.count...]
        guard secret.allSatisfy({ alphabet.contains($0) }) else { return false }
        return !secret.suffix(checksumCount).elementsEqual(checksum(Array(bytes.dropLast(checksumCount))))
    }

    /// CRC-32 of the bytes, as six characters: 36 bits, the upper four zero. It finds slips of the hand; it is no secret.
    /// Source: ISO 3309; GitHub uses the same in its tokens.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
        }
        let sum = UInt64(~remainder)
        return (0..<checksumCount).map { alphabet[Int(sum >> UInt64(6 * (checksumCount - 1 - $0)) & 63)] }
    }
}
