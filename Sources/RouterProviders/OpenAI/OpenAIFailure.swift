import RouterCore

/// Reads why a vendor of the OpenAI family failed: from its status and error body, or from an error inside an answer.
enum OpenAIFailure {
    /// Reads a response whose status is not 2xx.
    ///
    /// - Parameter body: JSON in any of the shapes that vendors use, plain text, HTML or nothing; possibly cut off.
    static func reading(_ head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        let root = (try? JSONDocument(answer: body))?.root
        let error = root.map(errorObject)
        let message = root.flatMap(message) ?? plainText(head, body: body)
        return UpstreamFailure(
            kind(status: head.status, error: error, message: message),
            message.flatMap(VendorMessage.shown) ?? generic(head.status),
            parameter: error?["param"]?.nonEmptyString.map { String($0.prefix(200)) },
            status: head.status, retryAfter: RetryAfter.duration(of: head))
    }

    /// Reads an answer that turned out to be an error although its status was 2xx.
    static func inAnswer(_ root: JSONValue) -> UpstreamFailure {
        let error = errorObject(root)
        let message = message(root)
        let code = error["code"]?.integer
        let kind: UpstreamFailure.Kind =
            if let code, (400..<600).contains(code) {
                kind(status: code, error: error, message: message)
            } else if hasWord("rate_limit_exceeded", error) || hasWord("insufficient_quota", error) {
                .rateLimited
            } else if hasWord("invalid_request_error", error) {
                kind(status: 400, error: error, message: message)
            } else {
                .failed
            }
        return UpstreamFailure(
            kind, message.flatMap(VendorMessage.shown) ?? "The provider failed while it was answering.",
            parameter: error["param"]?.nonEmptyString.map { String($0.prefix(200)) })
    }

    private static func hasWord(_ word: StaticString, _ error: JSONValue) -> Bool {
        error["type"]?.equals(word) == true || error["code"]?.equals(word) == true
    }

    /// Source: `docs/vendors.md`, "Failures".
    private static func kind(status: Int, error: JSONValue?, message: String?) -> UpstreamFailure.Kind {
        switch status {
        case 401, 402, 403: .unauthorized
        // Some vendors answer a wrong key with 400, as if the request were wrong.
        case 400
        where error?["code"]?.equals("invalid_api_key") == true || message?.hasPrefix("Incorrect API key") == true:
            .unauthorized
        case 400, 413, 415, 422: .refused
        case 404, 410: .notFound
        case 429: .rateLimited
        case 408, 502, 503, 504, 529: .overloaded
        default: .failed
        }
    }

    /// The object with `message`, `code` and `param`: `error` inside the body, or the body itself.
    private static func errorObject(_ root: JSONValue) -> JSONValue {
        let root = root.elements.first { _ in true } ?? root  // Google wraps an error in a list.
        guard let error = root["error"], error.kind == .object else { return root }
        return error
    }

    /// The vendor's words, wherever in the body they are.
    private static func message(_ root: JSONValue) -> String? {
        let root = root.elements.first { _ in true } ?? root
        if let error = root["error"]?.nonEmptyString { return error }
        let error = errorObject(root)
        if let message = error["message"]?.nonEmptyString { return message }
        return detail(error["message"]?["detail"] ?? error["detail"] ?? root["detail"])
    }

    /// `detail` as a string, or as a list of `{loc, msg}`: `body.temperature: Input should be …; …`.
    private static func detail(_ detail: JSONValue?) -> String? {
        guard let detail else { return nil }
        if let text = detail.nonEmptyString { return text }
        let faults = detail.elements.prefix(5).compactMap { fault -> String? in
            guard let message = fault["msg"]?.nonEmptyString else { return nil }
            let place = fault["loc"]?.elements.map { $0.string ?? String(decoding: $0.text, as: UTF8.self) } ?? []
            return place.isEmpty ? message : "\(place.joined(separator: ".")): \(message)"
        }
        return faults.isEmpty ? nil : faults.joined(separator: "; ")
    }

    /// A body that the vendor itself calls plain text, when it is no longer than a sentence or two.
    private static func plainText(_ head: UpstreamHead, body: [UInt8]) -> String? {
        guard body.count <= 500, head["content-type"]?.lowercased().hasPrefix("text/plain") == true else { return nil }
        return String(decoding: body, as: UTF8.self)
    }

    /// What is said when the vendor said nothing that can be shown.
    private static func generic(_ status: Int) -> String {
        switch status {
        case 429: "The provider has too many requests now."
        case 300..<400: "The provider answered with a redirect, which is not followed."
        case 400..<500: "The provider refused the request (HTTP \(status))."
        case 502, 503, 504, 529: "The provider is not available now (HTTP \(status))."
        default: "The provider failed (HTTP \(status))."
        }
    }
}
