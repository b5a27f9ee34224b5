import Synchronization

/// Whether an answer is read on after its client has left, and for how long.
///
/// Some providers charge the whole answer whatever the client does; stopping there would charge less than it costs.
struct AbandonedReader {
    private let engine: Engine
    private let provider: Provider
    private var departure: (error: any Error, at: ContinuousClock.Instant)?
    private var isCounted = false

    init(engine: Engine, provider: Provider) {
        self.engine = engine
        self.provider = provider
    }

    /// Nobody is written to any more.
    var hasBegun: Bool { departure != nil }

    /// A whole answer is not written as it comes: that its client has left is known from the task.
    /// - Throws: `CancellationError`.
    func checkClient() throws {
        if provider.billsAbandoned, Task.isCancelled { throw CancellationError() }
    }

    /// The client has left with `error`.
    /// - Throws: `error`, where the answer is not read on: the provider does not charge what nobody reads, or too many
    ///   are read like that already.
    mutating func begin(instead error: any Error) throws {
        guard provider.billsAbandoned else { throw error }
        let count = engine.abandoned.add(1, ordering: .relaxed).newValue
        isCounted = true
        guard count <= engine.limits.abandonedMax else { throw error }
        departure = (error, engine.ambient.now())
    }

    /// - Throws: why the client left, when its time is over.
    func goOn() throws {
        guard let departure, departure.at.duration(to: engine.ambient.now()) < engine.limits.abandoned else {
            throw departure?.error ?? CancellationError()
        }
    }

    /// The answer is whole.
    /// - Throws: why the client left, if it did.
    func finish() throws {
        if let departure { throw departure.error }
    }

    /// To be called once, however it ended.
    func end() {
        if isCounted { engine.abandoned.subtract(1, ordering: .relaxed) }
    }
}
