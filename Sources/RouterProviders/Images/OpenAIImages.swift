public import RouterCore

/// Speaks OpenAI's images to OpenAI's GPT image models, and to engines with the same path.
///
/// Source: OpenAI API reference, "Create image".
public struct OpenAIImages: OperationTranslator {
    /// Whatever the client sent goes on, but for what is meant for this router; sizes are the engine's to know.
    private let isEngine: Bool

    public init(isEngine: Bool = false) { self.isEngine = isEngine }

    private static let sizes = ["auto", "1024x1024", "1536x1024", "1024x1536"]
    private static let taken: Set<String> = [
        "prompt", "n", "background", "output_format", "output_compression", "moderation", "user",
    ]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        var writer = JSONWriter(capacity: request.document.bytes.count + 64)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        for member in request.root.members where !member.value.isNull {
            let name = member.name.string
            if isEngine {
                // Its addresses are not for clients.
                if !OperationRequest.routerMembers.contains(name), name != "response_format" { writer.copy(member) }
            } else if name == "size" {
                writer.member("size", try size(member.value.string ?? "auto", endpoint))
            } else if name == "quality" {
                writer.member("quality", Self.quality(member.value.string ?? "auto"))
            } else if Self.taken.contains(name) {
                writer.copy(member)
            }
        }
        if isEngine { writer.member("response_format", "b64_json") }
        writer.endObject()
        return UpstreamRequest(path: "/images/generations", body: writer.bytes)
    }

    /// Sizes of older models become the nearest ones.
    private func size(_ size: String, _ endpoint: Endpoint) throws(UpstreamFailure) -> String {
        switch size {
        case "1792x1024": return "1536x1024"
        case "1024x1792": return "1024x1536"
        default:
            guard Self.sizes.contains(size) else { throw .unknownSize(Self.sizes, of: endpoint) }
            return size
        }
    }

    private static func quality(_ quality: String) -> String {
        switch quality {
        case "hd": "high"
        case "standard": "medium"
        default: quality
        }
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let asked = request.root
        return WholeAnswer(
            ImagesAnswer { answer throws(UpstreamFailure) in
                if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
                guard let data = answer["data"], data.kind == .array else { throw .notAnAnswer }
                let format = answer["output_format"]?.string ?? asked["output_format"]?.string ?? "png"
                var images: [AnsweredImage] = []
                for image in data.elements {
                    guard let base64 = image["b64_json"] else { throw .notAnAnswer }
                    images.append(
                        AnsweredImage(
                            base64: base64, type: Self.type(format), revisedPrompt: image["revised_prompt"]))
                }
                var usage = Usage()
                if let said = answer["usage"] {
                    usage.prompt = Usage.count(said["input_tokens"]) ?? 0
                    usage.promptImage = Usage.count(said["input_tokens_details"]?["image_tokens"]) ?? 0
                    usage.completion = Usage.count(said["output_tokens"]) ?? 0
                    let text = Usage.count(said["output_tokens_details"]?["text_tokens"]) ?? 0
                    usage.completionImage = max(0, usage.completion - text)
                }
                usage.images = images.count
                usage.imageSize = answer["size"]?.string ?? asked["size"]?.string
                usage.imageQuality = answer["quality"]?.string ?? asked["quality"]?.string.map(Self.quality)
                let shown = answer.members.filter { member in
                    ["background", "output_format", "quality", "size"].contains(member.name.string)
                }
                return ImagesAnswer.Reading(images: images, usage: usage, shown: shown)
            },
            status: head.status, isStreamed: false, limits: ImagesAnswer.limits)
    }

    /// The media type of an `output_format`.
    private static func type(_ format: String) -> String {
        switch format {
        case "jpeg", "jpg": "image/jpeg"
        case "webp": "image/webp"
        default: "image/png"
        }
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
