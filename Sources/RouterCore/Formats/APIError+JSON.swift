extension APIError {
    /// The body of an error answer: `{"error":{"message":…,"type":…,"param":…,"code":404,"metadata":{…}}}`.
    public var body: [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.beginObject()
        writer.name("error")
        write(to: &writer, inStream: false)
        writer.endObject()
        return writer.bytes
    }

    /// Writes the error object that clients of OpenAI and of OpenRouter both read: `code` is a number, always.
    func write(to writer: inout JSONWriter, inStream: Bool) {
        writer.beginObject()
        writer.member("message", message)
        writer.member("type", kind.type)
        writer.name("param")
        if let parameter { writer.string(parameter) } else { writer.null() }
        writer.member("code", kind.status)
        writer.name("metadata")
        writer.beginObject()
        writer.member("error_type", inStream ? kind.streamErrorType : kind.errorType)
        if let last = attempts.last {
            if let provider = last.provider { writer.member("provider", provider) }
            if let status = last.status { writer.member("upstream_status", status) }
            if let name = last.providerName { writer.member("provider_name", name) }
        }
        if attempts.count > 1 {
            writer.name("previous_errors")
            writer.beginArray()
            for attempt in attempts.dropLast() {
                writer.beginObject()
                if let provider = attempt.provider { writer.member("provider", provider) }
                writer.member("code", APIError(attempt).kind.status)
                if let status = attempt.status { writer.member("status", status) }
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        if let availability {
            writer.name("availability")
            availability.write(to: &writer, isRetryable: kind == .rateLimited)
        } else if kind == .modelNotFound || kind == .modelInvalid {
            writer.name("availability")
            writer.beginObject()
            writer.member("code", "model_not_found")
            writer.member("retryable", false)
            writer.endObject()
        }
        writer.endObject()
    }
}

extension APIError.Availability {
    func write(to writer: inout JSONWriter, isRetryable: Bool) {
        func list(_ name: StaticString, _ texts: [String]) {
            writer.name(name)
            writer.beginArray()
            for text in texts.reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
                writer.string(text)
            }
            writer.endArray()
        }
        writer.beginObject()
        writer.member("code", code)
        writer.member("retryable", isRetryable)
        list("requested_models", requestedModels)
        list("affected_providers", exclusions.map(\.provider))
        list("excluded_by", exclusions.map(\.constraint.rawValue))
        writer.name("excluded")
        writer.beginArray()
        for exclusion in exclusions.prefix(Self.listedMax) {
            writer.beginObject()
            writer.member("model", exclusion.model)
            writer.member("provider", exclusion.provider)
            writer.member("by", exclusion.constraint.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
