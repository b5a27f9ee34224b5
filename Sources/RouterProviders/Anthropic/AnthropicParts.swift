import RouterCore

/// Writes what a user or a tool says: texts, images and documents.
enum AnthropicParts {
    private static let imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]
    private static let titleCharactersMax = 500

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for parts the vendor does not know, of kind `refused` for data
    ///   that does not decode.
    static func write(
        _ content: JSONValue, of turn: ChatTurn, to blocks: inout AnthropicBlocks, marks: inout AnthropicCacheMarks
    ) throws(UpstreamFailure) {
        if content.kind == .string {
            blocks.add(
                text: content.text, mark: turn.message.flatMap { AnthropicCacheMarks.mark(of: $0) }, marks: &marks)
        }
        for part in content.elements {
            guard let type = part["type"] else { continue }
            let mark = AnthropicCacheMarks.mark(of: part)
            if type.equals("text") {
                guard let text = part["text"], text.kind == .string else {
                    throw .refused(part, "must have a `text`: a string")
                }
                blocks.add(text: text.text, mark: mark, marks: &marks)
            } else if type.equals("image_url") {
                let image = part["image_url"]
                guard let url = image?["url"] ?? image, url.isText else {
                    throw .refused(part, "must have `image_url.url`: an https or data address")
                }
                try write(image: url, to: &blocks)
                blocks.end(mark: mark, marks: &marks)
            } else if type.equals("file"), let file = part["file"] {
                try write(file: file, to: &blocks)
                if let citations = part["citations"], citations.kind == .object {
                    blocks.writer.member("citations", citations)
                }
                blocks.end(mark: mark, marks: &marks)
            } else {
                throw .unsupported(type, "is no kind of part that this model takes: it takes text, image_url and file")
            }
        }
    }

    private static func write(image url: JSONValue, to blocks: inout AnthropicBlocks) throws(UpstreamFailure) {
        let address = Array((url.string ?? "").utf8)
        if isWeb(address) {
            blocks.begin("image")
            writeSource("url", "url", url, to: &blocks)
        } else if let uri = DataURI(address[...]) {
            try write(image: uri, of: url, to: &blocks)
        } else {
            throw .refused(url, "must begin with https://, http:// or data:")
        }
    }

    private static func write(
        image uri: DataURI, of value: JSONValue, to blocks: inout AnthropicBlocks
    ) throws(UpstreamFailure) {
        guard let data = uri.base64 else {
            throw .refused(value, "must hold its data in Base64, which does not decode")
        }
        let type = uri.mediaType == "image/jpg" ? "image/jpeg" : uri.mediaType
        let known = imageTypes.contains(type) ? type : type.isEmpty ? imageType(of: data) : nil
        guard let known else {
            throw .unsupported(value, "must be an image of one of these types: \(imageTypes.joined(separator: ", "))")
        }
        blocks.begin("image")
        writeSource(known, data, to: &blocks)
    }

    /// The type of an image whose address does not say: each begins with the same letters.
    private static func imageType(of data: [UInt8]) -> String? {
        let starts = [
            ("/9j/", "image/jpeg"), ("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"),
        ]
        return starts.first { data.starts(with: $0.0.utf8) }?.1
    }

    private static func write(file: JSONValue, to blocks: inout AnthropicBlocks) throws(UpstreamFailure) {
        guard let value = file["file_data"], value.isText else {
            if let id = file["file_id"], !id.isNull {
                throw .unsupported(id, "is not known here: send the file itself in `file_data`")
            }
            throw .refused(file, "must have `file_data`: a data or https address")
        }
        let address = Array((value.string ?? "").utf8)
        if isWeb(address) {
            blocks.begin("document")
            writeSource("url", "url", value, to: &blocks)
        } else if let uri = DataURI(address[...]) {
            if uri.mediaType.hasPrefix("image/") { return try write(image: uri, of: value, to: &blocks) }
            if uri.mediaType.hasPrefix("text/") {
                guard let text = uri.text else {
                    throw .refused(value, "must hold text in UTF-8, which does not decode")
                }
                blocks.begin("document")
                blocks.writer.name("source")
                blocks.writer.beginObject()
                blocks.writer.member("type", "text")
                blocks.writer.member("media_type", "text/plain")
                blocks.writer.member("data", text)
                blocks.writer.endObject()
            } else if uri.mediaType == "application/pdf" || uri.mediaType.isEmpty {
                guard let data = uri.base64 else {
                    throw .refused(value, "must hold its data in Base64, which does not decode")
                }
                blocks.begin("document")
                writeSource("application/pdf", data, to: &blocks)
            } else {
                throw .unsupported(value, "must be a PDF, a text or an image for this model")
            }
        } else if let data = Base64.checked(address[...]) {
            blocks.begin("document")
            writeSource("application/pdf", data, to: &blocks)
        } else {
            throw .refused(value, "must be a data or https address, or a PDF in Base64")
        }
        if let name = file["filename"]?.nonEmptyString {
            blocks.writer.member("title", String(name.prefix(titleCharactersMax)))
        }
    }

    private static func isWeb(_ address: [UInt8]) -> Bool {
        let start = String(decoding: address.prefix(8), as: UTF8.self).lowercased()
        return start.hasPrefix("https://") || start.hasPrefix("http://")
    }

    private static func writeSource(
        _ type: String, _ name: StaticString, _ value: JSONValue, to blocks: inout AnthropicBlocks
    ) {
        blocks.writer.name("source")
        blocks.writer.beginObject()
        blocks.writer.member("type", type)
        blocks.writer.member(name, value)
        blocks.writer.endObject()
    }

    /// - Parameter data: Base64, which needs no escaping.
    private static func writeSource(_ mediaType: String, _ data: [UInt8], to blocks: inout AnthropicBlocks) {
        blocks.writer.name("source")
        blocks.writer.beginObject()
        blocks.writer.member("type", "base64")
        blocks.writer.member("media_type", mediaType)
        blocks.writer.name("data")
        blocks.writer.raw([0x22] + data + [0x22])
        blocks.writer.endObject()
    }
}
