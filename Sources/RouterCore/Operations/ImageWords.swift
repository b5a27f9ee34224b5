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
    ///   - size: as the request says it; `nil` or `auto`: the vendor chooses.
    ///   - quality: the same.
    func dearestImage(size: String?, quality: String?, in rates: Rates) -> (size: String?, quality: String?) {
        var dearest: (size: String?, quality: String?, picoUSD: Int64) = (size, quality, -1)
        let isOpen = { (word: String?) in word == nil || word == "auto" }
        for one in [size, size.map(ImageWords.size)] + (isOpen(size) ? images.map(\.size) : []) {
            for other in [quality, quality.map(ImageWords.quality)] + (isOpen(quality) ? images.map(\.quality) : []) {
                let rate = imageRate(size: one, quality: other, in: rates)
                if rate > dearest.picoUSD { dearest = (one, other, rate) }
            }
        }
        return (dearest.size, dearest.quality)
    }
}
