import RouterCore

/// Signatures of thoughts on their way out and back: the vendor wants them as they were.
///
/// Those of calls travel in `extra_content.google.thought_signature`, as at Google's own endpoint for OpenAI's
/// clients; those of texts in `reasoning_details`. Source: Gemini API guide, "Thought signatures".
enum GeminiThoughts {
    /// The word in `reasoning_details` that tells whose thoughts they are.
    static let format: StaticString = "google-gemini-v1"
    /// Stands for the signature that a client lost or another vendor's model never gave; Base64 of
    /// `skip_thought_signature_validator`.
    static let placeholder: StaticString = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

    /// That of a call in the history.
    static func signature(ofCall call: JSONValue) -> JSONValue? {
        call["extra_content"]?["google"]?["thought_signature"].flatMap { $0.isText ? $0 : nil }
    }

    /// The last one of a message's `reasoning_details` that is this vendor's.
    static func signature(in details: JSONValue?) -> JSONValue? {
        guard let details else { return nil }
        var found: JSONValue?
        for detail in details.elements where detail["format"]?.equals(format) == true {
            if detail["type"]?.equals("reasoning.encrypted") == true, let data = detail["data"], data.isText {
                found = data
            }
        }
        return found
    }

    /// Writes one of `reasoning_details`: a summary of a thought.
    static func write(summary: ArraySlice<UInt8>, at index: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "reasoning.summary")
        writer.name("summary")
        writer.raw(summary)
        writer.member("format", "\(format)")
        writer.member("index", index)
        writer.endObject()
    }

    /// Writes one of `reasoning_details`: a signature.
    static func write(signature: JSONValue, at index: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "reasoning.encrypted")
        writer.member("data", signature)
        writer.member("format", "\(format)")
        writer.member("index", index)
        writer.endObject()
    }
}
