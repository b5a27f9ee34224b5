/// Reads models from JSON: the bundled catalogue, and what an operator writes under `models:`.
///
/// A text has the form `{"models": [{"id": "openai/gpt-5.4", …}]}`; ``memberNames`` lists the members of a model. What
/// is not known is a fault, so that a misspelt price is not a missing one.
public struct CatalogReader {
    /// What was read.
    public struct Reading: Sendable, Hashable {
        /// Also those that are not served, because they have no price or no endpoint.
        public var models: [Model]
        /// About configured models, in their order.
        public var notes: [CatalogNote]
    }

    /// Members of a model. Those of traits, the last ones, hold for each of its endpoints that does not say otherwise.
    public static let memberNames =
        [
            "id", "name", "description", "created", "context_length", "max_completion_tokens", "input_modalities",
            "output_modalities", "supported_parameters", "pricing", "aliases", "endpoints",
        ] + traitNames
    /// Members of an entry of `endpoints`.
    public static let endpointMemberNames = ["provider", "model", "weight", "quantization", "pricing"] + traitNames
    /// Members of `pricing`: what a price is for, and where the prices come from.
    public static let priceNames = PriceUnit.names + ["tiers", "services", "images", "source", "date"]
    static let traitNames = [
        "token_limit", "reasoning", "mistral_rules", "one_system_message", "sampling", "penalties",
        "thought_signatures", "later_system_messages", "forced_calls",
    ]

    /// Tokens of context of a model that does not say.
    public static let contextTokensAssumed = 8192
    /// What nearly every engine takes; the default of `supported_parameters`.
    static let parametersAssumed = [
        "frequency_penalty", "max_completion_tokens", "max_tokens", "presence_penalty", "seed", "stop", "temperature",
        "top_p",
    ]
    static let modalities = ["text", "image", "audio", "file", "video"]
    /// Besides those of the input; they say which routes a model is asked at.
    static let outputModalities = modalities + ["embeddings", "speech", "transcription"]

    private let providers: [String: Provider]
    private let dormant: Set<String>
    private var notes: [CatalogNote] = []
    var faults: [CatalogFault] = []

    /// Reads all texts and puts them together. A model replaces the members that it has of one with its id in a text
    /// before; others are added at the end.
    ///
    /// - Parameters:
    ///   - bundled: models that come along; those whose providers are not switched on have no endpoint.
    ///   - own: the operator's catalogue. It too may name providers that are not switched on.
    ///   - configured: models that the operator has configured.
    ///   - providers: those that are switched on.
    ///   - dormant: slugs of others that may be named.
    /// - Throws: ``CatalogFaults`` with everything that is wrong.
    public static func read(
        bundled: JSONDocument?, own: JSONDocument? = nil, configured: JSONDocument? = nil, providers: [Provider],
        dormant: Set<String> = []
    ) throws(CatalogFaults) -> Reading {
        var reader = CatalogReader(providers: providers, dormant: dormant)
        let layers: [(layer: Layer, entries: [Entry])] = [
            (.bundled, reader.entries(of: bundled?.root)), (.own, reader.entries(of: own?.root)),
            (.configured, reader.entries(of: configured?.root)),
        ]
        let models = reader.models(layers)
        guard reader.faults.isEmpty else { throw CatalogFaults(faults: reader.faults) }
        return Reading(models: models, notes: reader.notes)
    }

    /// Looks through a catalogue by itself.
    ///
    /// - Throws: ``CatalogFaults`` with everything that is wrong, whatever providers there are.
    public static func check(_ catalog: JSONDocument) throws(CatalogFaults) {
        guard catalog.root["models"] != nil else {
            throw CatalogFaults(faults: [CatalogFault(path: "models", message: "is missing: this is no catalogue")])
        }
        _ = try read(bundled: nil, own: catalog, providers: [])
    }

    /// Where a model stands, from the lowest to the highest.
    private enum Layer: Int, CaseIterable {
        case bundled, own, configured
    }
    private typealias Entry = (id: String, value: JSONValue)

    private init(providers: [Provider], dormant: Set<String>) {
        self.providers = Dictionary(providers.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        self.dormant = dormant
    }

    private mutating func models(_ layers: [(layer: Layer, entries: [Entry])]) -> [Model] {
        var values: [String: [JSONValue]] = [:]
        var highest: [String: Layer] = [:]
        var order: [String] = []
        for (layer, entries) in layers {
            for entry in entries {
                guard highest[entry.id] != layer else {
                    fault(at: entry.value["id"] ?? entry.value, "a model \"\(entry.id)\" stands above already")
                    continue
                }
                if highest[entry.id] == nil { order.append(entry.id) }
                highest[entry.id] = layer
                values[entry.id, default: []].insert(entry.value, at: 0)
            }
        }
        let models = order.map { id in
            model(id, LayeredObject(values[id] ?? []), from: highest[id] ?? .bundled)
        }
        noteTakenAliases(of: models, noted: Set(highest.filter { $0.value != .bundled }.keys))
        return models
    }

    /// The models of a text that have an id.
    private mutating func entries(of root: JSONValue?) -> [Entry] {
        guard let list = root?["models"] else { return [] }
        guard list.kind == .array else {
            fault(at: list, "must be a list of models")
            return []
        }
        var entries: [Entry] = []
        for value in list.elements {
            guard value.kind == .object else {
                fault(at: value, "a model must have members, such as id and endpoints")
                continue
            }
            refuseUnknownNames(in: value, known: Self.memberNames)
            guard let id = string(LayeredObject([value]), "id") else {
                if value["id"].map(\.isNull) ?? true {
                    faults.append(CatalogFault(path: value.path, message: "a model needs an id, such as author/name"))
                }
                continue
            }
            if !Self.isModelID(id) {
                fault(
                    at: value["id"] ?? value, "\"\(id.prefix(80))\" cannot be the id of a model",
                    hint: "write author/name: letters, digits, dots, dashes, underscores and colons")
            }
            entries.append((id, value))
        }
        return entries
    }

    /// `author/name`, each of printable characters that need no escaping in a URL; more slashes are allowed.
    static func isModelID(_ id: String) -> Bool {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 && id.utf8.count <= 200
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.unicodeScalars.allSatisfy { letter in
                        letter.isASCII
                            && (letter.properties.isAlphabetic || "0123456789.-_:".unicodeScalars.contains(letter))
                    }
            }
    }

    private mutating func model(_ id: String, _ entry: LayeredObject, from layer: Layer) -> Model {
        let context = integer(entry, "context_length", 1...1_000_000_000)
        let pricing = pricing(entry)
        var model = Model(
            id: id,
            name: string(entry, "name") ?? id,
            description: string(entry, "description") ?? "",
            created: Int64(integer(entry, "created", 0...253_402_300_799) ?? 0),
            contextLength: context ?? Self.contextTokensAssumed,
            maxCompletionTokens: integer(entry, "max_completion_tokens", 1...1_000_000_000),
            inputModalities: strings(entry, "input_modalities", of: Self.modalities) ?? ["text"],
            outputModalities: strings(entry, "output_modalities", of: Self.outputModalities) ?? ["text"],
            supportedParameters: strings(entry, "supported_parameters") ?? Self.parametersAssumed,
            pricing: pricing.prices,
            aliases: strings(entry, "aliases") ?? [])
        model.pricingVariants = pricing
        // What comes along may name providers of vendors that this installation has no key for.
        let isConfigured = layer == .configured
        let (endpoints, named) = endpoints(
            of: entry, model: model, refusingUnknown: isConfigured && entry.isFirst("endpoints"))
        model.endpoints = endpoints
        if entry["pricing"] == nil, !endpoints.isEmpty, named == endpoints.count,
            endpoints.allSatisfy({ $0.provider.location == .local })
        {
            model.pricing = [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")]
            if layer != .bundled, endpoints.contains(where: { $0.pricing == nil }) {
                note(.free, id, "has no prices and runs on your own machines only: it costs its users nothing")
            }
        }
        takePricesOfEndpoints(&model, noting: layer != .bundled)
        guard isConfigured else { return model }
        if context == nil {
            note(
                .contextAssumed, id,
                "has no context_length: \(Self.contextTokensAssumed) tokens are assumed, which is what clients are told"
            )
        }
        if endpoints.isEmpty {
            note(.unreachable, id, "is not served: none of its endpoints has a provider that is switched on")
        } else if !model.isPriced {
            note(
                .unpriced, id,
                "is not served: it has no price. Give it pricing with prompt and completion, in US dollars a token")
        }
        return model
    }

    /// Leaves out endpoints that have no price, neither of their own nor the model's. A model without prices is listed at
    /// those of its first endpoint.
    private mutating func takePricesOfEndpoints(_ model: inout Model, noting: Bool) {
        let hasPrice = model.isPriced
        let priced = model.endpoints.filter { $0.pricing?.coversAnswers ?? hasPrice }
        let missing = model.endpoints.count - priced.count
        if !hasPrice, let first = priced.first?.pricing {
            model.pricing = first.prices
            model.pricingVariants = first
        }
        guard model.isPriced else { return }
        model.endpoints = priced
        guard missing > 0, noting else { return }
        note(
            .unpriced, model.id,
            "is not served by \(missing) of its endpoints: the pricing there lacks prompt or completion")
    }

    /// - Returns: endpoints whose providers are switched on, and how many are named in all.
    private mutating func endpoints(
        of entry: LayeredObject, model: Model, refusingUnknown: Bool
    ) -> ([Endpoint], named: Int) {
        guard let list = entry["endpoints"] else { return ([], 0) }
        guard list.kind == .array else {
            fault(at: list, "must be a list, each entry with provider and model")
            return ([], 0)
        }
        var endpoints: [Endpoint] = []
        let common = traits(entry, over: ChatTraits(answerTokensMax: model.maxCompletionTokens))
        // Prices that lie above the endpoints are meant for all of them.
        let takesPricing = !entry.isAbove("pricing", "endpoints")
        for value in list.elements {
            guard value.kind == .object else {
                fault(at: value, "an endpoint must have provider and model")
                continue
            }
            refuseUnknownNames(in: value, known: Self.endpointMemberNames)
            let members = LayeredObject([value])
            let weight = integer(members, "weight", 1...1000) ?? 1
            let quantization = quantization(members)
            let traits = traits(members, over: common)
            let pricing = members["pricing"].map { _ in self.pricing(members) }
            guard let slug = required(members, "provider", of: "an endpoint"),
                let upstream = required(members, "model", of: "an endpoint")
            else { continue }
            if let provider = providers[slug] {
                endpoints.append(
                    Endpoint(
                        provider: provider, upstreamModel: upstream, traits: traits, weight: weight,
                        quantization: quantization, pricing: takesPricing ? pricing : nil))
            } else if refusingUnknown, !dormant.contains(slug) {
                let like = Spelling.closest(to: slug, in: providers.keys.sorted() + dormant.sorted())
                fault(
                    at: value["provider"] ?? value, "no provider \"\(slug)\"",
                    hint: like.map { "did you mean \"\($0)\"?" } ?? "providers: names those that there are")
            }
        }
        return (endpoints, list.count)
    }

    private mutating func noteTakenAliases(of models: [Model], noted: Set<String>) {
        var owners: [String: String] = [:]
        for model in models { owners[model.id.lowercased()] = model.id }
        for model in models {
            for alias in model.aliases {
                if let owner = owners[alias.lowercased()], owner != model.id {
                    guard noted.contains(model.id) || noted.contains(owner) else { continue }
                    note(.aliasTaken, model.id, "is not found as \(alias): that is \(owner)")
                } else {
                    owners[alias.lowercased()] = model.id
                }
            }
        }
    }

    private mutating func note(_ kind: CatalogNote.Kind, _ model: String, _ message: String) {
        notes.append(CatalogNote(kind: kind, model: model, message: "\(model) \(message)."))
    }
}
