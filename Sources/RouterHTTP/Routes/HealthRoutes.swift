import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /healthz`: the process lives. `GET /readyz`: it can serve.
struct HealthRoutes: Sendable {
    /// Why no requests should be sent here now; `nil` when all is well.
    let readiness: @Sendable () async -> String?

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/healthz") { _, _ in .json(#"{"status":"ok"}"#) }
        router.read("/readyz") { _, _ in
            guard let reason = await readiness() else { return .json(#"{"status":"ok"}"#) }
            throw APIError(.unavailable, "Not ready: \(reason)", retryAfter: .seconds(1))
        }
        router.read("/") { _, _ in
            .json(#"{"name":"routerd","api":"/api/v1","models":"/api/v1/models","health":"/healthz"}"#)
        }
    }
}

extension Response {
    static func json(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
