/// When an endpoint is left alone, and for how long. The defaults are those of `docs/routing.md`.
public struct HealthRules: Sendable, Hashable {
    /// Failures one after another that open the breaker.
    public var failuresInARow = 5
    /// Or this share of failures …
    public var failureShare = 0.5
    /// … among so many outcomes within ``window``.
    public var outcomesMin = 20
    /// How far back outcomes count, in whole seconds.
    public var window = 10
    /// Or a first content that takes so many times as long as it used to …
    public var slowdown = 5.0
    /// … and at least so long, with ``outcomesMin`` answers in the last half minute.
    public var slowdownMin: Duration = .seconds(2)
    /// How long an open breaker rests the first time; twice as long each time after, up to ``restMax``, a fifth more or
    /// less.
    public var rest: Duration = .seconds(30)
    public var restMax: Duration = .seconds(300)
    /// Requests under way at once while it is tried whether the endpoint is back.
    public var probesMax = 2
    /// Successes that close the breaker.
    public var successesToClose = 3
    /// How long a limit rests the endpoint when the provider does not say: twice as long each time, up to the second.
    public var cooldown: Duration = .seconds(1)
    public var cooldownMax: Duration = .seconds(60)
    /// More than this a `Retry-After` does not rest an endpoint: then one request finds out.
    public var retryAfterMax: Duration = .seconds(300)
    /// How long a provider rests that does not take our key; it may have another that is tried before.
    public var unauthorizedRest: Duration = .seconds(15)
    /// How long a provider rests that does not know the model.
    public var notFoundRest: Duration = .seconds(60)
    /// Share of failures within ``window`` from which an endpoint comes after better ones, of five outcomes at least.
    public var degradedShare = 0.2

    public init() {}
}
