import RouterCore

/// Reads why the vendor failed: from its status and error body, or from an error inside an answer.
///
/// Source: Google API design guide, "Errors"; Gemini API guide, "Troubleshooting".
enum GeminiFailure {
    /// More than this is not believed, and shortened.
    private static let secondsMax = 86_400.0

    /// Reads a response whose status is not 2xx.
    static func reading(_ head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        var failure = OpenAIFailure.reading(head, body: body)
        if let root = (try? JSONDocument(answer: body))?.root { refine(&failure, root) }
        return failure
    }

    /// Reads an error that came although the status was 2xx.
    static func inAnswer(_ root: JSONValue) -> UpstreamFailure {
        var failure = OpenAIFailure.inAnswer(root)
        refine(&failure, root)
        return failure
    }

    /// Takes what only this vendor's `details` say.
    private static func refine(_ failure: inout UpstreamFailure, _ root: JSONValue) {
        let root = root.elements.first { _ in true } ?? root
        guard let details = root["error"]?["details"] else { return }
        for detail in details.elements {
            // A wrong key is answered with 400, as if the request were wrong.
            if detail["reason"]?.equals("API_KEY_INVALID") == true { failure.kind = .unauthorized }
            if let delay = detail["retryDelay"]?.nonEmptyString, delay.last == "s",
                let seconds = Double(delay.dropLast()), seconds.isFinite, seconds >= 0
            {
                failure.retryAfter = .seconds(Int64(min(seconds, secondsMax).rounded(.up)))
            }
        }
    }
}
