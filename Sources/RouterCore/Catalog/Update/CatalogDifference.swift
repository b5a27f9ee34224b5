/// A model that would be another.
public struct CatalogDifference: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case added, changed, removed
    }

    public var kind: Kind
    /// Such as `openai/gpt-5.4`.
    public var id: String
    /// What differs: of a model that is added or removed its prices, otherwise every member.
    public var members: [Member]
    /// It has no price then, so that it is not served.
    public var isUnpriced: Bool

    /// A member that would be another.
    public struct Member: Sendable, Hashable {
        /// Such as `pricing.prompt`, `pricing.tiers.200000.prompt` or `context_length`.
        public var name: String
        /// As JSON, without quotes around text; `nil`: there is none.
        public var before: String?
        public var after: String?
        /// What a price is for; `nil` when this is no price.
        public var unit: PriceUnit?

        /// By how many tenths of a percent a price changes, cut towards 0; `nil` when it was not there, or was 0.
        public var permille: Int? {
            guard let (from, to) = prices, from > 0 else { return nil }
            return Int(clamping: (to - from) * 1000 / from)
        }

        /// A price that becomes 0, or goes up or down more than tenfold.
        public var isImplausible: Bool {
            guard let (from, to) = prices, from > 0 else { return false }
            return max(from, to) > 10 * min(from, to)
        }

        /// Pico-dollars.
        private var prices: (Int128, Int128)? {
            guard unit != nil, let from = before.flatMap({ PriceText($0) }), let to = after.flatMap({ PriceText($0) })
            else { return nil }
            return (Int128(from.picoUSD), Int128(to.picoUSD))
        }

        /// `price` as people compare it: of tokens for a million, of anything else for one.
        public func shown(_ price: String?) -> String? {
            guard let price, let unit, unit.isToken else { return price }
            return PriceText(price)?.usdPerMillion ?? price
        }
    }

    /// Whether an operator should look twice.
    public var isImplausible: Bool { members.contains(where: \.isImplausible) }
}

extension CatalogDifference {
    /// - Parameters:
    ///   - before: the model's members; `nil` when there is no such model.
    ///   - isPriced: whether it has a price then.
    /// - Returns: `nil` when nothing differs.
    init?(id: String, before: LayeredObject?, after: LayeredObject?, isPriced: Bool) {
        self.id = id
        kind = before == nil ? .added : after == nil ? .removed : .changed
        let names = kind == .changed ? CatalogReader.memberNames.filter { $0 != "id" } : ["pricing"]
        members = names.flatMap { name in
            name == "pricing"
                ? Self.prices(before?[name], after?[name]) : Self.members(name, before?[name], after?[name])
        }
        guard kind != .changed || !members.isEmpty else { return nil }
        isUnpriced = after != nil && !isPriced
    }

    private static func members(_ name: String, _ before: JSONValue?, _ after: JSONValue?) -> [Member] {
        // A model's own prices of an endpoint are compared as text; where prices come from is no difference.
        let (before, after) = (before.map(shown), after.map(shown))
        guard before != after else { return [] }
        return [Member(name: name, before: before, after: after)]
    }

    /// Each price by itself, in the order of what they are for.
    private static func prices(_ before: JSONValue?, _ after: JSONValue?) -> [Member] {
        let (old, new) = (flat(before), flat(after))
        let from = Dictionary(old.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let to = Dictionary(new.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let gone = old.filter { to[$0.name] == nil }
        return (new + gone).compactMap { price in
            guard from[price.name] != to[price.name] else { return nil }
            return Member(
                name: "pricing.\(price.name)", before: from[price.name], after: to[price.name], unit: price.unit)
        }
    }

    /// All prices of `pricing`: those of the units, of long prompts, of service tiers, of images.
    private static func flat(_ pricing: JSONValue?) -> [(name: String, unit: PriceUnit, text: String)] {
        guard let pricing else { return [] }
        func units(_ object: JSONValue, _ prefix: String) -> [(name: String, unit: PriceUnit, text: String)] {
            PriceUnit.allCases.compactMap { unit in
                object[unit.rawValue].map { (prefix + unit.rawValue, unit, text(of: $0)) }
            }
        }
        var prices = units(pricing, "")
        for tier in pricing["tiers"].map({ Array($0.elements) }) ?? [] {
            let service = tier["service"]?.string.map { "\($0)." } ?? ""
            prices += units(tier, "tiers.\(tier["above"]?.integer ?? 0).\(service)")
        }
        for service in pricing["services"].map({ Array($0.members) }) ?? [] {
            prices += units(service.value, "services.\(service.name.string).")
        }
        for image in pricing["images"].map({ Array($0.elements) }) ?? [] {
            let kind = "\(image["size"]?.string ?? "any").\(image["quality"]?.string ?? "any")"
            prices.append(("images.\(kind)", .imageOutput, image["price"].map(text) ?? ""))
        }
        return prices
    }

    /// A price without zeros at its end, so that equal prices are equal texts.
    private static func text(of price: JSONValue) -> String {
        let text = shown(price)
        return PriceText(text)?.text ?? text
    }

    /// Text without its quotes, lists and objects in one spelling.
    private static func shown(_ value: JSONValue) -> String {
        switch value.kind {
        case .string: value.string ?? ""
        case .array: "[\(value.elements.map(shown).joined(separator: ", "))]"
        case .object:
            "{\(value.members.map { "\($0.name.string): \(shown($0.value))" }.joined(separator: ", "))}"
        default: String(decoding: value.text, as: UTF8.self)
        }
    }
}
