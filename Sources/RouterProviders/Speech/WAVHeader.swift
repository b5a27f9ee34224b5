/// What stands before the samples of a WAV file: 16 bits, one channel.
///
/// Source: "Multimedia Programming Interface and Data Specifications 1.0", 1991, "Waveform Audio File Format".
enum WAVHeader {
    /// - Parameters:
    ///   - samples: bytes that follow; `nil` when nobody knows yet: all bits are set then, which readers of streams take
    ///     for "up to the end".
    ///   - rate: samples a second.
    /// - Returns: 44 bytes.
    static func bytes(samples: Int?, rate: Int) -> [UInt8] {
        let count = samples.map { UInt32(clamping: $0) } ?? .max
        var bytes = Array("RIFF".utf8)
        append(count > .max - 36 ? .max : count + 36, to: &bytes)
        bytes += "WAVEfmt ".utf8
        append(16, to: &bytes)
        bytes += [1, 0, 1, 0]  // PCM, one channel
        append(UInt32(clamping: rate), to: &bytes)
        append(UInt32(clamping: rate * 2), to: &bytes)
        bytes += [2, 0, 16, 0]  // bytes of a sample, bits of one
        bytes += "data".utf8
        append(count, to: &bytes)
        return bytes
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
