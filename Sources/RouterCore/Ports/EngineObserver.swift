/// Hears what the engine did, for logs and metrics. Called on the request's task: must be quick and may not fail.
public protocol EngineObserver: Sendable {
    /// A try failed before the answer had begun.
    func attemptFailed(_ failure: UpstreamFailure, of generation: Generation.ID, after elapsed: Duration)
    /// A request has ended and its record is stored.
    func settled(_ generation: Generation)
    /// A record could not be stored; for the operator.
    func settlingFailed(_ generation: Generation, with error: StoreError)
}

/// Hears nothing.
public struct SilentObserver: EngineObserver {
    public init() {}
    public func attemptFailed(_ failure: UpstreamFailure, of generation: Generation.ID, after elapsed: Duration) {}
    public func settled(_ generation: Generation) {}
    public func settlingFailed(_ generation: Generation, with error: StoreError) {}
}
