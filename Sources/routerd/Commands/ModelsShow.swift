import ArgumentParser
import RouterCore

extension Models {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a model: what it can do, what each unit costs and who says so, where it is served.",
            discussion: "routerd models show openai/gpt-5.4")

        @Argument(help: "Its id, or another name of it.")
        var id: String

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let routes = try await store.routes()
                let served = routes.catalog.model(named: id)
                // Also those that are not served: whoever asks for one wants to know why.
                let name = id.lowercased()
                let known = routes.models.first {
                    $0.id.lowercased() == name || $0.aliases.contains { $0.lowercased() == name }
                }
                guard let model = served ?? known else {
                    let like = routes.catalog.names(like: id)
                    throw CommandFailure(
                        .failed, "there is no model \(id.prefix(80))",
                        hint: (like.isEmpty ? "" : "Close matches: \(like.joined(separator: ", ")). ")
                            + "All: routerd models list")
                }
                let reason = served != nil ? nil : model.reasonHidden
                guard !output.json else { return Output.json { model.writeAll(hidden: reason, to: &$0) } }
                if let reason { Output.warning("\(model.id) is not served: \(reason)") }
                Output.table(["MEMBER", "VALUE"], model.rows)
            }
        }
    }
}

extension Model {
    /// Why it is not served.
    fileprivate var reasonHidden: String {
        isPriced ? "none of its providers is switched on" : "it has no price for prompt and completion"
    }

    /// Names and values, for people.
    fileprivate var rows: [[String]] {
        var rows: [[String]] = []
        func add(_ name: String, _ value: String) { rows.append([name, value.isEmpty ? "-" : value]) }
        add("id", id)
        add("name", name)
        add("aliases", aliases.joined(separator: ", "))
        add("context_length", "\(contextLength)")
        add("max_completion_tokens", maxCompletionTokens.map { "\($0)" } ?? "-")
        add("input_modalities", inputModalities.joined(separator: ", "))
        add("output_modalities", outputModalities.joined(separator: ", "))
        add("supported_parameters", supportedParameters.joined(separator: ", "))
        rows += Self.rows(of: allPricing, "pricing")
        for (index, endpoint) in endpoints.enumerated() {
            rows.append([
                "endpoints[\(index)]",
                "\(endpoint.provider.slug): \(endpoint.upstreamModel), weight \(endpoint.weight)",
            ])
            if let pricing = endpoint.pricing { rows += Self.rows(of: pricing, "endpoints[\(index)].pricing") }
        }
        return rows
    }

    private static func rows(of pricing: Pricing, _ name: String) -> [[String]] {
        func row(_ name: String, _ price: Price) -> [String] {
            let isToken = PriceUnit(rawValue: price.unit)?.isToken == true
            let shown = isToken ? "\(price.usdPerMillion) USD for a million" : "\(price.usd) USD each"
            return ["\(name).\(price.unit)", shown]
        }
        var rows = pricing.prices.map { row(name, $0) }
        for tier in pricing.tiers {
            let service = tier.service.map { ".\($0)" } ?? ""
            rows += tier.prices.map { row("\(name).tiers.\(tier.above)\(service)", $0) }
        }
        for (service, prices) in pricing.services.sorted(by: { $0.key < $1.key }) {
            rows += prices.map { row("\(name).services.\(service)", $0) }
        }
        for image in pricing.images {
            rows.append([
                "\(name).images.\(image.size ?? "any").\(image.quality ?? "any")", "\(image.usd) USD each",
            ])
        }
        if let source = pricing.source { rows.append(["\(name).source", source]) }
        if let date = pricing.date { rows.append(["\(name).date", date]) }
        return rows
    }

    fileprivate func writeAll(hidden: String?, to writer: inout JSONWriter) {
        writeMembers(to: &writer)
        writer.member("served", hidden == nil)
        writer.member("reason", orNull: hidden)
        for (name, texts) in [
            ("input_modalities", inputModalities), ("output_modalities", outputModalities),
            ("supported_parameters", supportedParameters),
        ] {
            writer.name(escaping: name)
            writer.beginArray()
            for text in texts { writer.string(text) }
            writer.endArray()
        }
        Self.write(allPricing, as: "price_list", to: &writer)
        writer.name("endpoints")
        writer.beginArray()
        for endpoint in endpoints {
            writer.beginObject()
            writer.member("provider", endpoint.provider.slug)
            writer.member("model", endpoint.upstreamModel)
            writer.member("weight", endpoint.weight)
            if let pricing = endpoint.pricing { Self.write(pricing, as: "price_list", to: &writer) }
            writer.endObject()
        }
        writer.endArray()
    }

    /// Everything that costs, as in the catalogue.
    private static func write(_ pricing: Pricing, as name: String, to writer: inout JSONWriter) {
        func write(_ prices: [Price]) {
            for price in prices {
                writer.name(escaping: price.unit)
                writer.string(price.usd)
            }
        }
        writer.name(escaping: name)
        writer.beginObject()
        write(pricing.prices)
        writer.name("tiers")
        writer.beginArray()
        for tier in pricing.tiers {
            writer.beginObject()
            writer.member("above", tier.above)
            if let service = tier.service { writer.member("service", service) }
            write(tier.prices)
            writer.endObject()
        }
        writer.endArray()
        writer.name("services")
        writer.beginObject()
        for (service, prices) in pricing.services.sorted(by: { $0.key < $1.key }) {
            writer.name(escaping: service)
            writer.beginObject()
            write(prices)
            writer.endObject()
        }
        writer.endObject()
        writer.name("images")
        writer.beginArray()
        for image in pricing.images {
            writer.beginObject()
            if let size = image.size { writer.member("size", size) }
            if let quality = image.quality { writer.member("quality", quality) }
            writer.member("price", image.usd)
            writer.endObject()
        }
        writer.endArray()
        writer.member("source", orNull: pricing.source)
        writer.member("date", orNull: pricing.date)
        writer.endObject()
    }
}
