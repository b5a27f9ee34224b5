/// What a vendor counted for one answer, in tokens. Totals, never differences: the latest replaces the one before.
public struct Usage: Sendable, Hashable {
    /// All prompt tokens, cached ones included.
    public var prompt = 0
    /// Of the prompt: read from the vendor's cache.
    public var cacheRead = 0
    /// Of the prompt: written to the vendor's cache.
    public var cacheWrite = 0
    /// Of what was written to the cache: kept for an hour, which costs more than the usual five minutes.
    public var cacheWriteHour = 0
    /// Of the prompt: audio.
    public var promptAudio = 0
    /// All answer tokens, reasoning included.
    public var completion = 0
    /// Of the answer: not shown.
    public var reasoning = 0
    /// Of the answer: audio.
    public var completionAudio = 0
    /// Of the answer: taken from a `prediction`.
    public var acceptedPrediction = 0
    /// Made for a `prediction` and thrown away; part of the answer's tokens.
    public var rejectedPrediction = 0

    public init() {}

    public var total: Int { prompt.addingReportingOverflow(completion).partialValue }
}
