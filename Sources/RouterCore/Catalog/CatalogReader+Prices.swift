// Reads `pricing`: a price for each unit, and what costs otherwise.
//
//     pricing:
//       prompt: "0.0000025"
//       completion: "0.000020"
//       tiers: [{ above: 200000, prompt: "0.000005" }]
//       services: { flex: { prompt: "0.00000125", completion: "0.00001" } }
//       # a tier may be for one of the service tiers: { above: 200000, service: flex, prompt: … }
//       images: [{ size: 1024x1024, quality: high, price: "0.167" }]
extension CatalogReader {
    /// The prices of a model or an endpoint; none when it has no `pricing`.
    mutating func pricing(_ entry: LayeredObject) -> Pricing {
        guard let value = entry["pricing"] else { return Pricing() }
        guard value.kind == .object else {
            fault(at: value, "must have members, such as prompt and completion")
            return Pricing()
        }
        refuseUnknownNames(in: value, known: Self.priceNames)
        var pricing = Pricing(prices: prices(of: value))
        pricing.source = string(LayeredObject([value]), "source")
        pricing.date = string(LayeredObject([value]), "date")
        for tier in list(value, "tiers") {
            guard tier.kind == .object else {
                fault(at: tier, "a tier must have members, such as above and prompt")
                continue
            }
            refuseUnknownNames(in: tier, known: ["above", "service"] + PriceUnit.names)
            guard let above = integer(LayeredObject([tier]), "above", 1...1_000_000_000) else {
                if tier["above"] == nil { fault(at: tier, "a tier needs above, in tokens of the prompt") }
                continue
            }
            pricing.tiers.append(
                .init(above: above, service: string(LayeredObject([tier]), "service"), prices: prices(of: tier)))
        }
        if let services = value["services"], !services.isNull {
            guard services.kind == .object else {
                fault(at: services, "must have a member for each service tier, such as flex")
                return pricing
            }
            for service in services.members {
                guard service.value.kind == .object else {
                    fault(at: service.value, "must have members, such as prompt and completion")
                    continue
                }
                refuseUnknownNames(in: service.value, known: PriceUnit.names)
                pricing.services[service.name.string] = prices(of: service.value)
            }
        }
        for image in list(value, "images") {
            guard image.kind == .object else {
                fault(at: image, "an image must have members, such as size and price")
                continue
            }
            refuseUnknownNames(in: image, known: ["size", "quality", "price"])
            let members = LayeredObject([image])
            guard let price = image["price"].flatMap({ price($0, for: .imageOutput) }) else {
                if image["price"] == nil { fault(at: image, "an image needs price") }
                continue
            }
            pricing.images.append(
                .init(size: string(members, "size"), quality: string(members, "quality"), usd: price))
        }
        return pricing
    }

    /// Prices in the order in which they stand.
    private mutating func prices(of object: JSONValue) -> [Model.Price] {
        var prices: [Model.Price] = []
        for member in object.members {
            guard let unit = PriceUnit(rawValue: member.name.string), let text = price(member.value, for: unit) else {
                continue
            }
            prices.append(Model.Price(unit: unit.rawValue, usd: text))
        }
        return prices
    }

    private mutating func price(_ value: JSONValue, for unit: PriceUnit) -> String? {
        // Of a number the text counts, not the binary fraction that it would become.
        let isNumber = value.kind == .number
        guard let text = isNumber ? String(decoding: value.text, as: UTF8.self) : value.string else {
            fault(at: value, "must be a decimal number in quotes, such as \"0.0000025\"")
            return nil
        }
        if let wrong = unit.fault(of: text) { fault(at: value, wrong.message, hint: wrong.hint) }
        return text
    }

    private mutating func list(_ object: JSONValue, _ name: String) -> [JSONValue] {
        guard let value = object[name], !value.isNull else { return [] }
        guard value.kind == .array else {
            fault(at: value, "must be a list")
            return []
        }
        return Array(value.elements)
    }
}
