import RouterCore

/// A whole number of any size, not below zero, in groups of three decimal digits: what a person would write on paper.
///
/// The reference that charges are compared with; it shares nothing with the arithmetic of `RouterCore`.
struct PaperNumber: Hashable {
    /// The last three digits first, without zeros at the end.
    private var groups: [Int] = []

    init(_ number: some BinaryInteger) {
        var rest = Array(String(number))
        while !rest.isEmpty {
            groups.append(Int(String(rest.suffix(3))) ?? 0)
            rest.removeLast(min(3, rest.count))
        }
        trim()
    }

    private init(carrying groups: [Int]) {
        self.groups = groups + [0, 0]
        for place in 1..<self.groups.count {
            self.groups[place] += self.groups[place - 1] / 1000
            self.groups[place - 1] %= 1000
        }
        trim()
    }

    private mutating func trim() { while groups.last == 0 { groups.removeLast() } }

    private func group(_ place: Int) -> Int { place < groups.count ? groups[place] : 0 }

    static func + (one: PaperNumber, other: PaperNumber) -> PaperNumber {
        PaperNumber(
            carrying: (0..<max(one.groups.count, other.groups.count)).map {
                one.group($0) + other.group($0)
            })
    }

    static func * (one: PaperNumber, other: PaperNumber) -> PaperNumber {
        var product = Array(repeating: 0, count: one.groups.count + other.groups.count)
        for (place, group) in one.groups.enumerated() {
            for (otherPlace, otherGroup) in other.groups.enumerated() {
                product[place + otherPlace] += group * otherGroup
            }
        }
        return PaperNumber(carrying: product)
    }

    /// Without its last `count` groups, rounded half to even; `nil` when that is more than an `Int64` holds.
    func rounded(droppingGroups count: Int) -> Int64? {
        let kept = PaperNumber(carrying: Array(groups.dropFirst(count)))
        let dropped = (0..<count).reversed().map(group)
        let half = [500] + Array(repeating: 0, count: count - 1)
        let isUp = dropped == half ? kept.group(0) % 2 == 1 : half.lexicographicallyPrecedes(dropped)
        let number = isUp ? kept + PaperNumber(1) : kept
        let text = number.groups.reversed().map { String(String($0 + 1000).dropFirst()) }.joined()
        return text.isEmpty ? 0 : Int64(text)
    }
}

/// Bills worked out on paper: who has which tokens is told by laying the parts of a whole end to end.
enum PaperBill {
    /// Nano-dollars; `nil` when they cannot be counted.
    static func total(_ usage: Usage, rates: [PriceUnit: Int64]) -> Int64? {
        let hour = rates[.cacheWrite1h] == nil ? 0 : clamped(usage.cacheWriteHour)
        let cachedAudio =
            rates[.audioCache] == nil
            ? 0 : [usage.cacheReadAudio, usage.cacheRead, usage.promptAudio].map(clamped).min() ?? 0
        let prompt = laid(
            [
                (.audioCache, cachedAudio), (.cacheRead, clamped(usage.cacheRead) - cachedAudio),
                (.cacheWrite1h, usage.cacheWriteHour),
                (.cacheWrite, clamped(usage.cacheWrite) - hour), (.audio, clamped(usage.promptAudio) - cachedAudio),
                (.imageToken, usage.promptImage),
            ], in: usage.prompt, rest: .prompt, rates: rates)
        let completion = laid(
            [
                (.reasoning, usage.reasoning), (.audioOutput, usage.completionAudio),
                (.imageOutputToken, usage.completionImage),
            ], in: usage.completion, rest: .completion, rates: rates)
        // In thousandths, as seconds are.
        var thousandths = (prompt + completion).map { ($0.0, $0.1 * 1000) }
        thousandths += [(.request, 1000), (.image, 1000 * clamped(usage.imagesIn))]
        thousandths += [
            (.imageOutput, 1000 * clamped(usage.images)), (.character, 1000 * clamped(usage.characters)),
        ]
        thousandths += [(.webSearch, 1000 * clamped(usage.webSearches))]
        thousandths += [(.audioSecond, clamped(usage.audioMilliseconds))]
        thousandths += [(.audioOutputSecond, clamped(usage.audioOutputMilliseconds))]
        let sum = thousandths.reduce(PaperNumber(0)) { sum, part in
            sum + PaperNumber(part.1) * PaperNumber(rates[part.0] ?? 0)
        }
        return sum.rounded(droppingGroups: 2)
    }

    /// Lays parts that have a price of their own end to end; what lies beyond the whole does not count.
    private static func laid(
        _ parts: [(PriceUnit, Int)], in whole: Int, rest: PriceUnit, rates: [PriceUnit: Int64]
    ) -> [(PriceUnit, Int)] {
        let whole = clamped(whole)
        var begin = 0
        var laid: [(PriceUnit, Int)] = []
        for (unit, count) in parts where rates[unit] != nil {
            let end = begin + clamped(count)
            laid.append((unit, min(end, whole) - min(begin, whole)))
            begin = end
        }
        return laid + [(rest, whole - min(begin, whole))]
    }

    private static func clamped(_ count: Int) -> Int { min(max(count, 0), 1_000_000_000_000) }
}
