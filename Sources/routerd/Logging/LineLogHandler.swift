import Glibc
import Logging
import RouterCore
import Synchronization

/// Writes each record as one line: words for a person, or a JSON object for a machine.
struct LineLogHandler: LogHandler {
    enum Format: String, Sendable, CaseIterable { case text, json }

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let format: Format
    private let sink: LogSink

    init(format: Format, level: Logger.Level, sink: LogSink) {
        self.format = format
        logLevel = level
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        let fields = all.sorted { $0.key < $1.key }
        let line = format == .json ? json(event, fields) : text(event, fields)
        sink.write(line, isUrgent: event.level >= .warning)
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.beginObject()
        writer.member("time", Self.time())
        writer.member("level", event.level.rawValue)
        writer.member("message", event.message.description)
        for field in fields {
            writer.name(escaping: field.key)
            if case .stringConvertible(let number as Int) = field.value {
                writer.integer(number)
            } else {
                writer.string(field.value.description)
            }
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        var line = "\(Self.time()) \(event.level.rawValue) \(event.message)"
        for field in fields {
            let value = field.value.description
            // A value with spaces or line ends stays one value on one line.
            line +=
                " \(field.key)=" + (value.contains { $0.isWhitespace || $0 == "\"" } ? value.debugDescription : value)
        }
        return Array(line.utf8) + [UInt8(ascii: "\n")]
    }

    /// Now, in UTC, to the millisecond: `2026-04-15T10:30:00.123Z`.
    static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = now.tv_sec
        let text = lastSecond.withLock { last in
            if last.second != second { last = (second, Self.text(of: second)) }
            return last.text
        }
        return text + ".\(String(1000 + now.tv_nsec / 1_000_000).dropFirst())Z"
    }

    /// The second that was written last: many lines have the same.
    private static let lastSecond = Mutex<(second: Int, text: String)>((.min, ""))

    private static func text(of second: Int) -> String {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
