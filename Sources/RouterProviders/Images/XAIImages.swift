public import RouterCore

/// Speaks to xAI's image models, which take a ratio and a resolution instead of a size.
///
/// Resolution and quality are always said, so that it is known before which price an image will have.
///
/// Source: xAI REST API reference, "Image generation"; xAI guide "Image generation".
public struct XAIImages: OperationTranslator {
    public init() {}

    private static let ratios = [
        "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1",
    ]
    /// Of the second generation beside these.
    private static let newerRatios = ["21:9", "5:2"]
    private static let tiers = ["1K", "2K"]
    /// Of OpenAI's older models, which lie between.
    private static let tiersOfOlderSizes = ["1792x1024": "1K", "1024x1792": "1K"]
    private static let qualities = ["low", "medium"]

    /// The first generation has one quality and fewer ratios.
    private static func isFirst(_ endpoint: Endpoint) -> Bool {
        endpoint.upstreamModel == "grok-imagine-image" || endpoint.upstreamModel.hasPrefix("grok-imagine-image-2026")
    }

    /// What an image is to be.
    private struct Look {
        /// `nil`: the vendor chooses.
        var ratio: String?
        var tier: String
        /// `nil`: the model has only one.
        var quality: String?
    }

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let root = request.root
        guard let prompt = root["prompt"] else { throw UpstreamFailure(.refused, "`prompt` is required.") }
        guard request.form != .events else { throw .noImageStream(of: endpoint) }
        try UpstreamFailure.checkOpenRouter(root, endpoint)
        let look = try look(of: root, endpoint)
        var writer = JSONWriter(capacity: prompt.text.count + 256)
        writer.beginObject()
        writer.member("model", endpoint.upstreamModel)
        writer.member("prompt", prompt)
        writer.member("n", root["n"]?.integer ?? 1)
        writer.member("response_format", "b64_json")
        if let ratio = look.ratio { writer.member("aspect_ratio", ratio) }
        writer.member("resolution", look.tier.lowercased())
        if let quality = look.quality { writer.member("quality", quality) }
        writer.endObject()
        return UpstreamRequest(path: "/images/generations", body: writer.bytes)
    }

    private func look(of root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> Look {
        let asked = ImageShape(root)
        let known = Self.isFirst(endpoint) ? Self.ratios : Self.ratios + Self.newerRatios
        var look = Look(ratio: nil, tier: asked.tier ?? "1K", quality: try quality(root, endpoint))
        if let named = asked.size {
            guard let size = ImageSize(named), let ratio = Self.nearest(AspectRatio(size), among: known),
                let tier = Self.tiersOfOlderSizes[named] ?? ImageShape.tier(of: size, among: Self.tiers)
            else {
                throw .unknown(
                    "size", "about 1K or 2K, with one of these ratios: \(known.joined(separator: ", ")),", endpoint)
            }
            look.ratio = ratio
            look.tier = asked.tier ?? tier
        } else if let word = asked.ratio {
            guard let ratio = AspectRatio(word).flatMap({ ratio in known.first { AspectRatio($0) == ratio } }) else {
                throw .unknown("aspect_ratio", "one of \(known.joined(separator: ", "))", endpoint)
            }
            look.ratio = ratio
        }
        guard Self.tiers.contains(look.tier) else {
            throw .unknown(ImageShape.tierMember(root), "one of \(Self.tiers.joined(separator: ", "))", endpoint)
        }
        return look
    }

    /// Sides in pixels are no exact ratio.
    private static func nearest(_ asked: AspectRatio, among known: [String]) -> String? {
        known.first { AspectRatio($0) == asked }
            ?? known.first { word in AspectRatio(word).map { asked.isAbout($0) } ?? false }
    }

    /// The cheaper where the client does not say.
    private func quality(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> String? {
        guard !Self.isFirst(endpoint) else { return nil }
        guard let word = ImageWords.named(root["quality"]).map(ImageWords.quality) else { return "low" }
        guard Self.qualities.contains(word) else {
            throw .unknown("quality", "one of auto, \(Self.qualities.joined(separator: ", "))", endpoint)
        }
        return word
    }

    public func size(
        _ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint
    ) -> OperationSize {
        // What is refused here is never sent.
        guard let look = try? look(of: request.root, endpoint) else { return counted }
        var size = counted
        (size.atMost.imageSize, size.atMost.imageQuality) = (look.tier, look.quality)
        (size.atLeast.imageSize, size.atLeast.imageQuality) = (look.tier, look.quality)
        return size
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        // A request that has no look was not sent.
        let look = try? look(of: request.root, endpoint)
        return WholeAnswer(
            ImagesAnswer { answer, _ throws(UpstreamFailure) in
                var reading = ImagesAnswer.Reading(images: try Self.images(in: answer), usage: Usage())
                reading.usage.images = reading.images.count
                reading.usage.imageSize = look?.tier
                reading.usage.imageQuality = look?.quality
                reading.tellsFormat = true
                return reading
            },
            status: head.status, isStreamed: false, limits: ImagesAnswer.limits)
    }

    /// Those that came: one that was held back may have no bytes, and takes none of the others with it.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `refused` where none was left by the vendor's moderation.
    private static func images(in answer: JSONValue) throws(UpstreamFailure) -> [AnsweredImage] {
        if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
        guard answer.kind == .object else { throw .notAnAnswer }
        var images: [AnsweredImage] = []
        var isFiltered = answer["block_reason"]?.nonEmptyString != nil
        for image in answer["data"]?.elements.map(\.self) ?? [] {
            guard image["respect_moderation"]?.bool != false else {
                isFiltered = true
                continue
            }
            guard let base64 = image["b64_json"], holdsBytes(base64) else { continue }
            let prompt = image["revised_prompt"].flatMap { $0.nonEmptyString == nil ? nil : $0 }
            // Some come as an address that holds them.
            if NamedImage.isData(base64) {
                images.append(AnsweredImage(try held(by: base64), revisedPrompt: prompt))
            } else {
                let type = image["mime_type"]?.string ?? "image/jpeg"
                images.append(AnsweredImage(base64: base64, type: type, revisedPrompt: prompt))
            }
        }
        guard !images.isEmpty || !isFiltered else {
            throw UpstreamFailure(.refused, "The provider's moderation removed every image.")
        }
        return images
    }

    /// Whether there is anything in it: a text, or something behind the comma of an address.
    private static func holdsBytes(_ base64: JSONValue) -> Bool {
        let letters = base64.text.dropFirst().dropLast()
        guard base64.kind == .string, !letters.isEmpty else { return false }
        return !NamedImage.isData(base64) || letters.last != UInt8(ascii: ",")
    }

    /// What a `data:` address holds, by how it begins: what the address says of that is not always so.
    private static func held(by url: JSONValue) throws(UpstreamFailure) -> FetchedMedia {
        guard let base64 = DataURI(Array((url.string ?? "").utf8)[...])?.base64,
            let type = MediaType.images.first(where: { $0.begins(Base64.decoded(Array(base64.prefix(64)))) })
        else { throw .notAnAnswer }
        return FetchedMedia(type: type, base64: base64)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
