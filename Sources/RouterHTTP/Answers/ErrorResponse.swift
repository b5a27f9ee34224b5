import RouterCore

/// How an error looks as an HTTP answer: the only place that decides it, for every route and every way to fail.
struct ErrorResponse: Sendable {
    var status: Int
    var headers: ResponseHeaders
    var body: [UInt8]

    /// - Parameter headers: what the answer would have had anyway.
    init(_ error: APIError, headers: ResponseHeaders) {
        status = error.kind.status
        body = error.body
        self.headers = headers
        self.headers.add(error)
        self.headers.add("content-type", "application/json")
    }
}
