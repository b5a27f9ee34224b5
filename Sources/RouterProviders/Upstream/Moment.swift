import Glibc

/// A point on the machine's monotonic clock, and how far one is from another: nanoseconds in one integer.
///
/// `ContinuousClock` counts in 128 bits, and turning its durations into what `epoll_wait` takes costs divisions; the
/// driver looks at the time once a round and compares often.
struct Moment: Comparable, Hashable, Sendable {
    /// Since an arbitrary start, the same for the whole process.
    var nanoseconds: Int64

    static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Further away than anything that is waited for.
    static let never = Moment(nanoseconds: .max)

    static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    /// `nanoseconds` later; ``never`` when that cannot be counted.
    func advanced(by nanoseconds: Int64) -> Moment {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? .never : Moment(nanoseconds: sum)
    }

    /// Whole milliseconds from `earlier` until this, rounded up so that a timer never fires early; at most a day.
    func milliseconds(since earlier: Moment) -> Int32 {
        guard self > earlier else { return 0 }
        let distance = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds).partialValue
        return Int32(min((distance - 1) / 1_000_000 + 1, 86_400_000))
    }
}

extension Duration {
    /// In nanoseconds, at least zero and at most 100 years.
    var nanosecondsClamped: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(seconds, 3_155_760_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
