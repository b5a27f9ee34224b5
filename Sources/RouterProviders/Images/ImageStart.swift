import RouterCore

/// The first bytes of what a vendor calls an image, which tell what it is.
struct ImageStart: Sendable, Hashable {
    private let bytes: [UInt8]

    /// Letters of Base64 that are looked at: a whole number of groups.
    private static let lettersMax = 64

    /// - Parameter base64: the image without quotes.
    init(base64: ArraySlice<UInt8>) {
        let letters = base64.prefix(min(Self.lettersMax, base64.count / 4 * 4))
        bytes = Base64.checked(letters).map(Base64.decoded) ?? []
    }

    /// What it is, such as `image/png`.
    ///
    /// - Parameter said: what its vendor calls it; counts where the bytes do not tell. What is no image is
    ///   `application/octet-stream`, so that nothing shows it as a page.
    func type(said: String) -> String {
        if let known = MediaType.images.first(where: { $0.begins(bytes) }) { return known.rawValue }
        let brand = bytes.dropFirst(4).prefix(8)
        if brand.elementsEqual("ftypavif".utf8) || brand.elementsEqual("ftypavis".utf8) { return "image/avif" }
        return markup ?? (said.hasPrefix("image/") ? said : Self.unknown)
    }

    private static let unknown = "application/octet-stream"

    /// The type of a text with marks: a drawing, or something else.
    private var markup: String? {
        let spaces: Set<UInt8> = [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D]
        let text = bytes.drop { spaces.contains($0) }
        guard text.first == UInt8(ascii: "<") else { return nil }
        let isDrawing = text.starts(with: "<svg".utf8) || text.starts(with: "<?xml".utf8)
        return isDrawing ? "image/svg+xml" : Self.unknown
    }
}
