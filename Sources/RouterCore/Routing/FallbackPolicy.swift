/// Where a request goes on that failed at one endpoint. Nothing below the engine tries again by itself.
enum FallbackPolicy {
    enum Step: Sendable, Hashable {
        /// The same endpoint at once: the failure was one of our key's, and there is another.
        case again
        case nextEndpoint
        /// No endpoint of this model would take it, but another model may that the client named.
        case nextModel
        case giveUp
    }

    static func step(after failure: UpstreamFailure) -> Step {
        switch failure.kind {
        case .cancelled: .giveUp
        case .refused: .nextModel
        case .unauthorized, .rateLimited: failure.hasOtherKey ? .again : .nextEndpoint
        case .unsupported, .notFound, .overloaded, .failed, .broken, .timedOut, .unreachable: .nextEndpoint
        }
    }
}
