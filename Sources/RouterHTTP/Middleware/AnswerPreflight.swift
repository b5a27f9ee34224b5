import HTTPTypes
import Hummingbird

/// Answers a browser that asks whether a page may call the API: it may send whatever header it names.
///
/// The names are echoed, since SDKs add new ones with each version and a fixed list breaks them.
struct AnswerPreflight: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: RouterContext, next: @concurrent (Request, RouterContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, request.uri.path.hasPrefix("/api/v1"),
            let requested = HTTPField.Name("access-control-request-headers"),
            let allowHeaders = HTTPField.Name("access-control-allow-headers"),
            let allowMethods = HTTPField.Name("access-control-allow-methods"),
            let maxAge = HTTPField.Name("access-control-max-age")
        else { return try await next(request, context) }
        var headers = HTTPFields()
        headers[allowMethods] = CrossOrigin.methods
        headers[allowHeaders] = request.headers[requested] ?? "authorization, content-type"
        headers[maxAge] = CrossOrigin.maxAge
        headers[.vary] = "Access-Control-Request-Headers"
        return Response(status: .noContent, headers: headers)
    }
}
