/// Counts the audio of an answer while it goes out: most vendors say nothing of it beside the bytes.
struct SoundCount: Sendable {
    private var meter: AudioMeter?
    private let format: AudioFormat

    /// A token of audio, in thousandths of seconds: OpenAI's prices of $12 for a million tokens and $0.015 for a minute
    /// are 1,250 tokens a minute. Source: OpenAI API pricing page, "gpt-4o-mini-tts"; LiteLLM 1.106.2 has the same.
    private static let millisecondsPerToken = 48

    /// - Parameter format: what was asked for; `nil`: nothing, which is MP3.
    init(format: AudioFormat?) { self.format = format ?? .mp3 }

    mutating func note(_ event: ChatEvent) {
        switch event {
        case .bytes(let piece):
            if meter == nil { meter = AudioMeter(type: Self.type(of: piece.bytes) ?? piece.type) }
            meter?.add(piece.bytes)
        case .content(let piece):
            guard let audio = piece.audio else { return }
            if meter == nil { meter = AudioMeter(type: Self.type(of: audio) ?? format.contentType) }
            meter?.add(audio)
        case .opening, .finish, .completion, .usage, .silence: break
        }
    }

    /// What sound is by its first bytes, whatever was asked for or is said of it; `nil` where these do not tell.
    private static func type(of bytes: [UInt8]) -> String? {
        if MediaType.wav.begins(bytes) { return "audio/wav" }
        if bytes[...].stands("OggS") { return "audio/ogg" }
        if bytes[...].stands("fLaC") { return "audio/flac" }
        // PCM can begin as a frame of MPEG does, but hardly as a tag.
        return bytes[...].stands("ID3") ? "audio/mpeg" : nil
    }

    /// Adds what came to our count, and what only we know to the vendor's.
    func complete(_ reported: inout Usage?, _ counted: inout Usage) {
        let milliseconds = meter?.milliseconds ?? 0
        counted.audioOutputMilliseconds = milliseconds
        counted.completion = milliseconds / Self.millisecondsPerToken
        counted.completionAudio = counted.completion
        guard var said = reported else { return }
        guard said.completion > 0 else {
            // It has not come to the audio yet, or counts the text alone.
            counted.prompt = said.prompt
            reported = nil
            return
        }
        said.characters = counted.characters
        said.audioOutputMilliseconds = milliseconds
        reported = said
    }
}

extension ChatPiece {
    /// The bytes that an event of a stream of speech holds.
    fileprivate var audio: [UInt8]? {
        guard let document = try? JSONDocument([0x7B] + members + [0x7D], limits: .response),
            let text = document.root["audio"]?.string
        else { return nil }
        return Base64.checked(Array(text.utf8)[...]).map(Base64.decoded)
    }
}
