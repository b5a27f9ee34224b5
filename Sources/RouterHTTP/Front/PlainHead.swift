/// The head of an inference request in its plainest form, read from the bytes as they came and kept as they are.
///
/// Only what nearly every client sends is taken: `POST`, a path letter by letter as it is documented, `HTTP/1.1`, fields
/// without anything unusual in them, one `Content-Length`. Whatever differs in any way is left to NIO's HTTP parser, which
/// knows all of HTTP: nothing is refused here, so there is nothing to disagree about.
///
/// Source: RFC 9112, sections 2 to 6.
struct PlainHead: Sendable {
    let path: InferencePath
    /// The field lines, `name: value CR LF` each.
    private let lines: [UInt8]
    /// Bytes from the start of the request to the start of its body.
    let byteCount: Int
    /// Bytes of the body.
    let contentLength: Int
    /// The connection is to be used again.
    private(set) var isKeepAlive = true

    /// A longer head is left to NIO's parser.
    private static let bytesMax = 8 * 1024
    private static let fieldsMax = 100
    /// The first lines that are taken, the most frequent ones first.
    private static let starts: [(line: [UInt8], path: InferencePath)] = InferencePath.all.flatMap { path in
        path.spellings.map { (Array("POST \($0) HTTP/1.1\r\n".utf8), path) }
    }

    /// - Parameter bytes: the start of a request; what follows the head is not looked at.
    /// - Returns: `nil` for what is not plain, and for a head that is not complete.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = Self.starts.first(where: { bytes.starts(with: $0.line) }) else { return nil }
        path = start.path
        let first = start.line.count
        var position = first
        var fieldCount = 0
        var length: Int?
        while true {
            guard let line = Self.line(in: bytes, from: position) else { return nil }
            guard !line.isEmpty else { break }
            fieldCount += 1
            guard fieldCount <= Self.fieldsMax, let name = Self.name(of: line) else { return nil }
            let value = Self.value(of: line, after: name)
            switch name.count {
            case 14 where Self.equals(name, "content-length"):
                // NIO's parser takes no tab here.
                guard length == nil, !line.contains(UInt8(ascii: "\t")), let number = Self.number(value) else {
                    return nil
                }
                length = number
            case 10 where Self.equals(name, "connection"):
                let isClose = Self.equals(value, "close")
                guard isClose || Self.equals(value, "keep-alive") else { return nil }
                if isClose { isKeepAlive = false }
            case 6 where Self.equals(name, "expect"), 7 where Self.equals(name, "upgrade"),
                17 where Self.equals(name, "transfer-encoding"):
                return nil
            default: break
            }
            position = line.endIndex + 2
        }
        guard let length else { return nil }
        lines = Array(bytes[first..<position])
        byteCount = position + 2
        contentLength = length
    }

    /// The value of the first field of this name; `nil` when there is none.
    ///
    /// - Parameter name: in lower case.
    subscript(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { name in
            lines.withUnsafeBytes { lines in
                var position = 0
                while let line = Self.line(in: lines, from: position) {
                    if line.count > name.count, line[line.startIndex + name.count] == UInt8(ascii: ":"),
                        Self.equals(line.prefix(name.count), name)
                    {
                        return String(decoding: Self.value(of: line, after: line.prefix(name.count)), as: UTF8.self)
                    }
                    position = line.endIndex + 2
                }
                return nil
            }
        }
    }

    // MARK: Lines

    private typealias Bytes = Slice<UnsafeRawBufferPointer>

    /// The line that begins at `position`, without its end; `nil` when it has no end, holds a control character, or ends
    /// too far from the start.
    private static func line(in bytes: UnsafeRawBufferPointer, from position: Int) -> Bytes? {
        var end = position
        let limit = min(bytes.count - 1, bytesMax)
        while end < limit {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\r") { return bytes[end + 1] == UInt8(ascii: "\n") ? bytes[position..<end] : nil }
            guard byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") else { return nil }
            end += 1
        }
        return nil
    }

    /// What stands before the colon: letters, digits, `-` and `_`, at least one.
    private static func name(of line: Bytes) -> Bytes? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return nil }
        let name = line[..<colon]
        let isPlain = name.allSatisfy { byte in
            let letter = byte | 0x20
            return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }
        return isPlain ? name : nil
    }

    private static func value(of line: Bytes, after name: Bytes) -> Bytes {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var start = name.endIndex + 1
        var end = line.endIndex
        while start < end, isSpace(line[start]) { start += 1 }
        while end > start, isSpace(line[end - 1]) { end -= 1 }
        return line[start..<end]
    }

    /// Digits only, ten at most.
    private static func number(_ text: Bytes) -> Int? {
        guard !text.isEmpty, text.count <= 10 else { return nil }
        var number = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    private static func equals(_ text: Bytes, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { equals(text, $0) }
    }

    /// - Parameter word: in lower case; letters of `text` count in either.
    private static func equals(_ text: Bytes, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == word.count else { return false }
        for (byte, expected) in zip(text, word) where byte != expected {
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard isUpper, byte | 0x20 == expected else { return false }
        }
        return true
    }
}
