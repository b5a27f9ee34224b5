import TestSupport

/// A server that has one model, at one engine of the operator's own.
enum OneEngine {
    /// - Parameters:
    ///   - price: of a token, in dollars.
    ///   - more: members before the providers, each on a line.
    static func configuration(
        at engine: LoopbackServer, model: String = "airouter-cloud/test", price: String = "0.01",
        more: String = "discover: false\n"
    ) -> String {
        """
        \(more)providers:
          - { slug: engine, kind: openai_compatible, base_url: "\(engine.baseURL)/v1", class: local }
        models:
          - id: \(model)
            context_length: 8192
            endpoints: [{ provider: engine, model: upstream-name }]
            pricing: { prompt: "\(price)", completion: "\(price)" }
        """
    }

    /// A whole answer: three tokens of prompt, one of answer.
    static let answer = Step.answer(
        headers: ["content-type": "application/json"],
        body:
            #"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
    )
}
