import RouterCore

/// The keys of one provider: which is used next, and which rest. A value; time is given.
struct KeyPool: Sendable {
    private var restsUntil: [ContinuousClock.Instant?]
    /// Why each rests.
    private var reasons: [UpstreamFailure.Kind?]
    /// Limits in a row without a word on how long.
    private var limits: [Int]
    private var next = 0

    /// How long a key rests that the provider does not accept.
    static let refusedRest: Duration = .seconds(600)
    /// How long one rests whose account has no money there.
    static let unpaidRest: Duration = .seconds(900)
    /// How long one rests at its limit when the provider does not say: twice as long each time, up to the second.
    static let limitRest: Duration = .seconds(1)
    static let limitRestMax: Duration = .seconds(60)
    /// More than this a provider's word does not rest a key.
    static let retryAfterMax: Duration = .seconds(3600)

    init(count: Int) {
        restsUntil = Array(repeating: nil, count: count)
        reasons = Array(repeating: nil, count: count)
        limits = Array(repeating: 0, count: count)
    }

    /// The next key by turns that does not rest; `nil` when all do.
    mutating func take(at now: ContinuousClock.Instant) -> Int? {
        for step in 0..<restsUntil.count {
            let index = (next + step) % restsUntil.count
            if let until = restsUntil[index], until > now { continue }
            next = (index + 1) % restsUntil.count
            return index
        }
        return nil
    }

    /// Takes that a request failed with this key.
    /// - Returns: whether that was the key's failure and another can be used now.
    mutating func failed(_ failure: UpstreamFailure, key index: Int, at now: ContinuousClock.Instant) -> Bool {
        guard restsUntil.indices.contains(index) else { return false }
        let rest: Duration
        switch failure.kind {
        case .unauthorized:
            rest = failure.status == 402 ? Self.unpaidRest : Self.refusedRest
        case .rateLimited:
            rest =
                failure.retryAfter.map { min($0, Self.retryAfterMax) }
                ?? min(Self.limitRestMax, Self.limitRest * (1 << min(limits[index], 16)))
            if failure.retryAfter == nil { limits[index] += 1 } else { limits[index] = 0 }
        default:
            limits[index] = 0
            return false
        }
        // Several may fail at once; the longest word counts.
        restsUntil[index] = max(now + rest, restsUntil[index] ?? now)
        reasons[index] = failure.kind
        return restsUntil.contains { $0.map { $0 <= now } ?? true }
    }

    /// What is said when ``take(at:)`` has nothing: when the first key is back, if that is a matter of limits.
    func refusal(of provider: Provider, at now: ContinuousClock.Instant) -> UpstreamFailure {
        let waits = zip(reasons, restsUntil).compactMap { reason, until in
            reason == .rateLimited ? until.map { now.duration(to: $0) } : nil
        }
        guard let wait = waits.min() else {
            return UpstreamFailure(
                .unauthorized, "The provider `\(provider.slug)` accepts none of the keys that are configured for it.")
        }
        return UpstreamFailure(.rateLimited, "The provider has too many requests now.", retryAfter: wait)
    }
}
