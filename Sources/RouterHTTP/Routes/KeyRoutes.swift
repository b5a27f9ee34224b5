import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /api/v1/key`: what the key that asks may do. Counts as a request.
struct KeyRoutes: Sendable {
    let gate: Gate

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/api/v1/key") { request, context in
            let admission = try await gate.admit(request.header(called:), for: .reading)
            context.limitHeaders.set(admission.verdict)
            if let refusal = admission.refusal { throw refusal }
            return .json(KeyRecord.current(admission.key))
        }
    }
}
