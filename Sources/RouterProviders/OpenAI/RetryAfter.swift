import RouterCore

/// How long a vendor asks to wait.
enum RetryAfter {
    /// More than this is not believed, and shortened.
    private static let secondsMax: Int64 = 24 * 3600

    /// Reads `retry-after-ms` (milliseconds), else `retry-after`: seconds, or a date that is measured from the vendor's
    /// own `date`; `nil` when neither says anything.
    ///
    /// Source: RFC 9110, sections 10.2.3 and 5.6.7.
    static func duration(of head: UpstreamHead) -> Duration? {
        if let text = head["retry-after-ms"], let milliseconds = Double(text), milliseconds.isFinite, milliseconds >= 0
        {
            return .milliseconds(Int64(min(milliseconds, Double(secondsMax * 1000)).rounded(.up)))
        }
        guard let text = head["retry-after"] else { return nil }
        if let seconds = Double(text) {
            guard seconds.isFinite, seconds >= 0 else { return nil }
            return .milliseconds(Int64((min(seconds, Double(secondsMax)) * 1000).rounded(.up)))
        }
        guard let until = seconds(ofDate: text), let now = head["date"].flatMap(seconds) else { return nil }
        return .seconds(max(0, min(until - now, secondsMax)))
    }

    /// How long until `timestamp`, such as `2026-04-15T10:30:00Z`, from the vendor's own `date`; `nil` when either says
    /// nothing. Source: RFC 3339, section 5.6, in UTC.
    static func duration(until timestamp: String, _ head: UpstreamHead) -> Duration? {
        let parts = timestamp.split(separator: "T")
        let date = parts.first?.split(separator: "-").compactMap { Int64($0) } ?? []
        let time = parts.last?.prefix { $0 != "Z" && $0 != "." }.split(separator: ":").compactMap { Int64($0) } ?? []
        guard parts.count == 2, timestamp.last == "Z", date.count == 3, time.count == 3,
            (1970...9999).contains(date[0]), (1...12).contains(date[1]), (1...31).contains(date[2]),
            (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0...60).contains(time[2]),
            let now = head["date"].flatMap(seconds)
        else { return nil }
        let until =
            days(to: date[0], month: date[1], day: date[2]) * 86400 + time[0] * 3600 + time[1] * 60 + time[2]
        return .seconds(max(0, min(until - now, secondsMax)))
    }

    /// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` for anything else.
    private static func seconds(ofDate text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        return days(to: year, month: Int64(month) + 1, day: day) * 86400 + time[0] * 3600 + time[1] * 60 + time[2]
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Days from 1970-01-01, in years that begin in March, so that the leap day is the last of the year.
    private static func days(to year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}
