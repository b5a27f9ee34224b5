import Crypto
import RouterCore

/// The answer to `GET /api/v1/models`: one body that clients of OpenAI, OpenRouter and Anthropic, and LibreChat, all
/// can read.
struct ModelListing: Sendable {
    let body: [UInt8]
    /// For `ETag`: changes when the body does.
    let tag: String

    init(_ catalog: Catalog) {
        var writer = JSONWriter(capacity: 1024 * (catalog.models.count + 1))
        writer.beginObject()
        writer.member("object", "list")
        writer.name("data")
        writer.beginArray()
        for model in catalog.models { Self.write(model, to: &writer) }
        writer.endArray()
        writer.member("total_count", catalog.models.count)
        writer.name("links")
        writer.beginObject()
        writer.nullMember("next")
        writer.endObject()
        writer.member("has_more", false)
        writer.name("first_id")
        if let first = catalog.models.first { writer.string(first.id) } else { writer.null() }
        writer.name("last_id")
        if let last = catalog.models.last { writer.string(last.id) } else { writer.null() }
        writer.endObject()
        body = writer.bytes
        tag = "\"\(SHA256.hash(data: body).prefix(12).map { String(Int($0) + 256, radix: 16).dropFirst() }.joined())\""
    }

    /// One model, as `GET /api/v1/models/{id}` gives it.
    static func object(of model: Model) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        write(model, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: Model, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", model.id)
        writer.member("object", "model")
        writer.member("type", "model")
        writer.member("owned_by", model.author)
        writer.member("canonical_slug", model.id)
        writer.member("name", model.name)
        writer.member("display_name", model.name)
        writer.member("created", Int(model.created))
        writer.member("created_at", Timestamp.text(ofSeconds: model.created))
        writer.member("description", model.description)
        writer.member("context_length", model.contextLength)
        writer.name("architecture")
        writer.beginObject()
        writer.member(
            "modality",
            "\(model.inputModalities.joined(separator: "+"))->\(model.outputModalities.joined(separator: "+"))")
        write("input_modalities", model.inputModalities, to: &writer)
        write("output_modalities", model.outputModalities, to: &writer)
        writer.member("tokenizer", "Other")
        writer.nullMember("instruct_type")
        writer.endObject()
        writer.name("pricing")
        writer.beginObject()
        for price in model.pricing {
            writer.name(escaping: price.unit)
            writer.string(price.usd)
        }
        writer.endObject()
        writer.name("top_provider")
        writer.beginObject()
        writer.member("context_length", model.contextLength)
        writer.name("max_completion_tokens")
        if let most = model.maxCompletionTokens { writer.integer(most) } else { writer.null() }
        writer.member("is_moderated", false)
        writer.endObject()
        writer.nullMember("per_request_limits")
        write("supported_parameters", model.supportedParameters, to: &writer)
        writer.nullMember("default_parameters")
        writer.nullMember("supported_voices")
        writer.nullMember("hugging_face_id")
        writer.nullMember("knowledge_cutoff")
        writer.nullMember("expiration_date")
        writer.name("links")
        writer.beginObject()
        writer.member("details", "/api/v1/models/\(model.id)")
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ name: StaticString, _ texts: [String], to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}
