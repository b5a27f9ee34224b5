/// Whether a request that failed at one endpoint is tried at the next. Nothing below the engine tries again by itself.
enum FallbackPolicy {
    static func triesNext(after failure: UpstreamFailure) -> Bool {
        switch failure.kind {
        case .refused, .cancelled: false
        case .unsupported, .unauthorized, .notFound, .rateLimited, .overloaded, .failed, .broken, .timedOut,
            .unreachable:
            true
        }
    }
}
