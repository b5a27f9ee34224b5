/// Points in time as text.
enum Timestamp {
    /// `2026-04-15T10:30:00Z`, in UTC.
    ///
    /// - Parameter seconds: since 1970. Source of the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
    ///   Algorithms", `civil_from_days`.
    static func text(ofSeconds seconds: Int64) -> String {
        let days = (Double(seconds) / 86_400).rounded(.down)
        let second = seconds - Int64(days) * 86_400
        let shifted = Int64(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    /// Milliseconds since 1970 of `2026-04-15T10:30:00Z`, perhaps with a fraction of a second, which is cut off.
    /// - Returns: `nil` for anything else, and for days that are not there.
    static func milliseconds(of text: String) -> Int64? {
        guard let parts = text.wholeMatch(of: /(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?Z/)?.output,
            let year = Int64(parts.1), let month = Int64(parts.2), let day = Int64(parts.3), let hour = Int64(parts.4),
            let minute = Int64(parts.5), let second = Int64(parts.6), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second
        return self.text(ofSeconds: seconds).prefix(19) == text.prefix(19) ? seconds * 1000 : nil
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
