import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /metrics`: what Prometheus reads. For management keys of the operator's own account; counts as a request.
struct MetricsRoute: Sendable {
    let gate: Gate
    let metrics: @Sendable () -> [Metric]

    private static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/metrics") { request, context in
            let key = try await gate.key(of: request, context, for: .management)
            guard key.account == .first else {
                throw APIError(
                    .permissionDenied, "The numbers of this server are for management keys of the operator's account.")
            }
            return Response(
                status: .ok, headers: [.contentType: Self.contentType],
                body: .init(byteBuffer: ByteBuffer(string: metrics().map(\.text).joined())))
        }
    }
}
