import RouterCore

extension Usage {
    /// More tokens than any one answer has: a count above it is taken for nonsense.
    static let tokensMax = 1_000_000_000

    /// Reads the `usage` object of an answer; `nil` when it says neither of the two totals.
    ///
    /// A count that is negative, not whole or absurdly high counts as not said. Whether the parts go together is the
    /// vendor's business: a cache may count more than the prompt.
    init?(openAI usage: JSONValue) {
        self.init()
        let said = (prompt: Self.count(usage["prompt_tokens"]), completion: Self.count(usage["completion_tokens"]))
        guard said.prompt != nil || said.completion != nil else { return nil }
        prompt = said.prompt ?? 0
        completion = said.completion ?? 0
        if let details = usage["prompt_tokens_details"] {
            cacheRead = Self.count(details["cached_tokens"]) ?? 0
            cacheWrite = Self.count(details["cache_write_tokens"]) ?? 0
            promptAudio = Self.count(details["audio_tokens"]) ?? 0
            promptImage = Self.count(details["image_tokens"]) ?? 0
        }
        // DeepSeek's own name for it.
        if cacheRead == 0 { cacheRead = Self.count(usage["prompt_cache_hit_tokens"]) ?? 0 }
        // Mistral counts sound in seconds.
        audioMilliseconds = (Self.count(usage["prompt_audio_seconds"]) ?? 0) * 1000
        if let details = usage["completion_tokens_details"] {
            reasoning = Self.count(details["reasoning_tokens"]) ?? 0
            completionAudio = Self.count(details["audio_tokens"]) ?? 0
            completionImage = Self.count(details["image_tokens"]) ?? 0
            acceptedPrediction = Self.count(details["accepted_prediction_tokens"]) ?? 0
            rejectedPrediction = Self.count(details["rejected_prediction_tokens"]) ?? 0
        }
        // xAI counts reasoning beside the completion, which only its total shows. Each is a billion at most.
        if reasoning > 0, Self.count(usage["total_tokens"]) == prompt + completion + reasoning {
            completion += reasoning
        }
    }

    /// The tier that an answer was served at, as price lists call it, such as `flex`; `nil` for the ordinary one.
    ///
    /// - Parameter word: the vendor's, in whatever case; OpenAI's `fast` is another word for `priority`.
    static func serviceTier(_ word: JSONValue?) -> String? {
        guard let word = word?.nonEmptyString?.lowercased(), word.utf8.count <= tierLengthMax else { return nil }
        switch word {
        case "default", "auto", "standard", "unspecified", "on_demand": return nil
        case "fast": return "priority"
        default: return word
        }
    }

    /// Longer words are taken for nonsense.
    private static let tierLengthMax = 40

    static func count(_ value: JSONValue?) -> Int? {
        guard let value else { return nil }
        let count = value.integer ?? value.double.flatMap { Int(exactly: $0) }
        return count.flatMap { (0...tokensMax).contains($0) ? $0 : nil }
    }
}
