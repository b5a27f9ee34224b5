/// Words for an image's size and quality: what a request says, and which prices those can come to.
public enum ImageWords {
    /// Older models' word for a quality as the newer ones have it.
    public static func quality(_ word: String) -> String {
        switch word {
        case "hd": "high"
        case "standard": "medium"
        default: word
        }
    }

    /// The size of an older model as the nearest one that the newer ones have.
    public static func size(_ word: String) -> String {
        switch word {
        case "1792x1024": "1536x1024"
        case "1024x1792": "1024x1536"
        default: word
        }
    }

    /// The size that a request fixes; `nil` where its vendor may choose, also by a resolution.
    public static func fixedSize(_ root: JSONValue) -> String? {
        named(root["resolution"]) == nil ? named(root["size"]) : nil
    }

    /// What a request says by name; `nil` where its vendor may choose.
    public static func named(_ value: JSONValue?) -> String? {
        guard let word = value?.string, word != "auto" else { return nil }
        return word
    }
}

extension PriceList {
    /// The size and quality of the dearest image that a request can come to, by these prices.
    ///
    /// - Parameters:
    ///   - size: as the request names it; `nil`: the vendor chooses.
    ///   - quality: the same.
    func dearestImage(size: String?, quality: String?, in rates: Rates) -> (size: String?, quality: String?) {
        let sizes: Set<String?> = size.map { [$0, ImageWords.size($0)] } ?? Set(images.map(\.size) + [nil])
        let qualities: Set<String?> =
            quality.map { [$0, ImageWords.quality($0)] } ?? Set(images.map(\.quality) + [nil])
        var dearest: (size: String?, quality: String?, picoUSD: Int64) = (size, quality, -1)
        for size in sizes {
            for quality in qualities {
                let rate = imageRate(size: size, quality: quality, in: rates)
                if rate > dearest.picoUSD { dearest = (size, quality, rate) }
            }
        }
        return (dearest.size, dearest.quality)
    }
}
