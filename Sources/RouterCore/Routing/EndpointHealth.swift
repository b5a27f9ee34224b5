/// What is known of how one endpoint has been doing: a value that is told of outcomes and asked what it may be given.
///
/// Time is in milliseconds of a clock that never goes back. It is *well*, *resting* until a time (it failed too often, or
/// has reached its limit), or, when that is over after failures, *on trial*: a few requests find out whether it is back.
struct EndpointHealth: Sendable {
    /// What came of one try.
    enum Outcome: Sendable, Hashable {
        /// The first content came so long after the request.
        case began(after: Duration)
        /// It failed; before the first content or after it.
        case failed(UpstreamFailure.Kind, retryAfter: Duration?)
        /// Nothing can be said: the request was wrong, or its client left.
        case neither
    }

    enum State: Sendable, Hashable {
        case well
        /// The breaker is open, or the endpoint is not usable for a reason that does not pass by trying.
        case resting(until: Int64)
        /// The provider's limit is reached.
        case limited(until: Int64)
        case onTrial(probes: Int, successes: Int)
    }

    private let rules: HealthRules
    private(set) var state = State.well
    private var window: OutcomeWindow
    private var failuresInARow = 0
    /// How often the breaker opened since it last closed.
    private var openings = 0
    /// How often in a row the limit was reached without a word on how long.
    private var limits = 0
    private var recentLatency: RollingHistogram
    /// Milliseconds to the first content, over five minutes.
    private(set) var latency: RollingHistogram
    /// Eighths of a token a second, over five minutes.
    private(set) var throughput: RollingHistogram
    private(set) var successCount = 0
    private(set) var failureCount = 0

    init(rules: HealthRules, at now: Int64) {
        self.rules = rules
        window = OutcomeWindow(seconds: rules.window)
        recentLatency = RollingHistogram(span: 15_000, at: now)
        latency = RollingHistogram(span: 150_000, at: now)
        throughput = RollingHistogram(span: 150_000, at: now)
    }

    /// Counts a request that is about to be sent.
    ///
    /// - Parameter isLastResort: there is nobody else: it is let through whatever is known.
    /// - Returns: false when it should go elsewhere.
    mutating func admit(at now: Int64, isLastResort: Bool) -> Bool {
        switch state {
        case .well: return true
        case .limited(let until):
            if now >= until { state = .well }
            return now >= until || isLastResort
        case .resting(let until):
            guard now >= until else { return isLastResort }
            state = .onTrial(probes: 1, successes: 0)
            return true
        case .onTrial(let probes, let successes):
            guard probes < rules.probesMax || isLastResort else { return false }
            state = .onTrial(probes: probes + 1, successes: successes)
            return true
        }
    }

    /// Takes what came of a request.
    ///
    /// - Parameter chance: from 0 to 1, so that nodes do not come back all at once.
    mutating func note(_ outcome: Outcome, at now: Int64, chance: Double) {
        switch outcome {
        case .neither:
            release(hasSucceeded: false)
        case .began(let elapsed):
            window.add(isSuccess: true, at: now)
            successCount += 1
            failuresInARow = 0
            limits = 0
            latency.add(max(1, elapsed / .milliseconds(1)), at: now)
            recentLatency.add(max(1, elapsed / .milliseconds(1)), at: now)
            release(hasSucceeded: true)
            if isSlow { open(at: now, chance: chance) }
        case .failed(let kind, let retryAfter):
            noteFailure(kind, retryAfter: retryAfter, at: now, chance: chance)
        }
    }

    /// Takes how fast an answer came.
    mutating func note(tokensPerSecond: Double, at now: Int64) {
        throughput.add(max(1, tokensPerSecond * 8), at: now)
    }

    /// Takes the loss of an answer that had begun.
    mutating func noteBreak(at now: Int64, chance: Double) {
        noteFailure(.broken, retryAfter: nil, at: now, chance: chance)
    }

    /// Successes and failures within the window.
    mutating func outcomes(at now: Int64) -> (successes: Int, failures: Int) {
        window.advance(to: now)
        return (window.successes, window.failures)
    }

    /// What routing goes by.
    mutating func report(at now: Int64) -> EndpointReport {
        window.advance(to: now)
        latency.turn(at: now)
        throughput.turn(at: now)
        let total = window.successes + window.failures
        let isDegraded = total >= 5 && Double(window.failures) >= rules.degradedShare * Double(total)
        return EndpointReport(
            state: state, degradedUntil: isDegraded ? now + Int64(rules.window) * 1000 : 0, madeAt: now,
            latency: .init(latency, unit: 1000), throughput: .init(throughput, unit: 8))
    }

    private mutating func noteFailure(
        _ kind: UpstreamFailure.Kind, retryAfter: Duration?, at now: Int64, chance: Double
    ) {
        switch kind {
        case .refused, .unsupported, .cancelled:
            release(hasSucceeded: false)
        case .rateLimited:
            let wait =
                retryAfter.map { min($0, rules.retryAfterMax) }
                ?? min(rules.cooldownMax, rules.cooldown * (1 << min(limits, 16)))
            if retryAfter == nil { limits += 1 }
            // Who is limited is there: a trial has succeeded as far as it can.
            state = .limited(until: later(now + wait.milliseconds))
        case .unauthorized:
            state = .resting(until: later(now + rules.unauthorizedRest.milliseconds))
        case .notFound:
            state = .resting(until: later(now + rules.notFoundRest.milliseconds))
        case .overloaded, .failed, .broken, .timedOut, .unreachable:
            window.add(isSuccess: false, at: now)
            failureCount += 1
            failuresInARow += 1
            switch state {
            case .onTrial: open(at: now, chance: chance)
            case .resting: break  // One that was under way when the breaker opened.
            case .well, .limited:
                let total = window.successes + window.failures
                if failuresInARow >= rules.failuresInARow
                    || total >= rules.outcomesMin && Double(window.failures) >= rules.failureShare * Double(total)
                {
                    open(at: now, chance: chance)
                }
            }
        }
    }

    /// The end of whatever rest there is already, if that is later.
    private func later(_ until: Int64) -> Int64 {
        switch state {
        case .resting(let other), .limited(let other): max(until, other)
        case .well, .onTrial: until
        }
    }

    private mutating func open(at now: Int64, chance: Double) {
        let rest = min(rules.restMax, rules.rest * (1 << min(openings, 16)))
        openings += 1
        failuresInARow = 0
        state = .resting(until: now + Int64(Double(rest.milliseconds) * (0.8 + 0.4 * chance)))
    }

    private mutating func release(hasSucceeded: Bool) {
        guard case .onTrial(let probes, let successes) = state else { return }
        let total = successes + (hasSucceeded ? 1 : 0)
        if total >= rules.successesToClose {
            state = .well
            openings = 0
            window.clear()
        } else {
            state = .onTrial(probes: max(0, probes - 1), successes: total)
        }
    }

    /// The first content takes far longer than it did in the minutes before.
    private var isSlow: Bool {
        guard case .well = state, recentLatency.count >= rules.outcomesMin, latency.olderCount >= rules.outcomesMin,
            let now = recentLatency.percentile(0.5), let before = latency.olderPercentile(0.5)
        else { return false }
        return now > rules.slowdown * before && now >= rules.slowdownMin / .milliseconds(1)
    }
}

/// What routing goes by for one endpoint.
struct EndpointReport: Sendable, Hashable {
    var state = EndpointHealth.State.well
    /// Until then it comes after others, because it failed more often than it should.
    var degradedUntil: Int64 = 0
    /// When the percentiles were worked out; nobody has asked it since.
    var madeAt: Int64 = 0
    /// Seconds to the first content.
    var latency = Percentiles()
    /// Tokens a second.
    var throughput = Percentiles()

    /// Measurements that are older than this say nothing any more: the endpoint gets its turn again.
    static let ageMax: Int64 = 300_000

    func isDegraded(at now: Int64) -> Bool { now < degradedUntil }

    /// `nil` while nothing is known.
    struct Percentiles: Sendable, Hashable {
        var p50, p75, p90, p99: Double?

        init() {}

        /// - Parameter unit: how many of the histogram's units are one.
        init(_ histogram: RollingHistogram, unit: Double) {
            guard histogram.count > 0 else { return }
            p50 = histogram.percentile(0.5).map { $0 / unit }
            p75 = histogram.percentile(0.75).map { $0 / unit }
            p90 = histogram.percentile(0.9).map { $0 / unit }
            p99 = histogram.percentile(0.99).map { $0 / unit }
        }
    }
}

/// Successes and failures of the last seconds, one counter a second.
struct OutcomeWindow: Sendable, Hashable {
    private var counters: [(successes: UInt32, failures: UInt32)]
    private var latest: Int64 = 0
    private(set) var successes = 0
    private(set) var failures = 0

    init(seconds: Int) { counters = Array(repeating: (0, 0), count: max(1, seconds)) }

    static func == (one: OutcomeWindow, other: OutcomeWindow) -> Bool {
        one.latest == other.latest && one.counters.elementsEqual(other.counters, by: ==)
    }
    func hash(into hasher: inout Hasher) {
        hasher.combine(latest)
        hasher.combine(successes)
    }

    mutating func add(isSuccess: Bool, at milliseconds: Int64) {
        advance(to: milliseconds)
        let index = Int(latest % Int64(counters.count))
        if isSuccess {
            counters[index].successes += 1
            successes += 1
        } else {
            counters[index].failures += 1
            failures += 1
        }
    }

    mutating func advance(to milliseconds: Int64) {
        let second = max(0, milliseconds / 1000)
        guard second > latest else { return }
        if second - latest >= Int64(counters.count) {
            clear()
        } else {
            for passed in (latest + 1)...second {
                let index = Int(passed % Int64(counters.count))
                successes -= Int(counters[index].successes)
                failures -= Int(counters[index].failures)
                counters[index] = (0, 0)
            }
        }
        latest = second
    }

    mutating func clear() {
        for index in counters.indices { counters[index] = (0, 0) }
        successes = 0
        failures = 0
    }
}

extension Duration {
    /// Rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, Int64.max / 2000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
