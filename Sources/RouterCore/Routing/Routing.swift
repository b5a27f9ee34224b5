/// Where requests go, and what is remembered of where they went: the shared state of routing, on one node.
public struct Routing: Sendable {
    public let health: HealthMonitor
    let sticky: StickyRoutes
    private let ambient: Ambient

    public init(rules: HealthRules = HealthRules(), sticky: StickyRoutes = StickyRoutes(), ambient: Ambient) {
        health = HealthMonitor(rules: rules, ambient: ambient)
        self.sticky = sticky
        self.ambient = ambient
    }

    /// Decides where `request` is tried; see ``RoutingPolicy``.
    ///
    /// - Parameter session: the header `x-session-id`.
    public func plan(
        for request: some RoutedRequest, session: String?, caller: Caller, in catalog: Catalog, attemptsMax: Int
    ) throws(APIError) -> Plan {
        let policy = RoutingPolicy(
            catalog: catalog, attemptsMax: attemptsMax, now: health.now, reports: { health.reports(for: $0) },
            sticky: { sticky.endpoint(of: $0, at: ambient.now()) }, random: ambient.random)
        return try policy.plan(for: request, session: session, caller: caller)
    }

    /// Takes how an answer ended: for the endpoint's health, and for where its conversation goes on.
    ///
    /// - Parameters:
    ///   - isBroken: the provider broke it off.
    ///   - duration: from the first content to the end.
    func ended(_ plan: Plan, at target: Plan.Target, usage: Usage, isBroken: Bool, duration: Duration) {
        let seconds = duration / .seconds(1)
        // Below that it came all at once, and says nothing about speed.
        let speed = usage.completion > 1 && seconds > 0.05 ? Double(usage.completion) / seconds : nil
        health.noteEnd(target.candidates, at: target.index, tokensPerSecond: speed, isBroken: isBroken)
        // Without a name for the conversation only a cache that was used is a reason to come back.
        guard !isBroken, let conversation = plan.conversation,
            conversation.isNamed || usage.cacheRead > 0 || usage.cacheWrite > 0,
            target.candidates.facts[target.index].rewardsStickiness
        else { return }
        sticky.note(target.key, answered: conversation, at: ambient.now())
    }
}
