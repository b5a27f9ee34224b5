import RouterCore

/// Header fields of one response, in order.
struct ResponseHeaders: Sendable, Hashable {
    private(set) var fields: [(name: String, value: String)] = []

    static func == (one: ResponseHeaders, other: ResponseHeaders) -> Bool {
        one.fields.elementsEqual(other.fields, by: ==)
    }
    func hash(into hasher: inout Hasher) {
        for field in fields { hasher.combine(field.value) }
    }

    mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    /// Whether the body is server-sent events.
    var isEventStream: Bool {
        fields.contains { $0.name == "content-type" && $0.value.hasPrefix("text/event-stream") }
    }

    /// What a stream of server-sent events has, whoever stands between here and the client.
    mutating func addEventStream() {
        add("content-type", "text/event-stream; charset=utf-8")
        add("cache-control", "no-cache")
        add("x-accel-buffering", "no")
    }

    /// What every answer of the API has.
    ///
    /// - Parameters:
    ///   - requestID: ours, for the client's report and our log.
    ///   - origin: the page that asks, when a browser does: it is let in, without credentials.
    init(requestID: String, origin: String?) {
        fields.reserveCapacity(12)
        add("x-request-id", requestID)
        if origin != nil {
            add("access-control-allow-origin", "*")
            add("access-control-expose-headers", CrossOrigin.exposedHeaders)
        }
    }

    /// The limit as it stands after this request.
    mutating func add(_ verdict: RateLimiter.Verdict) {
        add("x-ratelimit-limit", String(verdict.limit))
        add("x-ratelimit-remaining", String(verdict.remaining))
        add("x-ratelimit-reset", String(verdict.resetAt))
    }

    /// What an error says besides its body: how long to wait, and whether it is worth it.
    mutating func add(_ error: APIError) {
        if error.kind == .authentication { add("www-authenticate", "Bearer") }
        if error.kind == .rateLimited || error.retryAfter != nil {
            let wait = (error.retryAfter ?? .seconds(1)).wholeMilliseconds
            add("retry-after", String(min(60, max(1, (wait + 999) / 1000))))
            add("retry-after-ms", String(min(60_000, max(1, wait))))
        }
        if error.kind == .paymentRequired { add("x-should-retry", "false") }
    }
}

extension Duration {
    /// Rounded down; bounded to what fits.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, Int64.max / 2000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
