/// What a request at one endpoint costs its client. Never changed: other prices are another list with another id.
public struct PriceList: Sendable, Hashable {
    public private(set) var rates: Rates
    /// For longer prompts, from the shortest; each has all rates that count then.
    public private(set) var tiers: [Tier]
    /// By the name of a service tier, such as `flex`.
    public private(set) var services: [String: Rates]
    public private(set) var images: [ImageRate]
    /// 16 hexadecimal digits out of the prices: the same prices have the same id.
    public let id: String
    /// What a token of the prompt can cost at most, in pico-dollars, over all tiers: for holds.
    public let inputRateMax: Int64
    /// What a token of the answer can cost at most, in pico-dollars, over all tiers: for holds.
    public let outputRateMax: Int64

    /// Prices of requests whose prompt is longer than a bound: the whole request is charged at them.
    public struct Tier: Sendable, Hashable {
        /// Tokens of the prompt beyond which these count.
        public var above: Int
        public var rates: Rates

        public init(above: Int, rates: Rates) {
            self.above = above
            self.rates = rates
        }
    }

    /// What an image that was made costs.
    public struct ImageRate: Sendable, Hashable {
        /// Such as `1024x1024`; `nil` for any.
        public var size: String?
        /// Such as `high`; `nil` for any.
        public var quality: String?
        public var picoUSD: Int64

        public init(size: String?, quality: String?, picoUSD: Int64) {
            self.size = size
            self.quality = quality
            self.picoUSD = picoUSD
        }
    }

    /// - Parameters:
    ///   - tiers: rates that a tier does not have are those of `rates`.
    ///   - services: likewise.
    ///   - images: the first that fits counts; where none does, `image_output` of the rates, else the dearest image.
    public init(
        rates: Rates = Rates(), tiers: [Tier] = [], services: [String: Rates] = [:], images: [ImageRate] = []
    ) {
        self.rates = rates
        self.tiers = tiers.map { Tier(above: $0.above, rates: $0.rates.over(rates)) }.sorted { $0.above < $1.above }
        self.services = services.mapValues { $0.over(rates) }
        self.images = images
        let all = [rates] + self.tiers.map(\.rates) + self.services.values
        inputRateMax = all.map(\.promptMax).max() ?? 0
        outputRateMax = all.map(\.completionMax).max() ?? 0
        let json = Self.json(rates, self.tiers, self.services, images)
        let digits = String(PlainSHA256.digest(of: json)[0], radix: 16)
        id = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Pico-dollars for each request.
    public var requestFee: Int64 { rates[.request] ?? 0 }

    /// The rates that count for a request.
    func rates(for usage: Usage) -> Rates {
        if let service = usage.serviceTier, let rates = services[service] { return rates }
        return tiers.last { usage.prompt > $0.above }?.rates ?? rates
    }

    /// Pico-dollars for an image of this size and quality; where nothing fits, the dearest there is, so that no image
    /// is free because its kind has another name.
    func imageRate(size: String?, quality: String?, in rates: Rates) -> Int64 {
        let fitting = images.first { rate in
            (rate.size == nil || rate.size == size) && (rate.quality == nil || rate.quality == quality)
        }
        return fitting?.picoUSD ?? rates[.imageOutput] ?? images.map(\.picoUSD).max() ?? 0
    }

    /// The list as JSON, to be kept: integers, in one order.
    public var json: [UInt8] { Self.json(rates, tiers, services, images) }

    private static func json(
        _ rates: Rates, _ tiers: [Tier], _ services: [String: Rates], _ images: [ImageRate]
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        write("rates", rates, to: &writer)
        if !tiers.isEmpty {
            writer.name("tiers")
            writer.beginArray()
            for tier in tiers {
                writer.beginObject()
                writer.member("above", tier.above)
                write("rates", tier.rates, to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        if !services.isEmpty {
            writer.name("services")
            writer.beginArray()
            for (name, rates) in services.sorted(by: { $0.key < $1.key }) {
                writer.beginObject()
                writer.member("name", name)
                write("rates", rates, to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        if !images.isEmpty {
            writer.name("images")
            writer.beginArray()
            for image in images {
                writer.beginObject()
                if let size = image.size { writer.member("size", size) }
                if let quality = image.quality { writer.member("quality", quality) }
                writer.member("pico_usd", image.picoUSD)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ name: StaticString, _ rates: Rates, to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginObject()
        for (unit, picoUSD) in rates.all {
            writer.name(escaping: unit.rawValue)
            writer.integer(picoUSD)
        }
        writer.endObject()
    }

    /// Reads what ``json`` wrote.
    /// - Returns: `nil` for anything else.
    public init?(json: JSONValue) {
        guard json["rates"]?.kind == .object else { return nil }
        self.init(
            rates: Rates(json: json["rates"]),
            tiers: json["tiers"]?.elements.map {
                Tier(above: $0["above"]?.integer ?? 0, rates: Rates(json: $0["rates"]))
            }
                ?? [],
            services: Dictionary(
                json["services"]?.elements.map { ($0["name"]?.string ?? "", Rates(json: $0["rates"])) } ?? [],
                uniquingKeysWith: { first, _ in first }),
            images: json["images"]?.elements.map {
                ImageRate(
                    size: $0["size"]?.string, quality: $0["quality"]?.string,
                    picoUSD: Int64($0["pico_usd"]?.integer ?? 0))
            } ?? [])
    }
}

extension Rates {
    fileprivate init(json: JSONValue?) {
        self.init()
        guard let json else { return }
        for member in json.members {
            guard let unit = PriceUnit(rawValue: member.name.string), let rate = member.value.integer else { continue }
            self[unit] = Int64(rate)
        }
    }
}
