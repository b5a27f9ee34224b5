import RouterCore

/// Where models are served, and by whom, as OpenRouter tells it.
///
/// Source: OpenRouter's `publicendpoint` and `providers`. What is not measured or not known is null.
enum EndpointListing {
    /// `GET /models/{author}/{slug}/endpoints`: the model in short and each of its endpoints.
    static func body(of model: Model) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 * (model.endpoints.count + 1))
        writer.beginObject()
        writer.name("data")
        writer.beginObject()
        writer.member("id", model.id)
        writer.member("name", model.name)
        writer.member("created", Int(model.created))
        writer.member("description", model.description)
        ModelListing.writeArchitecture(of: model, to: &writer)
        writer.name("endpoints")
        writer.beginArray()
        for endpoint in model.endpoints { write(endpoint, of: model, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// `GET /endpoints/zdr`: endpoints whose providers keep nothing of a request.
    static func retainingNothing(in catalog: Catalog) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for model in catalog.models {
            for endpoint in model.endpoints where !endpoint.provider.dataPolicy.retains {
                write(endpoint, of: model, to: &writer)
            }
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// `GET /providers`: everyone who serves a model.
    static func providers(of catalog: Catalog) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 * (catalog.providers.count + 1))
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for provider in catalog.providers {
            writer.beginObject()
            writer.member("name", provider.name)
            writer.member("slug", provider.slug)
            writer.nullMember("privacy_policy_url")
            writer.nullMember("terms_of_service_url")
            writer.nullMember("status_page_url")
            writer.nullMember("headquarters")
            writer.nullMember("datacenters")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ endpoint: Endpoint, of model: Model, to writer: inout JSONWriter) {
        let choosesTools = model.supportedParameters.contains("tool_choice")
        writer.beginObject()
        writer.member("name", "\(endpoint.provider.name) | \(model.id)")
        writer.member("model_id", model.id)
        writer.member("model_name", model.name)
        writer.member("context_length", model.contextLength)
        ModelListing.write(endpoint.pricing ?? model.allPricing, to: &writer)
        writer.member("provider_name", endpoint.provider.name)
        writer.member("tag", endpoint.provider.slug)
        writer.name("quantization")
        if endpoint.quantization == .unknown { writer.null() } else { writer.string(endpoint.quantization.rawValue) }
        writer.name("max_completion_tokens")
        if let most = model.maxCompletionTokens { writer.integer(most) } else { writer.null() }
        writer.nullMember("max_prompt_tokens")
        ModelListing.write("supported_parameters", model.supportedParameters, to: &writer)
        writer.nullMember("uptime_last_5m")
        writer.nullMember("uptime_last_30m")
        writer.nullMember("uptime_last_1d")
        writer.nullMember("latency_last_30m")
        writer.nullMember("throughput_last_30m")
        // Who charges for writing to the cache wants to be asked for it.
        let units = (endpoint.pricing?.prices ?? model.pricing).map(\.unit)
        writer.member(
            "supports_implicit_caching", units.contains("input_cache_read") && !units.contains("input_cache_write"))
        writer.name("supports_tool_choice")
        writer.beginObject()
        writer.member("auto", choosesTools)
        writer.member("none", choosesTools)
        writer.member("required", choosesTools && endpoint.traits.takesForcedCalls)
        writer.member("function", choosesTools && endpoint.traits.takesForcedCalls)
        writer.endObject()
        writer.member("supports_diarization", false)
        writer.name("native_tools")
        writer.beginObject()
        writer.endObject()
        writer.nullMember("service_tier")
        writer.member("status", 0)
        writer.endObject()
    }
}
