/// What a valid request for images is, and how much it uses.
///
/// Source: OpenAI API reference, "Create image"; where OpenRouter has more, its names.
enum ImageCheck {
    /// Unicode scalars of a prompt.
    static let promptCharactersMax = 32_000
    static let imagesMax = 10
    /// Of each image of a stream.
    static let partialsMax = 3

    private static let qualities = ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]
    private static let backgrounds = ["auto", "transparent", "opaque"]
    private static let formats = ["png", "jpeg", "webp", "svg"]
    private static let responses = ["url", "b64_json"]

    static func check(_ root: JSONValue) throws(APIError) {
        var hasPrompt = false
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "prompt":
                guard let prompt = value.string else { throw MemberCheck.wrongType(value, "a string") }
                guard !prompt.isEmpty else { throw MemberCheck.invalid(value, "must not be empty") }
                guard prompt.unicodeScalars.count <= promptCharactersMax else {
                    throw MemberCheck.invalid(value, "must have at most \(promptCharactersMax) characters")
                }
                hasPrompt = true
            case "n": try MemberCheck.check(value, isIntegerIn: 1...imagesMax)
            case "size":
                guard let size = value.string else { throw MemberCheck.wrongType(value, "a string such as 1024x1024") }
                guard size == "auto" || ImageShape.tiers[size] != nil || ImageSize(size) != nil else {
                    throw MemberCheck.invalid(
                        value,
                        "must be auto, width and height such as 1024x1024, or one of "
                            + ImageShape.tierNames.joined(separator: ", "))
                }
            case "input_references":
                guard value.kind == .array else { throw MemberCheck.wrongType(value, "a list of images") }
            case "quality": try check(value, isOneOf: qualities)
            case "background": try check(value, isOneOf: backgrounds)
            case "output_format": try check(value, isOneOf: formats)
            case "response_format": try check(value, isOneOf: responses)
            case "output_compression": try MemberCheck.check(value, isIntegerIn: 0...100)
            case "stream":
                guard value.bool != nil else { throw MemberCheck.wrongType(value, "true or false") }
            case "partial_images": try MemberCheck.check(value, isIntegerIn: 0...partialsMax)
            default: break
            }
        }
        guard hasPrompt else { throw MemberCheck.missing("prompt", in: root) }
        try ImageShape.check(root)
    }

    private static func check(_ value: JSONValue, isOneOf words: [String]) throws(APIError) {
        guard let word = value.string, words.contains(word) else {
            throw MemberCheck.invalid(value, "must be one of \(words.joined(separator: ", "))")
        }
    }

    /// Tokens of one image, for models that charge by them: of the dearest and of the cheapest kind, where the vendor's
    /// translator does not know better. Larger ones have as many more as they have pixels.
    ///
    /// Source: OpenAI guide "Image generation", section "Cost and latency".
    private static let tokensAtMost = 6600
    private static let pixelsAtMost = 1536 * 1024
    private static let tokensAtLeast = 272

    /// Tokens of one partial image, whatever its size. Source: OpenAI guide "Image generation", section "Partial images
    /// cost".
    static let tokensOfPartial = 100

    static func wantsEvents(_ root: JSONValue) -> Bool { root["stream"]?.bool == true }

    /// Partial images that are asked for, of all images together.
    static func partials(of root: JSONValue) -> Int {
        guard wantsEvents(root) else { return 0 }
        return count(of: root) * min(max(0, root["partial_images"]?.integer ?? 0), partialsMax)
    }

    /// Images that are asked for.
    static func count(of root: JSONValue) -> Int { min(max(1, root["n"]?.integer ?? 1), imagesMax) }

    static func size(of root: JSONValue) -> OperationSize {
        let count = count(of: root)
        let prompt = ImagePrompt(of: root)
        var usage = Usage()
        usage.images = count
        usage.imageSize = ImageWords.fixedSize(root)
        usage.imageQuality = ImageWords.named(root["quality"])
        var size = OperationSize(atMost: usage, atLeast: usage)
        // Some vendors are asked for each image by itself.
        size.atMost.prompt = count * prompt.tokensAtMost
        size.atMost.promptImage = count * prompt.imageTokensAtMost
        size.atLeast.prompt = prompt.tokensAtLeast
        size.atLeast.promptImage = prompt.imageTokensAtLeast
        let pixels = max(pixelsAtMost, ImageShape(root).pixels ?? 0)
        size.atMost.completion = count * (tokensAtMost * pixels / pixelsAtMost) + partials(of: root) * tokensOfPartial
        size.atLeast.completion = count * tokensAtLeast
        size.atMost.completionImage = size.atMost.completion
        size.atLeast.completionImage = size.atLeast.completion
        return size
    }
}

extension OperationSize {
    /// Takes the most tokens that each image of a request has, as a vendor knows them.
    ///
    /// - Parameters:
    ///   - imageTokens: of the image itself.
    ///   - textTokens: of what the model writes or thinks beside it.
    public mutating func take(imageTokens: Int, textTokens: Int, of request: OperationRequest) {
        let count = ImageCheck.count(of: request.root)
        let partials = ImageCheck.partials(of: request.root) * ImageCheck.tokensOfPartial
        atMost.completionImage = count * imageTokens + partials
        atMost.completion = atMost.completionImage + count * textTokens
        // No more than what is held for.
        atLeast.completion = min(atLeast.completion, count * imageTokens)
        atLeast.completionImage = atLeast.completion
    }
}

/// Width and height in pixels, such as `1024x1024`.
public struct ImageSize: Sendable, Hashable {
    public var width: Int
    public var height: Int

    public var pixels: Int { width * height }

    /// Pixels of a side.
    private static let sideMax = 16_384

    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// - Returns: `nil` for any other text.
    public init?(_ text: String) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, text.utf8.count <= 11,
            sides.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let width = Int(sides[0]), let height = Int(sides[1]),
            (1...Self.sideMax).contains(width), (1...Self.sideMax).contains(height)
        else { return nil }
        self.width = width
        self.height = height
    }
}
