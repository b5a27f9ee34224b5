import RouterCore

/// The answer to `GET /api/v1/generation`: our contract's flat members, and OpenRouter's `data`, where every member must be
/// there. Source: OpenRouter's `generationresponse`.
enum GenerationRecord {
    static func body(_ record: Generation) -> [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        writer.beginObject()
        writer.member("id", record.id.rawValue)
        writer.member("model", record.model)
        writer.member("created_at", Timestamp.text(ofSeconds: record.createdAt / 1000))
        writer.member("tokens_prompt", record.usage.prompt)
        writer.member("tokens_completion", record.usage.completion)
        writer.member("total_cost", record.cost)
        writer.member("latency_ms", record.elapsed.wholeMilliseconds)
        writer.member("provider", record.provider)
        writer.member("status", record.outcome.rawValue)
        writer.name("data")
        writeData(record, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func writeData(_ record: Generation, to writer: inout JSONWriter) {
        let first = record.firstContentAfter ?? record.elapsed
        writer.beginObject()
        writer.member("id", record.id.rawValue)
        writer.member("model", record.model)
        writer.member("created_at", Timestamp.text(ofSeconds: record.createdAt / 1000))
        for name: StaticString in ["request_id", "upstream_id", "session_id"] { writer.nullMember(name) }
        writer.member("api_type", record.kind.rawValue)
        for name: StaticString in ["app_id", "cache_discount"] { writer.nullMember(name) }
        writer.member("cancelled", record.outcome == .cancelled)
        writer.member("streamed", record.streamed)
        writer.member("data_region", "global")
        writer.nullMember("external_user")
        write("finish_reason", record.finishReason, to: &writer)
        write("native_finish_reason", record.nativeFinishReason ?? record.finishReason, to: &writer)
        writer.member("generation_time", (record.elapsed - first).wholeMilliseconds)
        writer.member("latency", first.wholeMilliseconds)
        writer.nullMember("moderation_latency")
        write("http_referer", record.app.referer, to: &writer)
        write("user_agent", record.app.userAgent, to: &writer)
        writer.member("origin", record.app.referer ?? "")
        writer.member("is_byok", false)
        writer.member("native_tokens_prompt", record.usage.prompt)
        writer.member("native_tokens_completion", record.usage.completion)
        writer.member("native_tokens_cached", record.usage.cacheRead)
        writer.member("native_tokens_reasoning", record.usage.reasoning)
        let usage = record.usage
        write("native_tokens_completion_images", usage.completionImage, if: record.kind == .image, to: &writer)
        writer.nullMember("num_fetches")
        write("num_input_audio_prompt", 1, if: record.kind == .transcription, to: &writer)
        writer.nullMember("num_media_prompt")
        write("num_media_completion", usage.images, if: record.kind == .image, to: &writer)
        for name: StaticString in ["num_search_results", "web_search_engine", "preset_id"] { writer.nullMember(name) }
        write("provider_name", record.providerName.isEmpty ? nil : record.providerName, to: &writer)
        writeAttempts(record, to: &writer)
        writer.nullMember("router")
        write("service_tier", record.usage.serviceTier, to: &writer)
        writer.member("tokens_prompt", record.usage.prompt)
        writer.member("tokens_completion", record.usage.completion)
        writer.member("total_cost", record.cost)
        writer.member("usage", record.cost)
        for name: StaticString in ["upstream_inference_cost", "workspace_id", "response_cache_source_id"] {
            writer.nullMember(name)
        }
        // Beyond OpenRouter's: what is charged beside tokens, who asked, how it ended, whose count the usage is, what was set
        // aside and could not be collected.
        write("characters", usage.characters, if: record.kind == .speech, to: &writer)
        write("audio_input_ms", usage.audioMilliseconds, if: record.kind == .transcription, to: &writer)
        write("audio_output_ms", usage.audioOutputMilliseconds, if: record.kind == .speech, to: &writer)
        write("image_size", usage.imageSize, to: &writer)
        write("image_quality", usage.imageQuality, to: &writer)
        write("app_title", record.app.title, to: &writer)
        writer.member("status", record.outcome.rawValue)
        writer.member("usage_basis", record.basis.rawValue)
        writer.member("held", record.held)
        writer.member("uncollected", record.uncollected)
        writer.endObject()
    }

    /// Every try in order, the one that answered last.
    private static func writeAttempts(_ record: Generation, to writer: inout JSONWriter) {
        writer.name("provider_responses")
        writer.beginArray()
        for attempt in record.failedAttempts {
            writer.beginObject()
            writer.name("status")
            if let status = attempt.status { writer.integer(status) } else { writer.null() }
            write("provider_name", attempt.provider, to: &writer)
            writer.member("error", "\(attempt.kind)")
            writer.member("message", String(attempt.message.prefix(300)))
            writer.endObject()
        }
        if record.outcome == .completed || record.outcome == .cancelled && record.firstContentAfter != nil {
            writer.beginObject()
            writer.member("status", 200)
            write("provider_name", record.providerName, to: &writer)
            writer.member("is_byok", false)
            writer.member("latency", (record.firstContentAfter ?? record.elapsed).wholeMilliseconds)
            writer.member("model_permaslug", record.model)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ name: StaticString, _ number: Int, if isThere: Bool, to writer: inout JSONWriter) {
        if isThere { writer.member(name, number) } else { writer.nullMember(name) }
    }

    private static func write(_ name: StaticString, _ text: String?, to writer: inout JSONWriter) {
        if let text { writer.member(name, text) } else { writer.nullMember(name) }
    }
}
