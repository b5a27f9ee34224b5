import RouterCore

/// What of the vendor's answer is shown, and what is kept of it.
struct GeminiAnswerShape: Sendable {
    /// The client does not want to see the reasoning.
    let hidesReasoning: Bool
    /// Keeps signatures of calls for clients that lose them.
    let memory: ThoughtMemory?
}
