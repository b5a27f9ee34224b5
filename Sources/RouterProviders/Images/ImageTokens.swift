import RouterCore

/// The most tokens that one image of a vendor's model has: what is held for before it is made.
///
/// Vendors publish them, exactly; some are left to spare, and some for what a model writes or thinks beside its image.
struct ImageTokens: Sendable, Hashable {
    var image: Int
    var text: Int

    private init(_ image: Int, text: Int = 0) {
        self.image = image + image / 32 + 1
        self.text = text
    }

    /// Of OpenAI's models; `nil` for one whose images nobody here knows.
    ///
    /// - Parameters:
    ///   - size: `nil` where the model chooses.
    ///   - quality: in the newer words; `nil` where the model chooses: then it is the dearest.
    ///
    /// Source: OpenAI guide "Image generation", section "Cost and latency"; for gpt-image-2 its calculator there, as
    /// people who use it wrote it down: 7,024 tokens for 1024x1024 and 5,488 for 1536x1024 of high quality.
    init?(openAI model: String, size: ImageSize?, quality: String?) {
        if model.hasPrefix("gpt-image-2") {
            self.init(Self.freeSize(size, quality ?? "high"), text: Self.textBesideImage)
        } else if model.hasPrefix("gpt-image-1") || model.hasPrefix("chatgpt-image") {
            let all = Self.fixedSizes[quality ?? "high"] ?? Self.high
            let tokens = size.flatMap { all["\($0.width)x\($0.height)"] } ?? all.values.max() ?? 0
            self.init(tokens, text: ["gpt-image-1", "gpt-image-1-mini"].contains(model) ? 0 : Self.textBesideImage)
        } else {
            return nil
        }
    }

    /// Models since gpt-image-1.5 charge for text of theirs apart, and nobody says how much it is.
    private static let textBesideImage = 500

    private static let high = ["1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208]
    private static let fixedSizes = [
        "low": ["1024x1024": 272, "1024x1536": 408, "1536x1024": 400],
        "medium": ["1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568],
        "high": high,
    ]

    /// Steps of the longer side; of a quality that is more than high twice as many.
    private static let steps = ["low": 16, "medium": 48, "high": 96]

    /// Steps of both sides, and as many more as it has pixels: a square has most for its pixels.
    private static func freeSize(_ size: ImageSize?, _ quality: String) -> Int {
        // What a model chooses has been no larger.
        let size = size ?? ImageSize(width: 1254, height: 1254)
        let steps = steps[quality] ?? 192
        let (longer, shorter) = (max(size.width, size.height), min(size.width, size.height))
        let others = (2 * steps * shorter + longer) / (2 * longer)
        return (steps * others * (2_000_000 + size.pixels) + 3_999_999) / 4_000_000
    }

    /// Of Gemini's own models.
    ///
    /// - Parameter tier: such as `2K`.
    ///
    /// Source: Vertex AI, pages of the models, "Image generation specifications".
    init(gemini model: String, tier: String?) {
        guard model.hasPrefix("gemini-3") else {
            self.init(1290, text: 100)
            return
        }
        let isPro = model.hasPrefix("gemini-3-pro")
        let tokens = isPro ? ["1K": 1120, "2K": 1120, "4K": 2000] : ["512": 747, "1K": 1120, "2K": 1680, "4K": 2520]
        // They think before they draw.
        self.init(tokens[tier ?? "1K"] ?? 2520, text: 3000)
    }
}
