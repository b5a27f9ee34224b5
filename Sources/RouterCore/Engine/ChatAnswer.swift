/// An answer that has begun. Forward it once.
public struct ChatAnswer: Sendable {
    /// What is known so far; the end is filled in when it is settled.
    let record: Generation
    /// For people, such as `OpenAI`.
    public let providerName: String
    let attempt: Attempt
    let plan: Plan
    let target: Plan.Target
    let start: ContinuousClock.Instant
    let hold: Hold
    let engine: Engine

    public var id: Generation.ID { record.id }
    /// The slug of the provider that answers.
    public var provider: String { record.provider }
    /// The public id of the model that answers.
    public var model: String { record.model }
    /// Milliseconds since 1970.
    public var createdAt: Int64 { record.createdAt }

    /// Hands over everything as it comes, then settles: complete, failed or cancelled.
    ///
    /// - Parameter write: gets all events that came together. While it is suspended, nothing is read from the vendor.
    /// - Returns: the record, already stored, for the usage of the last chunk.
    /// - Throws: ``UpstreamFailure`` when the vendor broke off; what `write` throws, when the client did. The record is
    ///   stored by then too.
    public func forward(to write: ([ChatEvent]) async throws -> Void) async throws -> Generation {
        var attempt = attempt
        var record = record
        do {
            while let events = try await attempt.next() {
                for case .usage(let usage) in events { record.usage = usage }
                try await write(events)
            }
        } catch {
            attempt.cancel()
            record.outcome = Task.isCancelled || !(error is UpstreamFailure) ? .cancelled : .failed
            await settle(&record)
            throw error
        }
        await settle(&record)
        return record
    }

    private func settle(_ record: inout Generation) async {
        record.elapsed = start.duration(to: engine.ambient.now())
        engine.routing.ended(
            plan, at: target, usage: record.usage, isBroken: record.outcome == .failed,
            duration: record.elapsed - (record.firstContentAfter ?? .zero))
        do throws(StoreError) {
            try await engine.ledger.settle(hold, as: record)
            engine.observer.settled(record)
        } catch {
            engine.observer.settlingFailed(record, with: error)
        }
    }
}
