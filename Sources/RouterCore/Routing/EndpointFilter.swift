/// What an endpoint must be to be tried at all: conditions with names, so that an error can say which of them excluded
/// which endpoint.
struct EndpointFilter: Sendable {
    /// Who may answer, by place in ``Catalog/providers``; `nil`: everyone.
    private let only: [Bool]?
    private let ignored: [Bool]?
    /// The providers of `order` that may be tried when nobody else may.
    private let ordered: [Bool]?
    private let quantizations: Set<Quantization>?
    private let deniesDataCollection: Bool
    private let requiresZeroRetention: Bool
    private let priceMax: ProviderPreferences.PriceMax?
    private let required: ParameterSet
    private let staysLocal: Bool

    /// Why an endpoint was excluded. Raw values are those of OpenRouter's `availability.excluded_by` where it has one.
    enum Constraint: String, Sendable, Hashable, CaseIterable {
        case local = "data_policy:local"
        case training = "data_policy:training"
        case retention = "data_policy:zdr"
        case providers = "allowed_providers"
        case quantization
        case price = "max_price"
        case parameters = "require_parameters"
        /// Its provider's limit is reached for now; not a condition of the request's.
        case resting = "rate_limit"

        /// The member of the request that asks for it.
        var member: String? {
            switch self {
            case .local, .resting: nil
            case .training: "provider.data_collection"
            case .retention: "provider.zdr"
            case .providers: "provider.only"
            case .quantization: "provider.quantizations"
            case .price: "provider.max_price"
            case .parameters: "provider.require_parameters"
            }
        }
    }

    /// - Parameters:
    ///   - order: places of `provider.order`.
    ///   - parameters: members that the request has.
    ///   - staysLocal: only the operator's own machines may answer.
    init(
        _ preferences: ProviderPreferences, order: [Int], in catalog: Catalog, parameters: ParameterSet,
        staysLocal: Bool
    ) throws(APIError) {
        only = try preferences.only.map { names throws(APIError) in
            Self.set(try catalog.places(of: names), of: catalog.providers.count)
        }
        ignored =
            preferences.ignore.isEmpty
            ? nil : Self.set(try catalog.places(ofKnown: preferences.ignore), of: catalog.providers.count)
        ordered =
            order.isEmpty || preferences.allowsFallbacks ? nil : Self.set(order, of: catalog.providers.count)
        quantizations = preferences.quantizations
        deniesDataCollection = preferences.deniesDataCollection
        requiresZeroRetention = preferences.requiresZeroRetention
        priceMax = preferences.priceMax.isEmpty ? nil : preferences.priceMax
        required = preferences.requiresParameters ? parameters : []
        self.staysLocal = staysLocal
    }

    /// The first condition that the endpoint does not meet; `nil` when it may be tried.
    func exclusion(of facts: EndpointFacts) -> Constraint? {
        if staysLocal, facts.location != .local { return .local }
        if let only, !only[facts.provider] { return .providers }
        if let ignored, ignored[facts.provider] { return .providers }
        if let ordered, !ordered[facts.provider] { return .providers }
        if deniesDataCollection, facts.dataPolicy.collects { return .training }
        if requiresZeroRetention, facts.dataPolicy.retains { return .retention }
        if let quantizations, !quantizations.contains(facts.quantization) { return .quantization }
        if let priceMax, !priceMax.allows(facts) { return .price }
        if !facts.parameters.isSuperset(of: required) { return .parameters }
        return nil
    }

    /// Members of the request that must be known and are not.
    func missing(of facts: EndpointFacts) -> [String] { required.subtracting(facts.parameters).memberNames }

    private static func set(_ places: [Int], of count: Int) -> [Bool] {
        var set = [Bool](repeating: false, count: count)
        for place in places where set.indices.contains(place) { set[place] = true }
        return set
    }
}

extension Catalog {
    /// Where the providers of these slugs or names stand in ``providers``.
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the first that nobody knows.
    func places(of names: [ProviderPreferences.Named]) throws(APIError) -> [Int] {
        var places: [Int] = []
        for named in names {
            guard let place = place(ofProvider: named.name) else { throw unknown(named) }
            places.append(place)
        }
        return places
    }

    /// The same for providers that are to be left out: one that is not here gets nothing anyway, but a misspelt one
    /// must not.
    func places(ofKnown names: [ProviderPreferences.Named]) throws(APIError) -> [Int] {
        var places: [Int] = []
        for named in names {
            if let place = place(ofProvider: named.name) {
                places.append(place)
            } else if Spelling.closest(to: named.name, in: providers.map(\.slug)) != nil {
                throw unknown(named)
            }
        }
        return places
    }

    private func unknown(_ named: ProviderPreferences.Named) -> APIError {
        let slugs = providers.map(\.slug)
        let hint =
            Spelling.closest(to: named.name, in: slugs).map { "Did you mean \"\($0)\"?" }
            ?? "Providers here: \(slugs.prefix(20).joined(separator: ", "))."
        return APIError(
            .invalidRequest,
            "`\(named.path)` names the provider \"\(named.name.prefix(64))\", which is not here. \(hint)",
            parameter: named.path)
    }
}
