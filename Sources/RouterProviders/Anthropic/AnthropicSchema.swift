import RouterCore

/// Cuts a JSON schema down to what the vendor can hold a model to; what is left out stands in the description, where
/// the model reads it.
///
/// Source: Anthropic documentation, "Structured outputs", section "JSON Schema limitations".
enum AnthropicSchema {
    private static let refused: Set<String> = [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "prefixItems", "minProperties",
        "maxProperties", "patternProperties", "propertyNames", "not", "if", "then", "else", "dependentRequired",
        "dependentSchemas", "unevaluatedProperties",
    ]

    static func write(_ schema: JSONValue, to writer: inout JSONWriter) {
        guard schema.kind == .object else { return writer.copy(schema) }
        var left: [JSONMember] = []
        var description: JSONValue?
        let hasAnyOf = schema["anyOf"] != nil
        writer.beginObject()
        for member in schema.members {
            let value = member.value
            switch member.name {
            case "description": description = value
            case "additionalProperties": break
            case "oneOf" where !hasAnyOf: write(list: value, as: "anyOf", to: &writer)
            case "anyOf": write(list: value, as: "anyOf", to: &writer)
            case "allOf": write(list: value, as: "allOf", to: &writer)
            case "items":
                writer.name("items")
                write(value, to: &writer)
            case "properties": write(map: value, as: "properties", to: &writer)
            case "$defs": write(map: value, as: "$defs", to: &writer)
            case "definitions": write(map: value, as: "definitions", to: &writer)
            default:
                if isRefused(member) { left.append(member) } else { writer.copy(member) }
            }
        }
        writeDescription(description, left, to: &writer)
        if isObject(schema) { writer.member("additionalProperties", false) }
        writer.endObject()
    }

    private static func isRefused(_ member: JSONMember) -> Bool {
        // A second kind of choice beside `anyOf` has nowhere to go either.
        if member.name == "oneOf" { return true }
        if member.name == "minItems" { return member.value.integer.map { $0 != 0 && $0 != 1 } ?? true }
        return refused.contains(member.name.string)
    }

    private static func isObject(_ schema: JSONValue) -> Bool {
        guard let type = schema["type"] else { return schema["properties"] != nil }
        return type.equals("object") || type.elements.contains { $0.equals("object") }
    }

    private static func write(list: JSONValue, as name: StaticString, to writer: inout JSONWriter) {
        guard list.kind == .array else { return writer.member(name, list) }
        writer.name(name)
        writer.beginArray()
        for schema in list.elements { write(schema, to: &writer) }
        writer.endArray()
    }

    private static func write(map: JSONValue, as name: StaticString, to writer: inout JSONWriter) {
        guard map.kind == .object else { return writer.member(name, map) }
        writer.name(name)
        writer.beginObject()
        for member in map.members {
            writer.name(escaping: member.name.string)
            write(member.value, to: &writer)
        }
        writer.endObject()
    }

    /// The client's description, and behind it `(minimum: 0; maximum: 150)`.
    private static func writeDescription(_ description: JSONValue?, _ left: [JSONMember], to writer: inout JSONWriter) {
        guard !left.isEmpty else {
            if let description { writer.member("description", description) }
            return
        }
        let rules = left.map { "\($0.name.string): \(String(decoding: $0.value.text, as: UTF8.self))" }
        let note = "(\(rules.joined(separator: "; ")))"
        writer.member("description", description?.nonEmptyString.map { "\($0) \(note)" } ?? note)
    }
}
