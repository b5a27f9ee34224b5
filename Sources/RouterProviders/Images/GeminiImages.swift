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
    /// Width and height of each, without common factors.
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
            throw UpstreamFailure(
                .unsupported, "`n` must be from 1 to \(Self.imagenMax) for \(endpoint.upstreamModel).",
                parameter: "n")
        }
        let size = root["size"]?.string ?? "auto"
        let body =
            isImagen
            ? imagen(
                prompt, count, try imagenShape(size, quality: root["quality"]?.string, endpoint))
            : gemini(prompt, try geminiShape(size, count, endpoint))
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

    private func imagenShape(
        _ size: String, quality: String?, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> Shape {
        let tiers = endpoint.upstreamModel.contains("fast") ? [] : ["1K", "2K"]
        if tiers.contains(size) { return Shape(tier: size) }
        let tier = quality == "hd" || quality == "high" ? tiers.last : nil
        guard size != "auto" else { return Shape(tier: tier) }
        guard let ratio = Self.imagenRatios[size] else {
            throw .unknownSize(["auto"] + Self.imagenRatios.keys.sorted() + tiers, of: endpoint)
        }
        return Shape(ratio: ratio, tier: tier)
    }

    /// Only the third generation has more than one resolution.
    private func geminiShape(
        _ size: String, _ count: Int, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> Shape {
        let tiers = endpoint.upstreamModel.hasPrefix("gemini-3") ? ["1K", "2K", "4K"] : []
        // All answers together are read up to a bound: what would not fit is not asked for.
        let most = tiers.contains(size) ? ["2K": 4, "4K": 2][size] ?? Self.imagesMax : Self.imagesMax
        guard count <= most else {
            throw UpstreamFailure(
                .unsupported, "`n` must be from 1 to \(most) for a `size` of \(size).", parameter: "n")
        }
        if tiers.contains(size) { return Shape(tier: size) }
        return Shape(ratio: try geminiRatio(size, endpoint, tiers))
    }

    private func geminiRatio(
        _ size: String, _ endpoint: Endpoint, _ tiers: [String]
    ) throws(UpstreamFailure) -> String? {
        guard size != "auto" else { return nil }
        // The public sizes that no ratio of theirs is exactly.
        let nearest = ["1792x1024": "16:9", "1024x1792": "9:16"]
        if let ratio = nearest[size] { return ratio }
        let sides = ImageSize(size).map { size in
            let divisor = Self.commonDivisor(size.width, size.height)
            return "\(size.width / divisor):\(size.height / divisor)"
        }
        guard let sides, Self.geminiRatios.contains(sides) else {
            throw UpstreamFailure(
                .unsupported,
                "`size` must have one of these ratios for \(endpoint.upstreamModel): "
                    + Self.geminiRatios.joined(separator: ", ")
                    + (tiers.isEmpty ? "." : ", or be one of \(tiers.joined(separator: ", "))."), parameter: "size")
        }
        return sides
    }

    private static func commonDivisor(_ one: Int, _ other: Int) -> Int {
        other == 0 ? one : commonDivisor(other, one % other)
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let (isImagen, isOne) = (Self.isImagen(endpoint), Self.requests(for: request, at: endpoint) == 1)
        let (size, quality) = (ImageWords.named(request.root["size"]), ImageWords.named(request.root["quality"]))
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
        let (images, usage) = isImagen ? (predictions(answer), Usage()) : try candidates(answer)
        guard !images.isEmpty else {
            throw UpstreamFailure(.refused, "The provider's safety filter removed \(removed).")
        }
        return ImagesAnswer.Reading(images: images, usage: usage)
    }

    private static func predictions(_ answer: JSONValue) -> [AnsweredImage] {
        (answer["predictions"]?.elements.map(\.self) ?? []).compactMap { prediction in
            prediction["bytesBase64Encoded"].map { AnsweredImage(base64: $0, type: type(prediction["mimeType"])) }
        }
    }

    private static func candidates(
        _ answer: JSONValue
    ) throws(UpstreamFailure) -> (images: [AnsweredImage], usage: Usage) {
        var images: [AnsweredImage] = []
        for candidate in answer["candidates"]?.elements.map(\.self) ?? [] {
            for part in candidate["content"]?["parts"]?.elements.map(\.self) ?? [] {
                // What a model tries while it thinks is no answer.
                guard part["thought"]?.bool != true, let data = part["inlineData"], let base64 = data["data"]
                else { continue }
                images.append(AnsweredImage(base64: base64, type: type(data["mimeType"])))
            }
        }
        var usage = Usage()
        if let said = answer["usageMetadata"] {
            usage.prompt = Usage.count(said["promptTokenCount"]) ?? 0
            usage.completion = Usage.count(said["candidatesTokenCount"]) ?? 0
            for details in said["candidatesTokensDetails"]?.elements.map(\.self) ?? []
            where details["modality"]?.equals("IMAGE") == true {
                usage.completionImage = Usage.count(details["tokenCount"]) ?? 0
            }
            let thoughts = Usage.count(said["thoughtsTokenCount"]) ?? 0
            usage.completion += thoughts
            usage.reasoning = thoughts
        }
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
