import RouterCore

/// The time limits of one exchange as the driver counts them, with what it says when one runs out.
struct ExchangeLimits: Sendable {
    /// All in nanoseconds.
    var connect, firstByte, idle, total, silence: Int64

    init(_ timeouts: Timeouts) {
        connect = timeouts.connect.nanosecondsClamped
        firstByte = timeouts.firstByte.nanosecondsClamped
        idle = timeouts.idle.nanosecondsClamped
        total = timeouts.total.nanosecondsClamped
        // A tick in every round of the driver would be a busy loop.
        silence = max(timeouts.silence.nanosecondsClamped, 1_000_000)
    }

    /// For `CURLOPT_CONNECTTIMEOUT_MS`, where zero would mean libcurl's own five minutes.
    var connectMilliseconds: Int { max(1, Int(connect / 1_000_000)) }

    var connectFailure: UpstreamFailure {
        UpstreamFailure(.timedOut, "No connection to the provider within \(Self.text(connect)) (connect limit).")
    }
    var firstByteFailure: UpstreamFailure {
        UpstreamFailure(
            .timedOut, "The provider sent no byte of its answer within \(Self.text(firstByte)) (first byte limit).")
    }
    var uploadFailure: UpstreamFailure {
        UpstreamFailure(.timedOut, "The provider took nothing of the file for \(Self.text(idle)) (idle limit).")
    }
    var idleFailure: UpstreamFailure {
        UpstreamFailure(.timedOut, "The provider's answer stood still for \(Self.text(idle)) (idle limit).")
    }
    var totalFailure: UpstreamFailure {
        UpstreamFailure(.timedOut, "The provider's answer was not complete after \(Self.text(total)) (total limit).")
    }

    /// Such as `5 s` or `0.25 s`.
    private static func text(_ nanoseconds: Int64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        guard milliseconds % 1000 != 0 else { return "\(milliseconds / 1000) s" }
        return "\(Double(milliseconds) / 1000) s"
    }
}
