import RouterCore

/// What an image of one of Google's models is asked to look like.
struct GoogleImageShape {
    /// Such as `16:9`; `nil` where the model is to choose.
    private(set) var ratio: String?
    /// Such as `2K`, where the model has to be told.
    private(set) var tier: String?
    /// What its size is called, the more exact first.
    private let names: [String]

    /// All together are read up to a bound: what would not fit is not asked for.
    var imagesMax: Int { tier.flatMap { ["2K": 4, "4K": 2][$0] } ?? 10 }

    /// What the models make where nobody says a tier, and all that some make.
    private static let usual = "1K"

    // MARK: Imagen

    private static let imagenRatios = [
        "1024x1024": "1:1", "1792x1024": "16:9", "1024x1792": "9:16", "1536x1024": "4:3", "1024x1536": "3:4",
    ]

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` that says what the model has.
    static func imagen(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> GoogleImageShape {
        let asked = ImageShape(root)
        let tiers = endpoint.upstreamModel.contains("fast") ? [] : ["1K", "2K"]
        let sizes = ["auto"] + imagenRatios.keys.sorted() + tiers
        var tier = try tier(asked, of: tiers, root, endpoint, noSize: .unknownSize(sizes, of: endpoint))
        let ratio: String?
        if let size = asked.size {
            guard let known = imagenRatios[size] else { throw .unknownSize(sizes, of: endpoint) }
            ratio = known
        } else {
            ratio = try Self.ratio(asked, of: imagenRatios.values.sorted(), endpoint)
        }
        if tier == nil, root["quality"]?.string.map(ImageWords.quality) == "high" { tier = tiers.last }
        return GoogleImageShape(ratio, tier, asked.size)
    }

    // MARK: Gemini's own

    /// Source: Gemini API reference, `ImageConfig`; which model has what, Vertex AI's pages of the models.
    private struct Known {
        var ratios = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
        var tiers: [String] = []

        init(_ endpoint: Endpoint) {
            let model = endpoint.upstreamModel
            if model.hasPrefix("gemini-3") { tiers = ["1K", "2K", "4K"] }
            // Since Gemini 3.1.
            guard model.hasPrefix("gemini-3.") else { return }
            tiers.insert("512", at: 0)
            ratios += ["1:4", "4:1", "1:8", "8:1"]
        }
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` that says what the model has.
    static func gemini(_ root: JSONValue, _ endpoint: Endpoint) throws(UpstreamFailure) -> GoogleImageShape {
        let (asked, known) = (ImageShape(root), Known(endpoint))
        let named = try tier(asked, of: known.tiers, root, endpoint, noSize: noSize(known, endpoint))
        guard let size = asked.size else {
            return GoogleImageShape(try ratio(asked, of: known.ratios, endpoint), named, nil)
        }
        let (ratio, tier) = try made(of: size, known, endpoint)
        return GoogleImageShape(ratio, named ?? (tier == usual ? nil : tier), size)
    }

    /// The ratio and the tier that a size in pixels comes to: sides are no exact ratio.
    private static func made(
        of size: String, _ known: Known, _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> (ratio: String, tier: String) {
        let tiers = known.tiers.isEmpty ? [usual] : known.tiers
        let asked = ImageSize(size)
        let ratio = asked.flatMap { asked in
            known.ratios.first { AspectRatio($0)?.isAbout(AspectRatio(asked)) == true }
        }
        // By the sizes of older models, of which the largest is still the usual one.
        let tier = ImageSize(ImageWords.size(size)).flatMap { ImageShape.tier(of: $0, among: tiers) }
        guard let ratio, let tier else { throw noSize(known, endpoint) }
        return (ratio, tier)
    }

    private static func noSize(_ known: Known, _ endpoint: Endpoint) -> UpstreamFailure {
        let tiers = known.tiers.isEmpty ? [usual] : known.tiers
        return UpstreamFailure(
            .unsupported,
            "`size` must be one of \((["auto"] + tiers).joined(separator: ", ")) for \(endpoint.upstreamModel), or have about their pixels and one of these ratios: \(known.ratios.joined(separator: ", ")).",
            parameter: "size")
    }

    private init(_ ratio: String?, _ tier: String?, _ size: String?) {
        self.ratio = ratio
        self.tier = tier
        names = [tier, size].compactMap(\.self)
    }

    /// What an image is charged as: by the usual tier only where that has a price.
    func name(in prices: PriceList) -> String? {
        let isUsualPriced = prices.images.contains { $0.size == Self.usual }
        return prices.imageSize(named: isUsualPriced && tier == nil ? names + [Self.usual] : names)
    }

    /// - Parameter noSize: what is thrown for a `size` that is no tier of the model's.
    private static func tier(
        _ asked: ImageShape, of tiers: [String], _ root: JSONValue, _ endpoint: Endpoint, noSize: UpstreamFailure
    ) throws(UpstreamFailure) -> String? {
        // A model with one resolution has about the usual one.
        guard let tier = asked.tier, !tiers.contains(tier) else { return asked.tier }
        if tiers.isEmpty, tier == usual { return nil }
        guard ImageShape.tierMember(root) == "resolution" else { throw noSize }
        throw .unknown("resolution", tiers.isEmpty ? usual : "one of " + tiers.joined(separator: ", "), endpoint)
    }

    private static func ratio(
        _ asked: ImageShape, of ratios: [String], _ endpoint: Endpoint
    ) throws(UpstreamFailure) -> String? {
        guard let word = asked.ratio else { return nil }
        // Theirs are not all without common factors.
        if let asked = AspectRatio(word), let ratio = ratios.first(where: { AspectRatio($0) == asked }) { return ratio }
        throw .unknown("aspect_ratio", "one of " + ratios.joined(separator: ", "), endpoint)
    }
}
