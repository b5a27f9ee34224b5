import RouterCore

/// Writes what a user says: texts, images, sound and documents, each a part of a content.
enum GeminiParts {
    private static let kinds =
        "is no kind of part that this model takes: it takes text, image_url, input_audio and file"

    /// Media types by the word in `input_audio.format`.
    private static let audioTypes = [
        "wav": "audio/wav", "mp3": "audio/mp3", "aiff": "audio/aiff", "aac": "audio/aac", "ogg": "audio/ogg",
        "flac": "audio/flac",
    ]

    /// Addresses that the vendor reads itself.
    private static let ownAddresses = [
        "https://generativelanguage.googleapis.com/", "gs://", "https://www.youtube.com/", "https://youtube.com/",
        "https://youtu.be/",
    ]

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for parts the vendor does not know, of kind `refused` for data
    ///   that does not decode.
    static func write(_ content: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        if content.kind == .string { write(text: content.text, to: &writer) }
        for part in content.elements {
            guard let type = part["type"] else { continue }
            if type.equals("text") {
                guard let text = part["text"], text.kind == .string else {
                    throw .refused(part, "must have a `text`: a string")
                }
                write(text: text.text, to: &writer)
            } else if type.equals("image_url") {
                let image = part["image_url"]
                guard let url = image?["url"] ?? image, url.isText else {
                    throw .refused(part, "must have `image_url.url`: a data address")
                }
                try write(image: url, to: &writer)
            } else if type.equals("input_audio"), let audio = part["input_audio"] {
                try write(audio: audio, to: &writer)
            } else if type.equals("file"), let file = part["file"] {
                try write(file: file, to: &writer)
            } else {
                throw .unsupported(type, kinds)
            }
        }
    }

    /// - Parameter text: a JSON string, quotes included; an empty one is left out.
    static func write(
        text: ArraySlice<UInt8>, signature: JSONValue? = nil, to writer: inout JSONWriter
    ) {
        guard text.count > 2 else { return }
        writer.beginObject()
        writer.name("text")
        writer.raw(text)
        if let signature { writer.member("thoughtSignature", signature) }
        writer.endObject()
    }

    private static func write(image url: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        let address = url.string ?? ""
        if isOwn(address) { return write(address: url, to: &writer) }
        guard let uri = DataURI(Array(address.utf8)[...]) else {
            throw .unsupported(
                url, "must be a data address: this model is not given images by their addresses on the web")
        }
        guard let data = uri.base64 else {
            throw .refused(url, "must hold its data in Base64, which does not decode")
        }
        let type = uri.mediaType == "image/jpg" ? "image/jpeg" : uri.mediaType
        guard let known = type.isEmpty ? imageType(of: data) : type, known.hasPrefix("image/") else {
            throw .unsupported(url, "must be an image that says its type, such as image/png")
        }
        write(data, known, to: &writer)
    }

    private static func write(audio: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let value = audio["data"], value.isText else {
            throw .refused(audio, "must have `data` in Base64")
        }
        guard let format = audio["format"], let type = format.string.flatMap({ audioTypes[$0.lowercased()] }) else {
            let words = audioTypes.keys.sorted().joined(separator: ", ")
            throw .unsupported(audio["format"] ?? audio, "must be one of \(words) for this model")
        }
        guard let data = Base64.checked(Array((value.string ?? "").utf8)[...]) else {
            throw .refused(value, "must be Base64, which does not decode")
        }
        write(data, type, to: &writer)
    }

    private static func write(file: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let value = file["file_data"], value.isText else {
            if let id = file["file_id"], !id.isNull {
                throw .unsupported(id, "is not known here: send the file itself in `file_data`")
            }
            throw .refused(file, "must have `file_data`: a data address")
        }
        let address = value.string ?? ""
        if isOwn(address) { return write(address: value, to: &writer) }
        let bytes = Array(address.utf8)[...]
        if let uri = DataURI(bytes) {
            guard let data = uri.base64 else {
                throw .refused(value, "must hold its data in Base64, which does not decode")
            }
            write(data, uri.mediaType.isEmpty ? "application/pdf" : uri.mediaType, to: &writer)
        } else if let data = Base64.checked(bytes) {
            write(data, "application/pdf", to: &writer)
        } else {
            throw .unsupported(value, "must be a data address, or a PDF in Base64, for this model")
        }
    }

    /// Whether the vendor reads what stands at this address itself.
    static func isOwn(_ address: String) -> Bool {
        ownAddresses.contains { address.hasPrefix($0) }
    }

    /// The type of an image whose address does not say: each begins with the same letters.
    private static func imageType(of data: [UInt8]) -> String? {
        let starts = [
            ("/9j/", "image/jpeg"), ("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"),
        ]
        return starts.first { data.starts(with: $0.0.utf8) }?.1
    }

    private static func write(address: JSONValue, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("fileData")
        writer.beginObject()
        writer.member("fileUri", address)
        writer.endObject()
        writer.endObject()
    }

    /// - Parameter data: Base64, which needs no escaping.
    private static func write(_ data: [UInt8], _ type: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("inlineData")
        writer.beginObject()
        writer.member("mimeType", type)
        writer.name("data")
        writer.raw([0x22] + data + [0x22])
        writer.endObject()
        writer.endObject()
    }
}
