public import RouterCore

/// All dialects that this router speaks. A new vendor is an entry here; `docs/vendors.md` has the steps.
public enum Vendors {
    public static let all = all(remembering: nil)

    /// The same, with a memory for what clients lose between two requests.
    public static func all(remembering thoughts: ThoughtMemory?) -> [Dialect: Vendor] {
        let gemini = GeminiChat(memory: thoughts)
        return [
            .openAI: Vendor(
                chat: OpenAIChat(quirks: .openAI),
                operations: [
                    .embeddings: OpenAIEmbeddings(.openAI), .images: OpenAIImages(), .speech: OpenAISpeech(),
                    .transcription: OpenAITranscription(.openAI),
                ]),
            .anthropic: Vendor(chat: anthropic, access: anthropic.access),
            .gemini: Vendor(
                chat: gemini,
                operations: [.embeddings: GeminiEmbeddings(), .images: GeminiImages(), .speech: GeminiSpeech()],
                access: GeminiChat.keyAccess,
                media: GeminiMedia()),
            .vertex: Vendor(
                chat: gemini,
                operations: [.embeddings: VertexEmbeddings(), .images: GeminiImages(), .speech: GeminiSpeech()],
                media: GeminiMedia()),
            .mistral: Vendor(
                chat: OpenAIChat(quirks: .mistral),
                operations: [
                    .embeddings: OpenAIEmbeddings(.mistral), .speech: MistralSpeech(),
                    .transcription: OpenAITranscription(.mistral),
                ]),
            .deepSeek: Vendor(chat: OpenAIChat(quirks: .deepSeek)),
            .bfl: Vendor(
                operations: [.images: FluxImages()],
                access: VendorAccess(keyHeader: "x-key", modelsPath: "/credits")),
            .xAI: Vendor(
                chat: OpenAIChat(quirks: .xAI),
                operations: [.images: XAIImages(), .speech: XAISpeech(), .transcription: XAITranscription()]),
            .openAICompatible: Vendor(
                chat: OpenAIChat(quirks: .selfHosted),
                operations: [
                    .embeddings: OpenAIEmbeddings(.engine), .images: OpenAIImages(isEngine: true),
                    .speech: OpenAISpeech(isEngine: true), .transcription: OpenAITranscription(.engine),
                ],
                media: EngineMedia()),
        ]
    }

    private static let anthropic = AnthropicChat()
}
