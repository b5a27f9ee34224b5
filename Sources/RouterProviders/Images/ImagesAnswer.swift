import RouterCore

/// One image of an answer.
struct AnsweredImage {
    /// In Base64, as the vendor wrote it.
    var base64: JSONValue
    /// What it is, such as `image/png`.
    var type: String
    var revisedPrompt: JSONValue?
}

/// Reads the whole answer of a request for images.
struct ImagesAnswer: WholeAnswerReader {
    /// What a vendor's answer holds.
    struct Reading {
        var images: [AnsweredImage]
        /// With the images counted; tokens where the vendor counts them.
        var usage: Usage
        /// Members that are shown as they are.
        var shown: [JSONMember] = []
    }

    typealias Reader = @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> Reading

    static let limits = JSONLimits(bytesMax: 100 << 20, depthMax: 64, valuesMax: 100_000, duplicateNames: .lastWins)

    private let find: Reader

    init(find: @escaping Reader) { self.find = find }

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let reading = try find(answer)
        guard !reading.images.isEmpty else { throw .notAnAnswer }
        events.append(.usage(reading.usage))
        events.append(.completion(try piece(reading, bytes: answer.text.count)))
    }

    /// `"data":[{"b64_json":…,"media_type":…}],…`
    private func piece(_ reading: Reading, bytes: Int) throws(UpstreamFailure) -> ChatPiece {
        var writer = JSONWriter(capacity: bytes + 256)
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for image in reading.images {
            guard image.base64.kind == .string, image.base64.text.count > 2,
                Base64.checked(image.base64.text.dropFirst().dropLast()) != nil
            else { throw .notAnAnswer }
            writer.beginObject()
            writer.member("b64_json", image.base64)
            writer.member("media_type", image.type)
            if let prompt = image.revisedPrompt, prompt.kind == .string { writer.member("revised_prompt", prompt) }
            writer.endObject()
        }
        writer.endArray()
        for member in reading.shown { writer.copy(member) }
        writer.endObject()
        return ChatPiece(members: Array(writer.bytes.dropFirst().dropLast()))
    }
}

extension UpstreamFailure {
    /// The model has no such size.
    static func unknownSize(_ known: [String], of endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported, "`size` must be one of \(known.joined(separator: ", ")) for \(endpoint.upstreamModel).",
            parameter: "size")
    }
}
