public import RouterCore

/// What is known of one request when it has ended. Never a key, a prompt or an answer.
public struct RequestRecord: Sendable {
    /// `X-Request-Id` of the answer.
    public var request: String
    /// Such as `chat`.
    public var route: String
    /// The HTTP status; 499 when the client left before there was one.
    public var status = 0
    /// The id of the API key; empty when none was shown or it is wrong.
    public var key = ""
    /// For the operator: why it failed.
    public var detail: String?
    /// What was answered, when it was.
    public var generation: Generation?
    public var elapsed = Duration.zero
}

/// Is told of each request at its end: one line of a log, a count. Must be quick and may not fail.
public protocol RequestRecorder: Sendable {
    func record(_ record: RequestRecord)
}
