/// Writes answers to requests for images: OpenAI's members, with an address and what OpenRouter has beside them.
///
/// Source: OpenAI API reference, "Create image"; OpenRouter's `imagegenerationresponse` for `media_type` and the usage.
public struct ImagesFormat: Sendable {
    private let document: JSONDocument

    /// One image of the answer.
    public struct Image: Sendable {
        /// Such as `image/png`.
        public var type: String
        /// Its bytes in Base64.
        public var base64: ArraySlice<UInt8>
    }

    /// What the client wants to get of each image.
    public enum Form: String, Sendable, CaseIterable {
        case both, url
        case base64 = "b64_json"

        /// - Parameters:
        ///   - word: `response_format` of the request, which is checked before.
        ///   - standard: what a request without it gets.
        public init(_ word: String?, standard: Form = .both) {
            self = word.flatMap(Form.init(rawValue:)) ?? standard
        }
    }

    static let limits = JSONLimits(bytesMax: 128 << 20, depthMax: 64, valuesMax: 100_000, duplicateNames: .lastWins)

    /// - Parameter piece: `"data":[{"b64_json":…,"media_type":…}],…`
    /// - Returns: `nil` for anything else.
    public init?(_ piece: ChatPiece) {
        // What a translator wrote can be read.
        guard let document = try? JSONDocument([0x7B] + piece.members + [0x7D], limits: Self.limits),
            document.root["data"]?.kind == .array
        else { return nil }
        self.document = document
    }

    /// In their order.
    public var images: [Image] {
        (document.root["data"]?.elements.map(\.self) ?? []).map { image in
            Image(
                type: image["media_type"]?.string ?? "image/png",
                base64: image["b64_json"]?.text.dropFirst().dropLast() ?? [])
        }
    }

    /// - Parameter urls: where each image can be fetched; `nil`: nowhere, and its bytes are shown whatever was asked.
    public func whole(urls: [String?], form: Form, of record: Generation) -> [UInt8] {
        var writer = JSONWriter(capacity: document.bytes.count + 400 + urls.count * 120)
        writer.beginObject()
        writer.member("created", Int(record.createdAt / 1000))
        writer.name("data")
        writer.beginArray()
        for (index, image) in (document.root["data"]?.elements.map(\.self) ?? []).enumerated() {
            let url = urls.indices.contains(index) ? urls[index] : nil
            writer.beginObject()
            if let url, form != .base64 { writer.member("url", url) }
            for member in image.members where member.name != "b64_json" || form != .url || url == nil {
                writer.copy(member)
            }
            writer.endObject()
        }
        writer.endArray()
        for member in document.root.members where member.name != "data" { writer.copy(member) }
        writer.member("id", record.id.rawValue)
        writer.member("model", record.model)
        writer.member("provider", record.providerName)
        OperationUsage.write(record, to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
