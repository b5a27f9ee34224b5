import RouterCore

/// A part of what a speech model of Gemini's is to speak, with what newer ones are told beside the text.
///
/// Source: Gemini Enterprise Agent Platform, "Text-to-speech migration guide".
struct GeminiSpokenPart: Sendable {
    var text: String
    /// How it is to be spoken; empty where nothing is said of that.
    var style = ""
    /// Who speaks, where there are two.
    var speaker: String?

    /// The first version that takes more than a text.
    private static let first = (major: 3, minor: 8)

    /// Whether a model takes a style and a speaker beside the text; older ones refuse them.
    ///
    /// - Parameter model: such as `gemini-3.8-flash-tts`.
    static func areTaken(by model: String) -> Bool {
        guard model.hasPrefix("gemini-") else { return false }
        let version = model.dropFirst("gemini-".count).prefix { $0 != "-" }.split(separator: ".")
        guard let major = version.first.flatMap({ Int($0) }) else { return false }
        return (major, version.count > 1 ? Int(version[1]) ?? 0 : 0) >= (first.major, first.minor)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("text", text)
        if speaker != nil || !style.isEmpty {
            writer.name("speechMetadata")
            writer.beginObject()
            if let speaker { writer.member("speaker", speaker) }
            if !style.isEmpty { writer.member("style", style) }
            writer.endObject()
        }
        writer.endObject()
    }
}
