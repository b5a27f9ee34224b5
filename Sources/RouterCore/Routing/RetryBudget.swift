/// How many second tries one provider may be given: a tenth of its requests, so that a bad minute does not become a storm.
///
/// A try that succeeds costs nothing: its token comes back. Source of the figures: `docs/routing.md`.
struct RetryBudget: Sendable, Hashable {
    /// In tenths of a try.
    private var tokens = tokensMax
    private var underWay = 0

    private static let tokensMax = 1000
    private static let tokensPerRequest = 1
    private static let tokensPerTry = 10
    /// Second tries that may be under way at once whatever the budget is.
    private static let floor = 3

    /// A request was sent there first.
    mutating func earn() { tokens = min(Self.tokensMax, tokens + Self.tokensPerRequest) }

    /// A second try is to be sent there.
    /// - Returns: false when the budget is used up.
    mutating func take() -> Bool {
        guard tokens >= Self.tokensPerTry || underWay < Self.floor else { return false }
        tokens = max(0, tokens - Self.tokensPerTry)
        underWay += 1
        return true
    }

    /// A second try has ended.
    mutating func end(hasSucceeded: Bool) {
        underWay = max(0, underWay - 1)
        if hasSucceeded { tokens = min(Self.tokensMax, tokens + Self.tokensPerTry) }
    }
}
