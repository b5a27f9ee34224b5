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
    public static let endpointMemberNames = ["provider", "model", "weight", "quantization"] + traitNames
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

    private let providers: [String: Provider]
    private let dormant: Set<String>
    private var notes: [CatalogNote] = []
    var faults: [CatalogFault] = []

    /// Reads both texts and puts them together.
    ///
    /// - Parameters:
    ///   - bundled: models that come along; those whose providers are not switched on have no endpoint.
    ///   - configured: models of the operator's. One with the id of a bundled one replaces the members that it has;
    ///     others are added at the end.
    ///   - providers: those that are switched on.
    ///   - dormant: slugs of others that may be named.
    /// - Throws: ``CatalogFaults`` with everything that is wrong.
    public static func read(
        bundled: JSONDocument?, configured: JSONDocument? = nil, providers: [Provider], dormant: Set<String> = []
    ) throws(CatalogFaults) -> Reading {
        var reader = CatalogReader(providers: providers, dormant: dormant)
        let models = reader.models(bundled: bundled?.root, configured: configured?.root)
        guard reader.faults.isEmpty else { throw CatalogFaults(faults: reader.faults) }
        return Reading(models: models, notes: reader.notes)
    }

    private init(providers: [Provider], dormant: Set<String>) {
        self.providers = Dictionary(providers.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        self.dormant = dormant
    }

    private mutating func models(bundled: JSONValue?, configured: JSONValue?) -> [Model] {
        let bundled = entries(of: bundled)
        let configured = entries(of: configured)
        let changes = Dictionary(configured, uniquingKeysWith: { first, _ in first })
        for (index, entry) in configured.enumerated() where configured[..<index].contains(where: { $0.id == entry.id })
        {
            fault(at: entry.value["id"] ?? entry.value, "a model \"\(entry.id)\" stands above already")
        }
        var models = bundled.map { entry in
            model(entry.id, LayeredObject([changes[entry.id], entry.value]), isConfigured: changes[entry.id] != nil)
        }
        let known = Set(bundled.map(\.id))
        models += configured.filter { !known.contains($0.id) }.map { entry in
            model(entry.id, LayeredObject([entry.value]), isConfigured: true)
        }
        noteTakenAliases(of: models, configured: Set(changes.keys))
        return models
    }

    /// The models of a text that have an id.
    private mutating func entries(of root: JSONValue?) -> [(id: String, value: JSONValue)] {
        guard let list = root?["models"] else { return [] }
        guard list.kind == .array else {
            fault(at: list, "must be a list of models")
            return []
        }
        var entries: [(id: String, value: JSONValue)] = []
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
    private static func isModelID(_ id: String) -> Bool {
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

    private mutating func model(_ id: String, _ entry: LayeredObject, isConfigured: Bool) -> Model {
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
            outputModalities: strings(entry, "output_modalities", of: Self.modalities) ?? ["text"],
            supportedParameters: strings(entry, "supported_parameters") ?? Self.parametersAssumed,
            pricing: pricing.prices,
            aliases: strings(entry, "aliases") ?? [])
        model.pricingVariants = pricing
        // What comes along may name providers of vendors that this installation has no key for.
        let isOwn = isConfigured && entry.isFirst("endpoints")
        let (endpoints, named) = endpoints(of: entry, model: model, refusingUnknown: isOwn)
        model.endpoints = endpoints
        if entry["pricing"] == nil, !endpoints.isEmpty, named == endpoints.count,
            endpoints.allSatisfy({ $0.provider.location == .local })
        {
            model.pricing = [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")]
            if isConfigured {
                note(.free, id, "has no prices and runs on your own machines only: it costs its users nothing")
            }
        }
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
            guard let slug = required(members, "provider", of: "an endpoint"),
                let upstream = required(members, "model", of: "an endpoint")
            else { continue }
            if let provider = providers[slug] {
                endpoints.append(
                    Endpoint(
                        provider: provider, upstreamModel: upstream, traits: traits, weight: weight,
                        quantization: quantization))
            } else if refusingUnknown, !dormant.contains(slug) {
                let like = Spelling.closest(to: slug, in: providers.keys.sorted() + dormant.sorted())
                fault(
                    at: value["provider"] ?? value, "no provider \"\(slug)\"",
                    hint: like.map { "did you mean \"\($0)\"?" } ?? "providers: names those that there are")
            }
        }
        return (endpoints, list.count)
    }

    private mutating func noteTakenAliases(of models: [Model], configured: Set<String>) {
        var owners: [String: String] = [:]
        for model in models { owners[model.id.lowercased()] = model.id }
        for model in models {
            for alias in model.aliases {
                if let owner = owners[alias.lowercased()], owner != model.id {
                    guard configured.contains(model.id) || configured.contains(owner) else { continue }
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
