import RouterCore

/// One image of an answer.
struct AnsweredImage {
    /// In Base64, with the quotes of a JSON string.
    let base64: ArraySlice<UInt8>
    /// What it is, such as `image/png`.
    let type: String
    let revisedPrompt: JSONValue?

    /// - Parameters:
    ///   - base64: as the vendor wrote it.
    ///   - type: what it says that this is; how it begins counts for more.
    init(base64: JSONValue, type: String, revisedPrompt: JSONValue? = nil) {
        self.base64 = base64.text
        self.type = ImageStart(base64: base64.text.dropFirst().dropLast()).type(said: type)
        self.revisedPrompt = revisedPrompt
    }

    init(_ media: FetchedMedia, revisedPrompt: JSONValue?) {
        base64 = [UInt8(ascii: "\"")] + media.base64 + [UInt8(ascii: "\"")]
        type = media.type.rawValue
        self.revisedPrompt = revisedPrompt
    }

    /// - Throws: ``UpstreamFailure`` of kind `broken` for what does not decode.
    func check() throws(UpstreamFailure) {
        guard base64.first == UInt8(ascii: "\""), base64.count > 2, Base64.isValid(base64.dropFirst().dropLast())
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

        /// The vendor says what its images are, and has no `output_format`.
        var tellsFormat = false

        /// What is shown as `output_format` then, such as `png`.
        var format: String? {
            guard tellsFormat, let type = images.first?.type,
                images.allSatisfy({ $0.type == type }), type.hasPrefix("image/")
            else { return nil }
            return String(type.dropFirst(6).prefix { $0 != "+" })
        }
    }

    /// The answer goes out as events: a stream was asked for.
    private let asEvents: Bool

    /// - Parameter results: what stood at the addresses that a ``Search`` found.
    typealias Reader = @Sendable (_ answer: JSONValue, _ results: [FetchedMedia]) throws(UpstreamFailure) -> Reading
    /// Finds what an answer names by its address.
    typealias Search = @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> [ResultAddress]

    static let limits = JSONLimits(bytesMax: 100 << 20, depthMax: 64, valuesMax: 100_000, duplicateNames: .lastWins)

    private let search: Search
    private let find: Reader

    init(asEvents: Bool = false, search: @escaping Search = { _ in [] }, find: @escaping Reader) {
        self.asEvents = asEvents
        self.search = search
        self.find = find
    }

    func missing(in answer: JSONValue) throws(UpstreamFailure) -> [ResultAddress] { try search(answer) }

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        try read(answer, with: [], into: &events)
    }

    func read(
        _ answer: JSONValue, with results: [FetchedMedia], into events: inout [ChatEvent]
    ) throws(UpstreamFailure) {
        let reading = try find(answer, results)
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
        let bytes = max(answer.text.count, reading.images.reduce(0) { $0 + $1.base64.count + 100 })
        events.append(.completion(try piece(reading, bytes: bytes)))
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
            writer.name("b64_json")
            writer.raw(image.base64)
            writer.member("media_type", image.type)
            if let prompt = image.revisedPrompt, prompt.kind == .string { writer.member("revised_prompt", prompt) }
            writer.endObject()
        }
        writer.endArray()
        for member in reading.shown { writer.copy(member) }
        if let format = reading.format { writer.member("output_format", format) }
        writer.endObject()
        return ChatPiece(object: writer)
    }
}

extension Usage {
    /// Adds what was used for another image, of the same size and quality.
    mutating func add(_ more: Usage) {
        var sum = more
        // A count is at most a hundred million.
        sum.images &+= images
        sum.prompt &+= prompt
        sum.promptAudio &+= promptAudio
        sum.promptImage &+= promptImage
        sum.cacheRead &+= cacheRead
        sum.cacheReadAudio &+= cacheReadAudio
        sum.completion &+= completion
        sum.completionAudio &+= completionAudio
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

    /// The model has only these of what the member asks for.
    static func unknown(_ member: String, _ known: String, _ endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(.unsupported, "`\(member)` must be \(known) for \(endpoint.upstreamModel).", parameter: member)
    }

    /// Of OpenRouter's members: the model takes no images beside the prompt, and words have to be known to be followed.
    static func checkOpenRouter(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        switch ImageShape.unknownMember(root) {
        case "resolution"?:
            throw unknown("resolution", "one of \(ImageShape.tierNames.joined(separator: ", "))", endpoint)
        case "aspect_ratio"?: throw unknown("aspect_ratio", "a ratio such as 16:9", endpoint)
        default: break
        }
        guard root["input_references"]?.elements.first(where: { _ in true }) != nil else { return }
        throw unknown("input_references", "left out", endpoint)
    }

    /// The model has no such size.
    static func unknownSize(_ known: [String], of endpoint: Endpoint) -> UpstreamFailure {
        unknown("size", "one of \(known.joined(separator: ", "))", endpoint)
    }
}
