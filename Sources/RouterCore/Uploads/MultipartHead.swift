/// The lines before the content of one part of a form.
public struct MultipartHead: Sendable, Hashable {
    /// As they came, with the empty line behind them.
    public let lines: [UInt8]
    public let name: String
    /// `nil` for a field that is no file.
    public let fileName: String?
    /// In lower case, without parameters; `nil` when nothing is said.
    public let contentType: String?
    /// The line with the type, for a text that everybody reads alike; nothing otherwise.
    public let typeLine: [UInt8]
    /// Whether it is a field's whose name everybody reads alike, however they read quotes, backslashes and white space: letters,
    /// digits and any of `_-.[]`, and nothing else about it.
    public let isPlainField: Bool

    init(_ lines: [UInt8]) throws(MultipartFault) {
        // Everything in it is compared.
        guard !String(decoding: lines, as: UTF8.self).isCostlyToCompare else { throw .noName }
        self.lines = lines
        var disposition: HeaderParameters?
        var type: HeaderParameters?
        var typeLines: [ArraySlice<UInt8>] = []
        var isPlainField = lines.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0D || $0 == 0x0A }
        for line in try Self.lines(in: lines) {
            // A line that goes on with the one before means something to some, and to others not.
            guard let first = line.first, first != UInt8(ascii: " "), first != UInt8(ascii: "\t") else {
                throw .ambiguousName
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = line[..<colon].prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            switch String(decoding: name, as: UTF8.self).lowercased() {
            case "content-disposition":
                guard disposition == nil else { throw .ambiguousName }
                disposition = HeaderParameters(line[(colon + 1)...])
                if !Self.isPlain(line[(colon + 1)...]) { isPlainField = false }
            case "content-type":
                type = type ?? HeaderParameters(line[(colon + 1)...])
                typeLines.append(line)
            case "content-transfer-encoding":
                let encoding = HeaderParameters(line[(colon + 1)...]).value
                guard ["", "binary", "8bit", "7bit"].contains(encoding) else { throw .encoded }
            default: break
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition["name"], !name.isEmpty else {
            throw .noName
        }
        guard !disposition.isAmbiguous("name") else { throw .ambiguousName }
        if let type, type.value.hasPrefix("multipart/") { throw .nested }
        self.name = name
        fileName = disposition["filename"]
        let charset = type?["charset"]?.lowercased() ?? "utf-8"
        let isPlain =
            typeLines.count == 1 && ["utf-8", "utf8", "us-ascii"].contains(charset)
            && type?.isAmbiguous("charset") == false
        typeLine = isPlain ? typeLines[0] + [0x0D, 0x0A] : []
        contentType = type.flatMap { $0.value.isEmpty ? nil : $0.value }
        self.isPlainField = isPlainField
    }

    /// ` form-data; name="model"`, with quotes or without.
    private static func isPlain(_ disposition: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: disposition, as: UTF8.self).drop { $0 == " " }
        let (start, word) = ("form-data;", "name=")
        guard text.prefix(start.count).lowercased() == start else { return false }
        var name = text.dropFirst(start.count).drop { $0 == " " }
        guard name.prefix(word.count).lowercased() == word else { return false }
        name = name.dropFirst(word.count)
        if name.first == "\"" {
            guard name.count > 1, name.last == "\"" else { return false }
            name = name.dropFirst().dropLast()
        }
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_-.[]".utf8.contains(byte)
                }
            }
    }

    /// Lines that end with both bytes: one alone ends a line for some, and for others stands in it.
    private static func lines(in head: [UInt8]) throws(MultipartFault) -> [ArraySlice<UInt8>] {
        for at in head.indices {
            let (isReturn, isFeed) = (head[at] == 0x0D, head[at] == 0x0A)
            guard !isReturn || at + 1 < head.count && head[at + 1] == 0x0A, !isFeed || at > 0 && head[at - 1] == 0x0D
            else { throw .ambiguousName }
        }
        return head.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    }
}
