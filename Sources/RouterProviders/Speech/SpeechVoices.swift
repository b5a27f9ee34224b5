/// Voices by vendor and model.
///
/// Sources: OpenAI guide "Text to speech", section "Voice options"; Gemini API guide, "Speech generation", section "Voice
/// options"; LiveKit's plugins 1.8.9 for Mistral and xAI.
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

    /// What Mistral offers everyone by a name; an account there can have more, which are asked for by their ids.
    static let mistral: [String] = [
        ("en_paul", ["angry", "cheerful", "confident", "excited", "frustrated", "happy", "neutral", "sad"]),
        ("gb_oliver", ["angry", "cheerful", "confident", "curious", "excited", "neutral", "sad"]),
        (
            "gb_jane",
            [
                "confident", "confused", "curious", "frustrated", "jealousy", "neutral", "sad", "sarcasm", "shameful",
            ]
        ),
        ("fr_marie", ["angry", "curious", "excited", "happy", "neutral", "sad"]),
    ].flatMap { name, moods in moods.map { "\(name)_\($0)" } }

    /// Those of xAI, which does not mind their case. Older ones stand first.
    static let xAI = [
        "eve", "ara", "rex", "sal", "leo", "altair", "atlas", "carina", "castor", "celeste", "cosmo", "helios", "helix",
        "iris", "kepler", "lumen", "luna", "lux", "naksh", "orion", "perseus", "rigel", "sirius", "ursa", "zagan",
        "zenith",
    ]

    private static let alike = [
        "alloy": "Kore", "ash": "Charon", "ballad": "Enceladus", "coral": "Aoede", "echo": "Puck", "fable": "Fenrir",
        "nova": "Leda", "onyx": "Orus", "sage": "Sulafat", "shimmer": "Zephyr", "verse": "Iapetus", "marin": "Despina",
        "cedar": "Algieba",
    ]

    /// Gemini's voice of this name, or the one that stands for OpenAI's.
    static func gemini(for name: String) -> String? { gemini.contains(name) ? name : alike[name] }
}
