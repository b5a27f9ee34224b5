import Logging
import RouterCore

/// One line for each request, at its end. Never a key, a prompt or an answer.
struct RequestLog: Sendable {
    let logger: Logger

    /// What is known of one request when it has ended.
    struct Entry {
        var request: String
        var route: String
        var status = 0
        var key = ""
        var detail: String?
        var record: Generation?
    }

    func write(_ entry: Entry, elapsed: Duration) {
        let level: Logger.Level = entry.detail != nil && entry.status >= 500 ? .error : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "request": .string(entry.request), "route": .string(entry.route), "status": .stringConvertible(Int(entry.status)),
            "ms": .stringConvertible(Int(elapsed.wholeMilliseconds)),
        ]
        if !entry.key.isEmpty { metadata["key"] = .string(entry.key) }
        if let detail = entry.detail { metadata["detail"] = .string(detail) }
        if let record = entry.record {
            metadata["generation"] = .string(record.id.rawValue)
            metadata["model"] = .string(record.model)
            metadata["provider"] = .string(record.provider)
            metadata["outcome"] = .string("\(record.outcome)")
            metadata["prompt_tokens"] = .stringConvertible(Int(record.usage.prompt))
            metadata["completion_tokens"] = .stringConvertible(Int(record.usage.completion))
            if let first = record.firstContentAfter {
                metadata["first_content_ms"] = .stringConvertible(Int(first.wholeMilliseconds))
            }
        }
        logger.log(level: level, "request", metadata: metadata)
    }
}
