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

    private static let takenInStreams: Set<String> = ["stream", "partial_images"]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        if !isEngine, request.form == .events { try checkStream(request.root, endpoint) }
        if !isEngine { try checkWords(request.root, endpoint) }
        var writer = JSONWriter(capacity: request.document.bytes.count + 64)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        for member in request.root.members where !member.value.isNull {
            let name = member.name.string
            if isEngine {
                // Its addresses are not for clients.
                if !OperationRequest.routerMembers.contains(name), name != "response_format" { writer.copy(member) }
            } else if name == "quality" {
                writer.member("quality", ImageWords.quality(member.value.string ?? "auto"))
            } else if Self.taken.contains(name) || request.form == .events && Self.takenInStreams.contains(name) {
                writer.copy(member)
            }
        }
        if isEngine {
            writer.member("response_format", "b64_json")
        } else if let size = try size(request.root, endpoint) {
            writer.member("size", size)
        }
        writer.endObject()
        return UpstreamRequest(path: "/images/generations", body: writer.bytes)
    }

    private func checkStream(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard !endpoint.upstreamModel.hasPrefix("dall-e") else { throw .noImageStream(of: endpoint) }
        guard root["n"]?.integer ?? 1 == 1 else {
            throw UpstreamFailure(
                .unsupported, "`n` must be 1 for a stream of \(endpoint.upstreamModel).", parameter: "n")
        }
    }

    /// OpenRouter has more words than these models know.
    private func checkWords(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        if root["output_format"]?.equals("svg") == true {
            throw .unknown("output_format", "png, jpeg or webp", endpoint)
        }
        try UpstreamFailure.checkOpenRouter(root, endpoint)
    }

    /// What `size` is to say, however the request says it; `nil` where it does not.
    private func size(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> String? {
        let shape = ImageShape(root)
        guard ImageWords.named(root["size"]) == nil, shape.tier != nil || shape.ratio != nil else {
            return try root["size"]?.string.map { size throws(UpstreamFailure) in try self.size(size, endpoint) }
        }
        if Self.hasFreeSizes(endpoint) { return try freeSize(shape, endpoint) }
        guard shape.tier ?? "1K" == "1K" else { throw .unknown("resolution", "1K", endpoint) }
        guard let ratio = shape.ratio else { return nil }
        let size = Self.sizesOfRatios.first { AspectRatio($0.key) == AspectRatio(ratio) }?.value
        guard let size else {
            throw .unknown(
                "aspect_ratio", "one of " + Self.sizesOfRatios.keys.sorted().joined(separator: ", "), endpoint)
        }
        return size
    }

    /// The largest that the model makes where the tier is larger.
    private func freeSize(_ shape: ImageShape, _ endpoint: Endpoint) throws(UpstreamFailure) -> String {
        let tiers = ["1K", "1.5K", "2K", "4K"]
        guard tiers.contains(shape.tier ?? "1K") else {
            throw .unknown("resolution", "one of " + tiers.joined(separator: ", "), endpoint)
        }
        guard let sides = shape.sides, max(sides.width, sides.height) <= 3 * min(sides.width, sides.height) + 3
        else { throw .unknown("aspect_ratio", "a ratio from 1:3 to 3:1", endpoint) }
        let (width, height) = (Double(sides.width), Double(sides.height))
        let scale = min(
            1, Double(Self.sideMax) / max(width, height), (Double(Self.pixelsMax) / (width * height)).squareRoot())
        func rounded(_ side: Double, most: Int) -> Int { min(Int((side * scale / 16).rounded()) * 16, most) }
        let shorter = rounded(min(width, height), most: Self.sideMax)
        let longer = rounded(max(width, height), most: min(3 * shorter, Self.pixelsMax / shorter / 16 * 16))
        let size = width < height ? "\(shorter)x\(longer)" : "\(longer)x\(shorter)"
        try Self.checkFree(size, endpoint)
        return size
    }

    /// The nearest, as for the sizes of older models.
    private static let sizesOfRatios = [
        "1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536", "16:9": "1536x1024", "9:16": "1024x1536",
    ]

    /// Sizes of older models become the nearest ones.
    private func size(_ size: String, _ endpoint: Endpoint) throws(UpstreamFailure) -> String {
        guard !Self.hasFreeSizes(endpoint) else {
            if size != "auto" { try Self.checkFree(size, endpoint) }
            return size
        }
        let nearest = ImageWords.size(size)
        guard Self.sizes.contains(nearest) else { throw .unknownSize(Self.sizes, of: endpoint) }
        return nearest
    }

    private static func hasFreeSizes(_ endpoint: Endpoint) -> Bool { endpoint.upstreamModel.hasPrefix("gpt-image-2") }

    private static let sideMax = 3840
    private static let pixelsMin = 655_360
    private static let pixelsMax = 3840 * 2160

    private static func checkFree(_ size: String, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard let sides = ImageSize(size), sides.width.isMultiple(of: 16), sides.height.isMultiple(of: 16),
            max(sides.width, sides.height) <= min(sideMax, 3 * min(sides.width, sides.height)),
            (pixelsMin...pixelsMax).contains(sides.pixels)
        else {
            throw UpstreamFailure(
                .unsupported,
                "`size` must be auto, or width and height that are multiples of 16 no more than 3:1 and 3840x2160, with 655,360 pixels or more, for \(endpoint.upstreamModel).",
                parameter: "size")
        }
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let asked = request.root
        let named = named(by: asked, at: endpoint)
        let type = head["content-type"]?.lowercased() ?? ""
        if request.form == .events, type.hasPrefix("text/event-stream") {
            return ImageEvents(asked: asked, named: named)
        }
        return WholeAnswer(
            ImagesAnswer(asEvents: request.form == .events, search: search(endpoint)) {
                [isEngine] answer, results throws(UpstreamFailure) in
                if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
                guard let data = answer["data"], data.kind == .array else { throw .notAnAnswer }
                let type = Self.type(of: answer, asked: asked)
                var images: [AnsweredImage] = []
                var results = results[...]
                for image in data.elements {
                    let prompt = image["revised_prompt"]
                    if isEngine, let url = NamedImage.url(in: image) {
                        let media = NamedImage.isData(url) ? try NamedImage.media(in: url) : results.popFirst()
                        guard let media else { throw .notAnAnswer }
                        images.append(AnsweredImage(media, revisedPrompt: prompt))
                    } else {
                        guard let base64 = image["b64_json"] else { throw .notAnAnswer }
                        images.append(AnsweredImage(base64: base64, type: type, revisedPrompt: prompt))
                    }
                }
                let shown = answer.members.filter { member in
                    ["background", "output_format", "quality", "size"].contains(member.name.string)
                }
                return ImagesAnswer.Reading(
                    images: images, usage: Self.usage(of: answer, named: named, images: images.count), shown: shown)
            },
            status: head.status, isStreamed: request.form == .events, limits: ImagesAnswer.limits)
    }

    /// An engine that answers with addresses has what stands there fetched.
    private func search(_ endpoint: Endpoint) -> ImagesAnswer.Search {
        guard isEngine else { return { _ in [] } }
        let baseURL = endpoint.provider.baseURL
        return { answer throws(UpstreamFailure) in try NamedImage.addresses(in: answer, below: baseURL) }
    }

    /// What a request asks for by its name, in the vendor's words; `nil` where the vendor may choose.
    struct Named: Sendable {
        var size: String?
        var quality: String?
    }

    private func named(by asked: JSONValue, at endpoint: Endpoint) -> Named {
        var named = Named(size: ImageWords.fixedSize(asked), quality: ImageWords.named(asked["quality"]))
        guard !isEngine else { return named }
        named.quality = named.quality.map(ImageWords.quality)
        if !Self.hasFreeSizes(endpoint) { named.size = named.size.map(ImageWords.size) }
        return named
    }

    /// What an answer, or an event of one, says that it used.
    static func usage(of answer: JSONValue, named: Named, images: Int) -> Usage {
        var usage = Usage()
        if let said = answer["usage"] {
            usage.prompt = Usage.count(said["input_tokens"]) ?? 0
            usage.promptImage = Usage.count(said["input_tokens_details"]?["image_tokens"]) ?? 0
            usage.completion = Usage.count(said["output_tokens"]) ?? 0
            let text = Usage.count(said["output_tokens_details"]?["text_tokens"]) ?? 0
            usage.completionImage = max(0, usage.completion - text)
        }
        usage.images = images
        // What was asked for by its name is the price that was held; only where the vendor chose, its word counts.
        usage.imageSize = named.size ?? answer["size"]?.string
        usage.imageQuality = named.quality ?? answer["quality"]?.string
        return usage
    }

    /// The media type of what an answer, or an event of one, holds.
    static func type(of answer: JSONValue, asked: JSONValue) -> String {
        switch answer["output_format"]?.string ?? asked["output_format"]?.string {
        case "jpeg", "jpg": "image/jpeg"
        case "webp": "image/webp"
        default: "image/png"
        }
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
