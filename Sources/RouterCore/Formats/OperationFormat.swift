/// Writes whole answers to requests for an ``Operation``: what the vendor said, with our names and usage behind it.
///
/// Source: OpenAI API reference, "The embedding object"; OpenRouter's `createembeddings` for `id`, `provider` and `cost`.
public enum OperationFormat {
    /// - Parameters:
    ///   - piece: what the vendor said.
    ///   - record: as it was settled.
    public static func whole(_ piece: ChatPiece, of record: Generation) -> [UInt8] {
        var writer = JSONWriter(capacity: 400)
        writer.beginObject()
        // A transcript has nothing beside its text and usage; the header names the generation.
        if record.kind != .transcription {
            writer.member("model", record.model)
            writer.member("id", record.id.rawValue)
            writer.member("provider", record.providerName)
        }
        OperationUsage.write(record, to: &writer)
        writer.endObject()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.members.count + writer.bytes.count + 2)
        bytes.append(UInt8(ascii: "{"))
        bytes += piece.members
        bytes.append(UInt8(ascii: ","))
        bytes += writer.bytes.dropFirst()
        return bytes
    }
}
