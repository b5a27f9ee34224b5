/// When the spending limit of a key begins anew, always at midnight UTC.
public enum LimitReset: String, Sendable, Hashable, CaseIterable {
    case daily
    /// On Mondays.
    case weekly
    /// On the first of the month.
    case monthly

    /// When the period began that `time` lies in; both in milliseconds since 1970.
    ///
    /// Source of the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    public func periodStart(at time: Int64) -> Int64 {
        let day = Self.day(of: time)
        switch self {
        case .daily: return day * Self.dayMilliseconds
        // 1970-01-01 was a Thursday.
        case .weekly: return (day - Self.modulo(day + 3, 7)) * Self.dayMilliseconds
        case .monthly: return (day - Self.dayOfMonth(day)) * Self.dayMilliseconds
        }
    }

    /// Whole days since 1970, rounded down.
    public static func day(of time: Int64) -> Int64 { (time - modulo(time, dayMilliseconds)) / dayMilliseconds }

    private static let dayMilliseconds: Int64 = 86_400_000

    private static func modulo(_ number: Int64, _ divisor: Int64) -> Int64 {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// From 0.
    private static func dayOfMonth(_ day: Int64) -> Int64 {
        let shifted = day + 719_468
        let dayOfEra = modulo(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        return dayOfYear - (153 * monthFromMarch + 2) / 5
    }
}
