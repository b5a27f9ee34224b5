/// Work that a vendor does for a part of an answer: it is asked for, asked about until it is done, and fetched; or it is
/// what one request of several is answered with.
///
/// A state machine without I/O: ``TaskExchange`` does what it says.
public protocol UpstreamTask: Sendable {
    /// What to do next.
    ///
    /// - Parameter outcome: of the step before; `nil` at the beginning.
    /// - Throws: ``UpstreamFailure`` when the vendor failed, or what it said cannot be.
    mutating func next(after outcome: TaskOutcome?) throws(UpstreamFailure) -> TaskStep
}

/// One thing to do for a task.
public enum TaskStep: Sendable, Hashable {
    /// Send this with the provider's key.
    ///
    /// - Parameters:
    ///   - origin: such as `https://api.eu4.bfl.ai`; `nil`: below the provider's base URL.
    ///   - answerBytesMax: more is no answer.
    case send(UpstreamRequest, origin: String?, answerBytesMax: Int = 1 << 20)
    case wait(Duration)
    /// Fetch what stands at an address, without a key.
    case fetch(ResultAddress)
    /// The vendor refused: its answer is read as that of any request.
    case refused(UpstreamHead, body: [UInt8])
    /// The task's part of the answer, a value in JSON.
    case done([UInt8])
}

/// What came of a ``TaskStep``.
public enum TaskOutcome: Sendable, Hashable {
    case answer(UpstreamHead, body: [UInt8])
    /// No whole answer came.
    case lost(UpstreamFailure)
    case waited
    case fetched(FetchedMedia)
}
