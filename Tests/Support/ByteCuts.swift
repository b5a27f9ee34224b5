/// Ways of cutting bytes into the pieces a network might bring.
public enum ByteCuts {
    /// Whole, byte by byte, and cut at random places `random` times from `seed`; the seed is in each name.
    public static func all(of bytes: [UInt8], random count: Int = 20, seed: UInt64) -> [(
        name: String, pieces: [[UInt8]]
    )] {
        var cuts = [(name: "whole", pieces: [bytes]), (name: "byte by byte", pieces: bytes.map { [$0] })]
        for round in 0..<count {
            var generator = SeededGenerator(seed: seed &+ UInt64(round))
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let size = Int.random(
                    in: 1...max(1, min(rest.count, 1 << Int.random(in: 0...10, using: &generator))), using: &generator)
                pieces.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            cuts.append((name: "cut from seed \(seed &+ UInt64(round))", pieces: pieces))
        }
        return cuts
    }
}

/// The same numbers for the same seed, on every machine (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
