public import RouterCore

/// All dialects that this router speaks. A new vendor is an entry here; `docs/vendors.md` has the steps.
public enum Vendors {
    public static let all: [Dialect: Vendor] = [
        .openAI: Vendor(chat: OpenAIChat(quirks: .openAI)),
        .anthropic: Vendor(chat: anthropic, access: anthropic.access),
        .gemini: Vendor(chat: GeminiChat(), access: GeminiChat.keyAccess),
        .vertex: Vendor(chat: GeminiChat()),
        .mistral: Vendor(chat: OpenAIChat(quirks: .mistral)),
        .deepSeek: Vendor(chat: OpenAIChat(quirks: .deepSeek)),
        .xAI: Vendor(chat: OpenAIChat(quirks: .xAI)),
        .openAICompatible: Vendor(chat: OpenAIChat(quirks: .selfHosted)),
    ]

    private static let anthropic = AnthropicChat()
}
