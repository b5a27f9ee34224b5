/// An answer that has begun, to chat or to any other request. Forward it once.
public struct ChatAnswer: Sendable {
    /// What is known so far; the end is filled in when it is settled.
    let record: Generation
    let attempt: Attempt
    let plan: Plan
    let target: Plan.Target
    /// Before anything came.
    let tally: any AnswerTally
    let start: ContinuousClock.Instant
    let engine: Engine

    public var id: Generation.ID { record.id }
    /// The slug of the provider that answers.
    public var provider: String { record.provider }
    /// For people, such as `OpenAI`.
    public var providerName: String { record.providerName }
    /// The public id of the model that answers.
    public var model: String { record.model }
    /// How the answer to an ``Operation`` goes out.
    public var form: AnswerForm { attempt.form }
    /// Milliseconds since 1970.
    public var createdAt: Int64 { record.createdAt }

    /// Hands over everything as it comes, then settles: complete, failed or cancelled.
    ///
    /// A stream whose cost reaches the end of the credit ends with the finish reason `length` and the vendor's word
    /// `insufficient_credits`.
    ///
    /// The answer of a provider that charges it whole is read to its end also when the client has left, within
    /// ``Engine/Limits/abandoned``, so that what is charged is what it cost.
    ///
    /// - Parameter write: gets all events that came together. While it is suspended, nothing is read from the vendor.
    /// - Returns: the record, already stored, for the usage of the last chunk.
    /// - Throws: ``UpstreamFailure`` when the vendor broke off; what `write` throws, when the client did. The record is
    ///   stored by then too. ``APIError`` when the record of a complete answer cannot be stored, and when the credit ends in
    /// the middle of one that cannot say so itself.
    public func forward(to write: ([ChatEvent]) async throws -> Void) async throws -> Generation {
        var attempt = attempt
        var progress = tally
        var shortage: APIError?
        var reader = AbandonedReader(engine: engine, provider: attempt.endpoint.provider)
        defer { reader.end() }
        do {
            while let events = try await attempt.next() {
                progress.note(events)
                if reader.hasBegun {
                    try reader.goOn()
                } else {
                    do {
                        try reader.checkClient()
                        try await write(events)
                    } catch {
                        try reader.begin(instead: error)
                    }
                }
                guard await progress.isPaid(by: engine.ledger) else {
                    attempt.cancel()
                    shortage = progress.shortage
                    let end = progress.endOfCredit
                    progress.note(end)
                    if !reader.hasBegun { try await write(end) }
                    break
                }
            }
            try reader.finish()
        } catch {
            attempt.cancel()
            let hasLeft = reader.hasBegun || Task.isCancelled || !(error is UpstreamFailure)
            let end: Bill.End =
                hasLeft ? .cancelled : (error as? UpstreamFailure)?.kind == .failed ? .vendorFailed : .brokenOff
            var record = record
            if let failure = error as? UpstreamFailure, !hasLeft {
                var failure = failure
                failure.provider = record.provider
                record.failedAttempts.append(failure)
            }
            _ = await settle(record, progress, outcome: hasLeft ? .cancelled : .failed, end: end)
            throw error
        }
        // What says itself that it ends early is complete; what is cut off is not.
        guard
            let settled = await settle(
                record, progress, outcome: shortage == nil ? .completed : .failed, end: .completed)
        else {
            throw APIError(creditUnknown: "a charge could not be stored")
        }
        if let shortage { throw shortage }
        return settled
    }

    private func settle(
        _ record: Generation, _ progress: any AnswerTally, outcome: Generation.Outcome, end: Bill.End
    ) async -> Generation? {
        var record = record
        record.outcome = outcome
        record.finishReason = progress.finishReason
        let cutOff = outcome == .failed ? record.failedAttempts.last?.finishReason : nil
        record.nativeFinishReason = progress.nativeFinishReason ?? cutOff
        record.charge(progress.bill(end), at: progress.prices)
        let elapsed = start.duration(to: engine.ambient.now())
        engine.routing.ended(
            plan, at: target, usage: record.usage, isBroken: outcome == .failed && end != .completed,
            duration: elapsed - (record.firstContentAfter ?? .zero))
        return await engine.settle(record, hold: await progress.endedHold(), start: start)
    }
}
