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
        let shape = try Self.shape(of: root, at: endpoint)
        guard isImagen || count <= shape.imagesMax else {
            let member = ImageShape(root).tier == nil ? "size" : ImageShape.tierMember(root)
            throw UpstreamFailure(
                .unsupported,
                "`n` must be from 1 to \(shape.imagesMax) for a `\(member)` of \(shape.tier ?? "").", parameter: "n")
        }
        let body = isImagen ? imagen(prompt, count, shape) : gemini(prompt, shape)
        let method = isImagen ? "predict" : "generateContent"
        return UpstreamRequest(path: "/models/\(GeminiChat.escaped(endpoint.upstreamModel)):\(method)", body: body)
    }

    private static func shape(
        of root: JSONValue, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> GoogleImageShape {
        isImagen(endpoint) ? try .imagen(root, endpoint) : try .gemini(root, endpoint)
    }

    /// What an image is charged as; `nil` where there is none: what cannot be made is refused before.
    private static func sizeName(of root: JSONValue, at endpoint: Endpoint) -> String? {
        (try? shape(of: root, at: endpoint))?.name(in: endpoint.prices)
    }

    public func size(
        _ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint
    ) -> OperationSize {
        var size = counted
        // What cannot be made is refused before it is sent.
        guard let shape = try? Self.shape(of: request.root, at: endpoint) else { return size }
        let name = shape.name(in: endpoint.prices)
        (size.atMost.imageSize, size.atLeast.imageSize) = (name, name)
        guard !Self.isImagen(endpoint) else {
            // It counts no tokens.
            size.atMost.completion = size.atLeast.completion
            size.atMost.completionImage = size.atLeast.completionImage
            return size
        }
        let tokens = ImageTokens(gemini: endpoint.upstreamModel, tier: shape.tier)
        size.take(imageTokens: tokens.image, textTokens: tokens.text, of: request)
        return size
    }

    private func imagen(_ prompt: JSONValue, _ count: Int, _ shape: GoogleImageShape) -> [UInt8] {
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

    private func gemini(_ prompt: JSONValue, _ shape: GoogleImageShape) -> [UInt8] {
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

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let (isImagen, isOne) = (Self.isImagen(endpoint), Self.requests(for: request, at: endpoint) == 1)
        let quality = ImageWords.named(request.root["quality"])
        let size = Self.sizeName(of: request.root, at: endpoint)
        return WholeAnswer(
            ImagesAnswer { answer, _ throws(UpstreamFailure) in
                var all = ImagesAnswer.Reading(images: [], usage: Usage())
                if isOne {
                    all = try Self.reading(answer, isImagen: isImagen, removed: "every image")
                } else {
                    var usages: [Usage] = []
                    for part in answer["parts"]?.elements.map(\.self) ?? [] {
                        let one = try Self.reading(part, isImagen: isImagen, removed: "one of the images")
                        all.images += one.images
                        usages.append(one.usage)
                    }
                    all.usage = Self.sum(of: usages)
                }
                all.usage.images = all.images.count
                all.usage.imageSize = size
                all.usage.imageQuality = quality
                all.tellsFormat = true
                return all
            },
            status: head.status, isStreamed: false, limits: ImagesAnswer.limits)
    }

    /// An answer that does not say what it used is taken as the smallest that does: all were asked for the same. Where none
    /// says it, the sum has no tokens of images, and the router counts them itself.
    private static func sum(of usages: [Usage]) -> Usage {
        let smallest = usages.filter { $0.completion > 0 }.min { $0.completion < $1.completion }
        return usages.reduce(into: Usage()) { sum, usage in
            sum.add(usage.completion > 0 ? usage : smallest ?? usage)
        }
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
        // An answer that does not say what its tokens are is an image.
        let saysKinds = answer["usageMetadata"]?["candidatesTokensDetails"]?.elements.first { _ in true } != nil
        if !saysKinds { usage.completionImage = max(0, usage.completion - usage.reasoning) }
        return (images, usage)
    }

    /// What it says that an image is: nothing that is none.
    private static func type(_ value: JSONValue?) -> String {
        guard let type = value?.string else { return "image/png" }
        let letters = type.utf8.prefix(40).filter { (0x21...0x7E).contains($0) }
        return letters.count == type.utf8.count ? type : ""
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        GeminiFailure.reading(head, body: body)
    }
}
