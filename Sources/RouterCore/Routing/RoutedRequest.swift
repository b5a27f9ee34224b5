/// What routing and the engine must know of a request, whatever it asks for.
public protocol RoutedRequest: Sendable {
    /// The members that the client sent; `provider` and `models` are read by routing.
    var root: JSONValue { get }
    /// The model asked for, such as `openai/gpt-5.4`.
    var model: String { get }
    /// Whether the answer goes out piece by piece.
    var stream: Bool { get }
}

extension ChatRequest: RoutedRequest {}
