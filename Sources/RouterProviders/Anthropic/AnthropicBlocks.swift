import RouterCore

/// The content of one turn: a list of blocks, or one string when it is a single plain text.
struct AnthropicBlocks {
    private var list = JSONWriter()
    private var count = 0
    /// The only block so far, not in the list yet: a JSON string, quotes included.
    private var plain: ArraySlice<UInt8>?

    init() { list.beginArray() }

    var isEmpty: Bool { count == 0 }

    /// Adds a text, unless it is blank: the vendor refuses blocks of white space.
    ///
    /// - Parameters:
    ///   - text: a JSON string, quotes included.
    ///   - mark: that of the part it comes from.
    mutating func add(
        text: ArraySlice<UInt8>, mark: AnthropicCacheMarks.Mark? = nil, marks: inout AnthropicCacheMarks
    ) {
        guard !Self.isBlank(text) else { return }
        if count == 0, mark == nil {
            plain = text
            count = 1
            return
        }
        begin("text")
        list.name("text")
        list.raw(text)
        end(mark: mark, marks: &marks)
    }

    /// Begins a block whose other members are written to ``writer``.
    mutating func begin(_ type: String) {
        if let plain {
            self.plain = nil
            list.beginObject()
            list.member("type", "text")
            list.name("text")
            list.raw(plain)
            list.endObject()
        }
        count += 1
        list.beginObject()
        list.member("type", type)
    }

    /// Where the members of the block go that was begun last.
    var writer: JSONWriter {
        get { list }
        _modify { yield &list }
    }

    /// Ends the block that was begun last.
    mutating func end(mark: AnthropicCacheMarks.Mark? = nil, marks: inout AnthropicCacheMarks) {
        marks.write(mark, to: &list)
        list.endObject()
    }

    /// Writes the content: a string or a list.
    func write(to writer: inout JSONWriter) {
        if let plain {
            writer.raw(plain)
        } else {
            var list = list
            list.endArray()
            writer.raw(list.bytes)
        }
    }

    /// Whether a JSON string, quotes included, has nothing in it but white space.
    static func isBlank(_ text: ArraySlice<UInt8>) -> Bool {
        let content = text.dropFirst().dropLast()
        for (index, byte) in zip(content.indices, content) {
            switch byte {
            case 0x21...0x5B, 0x5D...0x7E: return false
            case 0x20: continue
            default: return isBlank(escaped: text, from: index)
            }
        }
        return true
    }

    /// The same for a text with escapes or letters beyond ASCII, all blank before `index`.
    private static func isBlank(escaped text: ArraySlice<UInt8>, from index: Int) -> Bool {
        guard let document = try? JSONDocument([0x22] + text[index...], limits: .response) else { return false }
        return document.root.string?.allSatisfy(\.isWhitespace) ?? false
    }

    /// A JSON string without the white space at its end.
    static func trimmed(_ text: JSONValue) -> ArraySlice<UInt8> {
        guard var string = text.string, string.last?.isWhitespace == true else { return text.text }
        while string.last?.isWhitespace == true { string.removeLast() }
        var writer = JSONWriter(capacity: string.utf8.count + 2)
        writer.string(string)
        return writer.bytes[...]
    }
}
