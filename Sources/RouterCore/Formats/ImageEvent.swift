/// Writes an event of a streamed answer to a request for images: OpenAI's members, and of a finished one its address.
///
/// Source: OpenAI API reference, "Image streaming".
public struct ImageEvent: Sendable {
    private let document: JSONDocument

    /// - Parameter piece: `"type":"image_generation.…","b64_json":…`
    /// - Returns: `nil` for anything else.
    public init?(_ piece: ChatPiece) {
        // What a translator wrote can be read.
        guard let document = try? JSONDocument([0x7B] + piece.members + [0x7D], limits: ImagesFormat.limits),
            document.root["type"]?.kind == .string, document.root["b64_json"]?.kind == .string
        else { return nil }
        self.document = document
    }

    public var image: ImagesFormat.Image {
        ImagesFormat.Image(
            type: document.root["media_type"]?.string ?? "image/png",
            base64: document.root["b64_json"]?.text.dropFirst().dropLast() ?? [])
    }

    /// - Parameters:
    ///   - url: where the image can be fetched; `nil`: nowhere, and its bytes are shown whatever was asked.
    ///   - createdAt: milliseconds since 1970, for a vendor that did not say when.
    public func piece(url: String?, form: ImagesFormat.Form, createdAt: Int64) -> ChatPiece {
        var writer = JSONWriter(capacity: document.bytes.count + 200)
        writer.beginObject()
        // What the event is comes first: it is named by that.
        for member in document.root.members where member.name != "b64_json" || form != .url || url == nil {
            writer.copy(member)
        }
        if let url, form != .base64 { writer.member("url", url) }
        if document.root["created_at"] == nil { writer.member("created_at", createdAt / 1000) }
        writer.endObject()
        return ChatPiece(object: writer)
    }
}
