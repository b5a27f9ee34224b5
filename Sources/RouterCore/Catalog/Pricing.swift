/// Prices as they are written: decimal dollars by unit, in the order and spelling of their source.
public struct Pricing: Sendable, Hashable {
    public var prices: [Model.Price]
    public var tiers: [Tier]
    /// By the name of a service tier, such as `flex`.
    public var services: [String: [Model.Price]]
    public var images: [Image]
    /// Where they come from, such as `OpenAI API pricing page`; `nil` when nobody says.
    public var source: String?
    /// The day on which they were read there, such as `2026-04-15`.
    public var date: String?

    /// Prices of requests whose prompt is longer than a bound.
    public struct Tier: Sendable, Hashable {
        /// Tokens of the prompt.
        public var above: Int
        /// The service tier that they are for; `nil` for the ordinary one.
        public var service: String?
        public var prices: [Model.Price]

        public init(above: Int, service: String? = nil, prices: [Model.Price]) {
            self.above = above
            self.service = service
            self.prices = prices
        }
    }

    /// The price of an image of a size and a quality; `nil` for any.
    public struct Image: Sendable, Hashable {
        public var size: String?
        public var quality: String?
        /// Such as `0.042`.
        public var usd: String
    }

    public init(
        prices: [Model.Price] = [], tiers: [Tier] = [], services: [String: [Model.Price]] = [:], images: [Image] = []
    ) {
        self.prices = prices
        self.tiers = tiers
        self.services = services
        self.images = images
    }

    /// Whether prompt and answer have a price.
    var coversAnswers: Bool { Model.areComplete(prices) }

    /// What these prices are in integers, with the operator's markup on each.
    ///
    /// A price that cannot be read, which ``CatalogReader`` refuses, counts as the dearest there can be.
    public func list(with markup: Markup = .none) -> PriceList {
        func picoUSD(_ text: String) -> Int64 { markup.applied(to: PriceText(text)?.picoUSD ?? .max) }
        func rates(_ prices: [Model.Price]) -> Rates {
            prices.reduce(into: Rates()) { rates, price in
                if let unit = PriceUnit(rawValue: price.unit) { rates[unit] = picoUSD(price.usd) }
            }
        }
        return PriceList(
            rates: rates(prices),
            tiers: tiers.map { .init(above: $0.above, service: $0.service, rates: rates($0.prices)) },
            services: services.mapValues(rates),
            images: images.map { .init(size: $0.size, quality: $0.quality, picoUSD: picoUSD($0.usd)) })
    }

    /// The same prices with a markup, as text.
    func marked(up markup: Markup) -> Pricing {
        guard markup != .none else { return self }
        func marked(_ text: String) -> String {
            PriceText(text).map { PriceText(picoUSD: markup.applied(to: $0.picoUSD)).text } ?? text
        }
        func marked(_ prices: [Model.Price]) -> [Model.Price] {
            prices.map { Model.Price(unit: $0.unit, usd: marked($0.usd)) }
        }
        var pricing = self
        pricing.prices = marked(prices)
        pricing.tiers = tiers.map { Tier(above: $0.above, service: $0.service, prices: marked($0.prices)) }
        pricing.services = services.mapValues(marked)
        pricing.images = images.map { Image(size: $0.size, quality: $0.quality, usd: marked($0.usd)) }
        return pricing
    }
}

/// What an operator charges for each dollar of catalogue price: a factor, exact to a millionth.
///
/// It is put on each price, which is then rounded to a pico-dollar, half to even, so that clients see the very prices
/// they pay.
public struct Markup: Sendable, Hashable {
    private let millionths: Int64

    private init(millionths: Int64) { self.millionths = millionths }

    /// Neither more nor less.
    public static let none = Markup(millionths: 1_000_000)
    /// Everything is free.
    public static let zero = Markup(millionths: 0)

    /// - Parameter text: such as `1.05`: digits, perhaps a point and at most six more.
    /// - Returns: `nil` for anything else and for a factor above 1000.
    public init?(_ text: String) {
        guard let millionths = Money.number(text, digits: 6), millionths <= 1_000_000_000 else { return nil }
        self.millionths = millionths
    }

    func applied(to picoUSD: Int64) -> Int64 {
        let (whole, rest) = (Int128(picoUSD) * Int128(millionths)).quotientAndRemainder(dividingBy: 1_000_000)
        let isUp = rest * 2 > 1_000_000 || rest * 2 == 1_000_000 && whole % 2 == 1
        return Int64(clamping: isUp ? whole + 1 : whole)
    }
}
