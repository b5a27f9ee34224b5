import Logging
import RouterCore
import RouterHTTP

/// Writes one line for each request. Goes past the logging interface, whose records cost more than the whole line.
struct RequestLines: RequestRecorder {
    let format: LineLogHandler.Format
    let level: Logger.Level
    let sink: LogSink

    func record(_ record: RequestRecord) {
        let isFault = record.status >= 500
        guard level <= (isFault ? .error : .info) else { return }
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("time", LineLogHandler.time())
        writer.member("level", isFault ? "error" : "info")
        writer.member("message", "request")
        writer.member("route", record.route)
        writer.member("status", record.status)
        writer.member("ms", Int(record.elapsed.milliseconds))
        writer.member("request", record.request)
        if !record.key.isEmpty { writer.member("key", record.key) }
        if let generation = record.generation {
            writer.member("generation", generation.id.rawValue)
            writer.member("model", generation.model)
            writer.member("provider", generation.provider)
            writer.member("outcome", generation.outcome.rawValue)
            writer.member("prompt_tokens", generation.usage.prompt)
            writer.member("completion_tokens", generation.usage.completion)
            writer.name("cost")
            writer.raw(generation.cost.shortText.utf8)
            if let first = generation.firstContentAfter { writer.member("first_content_ms", Int(first.milliseconds)) }
        }
        if let detail = record.detail { writer.member("detail", detail) }
        writer.endObject()
        sink.write((format == .json ? writer.bytes : Self.text(writer.bytes)) + [UInt8(ascii: "\n")], isUrgent: isFault)
    }

    /// The same line for a person: `time level message name=value …`.
    private static func text(_ json: [UInt8]) -> [UInt8] {
        guard let members = try? JSONDocument(json).root.members else { return json }
        var parts: [String] = []
        for (index, member) in members.enumerated() {
            let value = member.value.string ?? String(decoding: member.value.text, as: UTF8.self)
            if index < 3 {
                parts.append(value)
            } else {
                let isPlain = !value.contains { $0.isWhitespace || $0 == "\"" }
                parts.append("\(member.name.string)=\(isPlain ? value : value.debugDescription)")
            }
        }
        return Array(parts.joined(separator: " ").utf8)
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, Int64.max / 2000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
