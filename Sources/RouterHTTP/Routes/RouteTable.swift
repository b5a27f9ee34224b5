import HTTPTypes
import Hummingbird

extension RouterMethods where Context == RouterContext {
    /// Answers `GET` (and by itself `HEAD`) at `path`, and says so to whoever comes with another method.
    func read(
        _ path: RouterPath, use handler: @escaping @Sendable (Request, RouterContext) async throws -> Response
    ) {
        get(path, use: handler)
        refuse([.post, .put, .patch, .delete], at: path, allowed: "GET, HEAD")
    }

    /// Refuses `methods` at a path that is there.
    func refuse(_ methods: [HTTPRequest.Method], at path: RouterPath, allowed: String) {
        for method in methods {
            on(path, method: method) { _, _ -> Response in throw WrongMethod(allowed: allowed) }
        }
    }
}

extension Request {
    /// A header field by its lower-case name.
    func header(called name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
