/// What one node has of the limit of one key: permits of the store, and what it must tell it.
///
/// Pure: time is given. Why no permit is used too late: ``PermitWindow``.
struct PermitPool: Sendable {
    /// Permits that the store gave out in one second of its clock.
    private struct Block: Sendable {
        var second: Int64
        var free: Int
        var until: ContinuousClock.Instant
    }

    /// The two clocks of a node at one moment.
    struct Moment: Sendable {
        var now: ContinuousClock.Instant
        /// Milliseconds since 1970.
        var timestamp: Int64

        var second: Int64 { timestamp / 1000 }
    }

    private var blocks: [Block] = []
    /// Requests that passed here, by second.
    private var passed = RateWindow()
    private var returns: [Int64: Int] = [:]
    private var unasked = 0
    /// What the store had left when it answered last.
    private var left = 0
    /// Until then it is not asked again, because it had nothing.
    private var refusedUntil: ContinuousClock.Instant?
    private var nextPlaceAt: ContinuousClock.Instant?
    /// Requests in any 60 seconds, of all nodes; as it was told last.
    var limit = 0

    /// A store that had nothing is asked again after so long: others may have given back what they did not use.
    private static let refusalBelieved: Duration = .seconds(1)

    // MARK: Requests

    /// Lets one request pass with a permit.
    /// - Returns: `nil` when there is none.
    mutating func take(limit: Int, at moment: Moment) -> RateLimiter.Verdict? {
        self.limit = limit
        expire(at: moment.now)
        guard let index = blocks.firstIndex(where: { $0.free > 0 }) else { return nil }
        blocks[index].free -= 1
        passed.add(1, at: moment.second)
        return admitted(
            remaining: min(limit, left + free), .permit(second: blocks[index].second, counted: moment.second), moment)
    }

    /// Whether the store is known to have nothing.
    func isRefused(at now: ContinuousClock.Instant) -> Bool { refusedUntil.map { now < $0 } ?? false }

    /// What is said to a request for which the store had nothing.
    func refusal(at moment: Moment) -> RateLimiter.Verdict {
        let wait = max(.milliseconds(1), nextPlaceAt.map { moment.now.duration(to: $0) } ?? .zero)
        return RateLimiter.Verdict(
            isAdmitted: false, limit: limit, remaining: 0, resetAt: moment.timestamp + wait.wholeMilliseconds,
            retryAfter: wait, place: .none)
    }

    /// Lets one request pass without asking the store, if this node's share of the limit has room for it.
    mutating func takeUnasked(limit: Int, share: Int, at moment: Moment) -> RateLimiter.Verdict {
        self.limit = limit
        guard passed.take(at: moment.second, limit: share) else {
            let next = passed.secondOfNextPlace(after: moment.second, limit: share) * 1000
            let wait = max(1, next - moment.timestamp)
            return RateLimiter.Verdict(
                isAdmitted: false, limit: limit, remaining: 0, resetAt: moment.timestamp + wait,
                retryAfter: .milliseconds(wait), place: .none)
        }
        unasked += 1
        return admitted(
            remaining: passed.remaining(at: moment.second, limit: share), .counted(second: moment.second), moment)
    }

    mutating func giveBack(_ place: RateLimiter.Verdict.Place, at now: ContinuousClock.Instant) {
        switch place {
        case .none: return
        case .counted(let second):
            passed.giveBack(takenAt: second)
            // One that the store was told of already stays counted.
            unasked = max(0, unasked - 1)
        case .permit(let second, let counted):
            passed.giveBack(takenAt: counted)
            if let index = blocks.firstIndex(where: { $0.second == second && now < $0.until }) {
                blocks[index].free += 1
            } else {
                returns[second, default: 0] += 1
            }
        }
    }

    private func admitted(
        remaining: Int, _ place: RateLimiter.Verdict.Place, _ moment: Moment
    ) -> RateLimiter.Verdict {
        RateLimiter.Verdict(
            isAdmitted: true, limit: limit, remaining: max(0, remaining), resetAt: (moment.second + 63) * 1000,
            retryAfter: .zero, place: place)
    }

    // MARK: The store's side

    /// How many more permits would last for the life of one, at the pace of the last two seconds; 0 while there are
    /// enough, and for a key that asks so seldom that they would expire unused.
    func ahead(at moment: Moment) -> Int {
        guard !isRefused(at: moment.now), moment.second - passed.latest < 2 else { return 0 }
        let recent = passed.counts(2).reduce(0, +)
        let free = blocks.reduce(0) { $0 + (moment.now < $1.until ? $1.free : 0) }
        return recent >= 2 && free * 4 <= recent * 3 ? recent - free : 0
    }

    /// What to tell and ask the store.
    mutating func request(_ key: String, need: Int, at moment: Moment) -> PermitRequest {
        expire(at: moment.now)
        defer { returns = [:] }
        return PermitRequest(
            key: key, limit: limit, need: need, ahead: ahead(at: moment), unasked: unasked, returns: returns)
    }

    /// The store answered.
    ///
    /// - Parameter sentAt: before it was asked: the life of a permit is counted from then.
    mutating func answered(_ grant: PermitGrant, to request: PermitRequest, sentAt: ContinuousClock.Instant) {
        unasked = max(0, unasked - request.unasked)
        left = grant.left
        let until = sentAt.advanced(by: PermitRequest.lifetime)
        if grant.permits > 0 {
            if let index = blocks.firstIndex(where: { $0.second == grant.second }) {
                blocks[index].free += grant.permits
                blocks[index].until = max(blocks[index].until, until)
            } else {
                blocks.append(Block(second: grant.second, free: grant.permits, until: until))
            }
        }
        guard grant.permits < request.need else {
            refusedUntil = nil
            return
        }
        refusedUntil = sentAt.advanced(by: min(Self.refusalBelieved, grant.wait))
        nextPlaceAt = sentAt.advanced(by: grant.wait)
    }

    /// Whether there is something to tell the store.
    mutating func hasNews(at now: ContinuousClock.Instant) -> Bool {
        expire(at: now)
        return unasked > 0 || !returns.isEmpty
    }

    /// Nothing is used any more; for a node that stops.
    mutating func giveUpAll() {
        for block in blocks where block.free > 0 { returns[block.second, default: 0] += block.free }
        blocks = []
    }

    /// Whether nothing would be lost if it were forgotten.
    mutating func isIdle(at moment: Moment) -> Bool {
        !hasNews(at: moment.now) && free == 0 && passed.isIdle(at: moment.second)
    }

    private var free: Int { blocks.reduce(0) { $0 + $1.free } }

    /// Permits that are too old go back to the store.
    private mutating func expire(at now: ContinuousClock.Instant) {
        guard blocks.contains(where: { now >= $0.until || $0.free == 0 }) else { return }
        for block in blocks where block.free > 0 && now >= block.until {
            returns[block.second, default: 0] += block.free
        }
        blocks.removeAll { now >= $0.until || $0.free == 0 }
    }
}
