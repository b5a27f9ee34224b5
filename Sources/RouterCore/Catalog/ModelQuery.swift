/// Which models a client wants to see, and in which order: the query of `GET /models`.
///
/// Source: OpenRouter's `getmodels`. Names that are not known here, and conditions on what this catalogue does not hold
/// (`category`, `arch`, `region`, ages, benchmarks), are passed over, so that a client that sends them is served.
public struct ModelQuery: Sendable, Hashable {
    private var words: [String] = []
    private var supportedParameters: [String] = []
    private var inputModalities: [String] = []
    private var outputModalities: [String] = []
    private var authors: [String] = []
    private var providers: [String] = []
    private var contextMin = 0
    private var promptPrice = PriceRange()
    private var completionPrice = PriceRange()
    private var retainsNothing = false
    private var order = Order.catalogue
    /// How many models are passed over.
    public private(set) var offset = 0
    /// How many are shown at most; `nil`: all.
    public private(set) var limit: Int?

    /// Pico-dollars for a million tokens.
    private struct PriceRange: Hashable {
        var min: Int64 = 0
        var max = Int64.max
    }

    private enum Order: String, CaseIterable {
        case catalogue
        case newest
        case cheapest = "pricing-low-to-high"
        case dearest = "pricing-high-to-low"
        case longest = "context-high-to-low"
    }

    /// Orders by what is not counted here: the catalogue's order stays.
    private static let uncountedOrders = [
        "most-popular", "top-weekly", "throughput-high-to-low", "latency-low-to-high", "intelligence-high-to-low",
        "coding-high-to-low", "agentic-high-to-low", "design-arena-elo-high-to-low",
    ]
    /// Models of one page when only `offset` is given.
    private static let limitStandard = 500
    private static let limitMax = 1000

    /// All models, in the order of the catalogue.
    public init() {}

    /// - Parameter members: names and values of the query, decoded; of two with one name the last counts.
    /// - Throws: ``APIError`` that names the member whose value cannot be understood.
    public init(_ members: [(name: String, value: String)]) throws(APIError) {
        for (name, value) in members where !value.isEmpty {
            switch name {
            // A form writes a space as a plus.
            case "q": words = value.lowercased().split { $0.isWhitespace || $0 == "+" }.map(String.init)
            case "supported_parameters": supportedParameters = Self.list(value)
            case "input_modalities": inputModalities = Self.list(value)
            case "output_modalities": outputModalities = Self.list(value).contains("all") ? [] : Self.list(value)
            case "model_authors": authors = Self.list(value)
            case "providers": providers = Self.list(value)
            case "context": contextMin = try Self.number(value, name, 0...Int.max)
            case "min_price": promptPrice.min = try Self.price(value, name)
            case "max_price": promptPrice.max = try Self.price(value, name)
            case "min_output_price": completionPrice.min = try Self.price(value, name)
            case "max_output_price": completionPrice.max = try Self.price(value, name)
            case "zdr": retainsNothing = try Self.bool(value, name)
            case "offset": offset = try Self.number(value, name, 0...Int.max)
            case "limit": limit = try Self.number(value, name, 1...Self.limitMax)
            case "sort":
                if Self.uncountedOrders.contains(value) { continue }
                guard let known = Order(rawValue: value), known != .catalogue else {
                    let names = Order.allCases.dropFirst().map(\.rawValue) + Self.uncountedOrders
                    throw Self.wrong(name, "must be one of \(names.joined(separator: ", "))")
                }
                order = known
            default: continue
            }
        }
        if offset > 0, limit == nil { limit = Self.limitStandard }
    }

    /// Whether it asks for everything that there is, in the catalogue's order: also with a page that has room for all.
    ///
    /// - Parameter count: how many models there are.
    public func isEverything(of count: Int) -> Bool {
        guard offset == 0, limit ?? .max >= count else { return false }
        var query = self
        query.limit = nil
        return query == ModelQuery()
    }

    /// Places in `models` of those that fit, in the order asked for; pages are not cut yet.
    public func places(in models: [Model]) -> [Int] {
        let places = models.indices.filter { fits(models[$0]) }
        /// What has the smaller number stands first; of two equal ones, what the catalogue has first.
        func sorted(by rank: (Model) -> Int64) -> [Int] {
            places.map { (place: $0, rank: rank(models[$0])) }
                .sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.place)
        }
        switch order {
        case .catalogue: return places
        case .newest: return sorted { -$0.created }
        case .cheapest: return sorted { $0.picoUSDOfMillion("prompt") }
        case .dearest: return sorted { -$0.picoUSDOfMillion("prompt") }
        case .longest: return sorted { -Int64($0.contextLength) }
        }
    }

    /// The page of `places` that is asked for.
    public func page<Places: RandomAccessCollection>(of places: Places) -> Places.SubSequence {
        places.dropFirst(offset).prefix(limit ?? .max)
    }

    private func fits(_ model: Model) -> Bool {
        guard model.contextLength >= contextMin,
            supportedParameters.allSatisfy(model.supportedParameters.contains),
            inputModalities.allSatisfy(model.inputModalities.contains),
            outputModalities.isEmpty || outputModalities.contains(where: model.outputModalities.contains),
            authors.isEmpty || authors.contains(model.author.lowercased()),
            Self.contains(promptPrice, model.picoUSDOfMillion("prompt")),
            Self.contains(completionPrice, model.picoUSDOfMillion("completion"))
        else { return false }
        guard
            providers.isEmpty
                || model.endpoints.contains(where: { endpoint in
                    providers.contains(endpoint.provider.slug)
                        || providers.contains(endpoint.provider.name.lowercased())
                })
        else { return false }
        guard !retainsNothing || model.endpoints.contains(where: { !$0.provider.dataPolicy.retains }) else {
            return false
        }
        guard !words.isEmpty else { return true }
        let text = "\(model.id) \(model.name) \(model.description) \(model.aliases.joined(separator: " "))".lowercased()
        return words.allSatisfy(text.contains)
    }

    private static func contains(_ range: PriceRange, _ price: Int64) -> Bool {
        price >= range.min && price <= range.max
    }

    /// Words between commas, in lower case.
    private static func list(_ value: String) -> [String] {
        value.lowercased().split(separator: ",").map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func number(_ value: String, _ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int {
        guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value), range.contains(number)
        else {
            let bound = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw wrong(name, "must be a whole number from \(range.lowerBound)\(bound)")
        }
        return number
    }

    /// US dollars for a million tokens, as pico-dollars for a million.
    private static func price(_ value: String, _ name: String) throws(APIError) -> Int64 {
        guard let price = PriceText(value) else {
            throw wrong(name, "must be US dollars for a million tokens, such as 2.5")
        }
        return price.picoUSD
    }

    private static func bool(_ value: String, _ name: String) throws(APIError) -> Bool {
        switch value {
        case "true", "1": return true
        case "false", "0": return false
        default: throw wrong(name, "must be true or false")
        }
    }

    private static func wrong(_ name: String, _ rule: String) -> APIError {
        APIError(.invalidRequest, "`\(name)` \(rule).", parameter: name)
    }
}

extension Model {
    /// What a million units cost in pico-dollars; 0 when the unit has no price. Saturates.
    fileprivate func picoUSDOfMillion(_ unit: String) -> Int64 {
        guard let price = pricing.first(where: { $0.unit == unit }).flatMap({ PriceText($0.usd) }) else { return 0 }
        let (product, overflow) = price.picoUSD.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }
}
