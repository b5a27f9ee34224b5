public import RouterCore

/// Speaks OpenAI's images to OpenAI's GPT image models, and to engines with the same path.
///
/// Source: OpenAI API reference, "Create image".
public struct OpenAIImages: OperationTranslator {
    /// Whatever the client sent goes on, but for what is meant for this router; sizes are the engine's to know.
    private let isEngine: Bool

    public init(isEngine: Bool = false) { self.isEngine = isEngine }

    private static let sizes = ["auto", "1024x1024", "1536x1024", "1024x1536"]
    /// Of models before gpt-image-2.
    private static let qualities = ["low", "medium", "high"]
    private static let taken: Set<String> = [
        "prompt", "n", "background", "output_format", "output_compression", "moderation", "user",
    ]

    private static let takenInStreams: Set<String> = ["stream", "partial_images"]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        if !isEngine { try check(request.root, endpoint) }
        // The vendor's events do not say which of several images they are of.
        let isStreamed = request.form == .events && request.root["n"]?.integer ?? 1 == 1
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
            } else if Self.taken.contains(name) || isStreamed && Self.takenInStreams.contains(name) {
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

    /// OpenRouter has more words than these models know.
    private func check(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard !endpoint.upstreamModel.hasPrefix("dall-e") else {
            throw UpstreamFailure(
                .unsupported, "\(endpoint.upstreamModel) is not offered here: ask for a GPT image model.",
                parameter: "model")
        }
        if let quality = ImageWords.named(root["quality"]), !Self.hasFreeSizes(endpoint),
            !Self.qualities.contains(ImageWords.quality(quality))
        {
            throw .unknown("quality", "one of auto, \(Self.qualities.joined(separator: ", "))", endpoint)
        }
        if root["output_format"]?.equals("svg") == true {
            throw .unknown("output_format", "png, jpeg or webp", endpoint)
        }
        try UpstreamFailure.checkOpenRouter(root, endpoint)
        try checkCount(root, endpoint)
    }

    /// Bytes that an image has for a pixel, in Base64: of PNG, and of what is made smaller.
    private static let bytesOfPixel = (png: 4, other: 2)

    /// All images together are read up to a bound: what would not fit is not asked for.
    private func checkCount(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard let size = try size(root, endpoint), let pixels = ImageSize(size)?.pixels else { return }
        let isPNG = root["output_format"]?.string ?? "png" == "png"
        let bytes = pixels * (isPNG ? Self.bytesOfPixel.png : Self.bytesOfPixel.other)
        let most = max(1, ImagesAnswer.limits.bytesMax / bytes)
        guard root["n"]?.integer ?? 1 <= most else {
            throw UpstreamFailure(
                .unsupported,
                "`n` must be from 1 to \(most) for images of \(size) in \(root["output_format"]?.string ?? "png").",
                parameter: "n")
        }
    }

    /// What `size` is to say, however the request says it; `nil` where it does not.
    private func size(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> String? {
        let shape = ImageShape(root)
        guard shape.size == nil, shape.tier != nil || shape.ratio != nil else {
            return try root["size"]?.string.map { size throws(UpstreamFailure) in try self.size(size, endpoint) }
        }
        let isSize = ImageShape.tierMember(root) == "size"
        if Self.hasFreeSizes(endpoint) { return try freeSize(shape, isSize: isSize, endpoint) }
        guard shape.tier ?? "1K" == "1K" else {
            throw isSize ? .unknownSize(Self.sizes + ["1K"], of: endpoint) : .unknown("resolution", "1K", endpoint)
        }
        guard let ratio = shape.ratio else { return nil }
        let size = Self.sizesOfRatios.first { AspectRatio($0.key) == AspectRatio(ratio) }?.value
        guard let size else {
            throw .unknown(
                "aspect_ratio", "one of " + Self.sizesOfRatios.keys.sorted().joined(separator: ", "), endpoint)
        }
        return size
    }

    /// The largest that the model makes where the tier is larger.
    private func freeSize(
        _ shape: ImageShape, isSize: Bool, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> String {
        guard Self.tiers.contains(shape.tier ?? "1K") else {
            if isSize { throw Self.noFreeSize(endpoint) }
            throw .unknown("resolution", "one of " + Self.tiers.joined(separator: ", "), endpoint)
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

    private static let tiers = ["1K", "1.5K", "2K", "4K"]
    private static let sideMax = 3840
    private static let pixelsMin = 655_360
    private static let pixelsMax = 3840 * 2160

    private static func checkFree(_ size: String, _ endpoint: Endpoint) throws(UpstreamFailure) {
        guard let sides = ImageSize(size), sides.width.isMultiple(of: 16), sides.height.isMultiple(of: 16),
            max(sides.width, sides.height) <= min(sideMax, 3 * min(sides.width, sides.height)),
            (pixelsMin...pixelsMax).contains(sides.pixels)
        else { throw noFreeSize(endpoint) }
    }

    private static func noFreeSize(_ endpoint: Endpoint) -> UpstreamFailure {
        UpstreamFailure(
            .unsupported,
            "`size` must be auto, one of \(tiers.joined(separator: ", ")), or width and height that are multiples of 16 no more than 3:1 and 3840x2160, with 655,360 pixels or more, for \(endpoint.upstreamModel).",
            parameter: "size")
    }

    // MARK: What is held

    public func size(
        _ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint
    ) -> OperationSize {
        let named = named(by: request.root, at: endpoint)
        var size = counted
        size.atMost.imageSize = named.size
        size.atLeast.imageSize = named.size ?? named.tier
        (size.atMost.imageQuality, size.atLeast.imageQuality) = (named.quality, named.quality)
        guard !isEngine else { return size }
        let sent = sent(request.root, endpoint).flatMap { ImageSize($0) }
        let tokens = ImageTokens(openAI: endpoint.upstreamModel, size: sent, quality: named.quality)
        if let tokens { size.take(imageTokens: tokens.image, textTokens: tokens.text, of: request) }
        return size
    }

    /// The size that the model is asked for; `nil` where it may choose, or cannot make what is asked and is not.
    private func sent(_ root: JSONValue, _ endpoint: Endpoint) -> String? {
        let size = try? size(root, endpoint)
        return size == "auto" ? nil : size
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
        /// About the size, where nobody says it.
        var tier: String?
    }

    private func named(by asked: JSONValue, at endpoint: Endpoint) -> Named {
        let (shape, quality) = (ImageShape(asked), ImageWords.named(asked["quality"]))
        guard !isEngine else {
            return Named(size: ImageWords.fixedSize(asked), quality: quality, tier: shape.name)
        }
        let size = sent(asked, endpoint).flatMap { sent in
            endpoint.prices.imageSize(named: [sent, shape.tier].compactMap(\.self))
        }
        return Named(size: size, quality: quality.map(ImageWords.quality), tier: shape.tier)
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
        usage.imageSize = named.size ?? answer["size"]?.string ?? named.tier
        usage.imageQuality = named.quality ?? answer["quality"]?.string
        return usage
    }

    /// The media type of what an answer, or an event of one, holds.
    static func type(of answer: JSONValue, asked: JSONValue) -> String {
        switch answer["output_format"]?.string ?? asked["output_format"]?.string {
        case "jpeg", "jpg": "image/jpeg"
        case "svg": "image/svg+xml"
        case "png", nil: "image/png"
        case let word?: "image/" + word.prefix(20).filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        }
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
