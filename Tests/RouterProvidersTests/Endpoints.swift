import RouterCore

/// What the models of the worked examples are called upstream, and what is known of them.
enum Endpoints {
    struct Unknown: Error { var model: String }

    static let openAI = Provider(
        slug: "openai", name: "OpenAI", dialect: .openAI, baseURL: "https://api.openai.com/v1")
    static let engine = Provider(
        slug: "airouter-cloud", name: "Engine", dialect: .openAICompatible, baseURL: "http://127.0.0.1:8000/v1",
        location: .local)

    static let anthropic = Provider(
        slug: "anthropic", name: "Anthropic", dialect: .anthropic, baseURL: "https://api.anthropic.com")

    static let gemini = Provider(
        slug: "google", name: "Google", dialect: .gemini,
        baseURL: "https://generativelanguage.googleapis.com/v1beta")
    static let mistral = Provider(
        slug: "mistral", name: "Mistral", dialect: .mistral, baseURL: "https://api.mistral.ai/v1")
    static let deepSeek = Provider(
        slug: "deepseek", name: "DeepSeek", dialect: .deepSeek, baseURL: "https://api.deepseek.com")
    static let xAI = Provider(slug: "xai", name: "xAI", dialect: .xAI, baseURL: "https://api.x.ai/v1")

    static let gemini3Pro = ChatTraits(
        reasoning: .levels([.low, .high]), takesPenalties: false, signsThoughts: true)
    static let gemini3Flash = ChatTraits(
        reasoning: .levels([.minimal, .low, .medium, .high]), takesPenalties: false, signsThoughts: true)
    static let gemini25Flash = ChatTraits(reasoning: .tokens(0...24_576))
    static let gemini25Pro = ChatTraits(reasoning: .tokens(128...32_768))
    static let magistral = ChatTraits(reasoning: .effort(efforts: [.none, .high], standard: .high))
    static let deepSeekChat = ChatTraits(reasoning: .effort(efforts: [.none, .high, .max], standard: .none))
    static let grok43 = ChatTraits(reasoning: .effort(efforts: [.low, .medium, .high], standard: .low))

    /// Newest Claude: thinks as it likes, takes no sampling parameters.
    static let opus47 = ChatTraits(
        reasoning: .adaptive(efforts: [.low, .medium, .high, .xhigh, .max]), takesSampling: false,
        answerTokensMax: 128_000)
    static let opus48 = ChatTraits(
        reasoning: .adaptive(efforts: [.low, .medium, .high, .xhigh, .max]), takesSampling: false,
        takesLaterSystem: true, answerTokensMax: 128_000)
    static let sonnet46 = ChatTraits(
        reasoning: .adaptive(efforts: [.low, .medium, .high, .max]), answerTokensMax: 128_000)
    static let sonnet45 = ChatTraits(reasoning: .budget, answerTokensMax: 64_000)

    static let gpt54 = ChatTraits(
        tokenLimit: .maxCompletionTokens,
        reasoning: .effort(efforts: [.none, .low, .medium, .high, .xhigh], standard: .none))
    static let gptOSS = ChatTraits(reasoning: .effort(efforts: [.low, .medium, .high], standard: .medium))

    /// By public name.
    static let all: [String: Endpoint] = [
        "openai/gpt-5.4": Endpoint(provider: openAI, upstreamModel: "gpt-5.4", traits: gpt54),
        "openai/gpt-4.1": Endpoint(provider: openAI, upstreamModel: "gpt-4.1"),
        "openai/gpt-4o-audio-preview": Endpoint(provider: openAI, upstreamModel: "gpt-4o-audio-preview"),
        "anthropic/claude-opus-4-7": Endpoint(
            provider: anthropic, upstreamModel: "claude-opus-4-7", traits: opus47),
        "anthropic/claude-opus-4-8": Endpoint(
            provider: anthropic, upstreamModel: "claude-opus-4-8", traits: opus48),
        "anthropic/claude-sonnet-4-6": Endpoint(
            provider: anthropic, upstreamModel: "claude-sonnet-4-6", traits: sonnet46),
        "anthropic/claude-sonnet-4-5": Endpoint(
            provider: anthropic, upstreamModel: "claude-sonnet-4-5", traits: sonnet45),
        "google/gemini-3-pro": Endpoint(
            provider: gemini, upstreamModel: "gemini-3-pro-preview", traits: gemini3Pro),
        "google/gemini-3-flash": Endpoint(
            provider: gemini, upstreamModel: "gemini-3-flash-preview", traits: gemini3Flash),
        "google/gemini-2.5-flash": Endpoint(
            provider: gemini, upstreamModel: "gemini-2.5-flash", traits: gemini25Flash),
        "google/gemini-2.5-pro": Endpoint(provider: gemini, upstreamModel: "gemini-2.5-pro", traits: gemini25Pro),
        "mistral/mistral-large-3": Endpoint(provider: mistral, upstreamModel: "mistral-large-latest"),
        "mistral/mistral-medium-3": Endpoint(
            provider: mistral, upstreamModel: "mistral-medium-3",
            traits: ChatTraits(reasoning: .effort(efforts: [.none, .high], standard: .none))),
        "mistral/magistral-medium": Endpoint(
            provider: mistral, upstreamModel: "magistral-medium-latest", traits: magistral),
        "deepseek/deepseek-v3.2": Endpoint(provider: deepSeek, upstreamModel: "deepseek-chat", traits: deepSeekChat),
        "deepseek/deepseek-r1": Endpoint(
            provider: deepSeek, upstreamModel: "deepseek-reasoner", traits: ChatTraits(reasoning: .always)),
        "xai/grok-4": Endpoint(provider: xAI, upstreamModel: "grok-4", traits: ChatTraits(reasoning: .always)),
        "xai/grok-4.3": Endpoint(provider: xAI, upstreamModel: "grok-4.3", traits: grok43),
        "xai/grok-4.20-non-reasoning": Endpoint(provider: xAI, upstreamModel: "grok-4.20-non-reasoning"),
        "airouter-cloud/llama-4-maverick": Endpoint(
            provider: engine, upstreamModel: "meta-llama/Llama-4-Maverick-17B-128E-Instruct"),
        "airouter-cloud/qwen-3-235b": Endpoint(
            provider: engine, upstreamModel: "Qwen/Qwen3-235B-A22B",
            traits: ChatTraits(reasoning: .templateSwitch("enable_thinking"))),
        "airouter-cloud/deepseek-v3.2": Endpoint(
            provider: engine, upstreamModel: "deepseek-ai/DeepSeek-V3.2",
            traits: ChatTraits(reasoning: .templateSwitch("thinking"))),
        "airouter-cloud/gpt-oss-120b": Endpoint(
            provider: engine, upstreamModel: "openai/gpt-oss-120b", traits: gptOSS),
        "airouter-cloud/gemma-3-27b": Endpoint(provider: engine, upstreamModel: "gemma-3-27b-it"),
        "airouter-cloud/mistral-large-3": Endpoint(
            provider: engine, upstreamModel: "mistralai/Mistral-Large-3-675B-Instruct-2512",
            traits: ChatTraits(mistralRules: true)),
    ]

    static func endpoint(of model: String, vendor: String) throws -> Endpoint {
        guard let endpoint = all[model] else { throw Unknown(model: "\(vendor): \(model)") }
        return endpoint
    }
}
