import RouterCore

/// A schema for the answer, for vendors that know only that it is to be JSON.
enum OpenAISchema {
    /// What the system text says of it: the inside of a JSON string.
    static func instruction(_ schema: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: schema.text.count + 128)
        writer.string(
            "Answer with a JSON object that conforms to this JSON Schema and nothing else:\n"
                + String(decoding: compact(schema), as: UTF8.self))
        return Array(writer.bytes.dropFirst().dropLast())
    }

    /// The schema without white space between its values.
    private static func compact(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: value.text.count)
        write(value, to: &writer)
        return writer.bytes
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value.kind {
        case .object:
            writer.beginObject()
            for member in value.members {
                writer.name(escaping: member.name.string)
                write(member.value, to: &writer)
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { write(element, to: &writer) }
            writer.endArray()
        case .string, .number, .bool, .null:
            writer.copy(value)
        }
    }
}
