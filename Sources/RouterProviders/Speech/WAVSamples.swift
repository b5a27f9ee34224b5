/// The samples in a WAV file of 16 bits and one channel, which is what speech models make.
///
/// Source: "Multimedia Programming Interface and Data Specifications 1.0", 1991, "Waveform Audio File Format".
struct WAVSamples: Sendable, Hashable {
    let samples: [UInt8]
    /// Samples a second.
    let rate: Int

    /// Whether these bytes are the beginning of a WAV file.
    static func begin(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 12 && bytes.starts(with: "RIFF".utf8) && bytes[8...].starts(with: "WAVE".utf8)
    }

    /// - Parameter bytes: a file with all of its header; it may say that it is longer than it is.
    /// - Returns: `nil` for what is no such file.
    init?(_ bytes: [UInt8]) {
        guard Self.begin(bytes) else { return nil }
        var place = 12
        var rate: Int?
        while place + 8 <= bytes.count {
            let (start, length) = (place + 8, Self.little(bytes, place + 4, count: 4))
            let end = min(bytes.count, start + length)
            if bytes[place...].starts(with: "fmt ".utf8) {
                // PCM or extensible, one channel, 16 bits.
                guard end - start >= 16, [1, 0xFFFE].contains(Self.little(bytes, start, count: 2)),
                    Self.little(bytes, start + 2, count: 2) == 1, Self.little(bytes, start + 14, count: 2) == 16
                else { return nil }
                rate = Self.little(bytes, start + 4, count: 4)
            } else if bytes[place...].starts(with: "data".utf8) {
                guard let rate, (1...192_000).contains(rate) else { return nil }
                samples = Array(bytes[start..<end])
                self.rate = rate
                return
            }
            // A length has 32 bits at most.
            place = start + length + length % 2
        }
        return nil
    }

    private static func little(_ bytes: [UInt8], _ place: Int, count: Int) -> Int {
        (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
    }
}
