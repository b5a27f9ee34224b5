extension ChatAnswer {
    /// How the request was routed, for a client that asked for it: the member `openrouter_metadata` with its value.
    ///
    /// Source: OpenRouter's `openroutermetadata`; `docs/routing.md` says what each member means here.
    public var routerMetadata: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.name("openrouter_metadata")
        writer.beginObject()
        writer.member("requested", plan.requested.joined(separator: ", "))
        writer.member("strategy", record.model == plan.targets.first?.model.id ? plan.strategy.rawValue : "fallback")
        writer.member("attempt", record.failedAttempts.count + 1)
        writer.member("is_byok", false)
        writer.name("endpoints")
        writer.beginObject()
        writer.member("total", plan.eligibleCount)
        writer.name("available")
        writer.beginArray()
        for other in plan.targets {
            writer.beginObject()
            writer.member("provider", other.endpoint.provider.name)
            writer.member("model", other.model.id)
            writer.member("selected", other.key == target.key)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.name("attempts")
        writer.beginArray()
        for failure in record.failedAttempts {
            writer.beginObject()
            writer.member("provider", failure.provider ?? "")
            writer.member("status", failure.status ?? APIError(failure).kind.status)
            writer.endObject()
        }
        writer.beginObject()
        writer.member("provider", record.provider)
        writer.member("model", record.model)
        writer.member("status", 200)
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
