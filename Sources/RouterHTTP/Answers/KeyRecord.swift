import RouterCore

/// An API key as the API shows it. Source: OpenRouter's `getcurrentkey`, where every member must be there.
enum KeyRecord {
    /// The answer to `GET /api/v1/key`.
    static func current(_ key: APIKey) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name("data")
        writer.beginObject()
        writer.member("label", key.label)
        writer.member("name", key.name)
        for name: StaticString in ["limit", "limit_remaining", "limit_reset"] { writer.nullMember(name) }
        writer.member("include_byok_in_limit", false)
        for name: StaticString in [
            "usage", "usage_daily", "usage_weekly", "usage_monthly", "byok_usage", "byok_usage_daily",
            "byok_usage_weekly", "byok_usage_monthly",
        ] {
            writer.member(name, 0)
        }
        for name: StaticString in ["is_free_tier", "is_management_key", "is_provisioning_key"] {
            writer.member(name, false)
        }
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
}
