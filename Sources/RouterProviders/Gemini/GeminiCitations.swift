import RouterCore

/// Where a candidate says that parts of its text come from.
///
/// Source: Gemini API reference, `GroundingMetadata` and `CitationMetadata`.
struct GeminiCitations {
    private struct Source {
        var url: JSONValue
        var title: JSONValue?
        /// Bytes of the text; `nil` for all of it.
        var range: Range<Int>?
    }

    private var sources: [Source] = []

    /// More are not shown.
    private static let sourcesMax = 1000

    init(in candidate: JSONValue) {
        if let list = candidate["citationMetadata"]?["citationSources"] {
            for source in list.elements { add(source["uri"], nil, at: source) }
        }
        guard let grounding = candidate["groundingMetadata"], let chunks = grounding["groundingChunks"] else { return }
        let pages = chunks.elements.map { $0["web"] ?? $0["retrievedContext"] ?? $0["maps"] }
        if let supports = grounding["groundingSupports"], supports.count > 0 {
            for support in supports.elements {
                guard let segment = support["segment"], let places = support["groundingChunkIndices"] else { continue }
                for place in places.elements.compactMap(\.integer) where pages.indices.contains(place) {
                    add(pages[place]?["uri"], pages[place]?["title"], at: segment)
                }
            }
        } else {
            for page in pages { add(page?["uri"], page?["title"], at: nil) }
        }
    }

    var count: Int { sources.count }

    private mutating func add(_ url: JSONValue?, _ title: JSONValue?, at segment: JSONValue?) {
        guard let url, url.isText, sources.count < Self.sourcesMax else { return }
        var range: Range<Int>?
        if let segment {
            let start = segment["startIndex"]?.integer ?? 0
            guard let end = segment["endIndex"]?.integer, 0 <= start, start <= end else { return }
            range = start..<end
        }
        sources.append(Source(url: url, title: title, range: range))
    }

    /// The elements of `annotations`, with commas between them.
    ///
    /// - Parameters:
    ///   - text: all of the text, the inside of a JSON string.
    ///   - first: those before it are left out.
    func elements(of text: [UInt8], from first: Int = 0) -> [UInt8] {
        let bytes = ((try? JSONDocument([0x22] + text + [0x22], limits: .response))?.root.string).map { Array($0.utf8) }
        var writer = JSONWriter(capacity: (sources.count - first) * 160)
        writer.beginArray()
        for source in sources.dropFirst(first) {
            writer.beginObject()
            writer.member("type", "url_citation")
            writer.name("url_citation")
            writer.beginObject()
            if let bytes {
                let range = source.range ?? 0..<bytes.count
                writer.member("start_index", Self.characters(before: range.lowerBound, in: bytes))
                writer.member("end_index", Self.characters(before: range.upperBound, in: bytes))
            }
            writer.member("url", source.url)
            if let title = source.title, title.kind == .string {
                writer.member("title", title)
            } else {
                writer.member("title", "")
            }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        return Array(writer.bytes.dropFirst().dropLast())
    }

    /// The vendor counts bytes, a client characters.
    private static func characters(before byte: Int, in text: [UInt8]) -> Int {
        text.prefix(byte).reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }
}
