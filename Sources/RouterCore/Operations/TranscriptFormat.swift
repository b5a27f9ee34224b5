/// What a transcript comes as. Raw values are those of `response_format`.
///
/// Source: OpenAI API reference, "Create transcription".
public enum TranscriptFormat: String, Sendable, Hashable, CaseIterable {
    case json, text, srt
    case verboseJSON = "verbose_json"
    case vtt
    case diarizedJSON = "diarized_json"

    /// Whether it comes as text, and not as JSON.
    public var isText: Bool {
        switch self {
        case .text, .srt, .vtt: true
        case .json, .verboseJSON, .diarizedJSON: false
        }
    }
}
