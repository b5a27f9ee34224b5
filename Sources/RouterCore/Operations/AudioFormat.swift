/// What audio comes as. Raw values are those of `response_format`.
///
/// Source: OpenAI API reference, "Create speech".
public enum AudioFormat: String, Sendable, Hashable, CaseIterable {
    case mp3
    /// In Ogg pages.
    case opus
    /// In ADTS frames.
    case aac, flac, wav
    /// 16-bit samples, little-endian, one channel, without a header.
    case pcm

    /// The Content-Type: of PCM at 24,000 samples a second, where nobody says another rate.
    public var contentType: String {
        switch self {
        case .mp3: "audio/mpeg"
        case .opus: "audio/ogg"
        case .aac: "audio/aac"
        case .flac: "audio/flac"
        case .wav: "audio/wav"
        case .pcm: Self.pcmType(rate: 24_000)
        }
    }

    /// - Parameter rate: samples a second.
    public static func pcmType(rate: Int, channels: Int = 1) -> String { "audio/pcm;rate=\(rate);channels=\(channels)" }
}
