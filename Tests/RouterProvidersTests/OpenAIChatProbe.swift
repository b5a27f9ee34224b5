import RouterCore
import RouterProviders

/// The translator for engines, for tests that look at its events.
enum OpenAIChatProbe {
    static let chat = OpenAIChat(quirks: .selfHosted)

    static func decoder(_ client: Client) -> any AnswerDecoder {
        chat.makeDecoder(for: client.request, from: client.endpoint, head: UpstreamHead(status: 200))
    }
}
