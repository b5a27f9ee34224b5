import RouterCore

/// All routes at which models are asked.
final class InferenceRoutes: Sendable {
    private let chat: ChatRoute
    private let operations: OperationRoute

    init(chat: ChatRoute, operations: OperationRoute) {
        self.chat = chat
        self.operations = operations
    }

    var ambient: Ambient { chat.ambient }

    /// Answers one request, whatever comes: an answer, a stream or an error, and always an end.
    func respond(to request: FrontRequest, through response: any FrontResponse) async {
        switch request.path {
        case .chat: await chat.respond(to: request, through: response)
        case .operation(let operation): await operations.respond(to: request, for: operation, through: response)
        }
    }
}
