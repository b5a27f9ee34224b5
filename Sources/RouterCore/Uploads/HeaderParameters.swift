/// A header field's value with parameters, such as `form-data; name="file"; filename="a b.mp3"`.
///
/// Source: RFC 9110, section 5.6.6; RFC 8187 for `name*`; what browsers send, WHATWG's "Multipart form data".
struct HeaderParameters: Sendable, Hashable {
    /// What stands before the first semicolon, in lower case.
    let value: String
    private var parameters: [String: [UInt8]] = [:]
    /// Names of parameters that are there more than once; the first one counts.
    private var repeated: Set<String> = []

    init(_ text: some Sequence<UInt8>) {
        let bytes = Array(text)
        let first = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        value = Self.trimmed(bytes[..<first]).lowercased()
        var position = first
        while position < bytes.count {
            position += 1  // The semicolon.
            let nameEnd = bytes[position...].firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ";") }
            guard let nameEnd else { return }
            let name = Self.trimmed(bytes[position..<nameEnd]).lowercased()
            position = nameEnd
            guard bytes[position] == UInt8(ascii: "=") else { continue }
            position += 1
            while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
            let read = Self.parameter(in: bytes, at: &position)
            if parameters[name] == nil { parameters[name] = read } else { repeated.insert(name) }
        }
    }

    /// Reads to the next semicolon that is not in quotes.
    private static func parameter(in bytes: [UInt8], at position: inout Int) -> [UInt8] {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            let end = bytes[position...].firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
            defer { position = end }
            return Array(trimmed(bytes[position..<end]).utf8)
        }
        position += 1
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            // Browsers do not escape a backslash: it only takes the meaning from a quote or another one.
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
                [UInt8(ascii: "\""), UInt8(ascii: "\\")].contains(bytes[position + 1])
            {
                position += 1
            }
            text.append(bytes[position])
            position += 1
        }
        position = bytes[min(position, bytes.count)...].firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        return text
    }

    /// The text of a parameter; of one in RFC 8187's form before that of the plain one.
    ///
    /// - Parameter name: in lower case.
    subscript(_ name: String) -> String? {
        if let extended = parameters[name + "*"] {
            let parts = extended.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3 { return String(decoding: Self.percentDecoded(parts[2]), as: UTF8.self) }
        }
        return parameters[name].map { String(decoding: Self.unquoted($0), as: UTF8.self) }
    }

    /// Whether others may take another value for this parameter than we do: it is there twice, or in RFC 8187's form, or in
    /// the pieces of RFC 2231.
    ///
    /// - Parameter name: in lower case.
    func isAmbiguous(_ name: String) -> Bool {
        repeated.contains(name) || parameters.keys.contains { $0.hasPrefix(name + "*") }
    }

    /// A name as it stands between quotes: three bytes as browsers write them.
    static func quoted(_ name: String) -> [UInt8] {
        name.utf8.reduce(into: []) { bytes, byte in
            switch byte {
            case UInt8(ascii: "\""): bytes += "%22".utf8
            case 0x0A: bytes += "%0A".utf8
            case 0x0D: bytes += "%0D".utf8
            default: bytes.append(byte)
            }
        }
    }

    private static func unquoted(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.first {
            let isCode = { (code: StaticString) in
                code.withUTF8Buffer { rest.prefix(3).elementsEqual($0, by: { $0 == $1 || $0 == $1 | 0x20 }) }
            }
            let meant: UInt8? =
                byte != UInt8(ascii: "%")
                ? nil : isCode("%22") ? UInt8(ascii: "\"") : isCode("%0A") ? 0x0A : isCode("%0D") ? 0x0D : nil
            if let meant {
                bytes.append(meant)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return bytes
    }

    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = bytes.drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self)
    }

    /// Whether a byte needs no quotes around it.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
