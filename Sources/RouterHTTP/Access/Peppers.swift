import Crypto
public import RouterCore

/// Digests key texts under secrets of this installation, so that a stolen database verifies nothing.
///
/// Peppers have versions, counted from 1: new keys are digested under the last one, keys of earlier ones still found.
public struct Peppers: Sendable, CustomStringConvertible {
    /// Version 1 first. Each has taken in its secret already; a copy takes in what is digested.
    private let codes: [HMAC<SHA256>]
    /// The longest text that is taken for a key; longer ones are refused without a digest.
    private static let textBytesMax = 512
    /// The least that a pepper must have to be one.
    private static let secretBytesMin = 16

    /// - Parameter secrets: version 1 first, each of 16 bytes or more.
    /// - Returns: `nil` when there is none, or one is too short to be a secret.
    public init?(_ secrets: [[UInt8]]) {
        guard !secrets.isEmpty, secrets.allSatisfy({ $0.count >= Self.secretBytesMin }) else { return nil }
        codes = secrets.map { HMAC(key: SymmetricKey(data: $0)) }
    }

    /// Reads what ``text(of:)`` wrote, or what an operator did: a secret a line, version 1 first. Lines of 64 hexadecimal
    /// digits are 32 bytes; any other line counts as its own bytes.
    public init?(text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces }.filter { !$0.isEmpty }
        self.init(lines.map { [UInt8](hexadecimal: $0) ?? Array($0.utf8) })
    }

    /// A new secret of 32 random bytes, as a line of a file.
    public static func newSecret() -> String {
        var system = SystemRandomNumberGenerator()
        return (0..<4).map { _ in hexadecimal(withUnsafeBytes(of: system.next()) { Array($0) }) }.joined()
    }

    /// Digests of `text` under each version, the newest first; `nil` for a text that is too long to be a key.
    public func digests(of text: String) -> [KeyDigest]? {
        guard text.utf8.count <= Self.textBytesMax else { return nil }
        return codes.indices.reversed().map { digest(of: text, version: $0 + 1) }
    }

    /// The digest under which a new key is stored.
    public func digest(of text: String) -> KeyDigest { digest(of: text, version: codes.count) }

    private func digest(of text: String, version: Int) -> KeyDigest {
        var text = text
        var code = codes[version - 1]
        text.withUTF8 { code.update(data: $0) }
        return KeyDigest(hex: code.finalize().withUnsafeBytes { Self.hexadecimal($0) }, pepperVersion: version)
    }

    /// Never the secrets.
    public var description: String { "\(codes.count) pepper(s)" }

    private static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
        let digits: StaticString = "0123456789abcdef"
        return digits.withUTF8Buffer { digits in
            String(unsafeUninitializedCapacity: bytes.count * 2) { text in
                for (index, byte) in bytes.enumerated() {
                    text[2 * index] = digits[Int(byte >> 4)]
                    text[2 * index + 1] = digits[Int(byte & 15)]
                }
                return bytes.count * 2
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? ""
    }
}

extension [UInt8] {
    /// 64 digits as 32 bytes; `nil` for anything else.
    fileprivate init?(hexadecimal text: Substring) {
        guard text.utf8.count == 64 else { return nil }
        self = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            append(byte)
            rest = rest.dropFirst(2)
        }
    }
}
