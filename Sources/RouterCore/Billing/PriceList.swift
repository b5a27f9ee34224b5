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

    /// Prices of requests whose prompt is longer than a bound: the whole request is charged at them.
    public struct Tier: Sendable, Hashable {
        /// Tokens of the prompt beyond which these count.
        public var above: Int
        /// The service tier whose long prompts these are for; `nil`: the ordinary one.
        public var service: String?
        public var rates: Rates

        public init(above: Int, service: String? = nil, rates: Rates) {
            self.above = above
            self.service = service
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
    ///   - tiers: rates that a tier does not have are those of its service tier, or of `rates`.
    ///   - services: rates that one does not have are those of `rates`.
    ///   - images: the first that fits counts; where none does, `image_output` of the rates, else the dearest image.
    public init(
        rates: Rates = Rates(), tiers: [Tier] = [], services: [String: Rates] = [:], images: [ImageRate] = []
    ) {
        self.rates = rates
        let services = services.mapValues { $0.over(rates) }
        self.services = services
        self.tiers = tiers.map { tier in
            let base = tier.service.flatMap { services[$0] } ?? rates
            return Tier(above: tier.above, service: tier.service, rates: tier.rates.over(base))
        }.sorted { ($0.above, $0.service ?? "") < ($1.above, $1.service ?? "") }
        self.images = images
        let json = Self.json(rates, self.tiers, self.services, images)
        let digits = String(PlainSHA256.digest(of: json)[0], radix: 16)
        id = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The rates that count for a request.
    ///
    /// A long prompt at a service tier that has no rates for long prompts costs, unit by unit, the dearer of the service
    /// tier and the ordinary long prompt.
    func rates(prompt: Int, service: String?) -> Rates {
        let ordinary = tiers.last { $0.service == nil && prompt > $0.above }?.rates
        guard let service, let rates = services[service] else { return ordinary ?? rates }
        if let tier = tiers.last(where: { $0.service == service && prompt > $0.above }) { return tier.rates }
        return ordinary.map(rates.orDearer) ?? rates
    }

    /// Pico-dollars for an image of this size and quality; where nothing fits, the dearest there is, so that no image
    /// is free because its kind has another name.
    ///
    /// An older word for a quality is the newer one where it has no price of its own.
    func imageRate(size: String?, quality: String?, in rates: Rates) -> Int64 {
        let sized = images.filter { $0.size == nil || $0.size == size }
        let isPriced = sized.contains { $0.quality != nil && $0.quality == quality }
        let word = isPriced ? quality : quality.map(ImageWords.quality)
        let fitting = sized.first { $0.quality == nil || $0.quality == word }
        return fitting?.picoUSD ?? rates[.imageOutput] ?? images.map(\.picoUSD).max() ?? 0
    }

    /// What images of a size are charged as: the first of these names for it that a price has.
    ///
    /// - Returns: the first of all where no price has one; `nil` without any.
    public func imageSize(named names: [String]) -> String? {
        names.first { name in images.contains { $0.size == name } } ?? names.first
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
                if let service = tier.service { writer.member("service", service) }
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
    /// - Returns: `nil` for anything else, also when it was changed since so that its id is another: a damaged list would
    ///   be another price.
    public init?(json: JSONValue, id: String) {
        guard let rates = Rates(json: json["rates"]) else { return nil }
        var tiers: [Tier] = []
        for tier in json["tiers"]?.elements.map(\.self) ?? [] {
            guard let above = tier["above"]?.integer, let rates = Rates(json: tier["rates"]) else { return nil }
            tiers.append(Tier(above: above, service: tier["service"]?.string, rates: rates))
        }
        var services: [String: Rates] = [:]
        for service in json["services"]?.elements.map(\.self) ?? [] {
            guard let name = service["name"]?.string, let rates = Rates(json: service["rates"]) else { return nil }
            services[name] = rates
        }
        var images: [ImageRate] = []
        for image in json["images"]?.elements.map(\.self) ?? [] {
            guard let rate = image["pico_usd"]?.integer else { return nil }
            images.append(
                ImageRate(size: image["size"]?.string, quality: image["quality"]?.string, picoUSD: Int64(rate)))
        }
        self.init(rates: rates, tiers: tiers, services: services, images: images)
        guard self.id == id else { return nil }
    }
}

extension Rates {
    fileprivate init?(json: JSONValue?) {
        guard let json, json.kind == .object else { return nil }
        self.init()
        for member in json.members {
            guard let unit = PriceUnit(rawValue: member.name.string), let rate = member.value.integer else {
                return nil
            }
            self[unit] = Int64(rate)
        }
    }
}
