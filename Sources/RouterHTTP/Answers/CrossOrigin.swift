/// What browsers may do from other sites with the API: everything a key allows, and nothing by cookie.
enum CrossOrigin {
    static let exposedHeaders =
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, retry-after-ms, X-Request-Id, X-Generation-Id"
    static let methods = "GET, POST, PATCH, DELETE"
    /// Seconds for which a browser need not ask again.
    static let maxAge = "86400"
}
