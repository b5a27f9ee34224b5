public import RouterCore

/// Makes images with Black Forest Labs' FLUX: each is a task that is submitted, polled and fetched.
///
/// Source: BFL API reference, "flux-pro-1.1" and "get_result".
public struct FluxImages: OperationTranslator {
    public init() {}

    private static let sideRange = 256...1440
    private static let sideStep = 32
    private static let formats = ["png", "jpeg"]

    /// The first of the tasks' requests.
    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        try submission(request, for: endpoint, index: 0)
    }

    public func tasks(
        for request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [any UpstreamTask] {
        var tasks: [any UpstreamTask] = []
        for index in 0..<min(max(1, request.root["n"]?.integer ?? 1), 10) {
            tasks.append(
                FluxTask(
                    try submission(request, for: endpoint, index: index), baseURL: endpoint.provider.baseURL))
        }
        return tasks
    }

    private func submission(
        _ request: OperationRequest, for endpoint: Endpoint, index: Int
    ) throws(UpstreamFailure) -> UpstreamRequest {
        let root = request.root
        try UpstreamFailure.checkOpenRouter(root, endpoint)
        if root["stream"]?.bool == true {
            throw UpstreamFailure(
                .unsupported, "`stream` must be false: \(endpoint.upstreamModel) makes images whole.",
                parameter: "stream")
        }
        let format = root["output_format"]?.string ?? "png"
        guard Self.formats.contains(format) else {
            throw .unknown("output_format", "png or jpeg", endpoint)
        }
        let (width, height) = try Self.sides(root, endpoint)
        var writer = JSONWriter(capacity: request.document.bytes.count + 128)
        writer.beginObject()
        if let prompt = root["prompt"] { writer.member("prompt", prompt) }
        writer.member("width", width)
        writer.member("height", height)
        writer.member("output_format", format)
        if let seed = root["seed"], !seed.isNull {
            // The last image's is that and one less than their number.
            let most = Int(Int32.max) - ((root["n"]?.integer ?? 1) - 1)
            guard let number = seed.integer, (0...most).contains(number) else {
                throw .unknown("seed", "from 0 to \(most)", endpoint)
            }
            writer.member("seed", number + index)
        }
        if let tolerance = root["safety_tolerance"], !tolerance.isNull {
            guard let number = tolerance.integer, (0...6).contains(number) else {
                throw .unknown("safety_tolerance", "a number from 0 to 6", endpoint)
            }
            writer.member("safety_tolerance", number)
        } else if root["moderation"]?.equals("low") == true {
            writer.member("safety_tolerance", 5)
        }
        if let value = root["prompt_upsampling"], !value.isNull {
            guard value.bool != nil else { throw .unknown("prompt_upsampling", "true or false", endpoint) }
            writer.member("prompt_upsampling", value)
        }
        if let value = root["image_prompt"], !value.isNull {
            // It is sent once for each image.
            guard value.kind == .string, value.text.count * (root["n"]?.integer ?? 1) <= Self.imagePromptBytesMax,
                Base64.isValid(Array((value.string ?? "").utf8)[...])
            else {
                throw .unknown(
                    "image_prompt", "an image in Base64, at most \(Self.imagePromptBytesMax >> 20) MiB for all images",
                    endpoint)
            }
            writer.member("image_prompt", value)
        }
        writer.endObject()
        return UpstreamRequest(path: "/\(endpoint.upstreamModel)", body: writer.bytes)
    }

    private static let imagePromptBytesMax = 32 << 20
    private static let tiers = ["512", "768", "1K"]

    /// The nearest sides that the model can make, in the same ratio.
    private static func sides(
        _ root: JSONValue, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> (width: Int, height: Int) {
        let shape = ImageShape(root)
        if shape.size == nil, let tier = shape.tier {
            let isSize = ImageShape.tierMember(root) == "size"
            guard tiers.contains(tier) else {
                throw isSize
                    ? .unknownSize(["auto", "width and height such as 1440x960"] + tiers, of: endpoint)
                    : .unknown("resolution", "one of " + tiers.joined(separator: ", "), endpoint)
            }
        }
        guard let size = shape.sides else {
            throw .unknown("aspect_ratio", "a ratio such as 16:9", endpoint)
        }
        let (longest, shortest) = (max(size.width, size.height), min(size.width, size.height))
        var scale = longest > sideRange.upperBound ? Double(sideRange.upperBound) / Double(longest) : 1
        // A size has sides, which become the nearest; of a ratio nothing else is asked than that it is kept.
        if shape.size == nil, Double(shortest) * scale < Double(sideRange.lowerBound) {
            scale = Double(sideRange.lowerBound) / Double(shortest)
            guard Double(longest) * scale < Double(sideRange.upperBound) + 1 else {
                throw .unknown("aspect_ratio", "from 8:45 to 45:8", endpoint)
            }
        }
        func side(_ pixels: Int) -> Int {
            let steps = (Double(pixels) * scale / Double(sideStep)).rounded()
            return min(max(Int(steps) * sideStep, sideRange.lowerBound), sideRange.upperBound)
        }
        return (side(size.width), side(size.height))
    }

    /// What an image is charged as.
    private static func sizeName(of root: JSONValue, at endpoint: Endpoint) -> String? {
        let (shape, prices) = (ImageShape(root), endpoint.prices)
        let asked = [shape.tier, shape.size].compactMap(\.self)
        guard asked.isEmpty else { return prices.imageSize(named: asked) }
        // What is made then counts only where it has a price.
        let made = shape.ratio == nil ? ["1024x1024", "1K"] : ["1K"]
        return made.first { name in prices.images.contains { $0.size == name } }
    }

    public func size(
        _ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint
    ) -> OperationSize {
        var size = counted
        size.atLeast.imageSize = Self.sizeName(of: request.root, at: endpoint)
        size.atMost.imageSize = size.atLeast.imageSize
        // It counts no tokens.
        size.atMost.completion = size.atLeast.completion
        size.atMost.completionImage = size.atLeast.completionImage
        return size
    }

    /// Reads the tasks' parts.
    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let asked = request.root
        let size = Self.sizeName(of: asked, at: endpoint)
        return WholeAnswer(
            ImagesAnswer { answer, _ throws(UpstreamFailure) in
                guard let parts = answer["parts"], parts.kind == .array else { throw .notAnAnswer }
                var images: [AnsweredImage] = []
                for part in parts.elements {
                    guard let base64 = part["b64_json"] else { throw .notAnAnswer }
                    images.append(
                        AnsweredImage(
                            base64: base64, type: part["media_type"]?.string ?? "image/png", revisedPrompt: nil))
                }
                var usage = Usage()
                usage.images = images.count
                usage.imageSize = size
                usage.imageQuality = ImageWords.named(asked["quality"])
                return ImagesAnswer.Reading(images: images, usage: usage, tellsFormat: true)
            },
            status: head.status, isStreamed: false, limits: ImagesAnswer.limits)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
