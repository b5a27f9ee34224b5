/// Goes through the targets of a plan until one begins to answer: the only loop over endpoints there is.
struct Dispatch: Sendable {
    let engine: Engine
    let plan: Plan
    let generation: Generation.ID
    let start: ContinuousClock.Instant

    /// An answer that has begun.
    struct Beginning: Sendable {
        var attempt: Attempt
        var target: Plan.Target
        /// Tries that failed before it.
        var failures: [UpstreamFailure]
    }

    /// Every try failed.
    struct Exhausted: Error {
        var failures: [UpstreamFailure]
        /// The last one that was tried; `nil` when none was.
        var lastTarget: Plan.Target?
        /// It was asked, or may have been; otherwise what the request names was still being fetched for it, or there was no
        /// connection yet.
        var wasAsked = true
    }

    /// - Throws: ``Exhausted`` with what each try answered.
    func begin(_ job: inout some Job) async throws(Exhausted) -> Beginning {
        var failures: [UpstreamFailure] = []
        var targets = plan.targets[...]
        var lastTarget: Plan.Target?
        var wasAsked = false
        while failures.count < engine.limits.attemptsMax, failures.isEmpty || job.canSend,
            let target = targets.popFirst()
        {
            let isSecondTry = !failures.isEmpty
            guard
                engine.routing.health.admit(
                    target.candidates, at: target.index, isSecondTry: isSecondTry,
                    isLastResort: !isSecondTry && targets.isEmpty)
            else { continue }
            lastTarget = target
            wasAsked = false
            do throws(UpstreamFailure) {
                let left = engine.limits.timeouts.total - start.duration(to: engine.ambient.now())
                let call = try await job.call(to: target.endpoint, by: engine, within: left)
                wasAsked = true
                let began = engine.ambient.now()
                let attempt = try await Attempt(
                    call, at: target.endpoint, engine: engine, elapsed: start.duration(to: began))
                note(.began(after: began.duration(to: engine.ambient.now())), target, isSecondTry)
                return Beginning(attempt: attempt, target: target, failures: failures)
            } catch {
                var failure = error
                wasAsked = wasAsked && failure.wasAsked
                failure.provider = target.endpoint.provider.slug
                failure.providerName = target.endpoint.provider.name
                engine.observer.attemptFailed(failure, of: generation, after: start.duration(to: engine.ambient.now()))
                failures.append(failure)
                let step = FallbackPolicy.step(after: failure)
                // The endpoint itself is well where only one of our keys is at its limit.
                // A vendor may tire of a client that sends slowly.
                let isItself = step != .again && !(failure.status == 408 && !job.wasSent)
                note(
                    isItself ? .failed(failure.kind, retryAfter: failure.retryAfter) : .neither, target, isSecondTry)
                switch step {
                case .again: targets = [target] + targets
                case .nextEndpoint: break
                case .nextModel: targets = targets.drop { $0.model.id == target.model.id }
                case .giveUp: targets = []
                }
                // Nobody waits for another answer.
                if Task.isCancelled { targets = [] }
            }
        }
        throw Exhausted(failures: failures, lastTarget: lastTarget, wasAsked: wasAsked)
    }

    private func note(_ outcome: EndpointHealth.Outcome, _ target: Plan.Target, _ wasSecondTry: Bool) {
        engine.routing.health.note(outcome, target.candidates, at: target.index, wasSecondTry: wasSecondTry)
    }
}
