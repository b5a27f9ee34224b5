/// Objects that lie above each other: a member is that of the first which has it.
struct LayeredObject {
    private let layers: [JSONValue]

    init(_ layers: [JSONValue?]) { self.layers = layers.compactMap { $0 } }

    /// `nil` for a member that is missing or null.
    subscript(_ name: String) -> JSONValue? {
        for layer in layers {
            if let value = layer[name] { return value.isNull ? nil : value }
        }
        return nil
    }

    /// Whether a member is that of the first layer, also when it is null there.
    func isFirst(_ name: String) -> Bool { layers.first?[name] != nil }

    /// Whether the layer that has `name` lies above the one that has `other`.
    func isAbove(_ name: String, _ other: String) -> Bool {
        guard let place = layers.firstIndex(where: { $0[name] != nil }) else { return false }
        return layers.firstIndex { $0[other] != nil }.map { place < $0 } ?? false
    }

    /// Where its members stand.
    var path: String { layers.first?.path ?? "" }
}

// Reads one member each; what is wrong becomes a fault, and the member counts as missing.
extension CatalogReader {
    mutating func string(_ object: LayeredObject, _ name: String) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            fault(at: value, "must be text", hint: value.kind == .number ? "put it in quotes" : nil)
            return nil
        }
        guard !text.isEmpty || name == "description" else {
            fault(at: value, "must not be empty")
            return nil
        }
        return text
    }

    mutating func required(_ object: LayeredObject, _ name: String, of what: String) -> String? {
        guard object[name] != nil else {
            faults.append(CatalogFault(path: object.path, message: "\(what) needs \(name)"))
            return nil
        }
        return string(object, name)
    }

    mutating func integer(_ object: LayeredObject, _ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = object[name] else { return nil }
        guard let number = value.integer, range.contains(number) else {
            fault(at: value, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func bool(_ object: LayeredObject, _ name: String) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let bool = value.bool else {
            fault(at: value, "must be true or false")
            return nil
        }
        return bool
    }

    /// - Parameter words: what is allowed; everything when `nil`.
    mutating func strings(_ object: LayeredObject, _ name: String, of words: [String]? = nil) -> [String]? {
        guard let value = object[name] else { return nil }
        guard value.kind == .array else {
            fault(at: value, "must be a list")
            return nil
        }
        var strings: [String] = []
        for element in value.elements {
            guard let text = element.string, !text.isEmpty else {
                fault(at: element, "must be text", hint: element.kind == .number ? "put it in quotes" : nil)
                continue
            }
            if let words, !words.contains(text) { fault(at: element, unknown: text, words: words) }
            strings.append(text)
        }
        return strings
    }

    /// How exactly an endpoint keeps its weights; unknown when nobody says.
    mutating func quantization(_ object: LayeredObject) -> Quantization {
        guard let word = string(object, "quantization"), let value = object["quantization"] else { return .unknown }
        if let quantization = Quantization(rawValue: word) { return quantization }
        fault(at: value, unknown: word, words: Quantization.allCases.map(\.rawValue))
        return .unknown
    }

    /// What a translator must know of a model; what is not said is as in `common`.
    mutating func traits(_ object: LayeredObject, over common: ChatTraits) -> ChatTraits {
        var traits = common
        if let name = string(object, "token_limit"), let value = object["token_limit"] {
            let words = ["max_completion_tokens", "max_tokens", "either"]
            if let limit = ChatTraits.TokenLimit(rawValue: name) {
                traits.tokenLimit = limit
            } else {
                fault(at: value, unknown: name, words: words)
            }
        }
        if let value = object["reasoning"] { traits.reasoning = reasoning(value) }
        traits.mistralRules = bool(object, "mistral_rules") ?? traits.mistralRules
        traits.oneSystemMessage = bool(object, "one_system_message") ?? traits.oneSystemMessage
        traits.takesSampling = bool(object, "sampling") ?? traits.takesSampling
        traits.takesPenalties = bool(object, "penalties") ?? traits.takesPenalties
        traits.signsThoughts = bool(object, "thought_signatures") ?? traits.signsThoughts
        traits.takesLaterSystem = bool(object, "later_system_messages") ?? traits.takesLaterSystem
        traits.takesForcedCalls = bool(object, "forced_calls") ?? traits.takesForcedCalls
        return traits
    }

    /// `none`, `always`, `budget`, `{"efforts": ["low", "high"], "default": "low"}`, `{"adaptive": ["low", "high"]}`,
    /// `{"levels": ["low", "high"]}`, `{"min_tokens": 0, "max_tokens": 24576}` or `{"switch": "enable_thinking"}`.
    private mutating func reasoning(_ value: JSONValue) -> ChatTraits.Reasoning {
        if value.equals("none") { return .none }
        if value.equals("budget") { return .budget }
        if value.equals("always") { return .always }
        let forms = ["efforts", "switch", "adaptive", "levels", "max_tokens"]
        guard value.kind == .object, let name = forms.first(where: { value[$0] != nil }) else {
            fault(
                at: value, "must be none, always or budget, or have efforts, adaptive, levels, max_tokens or switch",
                hint: "such as { efforts: [low, medium, high], default: medium } or { switch: enable_thinking }")
            return .none
        }
        let members = LayeredObject([value])
        if name == "switch" {
            refuseUnknownNames(in: value, known: ["switch"])
            return string(members, "switch").map { .templateSwitch($0) } ?? .none
        }
        if name == "max_tokens" {
            refuseUnknownNames(in: value, known: ["min_tokens", "max_tokens"])
            let most = integer(members, "max_tokens", 1...1_000_000) ?? 1
            return .tokens((integer(members, "min_tokens", 0...most) ?? 0)...most)
        }
        refuseUnknownNames(in: value, known: name == "efforts" ? ["efforts", "default"] : [name])
        let words = ChatTraits.Effort.allCases.map(\.rawValue)
        let efforts = (strings(members, name, of: words) ?? []).compactMap { ChatTraits.Effort(rawValue: $0) }
            .sorted()
        guard let weakest = efforts.first, let list = value[name] else {
            if let list = value[name] { fault(at: list, "needs at least one of \(words.joined(separator: ", "))") }
            return .none
        }
        if name == "adaptive" { return .adaptive(efforts: efforts) }
        if name == "levels" { return .levels(efforts) }
        var standard = efforts.contains(.medium) ? ChatTraits.Effort.medium : weakest
        if let name = string(members, "default"), let place = value["default"] {
            if let effort = ChatTraits.Effort(rawValue: name), effort == .none || efforts.contains(effort) {
                standard = effort
            } else {
                let text = String(decoding: list.text, as: UTF8.self)
                fault(at: place, "must be none or one of efforts, \(text)")
            }
        }
        return .effort(efforts: efforts, standard: standard)
    }

    mutating func refuseUnknownNames(in object: JSONValue, known: [String]) {
        for member in object.members {
            let name = member.name.string
            guard !known.contains(name) else { continue }
            faults.append(
                CatalogFault(
                    path: member.value.path, isAboutName: true, message: "unknown key \"\(name.prefix(80))\"",
                    hint: Spelling.closest(to: name, in: known).map { "did you mean \"\($0)\"?" }
                        ?? "known are \(known.joined(separator: ", "))"))
        }
    }

    mutating func fault(at value: JSONValue, _ message: String, hint: String? = nil) {
        faults.append(CatalogFault(path: value.path, message: message, hint: hint))
    }

    private mutating func fault(at value: JSONValue, unknown word: String, words: [String]) {
        fault(
            at: value, "unknown value \"\(word.prefix(80))\"",
            hint: Spelling.closest(to: word, in: words).map { "did you mean \"\($0)\"?" }
                ?? "known are \(words.joined(separator: ", "))")
    }
}
