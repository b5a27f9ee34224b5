import HTTPTypes
import Hummingbird
import RouterCore

/// The outermost middleware: gives each answer its ids and turns whatever is thrown into the API's error form.
struct AnswerErrors: RouterMiddleware {
    let ambient: Ambient

    @concurrent func handle(
        _ request: Request, context: RouterContext, next: @concurrent (Request, RouterContext) async throws -> Response
    ) async throws -> Response {
        let origin = request.uri.path.hasPrefix("/api/v1") ? request.headers[.origin] : nil
        var headers = ResponseHeaders(requestID: "req-\(ambient.letters(20))", origin: origin)
        do {
            var response = try await next(request, context)
            if let verdict = context.limitHeaders.value { headers.add(verdict) }
            response.headers.append(headers)
            return response
        } catch {
            if let verdict = context.limitHeaders.value { headers.add(verdict) }
            let answer = ErrorResponse(Self.apiError(error, for: request), headers: headers)
            var fields = HTTPFields()
            fields.append(answer.headers)
            if let allowed = (error as? WrongMethod)?.allowed { fields[.allow] = allowed }
            return Response(
                status: .init(code: answer.status), headers: fields,
                body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
    }

    private static func apiError(_ error: any Error, for request: Request) -> APIError {
        switch error {
        case let error as APIError: error
        case let error as WrongMethod:
            APIError(
                .methodNotAllowed,
                "\(request.uri.path) does not take \(request.method.rawValue), only \(error.allowed).")
        case let error as any HTTPResponseError where error.status == .notFound:
            APIError(.notFound, "There is no \(request.method.rawValue) \(request.uri.path.prefix(200)).")
        case let error as any HTTPResponseError where error.status.kind == .clientError:
            APIError(.invalidRequest, "The request cannot be read.")
        default:
            APIError(.internalError, "Something went wrong here. Report it with the X-Request-Id.", detail: "\(error)")
        }
    }
}

/// A path that is there, asked with a method that it does not take.
struct WrongMethod: Error {
    /// Such as `GET, HEAD`.
    var allowed: String
}

extension HTTPFields {
    mutating func append(_ headers: ResponseHeaders) {
        for field in headers.fields {
            if let name = HTTPField.Name(field.name) { append(HTTPField(name: name, value: field.value)) }
        }
    }
}
