/// How long audio is, in thousandths of seconds: exact where both are the same, a range otherwise.
public struct AudioLength: Sendable, Hashable {
    public var atLeast: Int
    public var atMost: Int

    /// Longer than any file that can be uploaded.
    static let most = 1 << 40

    init(atLeast: Int, atMost: Int) {
        self.atLeast = min(max(0, atLeast), Self.most)
        self.atMost = max(self.atLeast, min(max(0, atMost), Self.most))
    }

    /// Known to the millisecond.
    init(exactly milliseconds: Int) { self.init(atLeast: milliseconds, atMost: milliseconds) }

    /// What so many bytes hold at a bit rate in `kilobits`, thousand bits a second.
    init(bytes: Int, at kilobits: ClosedRange<Int>) {
        let bits = min(max(0, bytes), Self.most) * 8
        self.init(atLeast: bits / max(1, kilobits.upperBound), atMost: bits / max(1, kilobits.lowerBound))
    }

    /// No shorter and no longer than so many bytes can be: a header says what it likes.
    func within(_ bytes: Int, at kilobits: ClosedRange<Int>) -> AudioLength {
        let range = AudioLength(bytes: bytes, at: kilobits)
        return AudioLength(
            atLeast: min(max(atLeast, range.atLeast), range.atMost),
            atMost: min(max(atMost, range.atLeast), range.atMost))
    }

    /// How many of `total` bytes are sound where so many of them are said to be something else, such as a picture: an
    /// eighth, at least.
    static func soundBytes(of total: Int, without others: Int) -> Int {
        max(total - min(max(0, others), total), total / 8)
    }

    /// A whole number of milliseconds.
    /// - Returns: `nil` for what is no time: less than zero, infinite, not a number.
    static func milliseconds(_ number: Double) -> Int? {
        guard number.isFinite, number >= 0 else { return nil }
        return number < Double(most) ? Int(number.rounded()) : most
    }
}
