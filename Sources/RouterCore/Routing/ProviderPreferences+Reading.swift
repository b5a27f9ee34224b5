extension ProviderPreferences {
    /// Members that are offered; another name is refused, because a misspelt `zdr` must not send a prompt astray.
    static let memberNames = [
        "order", "only", "ignore", "allow_fallbacks", "require_parameters", "data_collection", "zdr", "quantizations",
        "sort", "preferred_max_latency", "preferred_min_throughput", "max_price", "enforce_distillable_text", "options",
    ]
    /// Names in one list, at most.
    private static let namesMax = 100

    /// - Parameter value: the member `provider` of a request; `nil` and `null` leave everything open.
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the member.
    init(_ value: JSONValue?) throws(APIError) {
        self.init()
        guard let value, !value.isNull else { return }
        guard value.kind == .object else { throw Self.wrong(value, "must be an object") }
        for member in value.members where !member.value.isNull {
            try read(member.value, named: member.name.string)
        }
    }

    private mutating func read(_ value: JSONValue, named name: String) throws(APIError) {
        switch name {
        case "order": order = try Self.names(value)
        case "only": only = try Self.names(value)
        case "ignore": ignore = try Self.names(value)
        case "allow_fallbacks": allowsFallbacks = try Self.bool(value)
        case "require_parameters": requiresParameters = try Self.bool(value)
        case "zdr": requiresZeroRetention = try Self.bool(value)
        case "data_collection": deniesDataCollection = try Self.word(value, of: ["allow", "deny"]) == "deny"
        case "quantizations": quantizations = try Self.quantizations(value)
        case "sort": try readSort(value)
        case "preferred_max_latency": latencyMax = try Self.percentiles(value)
        case "preferred_min_throughput": throughputMin = try Self.percentiles(value)
        case "max_price": priceMax = try Self.priceMax(value)
        case "enforce_distillable_text":
            guard try !Self.bool(value) else {
                throw Self.wrong(value, "is not offered here: it is not known which models may be distilled")
            }
        case "options":
            guard value.kind == .object, value.count == 0 else {
                throw Self.wrong(value, "is not offered here: write the vendor's own members into the request itself")
            }
        default:
            let like = Spelling.closest(to: name, in: Self.memberNames)
            throw Self.wrong(value, "is not known; " + (like.map { "did you mean `\($0)`?" } ?? Self.known))
        }
    }

    private static var known: String { "known are \(memberNames.joined(separator: ", "))" }

    private mutating func readSort(_ value: JSONValue) throws(APIError) {
        var by = value
        if value.kind == .object {
            for member in value.members where !member.value.isNull {
                switch member.name.string {
                case "by": continue
                case "partition":
                    sortsAcrossModels = try Self.word(member.value, of: ["model", "none"]) == "none"
                default: throw Self.wrong(member.value, "is not known; known are by and partition")
                }
            }
            guard let named = value["by"], !named.isNull else { return }
            by = named
        }
        guard !by.equals("exacto") else {
            throw Self.wrong(by, "cannot be exacto: tool calls are not rated here; use price, throughput or latency")
        }
        sort = Sort(rawValue: try Self.word(by, of: Sort.allCases.map(\.rawValue)))
    }

    private static func names(_ value: JSONValue) throws(APIError) -> [Named] {
        guard value.kind == .array, value.count <= namesMax else {
            throw wrong(value, "must be a list of at most \(namesMax) providers")
        }
        var names: [Named] = []
        let list = value.path
        for element in value.elements {
            guard let name = element.string, !name.isEmpty else {
                throw wrong(element, "must be the slug of a provider, such as \"openai\"")
            }
            names.append(Named(name: name, path: "\(list)[\(names.count)]"))
        }
        return names
    }

    private static func quantizations(_ value: JSONValue) throws(APIError) -> Set<Quantization>? {
        guard value.kind == .array else { throw wrong(value, "must be a list") }
        var set: Set<Quantization> = []
        for element in value.elements {
            let word = try word(element, of: Quantization.allCases.map(\.rawValue))
            if let quantization = Quantization(rawValue: word) { set.insert(quantization) }
        }
        return set.isEmpty ? nil : set
    }

    private static func percentiles(_ value: JSONValue) throws(APIError) -> Percentiles {
        var bounds = Percentiles()
        guard value.kind == .object else {
            bounds.p50 = try positive(value)
            return bounds
        }
        for member in value.members where !member.value.isNull {
            switch member.name.string {
            case "p50": bounds.p50 = try positive(member.value)
            case "p75": bounds.p75 = try positive(member.value)
            case "p90": bounds.p90 = try positive(member.value)
            case "p99": bounds.p99 = try positive(member.value)
            default: throw wrong(member.value, "is not known; known are p50, p75, p90 and p99")
            }
        }
        return bounds
    }

    private static func priceMax(_ value: JSONValue) throws(APIError) -> PriceMax {
        guard value.kind == .object else { throw wrong(value, "must be an object, such as {\"prompt\": 1}") }
        var most = PriceMax()
        for member in value.members where !member.value.isNull {
            switch member.name.string {
            case "prompt": most.prompt = try price(member.value, of: 1_000_000)
            case "completion": most.completion = try price(member.value, of: 1_000_000)
            case "audio": most.audio = try price(member.value, of: 1_000_000)
            case "request": most.request = try price(member.value, of: 1)
            case "image": most.image = try price(member.value, of: 1)
            default:
                throw wrong(member.value, "is not known; known are prompt, completion, request, image and audio")
            }
        }
        return most
    }

    /// US dollars for so many units, as a number or its text, in pico-dollars for one; rounded down.
    private static func price(_ value: JSONValue, of units: Int64) throws(APIError) -> Int64 {
        let text = value.kind == .number ? String(decoding: value.text, as: UTF8.self) : value.string
        guard let text, let price = PriceText(text) else {
            throw wrong(value, "must be US dollars, such as 0.5 or \"0.5\", with at most 12 digits after the point")
        }
        return price.picoUSD / units
    }

    private static func positive(_ value: JSONValue) throws(APIError) -> Double {
        guard value.kind == .number, let number = value.double, number > 0, number.isFinite else {
            throw wrong(value, "must be a number above zero")
        }
        return number
    }

    private static func bool(_ value: JSONValue) throws(APIError) -> Bool {
        guard let bool = value.bool else { throw wrong(value, "must be true or false") }
        return bool
    }

    private static func word(_ value: JSONValue, of words: [String]) throws(APIError) -> String {
        guard let word = value.string, words.contains(word) else {
            throw wrong(value, "must be one of \(words.joined(separator: ", "))")
        }
        return word
    }

    private static func wrong(_ value: JSONValue, _ rule: String) -> APIError {
        let path = value.path
        return APIError(.invalidRequest, "`\(path)` \(rule).", parameter: path)
    }
}
