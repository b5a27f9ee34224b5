import RouterCore

/// What the model leans on, as annotations: where in the answer's text, and on what.
struct AnthropicCitations: Sendable {
    /// Elements of `annotations`, with commas between them.
    private var list = JSONWriter()

    init() { list.beginArray() }

    var isEmpty: Bool { list.bytes.count < 2 }

    /// Adds the citations of a text.
    ///
    /// - Parameters:
    ///   - citations: the vendor's.
    ///   - range: of the text within the whole answer, in characters as Unicode counts scalars.
    mutating func add(_ citations: some Sequence<JSONValue>, range: Range<Int>) {
        for citation in citations where citation.kind == .object {
            let isWeb = citation["url"]?.isText == true
            list.beginObject()
            list.member("type", isWeb ? "url_citation" : "file_citation")
            list.name(isWeb ? "url_citation" : "file_citation")
            list.beginObject()
            list.member("start_index", range.lowerBound)
            list.member("end_index", range.upperBound)
            for member in citation.members where !member.value.isNull {
                switch member.name {
                case "url" where isWeb, "title" where isWeb: list.copy(member)
                case "cited_text": list.member("content", member.value)
                case "document_title" where !isWeb: list.member("filename", member.value)
                case "type", "file_id", "encrypted_index": break
                default: if !isWeb { list.copy(member) }
                }
            }
            list.endObject()
            list.endObject()
        }
    }

    /// Writes `annotations`; nothing when there are none.
    func write(to writer: inout JSONWriter) {
        guard !isEmpty else { return }
        var list = list
        list.endArray()
        writer.name("annotations")
        writer.raw(list.bytes)
    }

    /// Characters of a JSON string.
    static func characters(of text: JSONValue) -> Int { text.string?.unicodeScalars.count ?? 0 }
}
