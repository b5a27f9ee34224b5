public import RouterCore
import Synchronization

/// Says of each new answer whether there is room for it; whoever watches the process sets how much there is.
public final class LoadGate: Sendable {
    private let level = Atomic<Int>(LoadPolicy.Level.nothing.rawValue)

    public init() {}

    public func set(_ level: LoadPolicy.Level) { self.level.store(level.rawValue, ordering: .relaxed) }

    /// Why a new answer is refused; `nil` when there is room.
    ///
    /// - Parameters:
    ///   - isStreamed: it goes out piece by piece.
    ///   - chance: 64 random bits, so that clients do not come back all at once: after one to five seconds.
    func refusal(isStreamed: Bool, chance: UInt64) -> APIError? {
        let now = level.load(ordering: .relaxed)
        guard now > (isStreamed ? LoadPolicy.Level.wholeAnswers : .nothing).rawValue else { return nil }
        return APIError(
            .unavailable, "This server is full: no new answers are begun for the moment. Try again.",
            retryAfter: .milliseconds(1000 + Int64(chance % 4000)))
    }
}
