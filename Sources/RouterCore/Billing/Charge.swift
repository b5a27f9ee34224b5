/// What one request costs, line by line; the lines add up to the total.
public struct Charge: Sendable, Hashable {
    public struct Line: Sendable, Hashable {
        public var unit: PriceUnit
        /// How many; of seconds, thousandths.
        public var quantity: Int
        /// Pico-dollars for one.
        public var picoUSD: Int64
        public var amount: Money
    }

    /// One for each unit that was used and costs something, in the order of ``PriceUnit``.
    public var lines: [Line]
    public var total: Money

    /// What the lines of these units add up to.
    public func amount(of units: Set<PriceUnit>) -> Money {
        // Parts of a total that can be counted.
        Money(nanoUSD: lines.lazy.filter { units.contains($0.unit) }.reduce(0) { $0 &+ $1.amount.nanoUSD })
    }
}

extension PriceList {
    /// Adds up what `usage` costs at these prices.
    ///
    /// The sum is exact, in 128 bits, and is rounded once, half to even, to a nano-dollar. Lines are rounded down, and
    /// what is then missing from the total goes to those that lost most, one nano-dollar each.
    ///
    /// - Parameter usage: counts as a vendor reported them. What is below zero counts as zero; parts (cached, audio,
    ///   reasoning …) are never more than their whole, and are charged apart only where they have a price of their own.
    /// - Throws: ``BillingError/overflow`` when the total cannot be counted.
    public func charge(for usage: Usage) throws(BillingError) -> Charge {
        let rates = rates(prompt: usage.prompt, service: usage.serviceTier)
        // Thousandths of pico-dollars, because seconds are counted in thousandths.
        var parts: [(unit: PriceUnit, quantity: Int, rate: Int64, exact: Int128)] = []
        var sum: Int128 = 0
        for (unit, quantity) in quantities(of: usage, at: rates) where quantity > 0 {
            let rate =
                unit == .imageOutput
                ? imageRate(size: usage.imageSize, quality: usage.imageQuality, in: rates) : rates[unit] ?? 0
            guard rate > 0 else { continue }
            let isSeconds = unit == .audioSecond || unit == .audioOutputSecond
            let exact = Int128(quantity) * Int128(rate) * (isSeconds ? 1 : 1000)
            sum += exact
            parts.append((unit, quantity, rate, exact))
        }
        guard let total = Int64(exactly: Self.rounded(sum)) else { throw .overflow }
        var amounts = parts.map { Int64(clamping: $0.exact / Self.scale) }
        let missing = total - amounts.reduce(0, +)
        let losers = parts.indices.sorted { one, other in
            let (loss, otherLoss) = (parts[one].exact % Self.scale, parts[other].exact % Self.scale)
            return loss != otherLoss ? loss > otherLoss : one < other
        }
        for index in losers.prefix(Int(missing)) { amounts[index] += 1 }
        return Charge(
            lines: parts.indices.map { index in
                Charge.Line(
                    unit: parts[index].unit, quantity: parts[index].quantity, picoUSD: parts[index].rate,
                    amount: Money(nanoUSD: amounts[index]))
            }, total: Money(nanoUSD: total))
    }

    /// Thousandths of pico-dollars in a nano-dollar.
    private static let scale: Int128 = 1_000_000
    /// Nobody uses more of anything in one request: a vendor that says so is mistaken.
    private static let quantityMax = 1_000_000_000_000

    /// To nano-dollars, half to even; `exact` is not below zero.
    private static func rounded(_ exact: Int128) -> Int128 {
        let (whole, rest) = exact.quotientAndRemainder(dividingBy: scale)
        let isUp = rest * 2 > scale || rest * 2 == scale && whole % 2 == 1
        return isUp ? whole + 1 : whole
    }

    /// How much of each unit is charged.
    private func quantities(of usage: Usage, at rates: Rates) -> [(PriceUnit, Int)] {
        var prompt = Self.sane(usage.prompt)
        var completion = Self.sane(usage.completion)
        /// Takes a part out of its whole where it has a price of its own.
        func part(_ count: Int, _ unit: PriceUnit, of whole: inout Int) -> (PriceUnit, Int) {
            guard rates[unit] != nil else { return (unit, 0) }
            let count = min(Self.sane(count), whole)
            whole -= count
            return (unit, count)
        }
        // Cached audio is both cached and audio: where it has a price of its own it is counted as neither.
        let cachedAudio =
            rates[.audioCache] == nil
            ? 0 : min(Self.sane(usage.cacheReadAudio), Self.sane(usage.cacheRead), Self.sane(usage.promptAudio))
        let parts = [
            part(cachedAudio, .audioCache, of: &prompt),
            part(Self.sane(usage.cacheRead) - cachedAudio, .cacheRead, of: &prompt),
            part(usage.cacheWriteHour, .cacheWrite1h, of: &prompt),
            part(
                Self.sane(usage.cacheWrite) - (rates[.cacheWrite1h] == nil ? 0 : Self.sane(usage.cacheWriteHour)),
                .cacheWrite, of: &prompt),
            part(Self.sane(usage.promptAudio) - cachedAudio, .audio, of: &prompt),
            part(usage.promptImage, .imageToken, of: &prompt),
            part(usage.reasoning, .reasoning, of: &completion),
            part(usage.completionAudio, .audioOutput, of: &completion),
            part(usage.completionImage, .imageOutputToken, of: &completion),
        ]
        return
            ([(.prompt, prompt), (.completion, completion)] + parts + [
                (.request, 1), (.image, Self.sane(usage.imagesIn)), (.imageOutput, Self.sane(usage.images)),
                (.audioSecond, Self.sane(usage.audioMilliseconds)),
                (.audioOutputSecond, Self.sane(usage.audioOutputMilliseconds)),
                (.character, Self.sane(usage.characters)), (.webSearch, Self.sane(usage.webSearches)),
            ]).sorted { $0.0.place < $1.0.place }
    }

    private static func sane(_ count: Int) -> Int { min(max(0, count), quantityMax) }
}
