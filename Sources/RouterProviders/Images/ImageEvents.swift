import RouterCore

/// Reads images that come in OpenAI's events: some unfinished, then one that is whole, with the usage.
///
/// Source: OpenAI API reference, "Image streaming".
struct ImageEvents: AnswerDecoder {
    private var framing = EventStreamDecoder(recordBytesMax: ImagesAnswer.limits.bytesMax)
    private let asked: JSONValue
    private let named: OpenAIImages.Named
    private var partials = 0
    /// Of all images that were finished, each of which has its own.
    private var usage = Usage()

    /// - Parameters:
    ///   - asked: the request.
    ///   - named: what it asks for by its name.
    init(asked: JSONValue, named: OpenAIImages.Named) {
        self.asked = asked
        self.named = named
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        framing.append(bytes)
        while let record = try framing.next() {
            guard !record.data.isEmpty, !record.data.elementsEqual("[DONE]".utf8) else { continue }
            try read(JSONDocument(answer: Array(record.data), limits: ImagesAnswer.limits).root, into: &events)
        }
    }

    private mutating func read(_ event: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = event["error"], !error.isNull { throw OpenAIFailure.inAnswer(event) }
        switch event["type"]?.string {
        case "error": throw OpenAIFailure.inAnswer(event)
        case "image_generation.partial_image":
            let piece = try ChatPiece.image(image(event), type: .partial(partials), of: event)
            partials += 1
            events.append(.content(piece))
        case "image_generation.completed":
            let piece = try ChatPiece.image(image(event), type: .completed, of: event)
            usage.add(OpenAIImages.usage(of: event, named: named, images: 1))
            events.append(.usage(usage))
            events.append(.completion(piece))
        default: break
        }
    }

    private func image(_ event: JSONValue) throws(UpstreamFailure) -> AnsweredImage {
        guard let base64 = event["b64_json"] else { throw .notAnAnswer }
        return AnsweredImage(base64: base64, type: OpenAIImages.type(of: event, asked: asked))
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard usage.images > 0 else { throw partials > 0 ? .cutOff : .notAnAnswer }
    }
}

extension ChatPiece {
    /// What an event with an image is.
    enum ImageEventType {
        /// An unfinished one, with its place among them.
        case partial(Int)
        case completed

        var name: String {
            switch self {
            case .partial: "image_generation.partial_image"
            case .completed: "image_generation.completed"
            }
        }
    }

    /// An event with an image.
    ///
    /// - Parameter answer: the vendor's event, or its whole answer.
    /// - Throws: ``UpstreamFailure`` of kind `broken` for bytes that do not decode.
    static func image(
        _ image: AnsweredImage, type: ImageEventType, of answer: JSONValue
    ) throws(UpstreamFailure) -> ChatPiece {
        try image.check()
        var writer = JSONWriter(capacity: image.base64.count + 300)
        writer.beginObject()
        writer.member("type", type.name)
        writer.name("b64_json")
        writer.raw(image.base64)
        if case .partial(let index) = type {
            writer.member("partial_image_index", answer["partial_image_index"]?.integer ?? index)
        }
        if let created = (answer["created_at"] ?? answer["created"])?.integer { writer.member("created_at", created) }
        if let text = answer["background"], text.kind == .string { writer.member("background", text) }
        if let text = answer["output_format"], text.kind == .string { writer.member("output_format", text) }
        if let text = answer["quality"], text.kind == .string { writer.member("quality", text) }
        if let text = answer["size"], text.kind == .string { writer.member("size", text) }
        if case .completed = type {
            writer.member("media_type", image.type)
            if let prompt = image.revisedPrompt, prompt.kind == .string { writer.member("revised_prompt", prompt) }
        }
        writer.endObject()
        return ChatPiece(object: writer)
    }
}
