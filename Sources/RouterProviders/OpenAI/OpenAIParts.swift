import RouterCore

/// Writes parts of a message's content that a vendor has another form for.
enum OpenAIParts {
    /// - Throws: ``UpstreamFailure`` of kind `refused` for a part without what it must have, of kind `unsupported` for
    ///   a file that is no data.
    static func write(
        _ part: JSONValue, _ fate: OpenAIQuirks.PartFate, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        switch fate {
        case .refuse:
            throw .unsupported(part["type"] ?? part, "is a kind of part that this model does not take")
        case .bareAudio:
            guard let data = part["input_audio"]?["data"], data.isText else {
                throw .refused(part, "must have `input_audio` with its `data` in Base64")
            }
            writer.beginObject()
            writer.member("type", "input_audio")
            writer.member("input_audio", data)
            writer.endObject()
        case .documentURL:
            try write(document: part, to: &writer)
        }
    }

    private static func write(document part: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        guard let file = part["file"], let data = file["file_data"], data.isText else {
            if let id = part["file"]?["file_id"], !id.isNull {
                throw .unsupported(id, "is not known here: send the file itself in `file_data`")
            }
            throw .refused(part, "must have `file` with `file_data`: a data or https address")
        }
        writer.beginObject()
        writer.member("type", "document_url")
        writer.name("document_url")
        let address = data.string ?? ""
        let isAddress = ["data:", "https:", "http:"].contains { address.prefix(6).lowercased().hasPrefix($0) }
        if isAddress {
            writer.copy(data)
        } else {
            guard Base64.isValid(Array(address.utf8)[...]) else {
                throw .refused(data, "must be a data or https address, or a PDF in Base64")
            }
            writer.string("data:application/pdf;base64," + address)
        }
        if let name = file["filename"], name.isText { writer.member("document_name", name) }
        writer.endObject()
    }
}
