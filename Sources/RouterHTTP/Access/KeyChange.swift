import RouterCore

/// What the body of `POST /keys` or `PATCH /keys/{id}` says of a key. Members that are not known are passed over.
struct KeyChange: Sendable {
    /// `nil` in the outer level: not said.
    private var name: String?
    private var isDisabled: Bool?
    private var limit: Money??
    private var reset: LimitReset??
    private var requestsPerMinute: Int?
    private var expiresAt: Int64??
    private var models: [String]?
    private var isManagement: Bool?

    /// Requests in any 60 seconds at most.
    private static let requestsMax = 1_000_000
    private static let modelsMax = 100

    /// - Throws: ``APIError`` of kind `invalidRequest` that names the member at fault.
    init(_ body: [UInt8]) throws(APIError) {
        let document: JSONDocument
        do throws(JSONFault) {
            document = try JSONDocument(body)
        } catch {
            throw APIError(error)
        }
        guard document.root.kind == .object else {
            throw APIError(.invalidRequest, "The body must be a JSON object.")
        }
        for member in document.root.members {
            let value = member.value
            switch member.name {
            case "name": name = try Self.name(value)
            case "disabled": isDisabled = try Self.bool(value)
            case "limit": limit = .some(value.isNull ? nil : try Self.limit(value))
            case "limit_reset": reset = .some(value.isNull ? nil : try Self.reset(value))
            case "rate_limit": requestsPerMinute = try Self.rate(value)
            case "expires_at": expiresAt = .some(value.isNull ? nil : try Self.time(value))
            case "models": models = value.isNull ? [] : try Self.models(value)
            case "management": isManagement = try Self.bool(value)
            case "include_byok_in_limit": _ = try Self.bool(value)
            default: break
            }
        }
    }

    /// Whether nothing was said.
    var isEmpty: Bool {
        name == nil && isDisabled == nil && limit == nil && reset == nil && requestsPerMinute == nil
            && expiresAt == nil && models == nil && isManagement == nil
    }

    /// - Throws: when a new key has no name.
    func requireName() throws(APIError) {
        guard name != nil else {
            throw APIError(.invalidRequest, "`name` is required: what you call the key.", parameter: "name")
        }
    }

    func apply(to key: inout APIKey) throws(APIError) {
        key.name = name ?? key.name
        key.isDisabled = isDisabled ?? key.isDisabled
        if let limit { key.limit = limit }
        if let reset { key.limitReset = reset }
        key.requestsPerMinute = requestsPerMinute ?? key.requestsPerMinute
        if let expiresAt { key.expiresAt = expiresAt }
        key.models = models ?? key.models
        key.isManagement = isManagement ?? key.isManagement
        if key.limit == nil { key.limitReset = nil }
    }

    private static func name(_ value: JSONValue) throws(APIError) -> String {
        guard let text = value.string, PlainName.isValid(text) else {
            throw invalid(value, "must be a string of \(PlainName.rule)")
        }
        return text
    }

    private static func bool(_ value: JSONValue) throws(APIError) -> Bool {
        guard let bool = value.bool else { throw invalid(value, "must be true or false") }
        return bool
    }

    private static func limit(_ value: JSONValue) throws(APIError) -> Money {
        let text = value.string ?? (value.kind == .number ? String(decoding: value.text, as: UTF8.self) : "")
        guard let money = Money(usd: text), money > .zero, money <= APIKey.limitMax else {
            throw invalid(
                value,
                "must be US dollars above 0 and at most 1000000000, with at most nine digits after the point, or null")
        }
        return money
    }

    private static func reset(_ value: JSONValue) throws(APIError) -> LimitReset {
        guard let reset = value.string.flatMap(LimitReset.init) else {
            throw invalid(value, "must be daily, weekly, monthly or null")
        }
        return reset
    }

    private static func rate(_ value: JSONValue) throws(APIError) -> Int {
        guard let rate = value.integer, (1...requestsMax).contains(rate) else {
            throw invalid(value, "must be a whole number from 1 to \(requestsMax): requests in any 60 seconds")
        }
        return rate
    }

    private static func time(_ value: JSONValue) throws(APIError) -> Int64 {
        guard let time = value.string.flatMap({ Timestamp.milliseconds(of: $0) }) else {
            throw invalid(value, "must be a time in UTC such as 2027-01-31T00:00:00Z, or null")
        }
        return time
    }

    private static func models(_ value: JSONValue) throws(APIError) -> [String] {
        guard value.kind == .array, value.count <= modelsMax else {
            throw invalid(value, "must be a list of at most \(modelsMax) ids of models")
        }
        var models: [String] = []
        for element in value.elements {
            guard let id = element.string, !id.isEmpty, id.utf8.count <= 200,
                PlainName.isPlain(id), !id.unicodeScalars.contains(where: { $0.value == 0x20 })
            else { throw invalid(element, "must be the id of a model") }
            models.append(id)
        }
        return models
    }

    private static func invalid(_ value: JSONValue, _ rule: String) -> APIError {
        let path = value.path
        return APIError(.invalidRequest, "`\(path)` \(rule).", parameter: path)
    }
}
