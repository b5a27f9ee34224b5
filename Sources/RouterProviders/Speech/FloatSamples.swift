/// Makes 16-bit samples, which `pcm` is here, of 32-bit floats from -1 to 1, both little-endian.
struct FloatSamples: Sendable {
    /// The beginning of a sample whose end is in the next piece.
    private var rest: [UInt8] = []

    /// - Parameter bytes: the next ones, cut anywhere.
    /// - Returns: the samples that are whole now.
    mutating func integers(of bytes: [UInt8]) -> [UInt8] {
        let all = rest + bytes
        let wholeCount = all.count / 4 * 4
        rest = Array(all[wholeCount...])
        var samples: [UInt8] = []
        samples.reserveCapacity(wholeCount / 2)
        for place in stride(from: 0, to: wholeCount, by: 4) {
            let pattern =
                UInt32(all[place]) | UInt32(all[place + 1]) << 8 | UInt32(all[place + 2]) << 16
                | UInt32(all[place + 3]) << 24
            let sample = Self.integer(of: Float(bitPattern: pattern))
            samples.append(UInt8(truncatingIfNeeded: sample))
            samples.append(UInt8(truncatingIfNeeded: sample >> 8))
        }
        return samples
    }

    /// What is no number is silence, what is louder than can be as loud as can be.
    private static func integer(of sample: Float) -> Int16 {
        guard !sample.isNaN else { return 0 }
        return Int16(min(max(sample, -1), 1) * 32_767)
    }
}
