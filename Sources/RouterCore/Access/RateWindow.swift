/// Counts requests so that never more than the limit pass in any 60 seconds: one counter for each second.
///
/// A request is counted until its second lies wholly outside of the last minute, so it is freed up to a second late and
/// never early. Pure: seconds are given. Source of the choice: `docs/decisions/0006-rate-limits.md`.
struct RateWindow: Sendable, Hashable {
    /// Whole seconds that are counted for a minute: the running one and 60 before it.
    static let minute: Int64 = 61

    /// Whole seconds that are counted.
    private let span: Int64
    /// Requests by second; the counter of second `s` stands at `s % span`.
    private var counters: [UInt32] = []
    /// The second that was counted last.
    private(set) var latest: Int64 = 0
    /// Requests in the window.
    private(set) var sum = 0

    init(span: Int64 = RateWindow.minute) { self.span = span }

    /// Takes one place.
    /// - Returns: whether there was one.
    mutating func take(at second: Int64, limit: Int) -> Bool {
        advance(to: second)
        guard sum < limit, counters[index(of: latest)] < .max else { return false }
        counters[index(of: latest)] += 1
        sum += 1
        return true
    }

    /// Takes so many places, whether they are there or not.
    mutating func add(_ count: Int, at second: Int64) {
        advance(to: second)
        let index = index(of: latest)
        let added = min(max(0, count), Int(UInt32.max - counters[index]))
        counters[index] += UInt32(added)
        sum += added
    }

    /// Gives back places that were taken at `second`, if that is still counted.
    mutating func giveBack(_ count: Int = 1, takenAt second: Int64) {
        guard !counters.isEmpty, second <= latest, second > latest - span else { return }
        let given = min(max(0, count), Int(counters[index(of: second)]))
        counters[index(of: second)] -= UInt32(given)
        sum -= given
    }

    /// What is counted of the running second and those before it, newest first.
    func counts(_ seconds: Int64) -> [Int] {
        guard !counters.isEmpty else { return [] }
        return (0..<min(seconds, span)).map { Int(counters[index(of: latest - $0)]) }
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
        for counted in (latest - span + 1)...latest {
            over -= Int(counters[index(of: counted)])
            if over <= 0 { return counted + span }
        }
        return latest + span
    }

    /// Whether nothing is counted at `second`, so that the window can be forgotten.
    mutating func isIdle(at second: Int64) -> Bool {
        advance(to: second)
        return sum == 0
    }

    /// Forgets what has left the window.
    mutating func advance(to second: Int64) {
        if counters.isEmpty { counters = Array(repeating: 0, count: Int(span)) }
        guard second > latest else { return }
        if second - latest >= span {
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

    private func index(of second: Int64) -> Int { Int(((second % span) + span) % span) }
}
