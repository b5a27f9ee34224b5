public import Logging
public import RouterCore

/// Tells the operator what goes wrong behind the answers. The answers themselves are logged by the routes.
public struct EngineLog: EngineObserver {
    private let logger: Logger

    public init(_ logger: Logger) { self.logger = logger }

    public func attemptFailed(_ failure: UpstreamFailure, of generation: Generation.ID, after elapsed: Duration) {
        // A request that the vendor finds wrong is its client's affair.
        let level: Logger.Level =
            switch failure.kind {
            case .refused, .unsupported, .cancelled: .debug
            case .unauthorized, .notFound: .error
            default: .warning
            }
        logger.log(
            level: level, "attempt failed",
            metadata: [
                "generation": .string(generation.rawValue), "provider": .string(failure.provider ?? ""),
                "kind": .string("\(failure.kind)"), "status": .string(failure.status.map(String.init) ?? ""),
                "reason": .string(String(failure.message.prefix(300))),
                "ms": .stringConvertible(Int(elapsed.wholeMilliseconds)),
            ])
    }

    public func settled(_ generation: Generation) {}

    public func settlingFailed(_ generation: Generation, with error: StoreError) {
        logger.error(
            "record not stored",
            metadata: ["generation": .string(generation.id.rawValue), "reason": .string(error.description)])
    }
}
