import RouterCore

/// An API key as the API shows it. Source: OpenRouter's `getcurrentkey`, where every member must be there.
enum KeyRecord {
    /// The answer to `GET /api/v1/key`.
    static func current(_ key: APIKey, spent: KeySpending) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name("data")
        writer.beginObject()
        writer.member("label", key.label)
        writer.member("name", key.name)
        writeLimits(key, spent, to: &writer)
        writer.member("is_free_tier", false)
        writer.member("is_management_key", key.isManagement)
        writer.member("is_provisioning_key", key.isManagement)
        for name: StaticString in ["creator_user_id", "organization_id", "workspace_id"] { writer.nullMember(name) }
        writer.name("allowed_data_regions")
        writer.raw("[\"global\"]".utf8)
        writer.name("budgets")
        writer.raw("[]".utf8)
        writer.nullMember("effective_budget")
        writer.name("free_model_daily_requests")
        writer.raw("{\"limit\":0,\"used\":0,\"remaining\":0}".utf8)
        writer.name("rate_limit")
        writer.beginObject()
        writer.member("requests", key.requestsPerMinute)
        writer.member("interval", "60s")
        writer.member("note", "Requests in any 60 seconds; the X-RateLimit headers say what is left.")
        writer.endObject()
        writer.name("expires_at")
        if let expiresAt = key.expiresAt {
            writer.string(Timestamp.text(ofSeconds: expiresAt / 1000))
        } else {
            writer.null()
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// One key, as `/keys` shows it; with its text right after it was made.
    static func body(_ key: APIKey, spent: KeySpending, text: String? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name("data")
        write(key, spent, to: &writer)
        if let text { writer.member("key", text) }
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `GET /api/v1/keys`.
    static func list(_ keys: some Sequence<APIKey>, spent: [String: KeySpending]) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for key in keys { write(key, spent[key.id] ?? KeySpending(), to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    static func deleted(_ key: APIKey) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("deleted", true)
        writer.member("id", key.id)
        writer.member("hash", key.digest.hex)
        writer.endObject()
        return writer.bytes
    }

    /// Source: OpenRouter's `listkeys`, where every member must be there; `id` and `rate_limit` are ours.
    private static func write(_ key: APIKey, _ spent: KeySpending, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", key.id)
        writer.member("hash", key.digest.hex)
        writer.member("name", key.name)
        writer.member("label", key.label)
        writer.member("disabled", key.isDisabled)
        writer.member("management", key.isManagement)
        writer.member("rate_limit", key.requestsPerMinute)
        writeLimits(key, spent, to: &writer)
        writer.name("models")
        writer.beginArray()
        for model in key.models { writer.string(model) }
        writer.endArray()
        writeTime("created_at", key.createdAt, to: &writer)
        writeTime("updated_at", key.updatedAt, to: &writer)
        writeTime("last_used_at", key.lastUsedAt, to: &writer)
        writeTime("expires_at", key.expiresAt, to: &writer)
        for name: StaticString in ["creator_user_id", "external_user"] { writer.nullMember(name) }
        writer.member("workspace_id", "default")
        writer.endObject()
    }

    private static func writeLimits(_ key: APIKey, _ spent: KeySpending, to writer: inout JSONWriter) {
        if let limit = key.limit {
            writer.member("limit", limit)
            let left = limit.nanoUSD &- spent.since(key.limitReset).nanoUSD
            writer.member("limit_remaining", Money(nanoUSD: max(0, left)))
        } else {
            writer.nullMember("limit")
            writer.nullMember("limit_remaining")
        }
        writer.name("limit_reset")
        if let reset = key.limitReset { writer.string(reset.rawValue) } else { writer.null() }
        writer.member("include_byok_in_limit", false)
        writer.member("usage", spent.total)
        writer.member("usage_daily", spent.daily)
        writer.member("usage_weekly", spent.weekly)
        writer.member("usage_monthly", spent.monthly)
        for name: StaticString in ["byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"] {
            writer.member(name, 0)
        }
    }

    private static func writeTime(_ name: StaticString, _ time: Int64?, to writer: inout JSONWriter) {
        writer.name(name)
        if let time { writer.string(Timestamp.text(ofSeconds: time / 1000)) } else { writer.null() }
    }
}
