import Crypto
import RouterCore

/// The answers about models: lists that clients of OpenAI, OpenRouter and Anthropic, and LibreChat, all can read.
///
/// Each model is written once for each catalogue; an answer puts together what is asked for.
struct ModelListing: Sendable {
    private let models: [Model]
    /// Each model as `GET /api/v1/models/{id}` gives it.
    private let objects: [[UInt8]]
    /// All models.
    let whole: Prepared

    /// A body and its `ETag`, which changes when the body does.
    struct Prepared: Sendable {
        let body: [UInt8]
        let tag: String

        init(_ body: [UInt8]) {
            self.body = body
            let digest = SHA256.hash(data: body).prefix(12)
            tag = "\"\(digest.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined())\""
        }

        /// Whether a client that sends this `If-None-Match` has the body already: `"a"`, `W/"a", "b"` or `*`.
        ///
        /// Source: RFC 9110, section 13.1.2; tags are compared weakly.
        func isHeld(by header: String) -> Bool {
            header.split(separator: ",").contains { part in
                let word = part.drop { $0 == " " || $0 == "\t" }
                let tag = (word.hasPrefix("W/") ? word.dropFirst(2) : word).prefix { $0 != " " && $0 != "\t" }
                return tag == "*" || tag == self.tag
            }
        }
    }

    init(_ catalog: Catalog) {
        models = catalog.models
        objects = models.map(Self.object)
        whole = Prepared(Self.list(Array(models.indices)[...], of: models, objects, total: models.count))
    }

    /// The models that `query` asks for.
    ///
    /// - Parameters:
    ///   - names: the only models that are shown, by their ids or other names; empty for all.
    ///   - path: of the request, for the link to the next page.
    func list(
        _ query: ModelQuery, of names: [String] = [], path: String, members: [(name: String, value: String)]
    ) -> Prepared {
        guard !query.isEverything(of: models.count) || !names.isEmpty else { return whole }
        let places = query.places(in: models).filter { place in
            names.isEmpty || names.contains(models[place].id) || models[place].aliases.contains(where: names.contains)
        }
        let page = query.page(of: places)
        var next: String?
        if let limit = query.limit, places.count - page.endIndex > 0, !page.isEmpty {
            let others = members.filter { $0.name != "offset" && $0.name != "limit" }
                .map { "\($0.name.queryEscaped)=\($0.value.queryEscaped)" }
            next =
                path + "?"
                + (others + ["offset=\(query.offset + page.count)", "limit=\(limit)"]).joined(separator: "&")
        }
        return Prepared(Self.list(page, of: models, objects, total: places.count, next: next))
    }

    /// `{"data": {"count": 12}}`
    func count(_ query: ModelQuery) -> [UInt8] {
        var writer = JSONWriter(capacity: 32)
        writer.beginObject()
        writer.name("data")
        writer.beginObject()
        writer.member("count", query.places(in: models).count)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func list(
        _ places: ArraySlice<Int>, of models: [Model], _ objects: [[UInt8]], total: Int, next: String? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: places.reduce(256) { $0 + objects[$1].count + 1 })
        writer.beginObject()
        writer.member("object", "list")
        writer.name("data")
        writer.beginArray()
        for place in places { writer.raw(objects[place]) }
        writer.endArray()
        writer.member("total_count", total)
        writer.name("links")
        writer.beginObject()
        writer.name("next")
        if let next { writer.string(next) } else { writer.null() }
        writer.endObject()
        writer.member("has_more", next != nil)
        writer.name("first_id")
        if let first = places.first { writer.string(models[first].id) } else { writer.null() }
        writer.name("last_id")
        if let last = places.last { writer.string(models[last].id) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }

    /// One model, as `GET /api/v1/models/{id}` gives it.
    static func object(of model: Model) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        write(model, to: &writer)
        return writer.bytes
    }

    /// What models take in and give out.
    static func writeArchitecture(of model: Model, to writer: inout JSONWriter) {
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
    }

    /// Prices as they are written, and what long prompts cost as `overrides`. Source: OpenRouter's `publicpricing`.
    static func write(_ pricing: Pricing, to writer: inout JSONWriter) {
        writer.name("pricing")
        writer.beginObject()
        write(pricing.prices, to: &writer)
        let tiers = pricing.tiers.filter { $0.service == nil }.sorted { $0.above < $1.above }
        if !tiers.isEmpty {
            writer.name("overrides")
            writer.beginArray()
            for tier in tiers {
                writer.beginObject()
                writer.member("min_prompt_tokens", tier.above)
                write(tier.prices, to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    private static func write(_ prices: [Model.Price], to writer: inout JSONWriter) {
        for price in prices {
            writer.name(escaping: price.unit)
            writer.string(price.usd)
        }
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
        writeArchitecture(of: model, to: &writer)
        write(model.allPricing, to: &writer)
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
        writer.member("details", "/api/v1/models/\(model.id)/endpoints")
        writer.endObject()
        writer.endObject()
    }

    static func write(_ name: StaticString, _ texts: [String], to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}
