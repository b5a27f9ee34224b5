/// A price as it is written: US dollars a unit, as a decimal number without exponent.
struct PriceText: Sendable, Hashable {
    /// Pico-dollars a unit.
    let picoUSD: Int64

    /// Digits after the point: a pico-dollar is the finest there is.
    static let fractionDigitsMax = 12

    /// - Returns: `nil` unless `text` is digits, perhaps a point, and at most 12 digits more; below a million dollars.
    init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1]) : "0"
        guard !parts[0].isEmpty, !fraction.isEmpty, fraction.utf8.count <= Self.fractionDigitsMax,
            (parts[0] + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let dollars = Int64(parts[0]), dollars < 1_000_000,
            let rest = Int64(fraction + String(repeating: "0", count: Self.fractionDigitsMax - fraction.utf8.count))
        else { return nil }
        picoUSD = dollars * 1_000_000_000_000 + rest
    }

    init(picoUSD: Int64) { self.picoUSD = picoUSD }

    /// What a million units cost: `2.5`. Saturates.
    var usdPerMillion: String {
        Self(picoUSD: picoUSD.multipliedReportingOverflow(by: 1_000_000).overflow ? .max : picoUSD * 1_000_000).text
    }

    /// The price of one when this is the price of a million; `nil` when that is no whole number of pico-dollars.
    var perUnitIfForMillion: String? { picoUSD % 1_000_000 == 0 ? Self(picoUSD: picoUSD / 1_000_000).text : nil }

    /// Without zeros at the end: `0.0000025`.
    var text: String {
        let dollars = picoUSD / 1_000_000_000_000
        var fraction = String(picoUSD % 1_000_000_000_000)
        fraction = String(repeating: "0", count: Self.fractionDigitsMax - fraction.utf8.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return fraction.isEmpty ? "\(dollars)" : "\(dollars).\(fraction)"
    }
}

extension PriceUnit {
    /// The names of all units, in their order.
    static let names = allCases.map(\.rawValue)

    /// Above this a price of a token is taken for a mistake: 10,000 dollars for a million.
    static let tokenMax = "0.01"
    /// Above this a price of anything else is.
    static let otherMax = "100"

    /// What is wrong with a price of this unit, or `nil`.
    func fault(of text: String) -> (message: String, hint: String?)? {
        if text.hasPrefix("-") { return ("a price cannot be negative: \(text.prefix(40))", nil) }
        guard let price = PriceText(text), let tokenMax = PriceText(Self.tokenMax),
            let otherMax = PriceText(Self.otherMax)
        else {
            return (
                "\"\(text.prefix(40))\" is not a price",
                "write US dollars for one unit as a decimal number with at most 12 digits after the point, "
                    + "such as \"0.0000025\""
            )
        }
        guard price.picoUSD > (isToken ? tokenMax : otherMax).picoUSD else { return nil }
        guard isToken else {
            return ("\(text) USD for one is not plausible: more than \(Self.otherMax)", nil)
        }
        return (
            "\(text) USD a token is \(price.usdPerMillion) USD for a million tokens: not plausible",
            price.perUnitIfForMillion.map { "\(text) USD for a million is \"\($0)\" a token" }
        )
    }
}
