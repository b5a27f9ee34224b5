import RouterCore

extension Samples {
    /// A WAV file of silence: 16 bits, 16,000 samples a second, one channel.
    public static func wav(milliseconds: Int) -> [UInt8] {
        func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        let size = milliseconds * 32
        return Array("RIFF".utf8) + little(size + 36) + Array("WAVEfmt ".utf8) + little(16) + [1, 0, 1, 0]
            + little(16_000) + little(32_000) + [2, 0, 16, 0] + Array("data".utf8) + little(size)
            + [UInt8](repeating: 0, count: size)
    }

    /// The body of a request for a transcript, as JSON.
    ///
    /// - Parameter members: more of them, between commas.
    public static func transcription(of sound: [UInt8], model: String, _ members: String = "") -> [UInt8] {
        let base64 = String(decoding: Base64.encoded(sound), as: UTF8.self)
        let more = members.isEmpty ? "" : "," + members
        return Array(#"{"model":"\#(model)","input_audio":{"data":"\#(base64)","format":"wav"}\#(more)}"#.utf8)
    }
}
