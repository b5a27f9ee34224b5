/// Counts of values by size, over the last span and the one before it: percentiles without keeping every value.
///
/// Sizes grow by a quarter of an octave, so that a percentile is off by a tenth at most. Time is given.
struct RollingHistogram: Sendable, Hashable {
    /// Milliseconds after which the older half is forgotten.
    private let span: Int64
    private var current = [UInt32](repeating: 0, count: sizes)
    private var previous = [UInt32](repeating: 0, count: sizes)
    private var currentCount = 0
    private var previousCount = 0
    private var turnedAt: Int64

    /// Four an octave, from 1 to 2^20.
    private static let sizes = 81

    /// - Parameter span: milliseconds of each half.
    init(span: Int64, at now: Int64) {
        self.span = span
        turnedAt = now
    }

    /// Values that are counted.
    var count: Int { currentCount + previousCount }
    /// Values of the older half.
    var olderCount: Int { previousCount }

    /// - Parameter value: from 1; what is smaller or larger counts as the smallest or largest size.
    mutating func add(_ value: Double, at now: Int64) {
        turn(at: now)
        current[Self.size(of: value)] += 1
        currentCount += 1
    }

    /// Forgets what is too old.
    mutating func turn(at now: Int64) {
        guard now - turnedAt >= span else { return }
        let isStale = now - turnedAt >= 2 * span
        previous = isStale ? [UInt32](repeating: 0, count: Self.sizes) : current
        previousCount = isStale ? 0 : currentCount
        current = [UInt32](repeating: 0, count: Self.sizes)
        currentCount = 0
        turnedAt = now
    }

    /// The value that a share of all values do not exceed; `nil` when there is none.
    ///
    /// - Parameter share: from 0 to 1.
    func percentile(_ share: Double) -> Double? { value(at: share, of: count) { current[$0] + previous[$0] } }

    /// The same, of the older half alone.
    func olderPercentile(_ share: Double) -> Double? { value(at: share, of: previousCount) { previous[$0] } }

    private func value(at share: Double, of total: Int, _ counts: (Int) -> UInt32) -> Double? {
        guard total > 0 else { return nil }
        var left = Int((share * Double(total)).rounded(.up))
        for size in 0..<Self.sizes {
            left -= Int(counts(size))
            if left <= 0 { return Self.value(of: size) }
        }
        return Self.value(of: Self.sizes - 1)
    }

    private static func size(of value: Double) -> Int {
        guard value > 1 else { return 0 }
        guard value < 1_048_576 else { return sizes - 1 }
        // The exponent and the two bits below it: quarters of an octave, by doublings instead of logarithms.
        let fraction = value.significand - 1
        return min(sizes - 1, 4 * Int(value.exponent) + Int(fraction * 4))
    }

    /// The middle of a size.
    private static func value(of size: Int) -> Double {
        Double(1 << (size / 4)) * (1 + (Double(size % 4) + 0.5) / 4)
    }
}
