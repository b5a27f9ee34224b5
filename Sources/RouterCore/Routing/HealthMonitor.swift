import Synchronization

/// Remembers on one node how endpoints have been doing, and what second tries their providers may be given.
///
/// One lock, held for a few steps of arithmetic, around values that are told of outcomes; nothing here waits. Endpoints
/// are remembered by name, so that they keep their past when the catalogue is read again.
public final class HealthMonitor: Sendable {
    /// The endpoints of one model.
    private struct ModelHealth {
        var keys: [String]
        var endpoints: [EndpointHealth]
        var reports: [EndpointReport]
        /// When each report was made.
        var reportedAt: [Int64]
    }

    private struct State {
        var models: [String: ModelHealth] = [:]
        var budgets: [String: RetryBudget] = [:]
    }

    private let rules: HealthRules
    private let ambient: Ambient
    private let start: ContinuousClock.Instant
    private let state = Mutex(State())

    /// Models that are remembered; beyond, all are forgotten.
    private static let modelsMax = 10_000
    /// A report is made anew after so many milliseconds, and when the state changes.
    private static let reportAgeMax: Int64 = 500

    public init(rules: HealthRules = HealthRules(), ambient: Ambient) {
        self.rules = rules
        self.ambient = ambient
        start = ambient.now()
    }

    /// Milliseconds on the clock of the reports.
    var now: Int64 { start.duration(to: ambient.now()).milliseconds }

    /// How the endpoints of a model are doing, in their order.
    func reports(for candidates: Candidates) -> [EndpointReport] {
        state.withLock { state in
            Self.align(&state, to: candidates, rules: rules, now: now)
            return state.models[candidates.model.id]?.reports ?? []
        }
    }

    /// Counts a request that is about to be sent to the endpoint at `index`.
    ///
    /// - Parameters:
    ///   - isSecondTry: another endpoint has failed before.
    ///   - isLastResort: there is nobody else to ask.
    /// - Returns: false when it should not be sent: others find out whether the endpoint is back, or its provider has
    ///   had enough second tries.
    func admit(_ candidates: Candidates, at index: Int, isSecondTry: Bool, isLastResort: Bool) -> Bool {
        let slug = candidates.model.endpoints[index].provider.slug
        return state.withLock { state in
            let now = now
            Self.align(&state, to: candidates, rules: rules, now: now)
            guard
                state.models[candidates.model.id]?.endpoints[index].admit(at: now, isLastResort: isLastResort) == true
            else { return false }
            Self.report(&state, candidates, index, now: now, isForced: false)
            guard isSecondTry else {
                state.budgets[slug, default: RetryBudget()].earn()
                return true
            }
            if state.budgets[slug, default: RetryBudget()].take() { return true }
            state.models[candidates.model.id]?.endpoints[index].note(.neither, at: now, chance: 0)
            return false
        }
    }

    /// Takes what came of a request that was admitted.
    func note(_ outcome: EndpointHealth.Outcome, _ candidates: Candidates, at index: Int, wasSecondTry: Bool) {
        let chance = Double(ambient.random() >> 11) * 0x1p-53
        let slug = candidates.model.endpoints[index].provider.slug
        state.withLock { state in
            if wasSecondTry {
                let hasSucceeded = if case .began = outcome { true } else { false }
                state.budgets[slug]?.end(hasSucceeded: hasSucceeded)
            }
            Self.change(&state, candidates, index, now: now) { $0.note(outcome, at: $1, chance: chance) }
        }
    }

    /// Takes how an answer ended that had begun.
    ///
    /// - Parameters:
    ///   - tokensPerSecond: `nil` when it is not known.
    ///   - isBroken: the provider broke it off.
    func noteEnd(_ candidates: Candidates, at index: Int, tokensPerSecond: Double?, isBroken: Bool) {
        guard isBroken || tokensPerSecond != nil else { return }
        let chance = isBroken ? Double(ambient.random() >> 11) * 0x1p-53 : 0
        state.withLock { state in
            Self.change(&state, candidates, index, now: now) { health, now in
                if let tokensPerSecond { health.note(tokensPerSecond: tokensPerSecond, at: now) }
                if isBroken { health.noteBreak(at: now, chance: chance) }
            }
        }
    }

    /// How all endpoints of `catalog` are doing, in its order.
    public func standings(of catalog: Catalog) -> [Standing] {
        catalog.all.flatMap { candidates in
            state.withLock { state in
                let now = now
                Self.align(&state, to: candidates, rules: rules, now: now)
                let model = candidates.model
                return model.endpoints.indices.compactMap { index -> Standing? in
                    guard var health = state.models[model.id]?.endpoints[index] else { return nil }
                    return Standing(&health, of: model.endpoints[index], model: model.id, at: now)
                }
            }
        }
    }

    private static func change(
        _ state: inout State, _ candidates: Candidates, _ index: Int, now: Int64,
        _ body: (inout EndpointHealth, Int64) -> Void
    ) {
        align(&state, to: candidates, rules: nil, now: now)
        // A model that was read again meanwhile without this endpoint has nothing to take.
        guard let before = state.models[candidates.model.id]?.endpoints[index].state else { return }
        if var health = state.models[candidates.model.id]?.endpoints[index] {
            body(&health, now)
            state.models[candidates.model.id]?.endpoints[index] = health
            report(&state, candidates, index, now: now, isForced: health.state != before)
        }
    }

    private static func report(
        _ state: inout State, _ candidates: Candidates, _ index: Int, now: Int64, isForced: Bool
    ) {
        let id = candidates.model.id
        guard isForced || now - (state.models[id]?.reportedAt[index] ?? now) >= reportAgeMax,
            let report = state.models[id]?.endpoints[index].report(at: now)
        else { return }
        state.models[id]?.reports[index] = report
        state.models[id]?.reportedAt[index] = now
    }

    /// Makes the model's entry fit its endpoints as they are now; cheap when it does, because the names are one array.
    ///
    /// - Parameter rules: `nil` to leave an entry alone that does not fit.
    private static func align(_ state: inout State, to candidates: Candidates, rules: HealthRules?, now: Int64) {
        let id = candidates.model.id
        let known = state.models[id]
        if let known, known.keys == candidates.keys { return }
        guard let rules else { return }
        if state.models.count >= modelsMax { state.models = [:] }
        let endpoints = candidates.keys.map { key in
            known.flatMap { known in known.keys.firstIndex(of: key).map { known.endpoints[$0] } }
                ?? EndpointHealth(rules: rules, at: now)
        }
        state.models[id] = ModelHealth(
            keys: candidates.keys, endpoints: endpoints,
            reports: endpoints.map { health in
                var health = health
                return health.report(at: now)
            }, reportedAt: endpoints.map { _ in now })
    }
}

/// How one endpoint is doing, for people.
public struct Standing: Sendable, Hashable {
    public var model: String
    /// The slug of its provider.
    public var provider: String
    public var upstreamModel: String
    public var state: State
    /// Until it is tried again; `nil` unless it rests.
    public var restsFor: Duration?
    /// Tries in the last seconds that the breaker looks at.
    public var recentSuccesses: Int
    public var recentFailures: Int
    /// Tries since the start.
    public var successes: Int
    public var failures: Int
    /// Seconds to the first content, half and nine tenths of the answers; `nil` while nothing is known.
    public var latencyP50: Double?
    public var latencyP90: Double?
    /// Tokens a second.
    public var throughputP50: Double?

    public enum State: String, Sendable, Hashable {
        /// Nothing is known against it.
        case well
        /// It fails more often than it should.
        case degraded
        /// It is left alone for a while.
        case resting
        /// Its provider's limit is reached.
        case limited
        /// A few requests find out whether it is back.
        case onTrial = "on_trial"
    }

    init(_ health: inout EndpointHealth, of endpoint: Endpoint, model: String, at now: Int64) {
        let report = health.report(at: now)
        let outcomes = health.outcomes(at: now)
        self.model = model
        provider = endpoint.provider.slug
        upstreamModel = endpoint.upstreamModel
        switch report.state {
        case .well: state = report.isDegraded(at: now) ? .degraded : .well
        case .resting(let until):
            state = until > now ? .resting : .onTrial
            restsFor = until > now ? .milliseconds(until - now) : nil
        case .limited(let until):
            state = until > now ? .limited : .well
            restsFor = until > now ? .milliseconds(until - now) : nil
        case .onTrial: state = .onTrial
        }
        recentSuccesses = outcomes.successes
        recentFailures = outcomes.failures
        successes = health.successCount
        failures = health.failureCount
        latencyP50 = report.latency.p50
        latencyP90 = report.latency.p90
        throughputP50 = report.throughput.p50
    }
}
