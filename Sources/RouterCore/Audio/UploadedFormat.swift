/// What an audio file is that a client uploads, by its first bytes.
///
/// Source: OpenAI API reference, "Create transcription", `file`.
public enum UploadedFormat: String, Sendable, Hashable, CaseIterable {
    case wav, flac
    /// MPEG audio of any layer, also under the names `mpga` and `mpeg`.
    case mp3
    /// Ogg with Opus, Vorbis, Speex or FLAC.
    case ogg
    /// MP4 and its kin: `m4a`, QuickTime, 3GP.
    case mp4
    /// WebM and Matroska.
    case webm
    /// AAC in ADTS frames.
    case aac

    /// Bytes that must have come before it can be told.
    static let bytesNeeded = 12

    /// - Parameter head: the beginning of the file.
    /// - Returns: `nil` for anything else, and when fewer than ``bytesNeeded`` are there.
    init?(head: [UInt8]) {
        guard head.count >= Self.bytesNeeded else { return nil }
        func stands(_ text: StaticString, at place: Int) -> Bool {
            text.withUTF8Buffer { head[place...].starts(with: $0) }
        }
        let containers: [StaticString] = ["ftyp", "moov", "mdat", "wide", "free", "skip"]
        if stands("RIFF", at: 0) || stands("RF64", at: 0), stands("WAVE", at: 8) {
            self = .wav
        } else if stands("fLaC", at: 0) {
            self = .flac
        } else if stands("OggS", at: 0) {
            self = .ogg
        } else if head.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .webm
        } else if head[0] == 0, containers.contains(where: { stands($0, at: 4) }) {
            self = .mp4
        } else if stands("ID3", at: 0) || MPEGFrame(head[...]) != nil {
            self = .mp3
        } else if ADTSFrame(head[...]) != nil {
            self = .aac
        } else {
            return nil
        }
    }

    /// What a file is instead that certainly holds no sound, with its article: for a sentence.
    ///
    /// - Parameter head: the beginning of a file that is none of these formats.
    /// - Returns: `nil` where it may be sound all the same.
    static func foreign(head: [UInt8]) -> String? {
        guard head.count >= bytesNeeded else { return nil }
        for (name, start) in signatures where head.starts(with: start) { return name }
        if head.starts(with: Array("RIFF".utf8)), head[8...].starts(with: Array("WEBP".utf8)) {
            return "a picture (WebP)"
        }
        guard isText(head) else { return nil }
        switch head.first(where: { ![0x09, 0x0A, 0x0D, 0x20].contains($0) }) {
        case UInt8(ascii: "<"): return "a page in HTML or XML"
        case UInt8(ascii: "{"), UInt8(ascii: "["): return "JSON"
        default: return "text"
        }
    }

    private static let signatures: [(String, [UInt8])] = [
        ("a PDF", Array("%PDF-".utf8)), ("a picture (PNG)", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        ("a picture (JPEG)", [0xFF, 0xD8, 0xFF]), ("a picture (GIF)", Array("GIF8".utf8)),
        ("a ZIP archive", [0x50, 0x4B, 0x03, 0x04]), ("a gzip archive", [0x1F, 0x8B, 0x08]),
        ("a program", [0x7F, 0x45, 0x4C, 0x46]),
    ]

    /// No byte is one that stands in no text.
    private static func isText(_ head: [UInt8]) -> Bool {
        guard head.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0C, 0x0D].contains($0) }) else {
            return false
        }
        // Its end may cut a letter.
        for end in 0..<4 where end < head.count {
            if String(validating: head.dropLast(end), as: UTF8.self) != nil { return true }
        }
        return false
    }
}
