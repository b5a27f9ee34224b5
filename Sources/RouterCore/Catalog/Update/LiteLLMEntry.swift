/// What one entry of LiteLLM's price file says about money.
struct LiteLLMEntry {
    /// For each unit; a price of zero is left out.
    private(set) var prices: [PriceUnit: PriceText] = [:]
    private var tiers: [Tier: [PriceUnit: PriceText]] = [:]
    private var services: [String: [PriceUnit: PriceText]] = [:]
    /// Members that are prices and that this catalogue has no place for, such as `input_cost_per_token_batches`.
    private(set) var unknown: [String] = []

    /// Prices of long prompts, perhaps of one service tier only.
    private struct Tier: Hashable {
        var above: Int
        var service: String?
    }

    private static let units: [String: PriceUnit] = [
        "input_cost_per_token": .prompt, "output_cost_per_token": .completion,
        "cache_read_input_token_cost": .cacheRead, "cache_creation_input_token_cost": .cacheWrite,
        "cache_creation_input_token_cost_above_1hr": .cacheWrite1h, "output_cost_per_reasoning_token": .reasoning,
        "input_cost_per_image_token": .imageToken, "output_cost_per_image_token": .imageOutputToken,
        "input_cost_per_audio_token": .audio, "output_cost_per_audio_token": .audioOutput,
        "cache_read_input_audio_token_cost": .audioCache, "input_cost_per_request": .request,
        "input_cost_per_image": .image, "output_cost_per_image": .imageOutput,
        "input_cost_per_second": .audioSecond, "input_cost_per_audio_per_second": .audioSecond,
        "output_cost_per_second": .audioOutputSecond, "input_cost_per_character": .character,
    ]
    private static let serviceNames = ["flex", "priority"]

    /// A price for prompt and answer: without them the entry says nothing about what a chat model costs.
    var isComplete: Bool { prices[.prompt] != nil && prices[.completion] != nil }

    /// - Throws: ``CatalogFault`` for a price that cannot be meant.
    init(_ entry: JSONValue) throws(CatalogFault) {
        for member in entry.members where !member.value.isNull {
            let name = member.name.string
            guard let place = Self.place(of: name) else {
                if name.contains("cost") || name.hasSuffix("pricing") { unknown.append(name) }
                continue
            }
            let value = name == Self.searchName ? member.value["search_context_size_medium"] : member.value
            guard let value, let price = try Self.price(value, place.unit) else { continue }
            if let above = place.above {
                tiers[Tier(above: above, service: place.service), default: [:]][place.unit] = price
            } else if let service = place.service {
                services[service, default: [:]][place.unit] = price
            } else {
                prices[place.unit] = price
            }
        }
    }

    private static let searchName = "search_context_cost_per_query"

    /// `input_cost_per_token_above_200k_tokens_priority`
    private static func place(of name: String) -> (unit: PriceUnit, above: Int?, service: String?)? {
        if name == searchName { return (.webSearch, nil, nil) }
        var base = name[...]
        var service: String?
        for suffix in serviceNames where base.hasSuffix("_\(suffix)") {
            service = suffix
            base = base.dropLast(suffix.utf8.count + 1)
        }
        if let unit = units[String(base)] { return (unit, nil, service) }
        guard base.hasSuffix("k_tokens") else { return nil }
        let words = base.dropLast("k_tokens".utf8.count).split(separator: "_")
        guard let thousands = words.last.flatMap({ Int($0) }), (1...1_000_000).contains(thousands),
            words.dropLast().last == "above", let unit = units[words.dropLast(2).joined(separator: "_")]
        else { return nil }
        return (unit, thousands * 1000, service)
    }

    /// - Returns: `nil` for zero. Of prompt and answer that is a fault, because nothing is free by accident; of anything
    ///   else it says that there is no price of its own.
    private static func price(_ value: JSONValue, _ unit: PriceUnit) throws(CatalogFault) -> PriceText? {
        let written = value.kind == .number ? String(decoding: value.text, as: UTF8.self) : value.string ?? ""
        guard !written.hasPrefix("-") else {
            throw CatalogFault(path: value.path, message: "a price cannot be negative: \(written.prefix(40))")
        }
        guard let price = PriceText(number: written) else {
            let shown = String(decoding: value.text.prefix(40), as: UTF8.self)
            throw CatalogFault(
                path: value.path,
                message: "\(shown) is not a price: US dollars with at most 40 digits, in whole pico-dollars")
        }
        if let fault = unit.fault(of: price.text) { throw CatalogFault(path: value.path, message: fault.message) }
        return price.picoUSD == 0 ? nil : price
    }

    /// Writes `pricing` with all prices.
    /// - Parameter date: when the file was read, such as `2026-04-15`.
    func write(date: String, to writer: inout JSONWriter) {
        writer.name("pricing")
        writer.beginObject()
        Self.write(prices, to: &writer)
        if !tiers.isEmpty {
            writer.name("tiers")
            writer.beginArray()
            let order = tiers.sorted { ($0.key.above, $0.key.service ?? "") < ($1.key.above, $1.key.service ?? "") }
            for (tier, prices) in order {
                writer.beginObject()
                writer.member("above", tier.above)
                if let service = tier.service { writer.member("service", service) }
                Self.write(prices, to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        if !services.isEmpty {
            writer.name("services")
            writer.beginObject()
            for (name, prices) in services.sorted(by: { $0.key < $1.key }) {
                writer.name(escaping: name)
                writer.beginObject()
                Self.write(prices, to: &writer)
                writer.endObject()
            }
            writer.endObject()
        }
        Self.writeSource(date, to: &writer)
        writer.endObject()
    }

    /// Writes `pricing` as it is with those of its prices that this entry has too.
    ///
    /// For models that make images or sound: vendors charge them in more than one way, and the entry lists all.
    func write(over pricing: JSONValue, date: String, to writer: inout JSONWriter) {
        writer.name("pricing")
        writer.beginObject()
        for member in pricing.members where member.name != "source" && member.name != "date" {
            if let price = PriceUnit(rawValue: member.name.string).flatMap({ prices[$0] }) {
                writer.name(escaping: member.name.string)
                writer.string(price.text)
            } else {
                writer.copy(member)
            }
        }
        Self.writeSource(date, to: &writer)
        writer.endObject()
    }

    private static func write(_ prices: [PriceUnit: PriceText], to writer: inout JSONWriter) {
        for unit in PriceUnit.allCases {
            guard let price = prices[unit] else { continue }
            writer.name(escaping: unit.rawValue)
            writer.string(price.text)
        }
    }

    private static func writeSource(_ date: String, to writer: inout JSONWriter) {
        writer.member("source", "LiteLLM's price file")
        writer.member("date", date)
    }
}
