import RouterCore

/// Reads why the vendor failed: from its status and error body, or from an error inside an answer.
///
/// Source: Anthropic API reference, "Errors" and "Rate limits".
enum AnthropicFailure {
    private static let limits = ["requests", "tokens", "input-tokens", "output-tokens"]

    /// Reads a response whose status is not 2xx.
    ///
    /// - Parameter body: JSON, HTML from the vendor's edge or nothing; possibly cut off.
    static func reading(_ head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        var failure = OpenAIFailure.reading(head, body: body)
        // The vendor says this of our account with a status that blames the request.
        if failure.kind == .refused, failure.message.contains("credit balance is too low") {
            failure.kind = .unauthorized
        }
        if failure.kind == .rateLimited, failure.retryAfter == nil { failure.retryAfter = wait(head) }
        return failure
    }

    /// How long until the limits that are used up count anew, where the vendor did not say it in a word.
    private static func wait(_ head: UpstreamHead) -> Duration? {
        limits.filter { head["anthropic-ratelimit-\($0)-remaining"] == "0" }
            .compactMap { head["anthropic-ratelimit-\($0)-reset"].flatMap { RetryAfter.duration(until: $0, head) } }
            .max()
    }

    /// Reads an error that came although the status was 2xx.
    static func inAnswer(_ root: JSONValue) -> UpstreamFailure {
        let error = root["error"]
        let kind: UpstreamFailure.Kind =
            switch error?["type"]?.string {
            case "overloaded_error", "timeout_error": .overloaded
            case "rate_limit_error": .rateLimited
            case "invalid_request_error", "request_too_large": .refused
            case "authentication_error", "billing_error", "permission_error": .unauthorized
            case "not_found_error": .notFound
            default: .failed
            }
        return UpstreamFailure(
            kind,
            error?["message"]?.nonEmptyString.flatMap(VendorMessage.shown)
                ?? "The provider failed while it was answering.")
    }
}
