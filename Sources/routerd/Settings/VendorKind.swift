import RouterCore

/// A kind of provider: what `kind` may be, and the variables that switch it on.
struct VendorKind: Sendable, Hashable {
    /// Such as `openai`; also the slug of a provider that a variable switches on.
    let name: String
    /// For people, such as `OpenAI`.
    let displayName: String
    /// `nil`: it must be given.
    let baseURL: String?
    /// Variables that hold its key, the first that is set counts; empty: none does.
    let keyVariables: [String]
    let baseURLVariable: String?

    static let openAI = VendorKind("openai", "OpenAI", "https://api.openai.com/v1", ["OPENAI_API_KEY"])
    static let compatible = VendorKind("openai_compatible", "OpenAI-compatible engine", nil, [])

    static let all = [
        openAI,
        VendorKind("anthropic", "Anthropic", "https://api.anthropic.com", ["ANTHROPIC_API_KEY"]),
        VendorKind(
            "gemini", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta",
            ["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        VendorKind("mistral", "Mistral", "https://api.mistral.ai/v1", ["MISTRAL_API_KEY"]),
        VendorKind("deepseek", "DeepSeek", "https://api.deepseek.com", ["DEEPSEEK_API_KEY"]),
        VendorKind("xai", "xAI", "https://api.x.ai/v1", ["XAI_API_KEY"]),
        VendorKind("bfl", "Black Forest Labs", "https://api.bfl.ai/v1", ["BFL_API_KEY"]),
        VendorKind("vertex", "Google Vertex", nil, []),
        compatible,
    ]

    static func named(_ name: String) -> VendorKind? { all.first { $0.name == name } }

    private init(
        _ name: String, _ displayName: String, _ baseURL: String?, _ keyVariables: [String]
    ) {
        self.name = name
        self.displayName = displayName
        self.baseURL = baseURL
        self.keyVariables = keyVariables
        baseURLVariable = keyVariables.isEmpty ? nil : "\(name.uppercased())_BASE_URL"
    }
}
