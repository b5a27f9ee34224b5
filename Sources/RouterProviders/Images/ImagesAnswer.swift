import RouterCore

/// One image of an answer.
struct AnsweredImage {
    /// In Base64, as the vendor wrote it.
    var base64: JSONValue
    /// What it is, such as `image/png`.
    var type: String
    var revisedPrompt: JSONValue?

    /// - Throws: ``UpstreamFailure`` of kind `broken` for what does not decode.
    func check() throws(UpstreamFailure) {
        guard base64.kind == .string, base64.text.count > 2, Base64.checked(base64.text.dropFirst().dropLast()) != nil
        else { throw .notAnAnswer }
    }
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

    /// The answer goes out as events: a stream was asked for.
    private let asEvents: Bool

    typealias Reader = @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> Reading

    static let limits = JSONLimits(bytesMax: 100 << 20, depthMax: 64, valuesMax: 100_000, duplicateNames: .lastWins)

    private let find: Reader

    init(asEvents: Bool = false, find: @escaping Reader) {
        self.asEvents = asEvents
        self.find = find
    }

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let reading = try find(answer)
        guard !reading.images.isEmpty else { throw .notAnAnswer }
        if asEvents {
            let made = try reading.images.map { image throws(UpstreamFailure) in
                ChatEvent.completion(try .image(image, type: .completed, of: answer))
            }
            events.append(.usage(reading.usage))
            events += made
            return
        }
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
            try image.check()
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

extension Usage {
    /// Adds what was used for another image, of the same size and quality.
    mutating func add(_ more: Usage) {
        var sum = more
        // A count is at most a hundred million.
        sum.images &+= images
        sum.prompt &+= prompt
        sum.promptImage &+= promptImage
        sum.completion &+= completion
        sum.completionImage &+= completionImage
        sum.reasoning &+= reasoning
        self = sum
    }
}

extension UpstreamFailure {
    /// The model makes its images in one go.
    static func noImageStream(of endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported, "`stream` must be false for \(endpoint.upstreamModel): its images come whole.",
            parameter: "stream")
    }

    /// The model has no such size.
    static func unknownSize(_ known: [String], of endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported, "`size` must be one of \(known.joined(separator: ", ")) for \(endpoint.upstreamModel).",
            parameter: "size")
    }
}
