extension APIError {
    /// The credit does not reach for a file, as is known when it is whole.
    public static func creditShort(forSecondsOf length: AudioLength) -> APIError {
        APIError(
            .paymentRequired,
            "Insufficient credits for a sound of \(length.atMost / 1000) seconds. Please add funds to your account.")
    }

    /// The credit does not reach for more of an answer.
    static var creditSpent: APIError {
        APIError(
            .paymentRequired, "Insufficient credits for the rest of this answer. Please add funds to your account.")
    }

    /// The credit does not reach.
    ///
    /// - Parameters:
    ///   - expected: tokens of answer that were to be set aside.
    ///   - afforded: tokens of answer that what is there pays for; negative when the prompt alone costs more.
    init(_ shortage: LeaseShortage, of estimate: HoldEstimate, expected: Int, afforded: Int) {
        switch shortage.reason {
        case .suspended:
            self.init(.permissionDenied, "This account is suspended. Ask whoever runs this server.")
        case .keyLimit(let reset):
            let period = reset?.rawValue ?? "total"
            self.init(
                .paymentRequired,
                "Key limit exceeded (\(period) limit). Raise the limit of this key, or use another.")
        case .balance where shortage.available <= 0:
            self.init(.paymentRequired, "Insufficient credits. Please add funds to your account.")
        case .balance where estimate.outputTokensAllowed != nil && afforded > 0:
            self.init(
                .paymentRequired,
                """
                This request requires more credits, or fewer max_tokens. You requested up to \(expected) tokens, \
                but can only afford \(afforded).
                """, parameter: "max_tokens")
        case .balance:
            self.init(
                .paymentRequired,
                "Insufficient credits: this request may cost more than is left. Please add funds to your account.")
        }
    }

    /// Nobody can tell whether the credit reaches.
    public init(creditUnknown reason: String) {
        self.init(
            .unavailable, "Credit cannot be checked now. Try again.", detail: reason, retryAfter: .seconds(1))
    }
}
