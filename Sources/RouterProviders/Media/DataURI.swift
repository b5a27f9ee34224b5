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
