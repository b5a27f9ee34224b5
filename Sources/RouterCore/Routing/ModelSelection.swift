/// The models that a request names, in the order in which they are to be tried.
///
/// `model` comes first, then `models`; an alias counts as its model, and a model named twice counts once.
struct ModelSelection: Sendable {
    var models: [Candidates]
    /// What the suffix of a name asks for; that of the first name that has one.
    var sort: ProviderPreferences.Sort?
    /// The names as they were asked for.
    var names: [String]

    /// Names in `models`, at most.
    static let modelsMax = 8

    /// - Throws: ``APIError`` that names the member: `modelNotFound` for a name that nobody knows, `invalidRequest` for
    ///   a list that is none and for a suffix that is not offered.
    init(_ request: some RoutedRequest, in catalog: Catalog) throws(APIError) {
        let list = request.root["models"]
        var requested = [(name: request.model, path: "model")]
        if let list, !list.isNull {
            guard list.kind == .array, list.count <= Self.modelsMax else {
                throw APIError(
                    .invalidRequest, "`models` must be a list of at most \(Self.modelsMax) names.", parameter: "models")
            }
            for element in list.elements {
                guard let name = element.string, !name.isEmpty else {
                    throw APIError(
                        .invalidRequest, "`\(element.path)` must name a model.", parameter: element.path)
                }
                if name != request.model { requested.append((name, element.path)) }
            }
        }
        models = []
        names = requested.map(\.name)
        for (name, path) in requested {
            let (found, sort) = try Self.find(name, at: path, in: catalog)
            self.sort = self.sort ?? sort
            if !models.contains(where: { $0 === found }) { models.append(found) }
        }
    }

    /// The model of a name, and what its suffix asks for. A name that the catalogue has is taken as it is.
    fileprivate static func find(
        _ name: String, at path: String, in catalog: Catalog
    ) throws(APIError) -> (Candidates, ProviderPreferences.Sort?) {
        if let model = catalog.candidates(named: name) { return (model, nil) }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2, let suffix = parts.last.flatMap({ Suffix(rawValue: $0.lowercased()) }) else {
            throw APIError(unknownModel: name, in: catalog, parameter: path)
        }
        let base = parts.dropLast().joined(separator: ":")
        guard let model = catalog.candidates(named: base) else {
            throw APIError(unknownModel: base, in: catalog, parameter: path)
        }
        switch suffix {
        case .nitro: return (model, .throughput)
        case .floor: return (model, .price)
        case .free, .extended, .thinking:
            throw APIError(
                .modelNotFound,
                "\(model.model.id) has no variant `:\(suffix.rawValue)` here. Ask for \(model.model.id)"
                    + (suffix == .thinking ? " with `reasoning`." : "."), parameter: path)
        case .online, .exacto:
            throw APIError(
                .invalidRequest,
                "`:\(suffix.rawValue)` is not offered here: "
                    + (suffix == .online ? "this router searches no web." : "tool calls are not rated.")
                    + " Ask for \(model.model.id).", parameter: path)
        }
    }

    /// Suffixes of OpenRouter's; `:free` and its like are models of their own where the catalogue has them.
    private enum Suffix: String {
        case nitro, floor, free, extended, thinking, online, exacto
    }
}

extension Catalog {
    /// The model of a name as a chat request may write it: an id or an alias in any case, perhaps with a suffix such as
    /// `:nitro` that chooses among its endpoints.
    ///
    /// - Throws: ``APIError`` that names what looks like it, or says why the suffix is not offered.
    public func model(asked name: String) throws(APIError) -> Model {
        try ModelSelection.find(name, at: "model", in: self).0.model
    }
}

extension APIError {
    /// No model of this name: says which names look like it.
    public init(unknownModel name: String, in catalog: Catalog, parameter: String = "model") {
        let shown = name.count > 100 ? name.prefix(100) + "…" : name[...]
        let like = catalog.names(like: String(name.prefix(100)))
        let hint = like.isEmpty ? "GET /api/v1/models lists all." : "Close matches: \(like.joined(separator: ", "))."
        self.init(.modelNotFound, "\(shown) is not a valid model ID. \(hint)", parameter: parameter)
    }
}
