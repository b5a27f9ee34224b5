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
struct ImagesAnswer: AnswerDecoder {
    /// What a vendor's answer holds.
    struct Reading {
        var images: [AnsweredImage]
        /// With the images counted; tokens where the vendor counts them.
        var usage: Usage
        /// Members that are shown as they are.
        var shown: [JSONMember] = []
    }

    typealias Reader = @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> Reading

    private let status: Int
    private let read: Reader
    private var body: [UInt8] = []

    /// Bytes of an answer; more is not read.
    private static let bytesMax = 100 << 20

    init(status: Int, read: @escaping Reader) {
        self.status = status
        self.read = read
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard body.count + bytes.count <= Self.bytesMax else {
            throw UpstreamFailure(
                .broken, "The provider's answer has more than \(Self.bytesMax) bytes.", status: status)
        }
        if body.isEmpty { body = bytes } else { body += bytes }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        do throws(UpstreamFailure) {
            let limits = JSONLimits(
                bytesMax: Self.bytesMax, depthMax: 64, valuesMax: 100_000, duplicateNames: .lastWins)
            // Why it is no JSON helps nobody.
            guard let document = try? JSONDocument(body, limits: limits) else { throw .notAnAnswer }
            body = []
            let reading = try read(document.root)
            guard !reading.images.isEmpty else { throw .notAnAnswer }
            events.append(.usage(reading.usage))
            events.append(.completion(try piece(reading, bytes: document.bytes.count)))
        } catch {
            var failure = error
            failure.status = failure.status ?? status
            throw failure
        }
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
