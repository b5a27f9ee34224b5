/// What a vendor counted for one answer. Totals, never differences: the latest replaces the one before.
public struct Usage: Sendable, Hashable {
    /// All prompt tokens, cached ones included.
    public var prompt = 0
    /// Of the prompt: read from the vendor's cache.
    public var cacheRead = 0
    /// Of the prompt: written to the vendor's cache, for whatever time.
    public var cacheWrite = 0
    /// Of ``cacheWrite``: kept for an hour, which costs more than the usual five minutes.
    public var cacheWriteHour = 0
    /// Of the prompt: audio.
    public var promptAudio = 0
    /// Of ``cacheRead`` and of ``promptAudio``: audio that was read from the vendor's cache.
    public var cacheReadAudio = 0
    /// Of the prompt: images.
    public var promptImage = 0
    /// All answer tokens, reasoning included.
    public var completion = 0
    /// Of the answer: not shown.
    public var reasoning = 0
    /// Of the answer: audio.
    public var completionAudio = 0
    /// Of the answer: images.
    public var completionImage = 0
    /// Of the answer: taken from a `prediction`.
    public var acceptedPrediction = 0
    /// Made for a `prediction` and thrown away; part of the answer's tokens.
    public var rejectedPrediction = 0
    /// Images in the prompt, where a vendor charges for each.
    public var imagesIn = 0
    /// Images that were made.
    public var images = 0
    /// Their size, such as `1024x1024`, and quality, such as `high`, where prices go by them.
    public var imageSize: String?
    public var imageQuality: String?
    /// Thousandths of seconds of audio in the prompt, where a vendor charges by the second.
    public var audioMilliseconds = 0
    /// Thousandths of seconds of audio in the answer.
    public var audioOutputMilliseconds = 0
    /// Characters that were spoken.
    public var characters = 0
    /// Searches of the web.
    public var webSearches = 0
    /// The service tier that the vendor served it at, such as `flex`; `nil` for the ordinary one.
    public var serviceTier: String?

    public init() {}

    public var total: Int { prompt.addingReportingOverflow(completion).partialValue }
}
