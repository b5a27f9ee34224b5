/// Counts requests so that never more than the limit pass in any 60 seconds: one counter for each second.
///
/// A request is counted until its second lies wholly outside of the last minute, so it is freed up to a second late and
/// never early. Pure: seconds are given. Source of the choice: `docs/decisions/0006-rate-limits.md`.
struct RateWindow: Sendable, Hashable {
    /// Whole seconds that are counted: the running one and 60 before it.
    private static let span: Int64 = 61

    /// Requests by second; the counter of second `s` stands at `s % span`.
    private var counters: [UInt16] = []
    /// The second that was counted last.
    private var latest: Int64 = 0
    /// Requests in the window.
    private(set) var sum = 0

    /// Takes one place.
    /// - Returns: whether there was one.
    mutating func take(at second: Int64, limit: Int) -> Bool {
        advance(to: second)
        guard sum < limit, counters[index(of: latest)] < .max else { return false }
        counters[index(of: latest)] += 1
        sum += 1
        return true
    }

    /// Gives back a place that was taken at `second`, if that is still counted.
    mutating func giveBack(takenAt second: Int64) {
        guard !counters.isEmpty, second <= latest, second > latest - Self.span, counters[index(of: second)] > 0 else {
            return
        }
        counters[index(of: second)] -= 1
        sum -= 1
    }

    /// Places left.
    mutating func remaining(at second: Int64, limit: Int) -> Int {
        advance(to: second)
        return max(0, limit - sum)
    }

    /// The first second at which a place is free again; `second` itself when one is.
    mutating func secondOfNextPlace(after second: Int64, limit: Int) -> Int64 {
        advance(to: second)
        guard sum >= limit else { return second }
        var over = sum - limit + 1
        for counted in (latest - Self.span + 1)...latest {
            over -= Int(counters[index(of: counted)])
            if over <= 0 { return counted + Self.span }
        }
        return latest + Self.span
    }

    /// Whether nothing is counted at `second`, so that the window can be forgotten.
    mutating func isIdle(at second: Int64) -> Bool {
        advance(to: second)
        return sum == 0
    }

    private mutating func advance(to second: Int64) {
        if counters.isEmpty { counters = Array(repeating: 0, count: Int(Self.span)) }
        guard second > latest else { return }
        if second - latest >= Self.span {
            for index in counters.indices { counters[index] = 0 }
            sum = 0
        } else {
            for passed in (latest + 1)...second {
                sum -= Int(counters[index(of: passed)])
                counters[index(of: passed)] = 0
            }
        }
        latest = second
    }

    private func index(of second: Int64) -> Int { Int(((second % Self.span) + Self.span) % Self.span) }
}
