extension PriceText {
    /// A price as a number is written in JSON, also with an exponent: `2.5e-06`. The digits count, never the binary
    /// fraction that they would become.
    ///
    /// What a division or a binary fraction has left behind the twelfth digit is rounded, half to even:
    /// `1.6666666666666667e-06` becomes `0.000001666667`.
    ///
    /// - Returns: `nil` for anything else, for a million dollars and more, and where rounding would change the price by
    ///   more than a millionth of it.
    init?(number text: String) {
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let mantissa = halves.first, mantissa.utf8.count <= Self.digitsMax + 1,
            let exponent = halves.count == 2 ? Int(halves[1]) : 0, (-Self.digitsMax...Self.digitsMax).contains(exponent)
        else { return nil }
        let parts = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.count == 1 || !parts[1].isEmpty else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard (whole + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let digits = (whole + fraction).utf8.drop { $0 == 0x30 }.map { Int64($0 - 0x30) }
        guard !digits.isEmpty else {
            self.init(picoUSD: 0)
            return
        }
        // So many digits stand before the point when this is in pico-dollars.
        let places = digits.count + exponent - fraction.utf8.count + Self.fractionDigitsMax
        guard (0...18).contains(places) else { return nil }
        let kept = digits.prefix(places) + Array(repeating: 0, count: max(0, places - digits.count))
        var picoUSD = kept.reduce(0) { $0 * 10 + $1 }
        let rest = digits.dropFirst(places)
        if let first = rest.first {
            let isHalf = first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
            if isHalf ? picoUSD % 2 == 1 : first >= 5 { picoUSD += 1 }
            // At most half a pico-dollar is lost: a millionth of half a million of them.
            guard rest.allSatisfy({ $0 == 0 }) || picoUSD >= 500_000 else { return nil }
        }
        guard picoUSD < 1_000_000 * 1_000_000_000_000 else { return nil }
        self.init(picoUSD: picoUSD)
    }

    /// Digits of a number, and the greatest exponent either way.
    private static let digitsMax = 40
}
