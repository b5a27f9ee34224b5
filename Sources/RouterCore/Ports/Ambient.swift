import Synchronization

/// What the core may not decide for itself: time and names.
public struct Ambient: Sendable {
    /// A clock that never goes back, for measuring.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Milliseconds since 1970, UTC.
    public var timestamp: @Sendable () -> Int64
    /// 64 random bits: good for names and choices, not for secrets.
    public var random: @Sendable () -> UInt64

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant, timestamp: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.now = now
        self.timestamp = timestamp
        self.random = random
    }

    /// The machine's monotonic clock, `timestamp` for the time of day, and a generator seeded from the system.
    ///
    /// The system's generator costs a system call for each number; this one costs a lock.
    public static func live(timestamp: @escaping @Sendable () -> Int64) -> Ambient {
        let generator = SharedGenerator()
        return Ambient(now: { .now }, timestamp: timestamp, random: { generator.next() })
    }

    /// A new name for a generation: `gen-`, seconds since 1970, `-` and 20 letters and digits (119 random bits).
    public func generationID(at timestamp: Int64) -> Generation.ID {
        Generation.ID(rawValue: "gen-\(timestamp / 1000)-\(letters(20))")
    }

    /// `count` random letters and digits.
    public func letters(_ count: Int) -> String {
        let alphabet: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        return alphabet.withUTF8Buffer { alphabet in
            String(unsafeUninitializedCapacity: count) { text in
                var bits: UInt64 = 0
                for index in 0..<count {
                    // Ten letters a number: 62^10 is below 2^60, so the bias is below one in 16.
                    if index % 10 == 0 { bits = random() }
                    text[index] = alphabet[Int(bits % 62)]
                    bits /= 62
                }
                return count
            }
        }
    }
}

/// xoshiro256** behind a lock. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".
private final class SharedGenerator: Sendable {
    private let state: Mutex<(UInt64, UInt64, UInt64, UInt64)>

    init() {
        var system = SystemRandomNumberGenerator()
        state = Mutex((system.next(), system.next(), system.next(), system.next() | 1))
    }

    func next() -> UInt64 {
        state.withLock { state in
            let product = state.1 &* 5
            let result = (product << 7 | product >> 57) &* 9
            let shifted = state.1 << 17
            state.2 ^= state.0
            state.3 ^= state.1
            state.1 ^= state.2
            state.0 ^= state.3
            state.2 ^= shifted
            state.3 = state.3 << 45 | state.3 >> 19
            return result
        }
    }
}
