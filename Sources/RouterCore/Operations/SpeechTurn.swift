/// What one of several speakers says, in their order. Source: OpenRouter API reference, "Create speech", `input`.
public struct SpeechTurn: Sendable {
    public var text: String
    /// A name, or an object with an id; `nil`: that of the request.
    public var voice: JSONValue?
    /// How it is to be said; empty where nothing is said of that.
    public var instructions: String

    /// - Parameter turn: one that was checked.
    init(_ turn: JSONValue) {
        text = turn["text"]?.string ?? ""
        voice = turn["voice"].flatMap { $0.isNull ? nil : $0 }
        instructions = turn["instructions"]?.string ?? ""
    }
}

extension OperationRequest {
    /// What is to be spoken, where it comes in turns; `nil` where it is one text.
    public var speechTurns: [SpeechTurn]? {
        guard let input = root["input"], input.kind == .array else { return nil }
        return input.elements.map { SpeechTurn($0) }
    }
}
