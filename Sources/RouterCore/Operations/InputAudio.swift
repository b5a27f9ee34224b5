/// Sound that stands in the JSON of a request, in Base64: `"input_audio": {"data": "UklGR…", "format": "wav"}`.
///
/// Source: OpenRouter's `sttrequest`.
public struct InputAudio: Sendable {
    /// Where it is.
    public let content: any UploadContent
    public let audio: UploadedAudio

    /// Bytes of the file.
    public static let bytesMax = 25 << 20
    static let dataPath = "input_audio.data"

    public init(_ content: any UploadContent, _ audio: UploadedAudio) {
        self.content = content
        self.audio = audio
    }

    /// The form that a request in JSON becomes, as vendors want it.
    ///
    /// - Parameters:
    ///   - sound: where it was taken out of the text already.
    ///   - bytesMax: of the file.
    /// - Throws: ``APIError`` that names the member: for an address, for what does not decode, for what is no sound.
    static func upload(
        of root: JSONValue, with sound: InputAudio? = nil, bytesMax: Int = bytesMax
    ) throws(APIError) -> FormUpload {
        guard let value = root["input_audio"], !value.isNull else {
            throw APIError(
                .invalidRequest,
                "`input_audio` is required in JSON; or send a form (multipart/form-data) with the file in `file`.",
                parameter: "input_audio")
        }
        guard value.kind == .object else { throw MemberCheck.wrongType(value, "an object with `data` and `format`") }
        if let url = value["url"], !url.isNull {
            throw MemberCheck.invalid(url, "is not taken: send the sound itself in `input_audio.data`")
        }
        guard let data = value["data"], !data.isNull else { throw MemberCheck.missing("data", in: value) }
        let sound = if let sound { sound } else { try decoded(data, bytesMax: bytesMax) }
        if let foreign = sound.audio.foreign {
            throw MemberCheck.invalid(data, "must be an audio file, not \(foreign)")
        }
        let format = try format(value["format"]) ?? sound.audio.format?.rawValue ?? "bin"
        // Vendors tell the format by the name.
        let head =
            "Content-Disposition: form-data; name=\"file\"; filename=\"audio.\(format)\"\r\n"
            + "Content-Type: \(types[format] ?? "application/octet-stream")\r\n\r\n"
        return FormUpload(
            fields: try fields(of: root), boundary: boundary(), fileHead: Array(head.utf8),
            file: sound.content, audio: sound.audio)
    }

    private static func decoded(_ data: JSONValue, bytesMax: Int) throws(APIError) -> InputAudio {
        guard data.kind == .string else { throw MemberCheck.wrongType(data, "a string in Base64") }
        // Some libraries escape the slash.
        let text = data.text.dropFirst().dropLast()
        let letters =
            text.contains(UInt8(ascii: "\\"))
            ? Base64.checked(Array((data.string ?? "").utf8)[...]) : Base64.checked(text)
        guard let letters else { throw notBase64 }
        guard letters.count / 4 * 3 <= bytesMax + 2 else { throw tooLarge(bytesMax) }
        let bytes = Base64.decoded(letters)
        guard bytes.count <= bytesMax else { throw tooLarge(bytesMax) }
        return InputAudio(BytesContent(bytes), UploadedAudio(bytes))
    }

    static var notBase64: APIError {
        APIError(
            .invalidRequest, "`\(dataPath)` must be Base64, without `data:` before it.", parameter: dataPath)
    }

    static func tooLarge(_ bytesMax: Int) -> APIError {
        APIError(
            .payloadTooLarge, "`\(dataPath)` is too large: at most \(bytesMax >> 20) MB (\(bytesMax) bytes).",
            parameter: dataPath)
    }

    private static let types = [
        "wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "mpeg": "audio/mpeg", "mpga": "audio/mpeg",
        "ogg": "audio/ogg", "opus": "audio/ogg", "mp4": "audio/mp4", "m4a": "audio/mp4", "webm": "audio/webm",
        "aac": "audio/aac",
    ]

    private static func format(_ value: JSONValue?) throws(APIError) -> String? {
        guard let value, !value.isNull else { return nil }
        guard let format = value.string?.lowercased(), (1...8).contains(format.utf8.count),
            format.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else { throw MemberCheck.invalid(value, "must name a format such as wav, mp3 or webm") }
        return format
    }

    /// A form may have no more: a list of many elements under a long name would become very many bytes.
    private static let fieldsMax = MultipartReader.Limits().partsMax
    private static let fieldsBytesMax = 2 << 20

    /// Members as a form has them: lists as fields that are there more than once, objects as JSON.
    private static func fields(of root: JSONValue) throws(APIError) -> [FormField] {
        var fields: [FormField] = []
        var bytes = 0
        for member in root.members where !member.value.isNull && member.name != "input_audio" {
            let name = member.name.string
            let isList = member.value.kind == .array && name != "models"
            let fieldName = isList ? name + "[]" : name
            for value in isList ? member.value.elements.map(\.self) : [member.value] {
                bytes += fieldName.utf8.count + value.text.count
                guard fields.count < fieldsMax, bytes <= fieldsBytesMax else {
                    throw APIError(
                        .invalidRequest,
                        "Beside `input_audio` a request may have \(fieldsMax) values and \(fieldsBytesMax >> 20) MiB.",
                        parameter: String(name.prefix(60)))
                }
                fields.append(FormField(fieldName, text(value)))
            }
        }
        return fields
    }

    private static func text(_ value: JSONValue) -> [UInt8] {
        value.string.map { Array($0.utf8) } ?? Array(value.text)
    }

    /// One that nobody can put into a file: some 128 random bits.
    private static func boundary() -> String {
        let letters = (0..<2).map { _ in String(UInt64.random(in: 1 << 60 ... .max), radix: 16) }
        return "routerd-form-" + letters.joined()
    }
}
