/// All models that can be asked for: one immutable value, replaced as a whole when the configuration changes.
public struct Catalog: Sendable {
    /// In the order in which they are listed; each has a price and an endpoint.
    public let models: [Model]
    /// Everyone who serves one of the models, once each, by slug in the order of the models.
    public let providers: [Provider]
    /// Where in ``providers`` a slug or a name in lower case stands.
    private let placeByName: [String: Int]
    private let candidates: [Candidates]
    private let indexByName: [String: Int]
    /// By ``ModelName/loose(_:)``, for names that are in no other way found; of those that would fit two models, none.
    private let indexByLooseName: [String: Int]

    /// - Parameters:
    ///   - models: those without a price or an endpoint are left out; of two with one name the first is found.
    ///   - markup: what clients pay for each dollar of these prices.
    public init(_ models: [Model], markup: Markup = .none) {
        self.models = models.filter { $0.isPriced && !$0.endpoints.isEmpty }.map { $0.priced(with: markup) }
        var indexByName: [String: Int] = [:]
        for (index, model) in self.models.enumerated() {
            indexByName[model.id.lowercased()] = index
        }
        for (index, model) in self.models.enumerated() {
            for alias in model.aliases where indexByName[alias.lowercased()] == nil {
                indexByName[alias.lowercased()] = index
            }
        }
        self.indexByName = indexByName
        var loose: [String: Int] = [:]
        var ambiguous: Set<String> = []
        for (name, index) in indexByName {
            guard let name = ModelName.loose(name) else { continue }
            if loose.updateValue(index, forKey: name).map({ $0 != index }) == true { ambiguous.insert(name) }
        }
        for name in ambiguous { loose[name] = nil }
        indexByLooseName = loose
        var places: [String: Int] = [:]
        var providers: [Provider] = []
        for provider in self.models.lazy.flatMap(\.endpoints).map(\.provider) where places[provider.slug] == nil {
            places[provider.slug] = providers.count
            providers.append(provider)
        }
        self.providers = providers
        placeByName = places.merging(
            providers.map { ($0.name.lowercased(), places[$0.slug] ?? 0) }, uniquingKeysWith: { slug, _ in slug })
        candidates = self.models.map { Candidates($0, providers: places) }
    }

    /// The model of this id or alias, in any case and in the spellings of ``ModelName``: `openai/gpt-5.4`, `GPT-5.4`,
    /// `claude-opus-4.7`; `nil` when there is none.
    public func model(named name: String) -> Model? { candidates(named: name)?.model }

    /// The same, ready for routing.
    func candidates(named name: String) -> Candidates? {
        let index =
            indexByName[name] ?? indexByName[name.lowercased()]
            ?? ModelName.loose(name).flatMap { indexByLooseName[$0] }
        return index.map { candidates[$0] }
    }

    /// Where the provider of this slug or name, in any case, stands in ``providers``.
    func place(ofProvider name: String) -> Int? { placeByName[name.lowercased()] }

    /// All prices that a client can be charged at, each once.
    public var priceLists: Set<PriceList> { Set(models.lazy.flatMap(\.endpoints).map(\.prices)) }

    /// All models, ready for routing.
    var all: [Candidates] { candidates }

    /// Ids that look like `name`, best first, at most three: for an error that says what was meant.
    public func names(like name: String) -> [String] {
        let wanted = Set(name.lowercased().utf8.adjacentPairs)
        guard !wanted.isEmpty else { return [] }
        return models.map { model in
            let pairs = Set(model.id.lowercased().utf8.adjacentPairs)
            return (id: model.id, likeness: 200 * wanted.intersection(pairs).count / (wanted.count + pairs.count))
        }
        .filter { $0.likeness >= 50 }
        .sorted { ($1.likeness, $0.id) < ($0.likeness, $1.id) }
        .prefix(3).map(\.id)
    }
}

extension Model {
    /// With what clients pay, in its listing and at each endpoint.
    fileprivate func priced(with markup: Markup) -> Model {
        var model = self
        let all = allPricing.marked(up: markup)
        model.pricing = all.prices
        model.pricingVariants = all
        let list = all.list()
        for index in model.endpoints.indices {
            let own = model.endpoints[index].pricing?.marked(up: markup)
            model.endpoints[index].pricing = own
            model.endpoints[index].prices = own?.list() ?? list
        }
        return model
    }
}

extension String.UTF8View {
    /// Each two neighbours as one number.
    fileprivate var adjacentPairs: [UInt16] {
        zip(self, dropFirst()).map { UInt16($0) << 8 | UInt16($1) }
    }
}
