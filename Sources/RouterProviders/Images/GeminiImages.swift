public import RouterCore

/// Speaks to Google's image models: Imagen's `:predict`, and Gemini's own by `:generateContent`, at Google Cloud too.
///
/// Gemini's own make one image for a request, so several images are as many requests at the same time.
///
/// Source: Gemini API guide, "Generate images using Imagen" and "Image generation"; Vertex AI reference, "Imagen API".
public struct GeminiImages: OperationTranslator {
    public init() {}

    /// Imagen makes several at once and is told apart by its name.
    private static func isImagen(_ endpoint: Endpoint) -> Bool { endpoint.upstreamModel.hasPrefix("imagen") }

    private static let imagenMax = 4
    private static let imagesMax = 10
    private static let imagenRatios = [
        "1024x1024": "1:1", "1792x1024": "16:9", "1024x1792": "9:16", "1536x1024": "4:3", "1024x1536": "3:4",
    ]
    private static let geminiRatios = [
        "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
    ]

    /// How many requests are needed.
    private static func requests(for request: OperationRequest, at endpoint: Endpoint) -> Int {
        isImagen(endpoint) ? 1 : min(max(1, request.root["n"]?.integer ?? 1), imagesMax)
    }

    public func tasks(
        for request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [any UpstreamTask] {
        let count = Self.requests(for: request, at: endpoint)
        guard count > 1 else { return [] }
        let task = RequestTask(
            try encode(request, for: endpoint), answerBytesMax: ImagesAnswer.limits.bytesMax / count)
        return [any UpstreamTask](repeating: task, count: count)
    }

    /// All of the request; for several images of Gemini's own models that of each.
    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        let isImagen = Self.isImagen(endpoint)
        let root = request.root
        let count = root["n"]?.integer ?? 1
        guard let prompt = root["prompt"] else { throw UpstreamFailure(.refused, "`prompt` is required.") }
        guard request.form != .events else { throw .noImageStream(of: endpoint) }
        guard !isImagen || count <= Self.imagenMax else {
            throw .unknown("n", "from 1 to \(Self.imagenMax)", endpoint)
        }
        try UpstreamFailure.checkOpenRouter(root, endpoint)
        let body =
            isImagen
            ? imagen(prompt, count, try imagenShape(root, endpoint))
            : gemini(prompt, try geminiShape(root, count, endpoint))
        let method = isImagen ? "predict" : "generateContent"
        return UpstreamRequest(path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):\(method)", body: body)
    }

    /// What an image looks like: `nil` where the vendor is to choose.
    private struct Shape {
        var ratio: String?
        /// Such as `2K`.
        var tier: String?
    }

    private func imagen(_ prompt: JSONValue, _ count: Int, _ shape: Shape) -> [UInt8] {
        var writer = JSONWriter(capacity: prompt.text.count + 200)
        writer.beginObject()
        writer.name("instances")
        writer.beginArray()
        writer.beginObject()
        writer.member("prompt", prompt)
        writer.endObject()
        writer.endArray()
        writer.name("parameters")
        writer.beginObject()
        // Without it four are made.
        writer.member("sampleCount", count)
        if let ratio = shape.ratio { writer.member("aspectRatio", ratio) }
        if let tier = shape.tier { writer.member("sampleImageSize", tier) }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func gemini(_ prompt: JSONValue, _ shape: Shape) -> [UInt8] {
        var writer = JSONWriter(capacity: prompt.text.count + 200)
        writer.beginObject()
        writer.name("contents")
        writer.beginArray()
        writer.beginObject()
        writer.member("role", "user")
        writer.name("parts")
        writer.beginArray()
        writer.beginObject()
        writer.member("text", prompt)
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.name("generationConfig")
        writer.beginObject()
        writer.name("responseModalities")
        writer.beginArray()
        writer.string("IMAGE")
        writer.endArray()
        if shape.ratio != nil || shape.tier != nil {
            writer.name("imageConfig")
            writer.beginObject()
            if let ratio = shape.ratio { writer.member("aspectRatio", ratio) }
            if let tier = shape.tier { writer.member("imageSize", tier) }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func imagenShape(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> Shape {
        let asked = ImageShape(root)
        let tiers = endpoint.upstreamModel.contains("fast") ? [] : ["1K", "2K"]
        let sizes = ["auto"] + Self.imagenRatios.keys.sorted() + tiers
        var shape = Shape(tier: try tier(asked, of: tiers, all: sizes, root, endpoint))
        if let size = asked.size {
            guard let ratio = Self.imagenRatios[size] else { throw .unknownSize(sizes, of: endpoint) }
            shape.ratio = ratio
        } else {
            shape.ratio = try ratio(asked, of: Self.imagenRatios.values.sorted(), endpoint)
        }
        let quality = root["quality"]?.string
        if shape.tier == nil, quality == "hd" || quality == "high" { shape.tier = tiers.last }
        return shape
    }

    /// Only the third generation has more than one resolution.
    private func geminiShape(
        _ root: JSONValue, _ count: Int, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> Shape {
        let asked = ImageShape(root)
        let tiers = endpoint.upstreamModel.hasPrefix("gemini-3") ? ["1K", "2K", "4K"] : []
        // All answers together are read up to a bound: what would not fit is not asked for.
        let most = asked.tier.flatMap { tiers.contains($0) ? ["2K": 4, "4K": 2][$0] : nil } ?? Self.imagesMax
        guard count <= most else {
            throw UpstreamFailure(
                .unsupported,
                "`n` must be from 1 to \(most) for a `\(ImageShape.tierMember(root))` of \(asked.tier ?? "").",
                parameter: "n")
        }
        var shape = Shape()
        if let size = ImageWords.named(root["size"]), !tiers.contains(size) {
            shape.ratio = try geminiRatio(size, endpoint, tiers)
        } else {
            shape.ratio = try ratio(asked, of: Self.geminiRatios, endpoint)
        }
        shape.tier = try tier(asked, of: tiers, all: ["auto"] + tiers, root, endpoint)
        return shape
    }

    /// - Parameter all: that a `size` can say.
    private func tier(
        _ asked: ImageShape, of tiers: [String], all: [String], _ root: JSONValue, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> String? {
        guard let tier = asked.tier, !tiers.contains(tier) else { return asked.tier }
        guard ImageShape.tierMember(root) == "resolution" else { throw .unknownSize(all, of: endpoint) }
        // A model with one resolution has about this one.
        guard tier != "1K" else { return nil }
        throw .unknown("resolution", tiers.isEmpty ? "1K" : "one of " + tiers.joined(separator: ", "), endpoint)
    }

    private func ratio(
        _ asked: ImageShape, of ratios: [String], _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> String? {
        guard let word = asked.ratio else { return nil }
        // Theirs are not all without common factors.
        if let asked = AspectRatio(word), let ratio = ratios.first(where: { AspectRatio($0) == asked }) { return ratio }
        throw .unknown("aspect_ratio", "one of " + ratios.joined(separator: ", "), endpoint)
    }

    private func geminiRatio(
        _ size: String, _ endpoint: Endpoint, _ tiers: [String]
    ) throws(UpstreamFailure) -> String? {
        guard size != "auto" else { return nil }
        // The public sizes that no ratio of theirs is exactly.
        let nearest = ["1792x1024": "16:9", "1024x1792": "9:16"]
        if let ratio = nearest[size] { return ratio }
        let asked = ImageSize(size).map { AspectRatio($0) }
        guard let ratio = Self.geminiRatios.first(where: { AspectRatio($0) == asked }) else {
            throw UpstreamFailure(
                .unsupported,
                "`size` must have one of these ratios for \(endpoint.upstreamModel): "
                    + Self.geminiRatios.joined(separator: ", ")
                    + (tiers.isEmpty ? "." : ", or be one of \(tiers.joined(separator: ", "))."), parameter: "size")
        }
        return ratio
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let (isImagen, isOne) = (Self.isImagen(endpoint), Self.requests(for: request, at: endpoint) == 1)
        let (size, quality) = (ImageShape(request.root).name, ImageWords.named(request.root["quality"]))
        return WholeAnswer(
            ImagesAnswer { answer, _ throws(UpstreamFailure) in
                var all = ImagesAnswer.Reading(images: [], usage: Usage())
                if isOne {
                    all = try Self.reading(answer, isImagen: isImagen, removed: "every image")
                } else {
                    for part in answer["parts"]?.elements.map(\.self) ?? [] {
                        let one = try Self.reading(part, isImagen: isImagen, removed: "one of the images")
                        all.images += one.images
                        all.usage.add(one.usage)
                    }
                }
                all.usage.images = all.images.count
                all.usage.imageSize = size
                all.usage.imageQuality = quality
                all.tellsFormat = true
                return all
            },
            status: head.status, isStreamed: false, limits: ImagesAnswer.limits)
    }

    /// - Parameter removed: by a safety filter, where there is no image.
    private static func reading(
        _ answer: JSONValue, isImagen: Bool, removed: String
    ) throws(UpstreamFailure) -> ImagesAnswer.Reading {
        if let error = answer["error"], !error.isNull { throw GeminiFailure.inAnswer(answer) }
        guard answer.kind == .object else { throw .notAnAnswer }
        let (images, usage) = isImagen ? (predictions(answer), Usage()) : candidates(answer)
        guard !images.isEmpty else { throw isImagen ? filtered(removed) : try noImage(answer, removed) }
        return ImagesAnswer.Reading(images: images, usage: usage)
    }

    private static func filtered(_ removed: String) -> UpstreamFailure {
        UpstreamFailure(.refused, "The provider's safety filter removed \(removed).")
    }

    /// Why an answer of Gemini's has no image. One that ended well had a prompt that asks for none: that is the client's to
    /// mend, and no other endpoint would do better.
    private static func noImage(_ answer: JSONValue, _ removed: String) throws(UpstreamFailure) -> UpstreamFailure {
        if answer["promptFeedback"]?["blockReason"]?.string != nil { return filtered(removed) }
        let finish = answer["candidates"]?.elements.first { _ in true }?["finishReason"]?.string
        guard let finish else { return .notAnAnswer }
        if try GeminiFinish(finish, hasCalls: false, hasContent: false).refusal != nil { return filtered(removed) }
        guard ["STOP", "NO_IMAGE"].contains(finish) else {
            return UpstreamFailure(.failed, "The provider's answer has no image (\(finish.prefix(60))).")
        }
        return UpstreamFailure(
            .refused, "The model answered without an image (\(finish.prefix(60))): ask for one in `prompt`.",
            parameter: "prompt")
    }

    private static func predictions(_ answer: JSONValue) -> [AnsweredImage] {
        (answer["predictions"]?.elements.map(\.self) ?? []).compactMap { prediction in
            prediction["bytesBase64Encoded"].map { AnsweredImage(base64: $0, type: type(prediction["mimeType"])) }
        }
    }

    private static func candidates(_ answer: JSONValue) -> (images: [AnsweredImage], usage: Usage) {
        var images: [AnsweredImage] = []
        for candidate in answer["candidates"]?.elements.map(\.self) ?? [] {
            for part in candidate["content"]?["parts"]?.elements.map(\.self) ?? [] {
                // What a model tries while it thinks is no answer.
                guard part["thought"]?.bool != true, let data = part["inlineData"], let base64 = data["data"]
                else { continue }
                images.append(AnsweredImage(base64: base64, type: type(data["mimeType"])))
            }
        }
        var counts = GeminiUsage()
        if let said = answer["usageMetadata"] { counts.read(said) }
        var usage = counts.totals
        usage.serviceTier = nil  // None is asked for, or held for.
        return (images, usage)
    }

    /// Only what is an image is called one.
    private static func type(_ value: JSONValue?) -> String {
        guard let type = value?.string, ["image/png", "image/jpeg", "image/webp"].contains(type) else {
            return "image/png"
        }
        return type
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
