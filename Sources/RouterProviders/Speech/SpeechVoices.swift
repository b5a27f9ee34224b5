/// Voices by vendor and model.
///
/// Sources: OpenAI guide "Text to speech", section "Voice options"; Gemini API guide, "Speech generation", section "Voice
/// options".
enum SpeechVoices {
    private static let older = ["alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"]
    private static let newer = [
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin",
        "cedar",
    ]

    /// Those of a model of OpenAI's.
    static func openAI(of model: String) -> [String] { model.hasPrefix("tts-1") ? older : newer }

    static let gemini = [
        "Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe", "Charon", "Despina",
        "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore", "Laomedeia", "Leda", "Orus", "Puck",
        "Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager", "Schedar", "Sulafat", "Umbriel", "Vindemiatrix",
        "Zephyr", "Zubenelgenubi",
    ]

    private static let alike = [
        "alloy": "Kore", "ash": "Charon", "ballad": "Enceladus", "coral": "Aoede", "echo": "Puck", "fable": "Fenrir",
        "nova": "Leda", "onyx": "Orus", "sage": "Sulafat", "shimmer": "Zephyr", "verse": "Iapetus", "marin": "Despina",
        "cedar": "Algieba",
    ]

    /// Gemini's voice of this name, or the one that stands for OpenAI's.
    static func gemini(for name: String) -> String? { gemini.contains(name) ? name : alike[name] }
}
