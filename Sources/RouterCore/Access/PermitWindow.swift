/// The permits of one key that were given out to all nodes, by second: what a ``RateStore`` keeps.
///
/// A permit is used within two seconds of the one in which it was given out, so it is counted for 62 seconds after that:
/// any 60 seconds in which requests pass lie within those in which their permits are counted. Pure: time is given.
public struct PermitWindow: Sendable, Hashable {
    private var window = RateWindow(span: Self.span)

    /// The running second and 62 before it: 60 for the window, 2 for the life of a permit.
    private static let span: Int64 = 63

    public init() {}

    /// A window as it was kept.
    ///
    /// - Parameters:
    ///   - latest: the second that was counted last, since 1970.
    ///   - counts: permits of that second, of the one before it, and so on: `"3 0 12"`.
    public init(latest: Int64, counts: String) {
        let numbers = counts.split(separator: " ").prefix(Int(Self.span)).map { Int($0) ?? 0 }
        for (offset, count) in numbers.enumerated().reversed() {
            window.add(count, at: latest - Int64(offset))
        }
        window.advance(to: latest)
    }

    public var latest: Int64 { window.latest }

    public var counts: String {
        var counts = window.counts(Self.span)
        while counts.last == 0 { counts.removeLast() }
        return counts.map { String($0) }.joined(separator: " ")
    }

    /// Takes what a node reports, and gives out permits.
    ///
    /// Requests that wait get what there is. Ahead of need a node gets at most a share of what is left, so that the
    /// others find something too and little lies unused when the limit is near.
    ///
    /// - Parameters:
    ///   - nodes: how many there are.
    ///   - now: milliseconds since 1970; a step back only delays.
    public mutating func give(_ request: PermitRequest, nodes: Int, at now: Int64) -> PermitGrant {
        let second = max(now / 1000, window.latest)
        window.advance(to: second)
        for (second, count) in request.returns { window.giveBack(count, takenAt: second) }
        window.add(request.unasked, at: second)
        let before = max(0, request.limit - window.sum)
        let needed = min(max(0, request.need), before)
        let share = max(1, nodes)
        let ahead = min(request.ahead, request.limit / (4 * share), (before - needed) / (2 * share))
        let permits = needed + max(0, ahead)
        window.add(permits, at: second)
        let left = before - permits
        let next = left > 0 ? now : window.secondOfNextPlace(after: second, limit: request.limit) * 1000
        return PermitGrant(permits: permits, second: second, left: left, wait: .milliseconds(max(0, next - now)))
    }
}
