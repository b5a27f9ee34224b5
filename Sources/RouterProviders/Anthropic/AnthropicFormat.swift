import RouterCore

/// The form that the answer must have: `response_format`.
struct AnthropicFormat {
    /// What the model is told in words, because the vendor has no member for it.
    let instruction: String?
    private let schema: JSONValue?

    private static let jsonOnly = "Respond only with a single valid JSON object, without any other text."

    init(_ format: JSONValue?) throws(UpstreamFailure) {
        guard let format else {
            (instruction, schema) = (nil, nil)
            return
        }
        guard let type = format["type"] else {
            throw .refused(format, "must have a `type`: text, json_object or json_schema")
        }
        if type.equals("json_schema"), let schema = format["json_schema"]?["schema"], schema.kind == .object {
            (instruction, self.schema) = (nil, schema)
        } else if type.equals("json_schema"), let schema = format["json_schema"]?["schema"], !schema.isNull {
            throw .refused(schema, "must be a JSON schema: an object")
        } else if type.equals("json_object") || type.equals("json_schema") {
            (instruction, schema) = (Self.jsonOnly, nil)
        } else if type.equals("text") {
            (instruction, schema) = (nil, nil)
        } else {
            throw .unsupported(type, "must be text, json_object or json_schema for this model")
        }
    }

    /// Writes `output_config`, which holds the effort too; nothing when there is neither.
    func write(effort: ChatTraits.Effort?, to writer: inout JSONWriter) {
        guard effort != nil || schema != nil else { return }
        writer.name("output_config")
        writer.beginObject()
        if let effort { writer.member("effort", effort.rawValue) }
        if let schema {
            writer.name("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.name("schema")
            AnthropicSchema.write(schema, to: &writer)
            writer.endObject()
        }
        writer.endObject()
    }
}
