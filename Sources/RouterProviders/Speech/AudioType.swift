import RouterCore

/// What clients are told that a vendor's audio is.
enum AudioType {
    /// - Parameter asked: what the vendor was asked for; counts where it does not say what it sent.
    /// - Returns: `nil` when the vendor says that it is something else than audio.
    static func type(of head: UpstreamHead, asked: AudioFormat) -> String? {
        guard let said = head["content-type"]?.lowercased(), !said.isEmpty else { return asked.contentType }
        let parts = said.split(separator: ";").map { $0.filter { $0 != " " } }
        let name = parts.first ?? ""
        switch name {
        case "application/octet-stream", "binary/octet-stream": return asked.contentType
        case "audio/mpeg", "audio/mp3", "audio/x-mpeg", "audio/mpeg3": return AudioFormat.mp3.contentType
        case "audio/ogg", "audio/opus", "application/ogg": return AudioFormat.opus.contentType
        case "audio/aac", "audio/aacp", "audio/x-aac": return AudioFormat.aac.contentType
        case "audio/flac", "audio/x-flac": return AudioFormat.flac.contentType
        case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave": return AudioFormat.wav.contentType
        case "audio/pcm", "audio/l16", "audio/x-pcm", "audio/raw":
            return AudioFormat.pcmType(rate: rate(parts), channels: number("channels", parts) ?? 1)
        default: return name.hasPrefix("audio/") && name.utf8.count <= 80 ? name : nil
        }
    }

    /// Samples a second of PCM: 24,000 where the type does not say.
    static func rate(ofPCM type: String) -> Int { rate(type.lowercased().split(separator: ";").map(String.init)) }

    private static func rate(_ parts: [String]) -> Int { number("rate", parts) ?? 24_000 }

    private static func number(_ name: String, _ parts: [String]) -> Int? {
        for part in parts {
            let sides = part.split(separator: "=").map { $0.filter { $0 != " " } }
            guard sides.count == 2, sides[0] == name, let number = Int(sides[1]), (1...192_000).contains(number) else {
                continue
            }
            return number
        }
        return nil
    }
}

extension UpstreamFailure {
    /// What came is no audio.
    static var notAudio: UpstreamFailure {
        UpstreamFailure(.broken, "The provider sent something that is not audio.")
    }
}
