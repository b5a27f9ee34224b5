/// The shape that a request asks its images to have: OpenAI's `size`, or OpenRouter's `aspect_ratio` and `resolution`.
///
/// Source: OpenRouter's `imagegenerationrequest`.
public struct ImageShape: Sendable, Hashable {
    /// Width and height, such as `1024x1024`; `nil` where the request does not name them.
    public var size: String?
    /// About so many pixels of a side, such as `2K`: a word that not every model knows, beside a size or alone.
    public var tier: String?
    /// Such as `16:9`; `nil` beside a size, which has it.
    public var ratio: String?

    /// Pixels of a side, about.
    static let tiers = ["512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096]
    public static let tierNames = tiers.sorted { $0.value < $1.value }.map(\.key)

    /// Of a checked request.
    public init(_ root: JSONValue) {
        tier = ImageWords.named(root["resolution"])
        let named = ImageWords.named(root["size"])
        if let named, Self.tiers[named] == nil {
            size = named
        } else {
            tier = named ?? tier
            ratio = ImageWords.named(root["aspect_ratio"])
        }
    }

    /// What a price for it is called where the vendor says nothing of what it made.
    public var name: String? { tier ?? size }

    /// The tier among these that a size is about as large as, the nearest of several; `nil` where none is.
    public static func tier(of size: ImageSize, among tiers: [String]) -> String? {
        let side = Double(size.pixels).squareRoot()
        let fitting = tiers.compactMap { name in Self.tiers[name].map { (name: name, pixels: $0) } }
            .filter { isAbout(size, $0.pixels) }
        func distance(_ pixels: Int) -> Double { max(side / Double(pixels), Double(pixels) / side) }
        return fitting.min { distance($0.pixels) < distance($1.pixels) }?.name
    }

    /// Whether a size is about as large as a tier says, by its longer side or as a whole: no model makes 4096x4096.
    private static func isAbout(_ size: ImageSize, _ pixels: Int) -> Bool {
        [Double(size.pixels).squareRoot(), Double(max(size.width, size.height))].contains { side in
            abs(side - Double(pixels)) <= Double(pixels) * 0.3
        }
    }

    /// The member with a word that no model knows.
    public static func unknownMember(_ root: JSONValue) -> String? {
        if let word = ImageWords.named(root["resolution"]), tiers[word] == nil { return "resolution" }
        if let word = ImageWords.named(root["aspect_ratio"]), AspectRatio(word) == nil { return "aspect_ratio" }
        return nil
    }

    /// The member of a request that names the tier.
    public static func tierMember(_ root: JSONValue) -> String {
        ImageWords.named(root["size"]).flatMap { tiers[$0] } == nil ? "resolution" : "size"
    }

    /// Width and height of about the tier's pixels in the ratio: of 1K, and square, where the request does not say.
    ///
    /// `nil` for words that nobody knows.
    public var sides: ImageSize? {
        if let size { return ImageSize(size) }
        guard let pixels = Self.tiers[tier ?? "1K"], let ratio = AspectRatio(ratio ?? "1:1") else { return nil }
        let stretch = (Double(ratio.width) / Double(ratio.height)).squareRoot()
        func rounded(_ side: Double) -> Int { max(1, Int(side.rounded())) }
        return ImageSize(width: rounded(Double(pixels) * stretch), height: rounded(Double(pixels) / stretch))
    }

    /// Pixels of one image, where the request says something of them.
    var pixels: Int? { size == nil && tier == nil ? nil : sides?.pixels }

    /// Checks the words, and finds what contradicts itself. Which words there are only a model can say.
    ///
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the member.
    static func check(_ root: JSONValue) throws(APIError) {
        for name in ["resolution", "aspect_ratio"] {
            guard let value = root[name], !value.isNull else { continue }
            guard let word = value.string, (1...20).contains(word.utf8.count) else {
                throw MemberCheck.wrongType(
                    value, name == "resolution" ? "a string such as 2K" : "a string such as 16:9")
            }
        }
        guard let named = ImageWords.named(root["size"]) else { return }
        let size = ImageSize(named)
        if let value = root["resolution"], let word = ImageWords.named(value), word != named, let asked = tiers[word] {
            guard let size, isAbout(size, asked) else {
                throw MemberCheck.invalid(value, "must fit `size`, or be left out: \(named) is another resolution")
            }
        }
        if let value = root["aspect_ratio"], let ratio = ImageWords.named(value).flatMap(AspectRatio.init), let size,
            !AspectRatio(size).isAbout(ratio)
        {
            throw MemberCheck.invalid(value, "must fit `size`, or be left out: \(named) is \(AspectRatio(size))")
        }
    }
}

/// Width to height, without common factors.
public struct AspectRatio: Sendable, Hashable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(_ size: ImageSize) {
        let divisor = Self.commonDivisor(size.width, size.height)
        (width, height) = (size.width / divisor, size.height / divisor)
    }

    /// - Parameter text: such as `16:9`, or `19.5:9`.
    public init?(_ text: String) {
        let sides = text.split(separator: ":", omittingEmptySubsequences: false).map(Self.tenths)
        guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
        self.init(ImageSize(width: width, height: height))
    }

    public var description: String { "\(width):\(height)" }

    /// Whether sizes of both look alike: sides in pixels are no exact ratio.
    public func isAbout(_ other: AspectRatio) -> Bool {
        let (one, two) = (Double(width) * Double(other.height), Double(height) * Double(other.width))
        return abs(one - two) <= max(one, two) * 0.03
    }

    /// A number from 0.1 to 99.9, times ten.
    private static func tenths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = digits(parts[0], atMost: 2) else { return nil }
        guard parts.count == 2 else { return whole == 0 ? nil : whole * 10 }
        guard let tenth = digits(parts[1], atMost: 1) else { return nil }
        return whole * 10 + tenth == 0 ? nil : whole * 10 + tenth
    }

    private static func digits(_ text: Substring, atMost count: Int) -> Int? {
        (1...count).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private static func commonDivisor(_ one: Int, _ other: Int) -> Int {
        other == 0 ? one : commonDivisor(other, one % other)
    }
}
