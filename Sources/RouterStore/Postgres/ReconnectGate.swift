import RouterCore

/// Decides when a database that could not be reached is tried again: soon at first, once a second in the end.
///
/// While it waits, whoever asks is told at once what the last attempt said, instead of waiting for it to fail again.
/// Pure: the time is given.
struct ReconnectGate: Sendable {
    private var failure: StoreError?
    private var wait = Self.waitMin
    private var nextTry = ContinuousClock.now

    static let waitMin: Duration = .milliseconds(50)
    static let waitMax: Duration = .seconds(1)

    /// What to answer instead of trying; `nil`: try, and say how it went. After a failure only one at a time is let
    /// through.
    mutating func refusal(at now: ContinuousClock.Instant) -> StoreError? {
        guard let failure else { return nil }
        guard now >= nextTry else { return failure }
        nextTry = now + wait
        return nil
    }

    mutating func failed(_ error: StoreError, at now: ContinuousClock.Instant) {
        if failure != nil { wait = min(wait * 2, Self.waitMax) }
        failure = error
        nextTry = now + wait
    }

    mutating func succeeded() {
        failure = nil
        wait = Self.waitMin
    }
}
