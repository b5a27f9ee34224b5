import RouterCore

/// Makes OpenAI's `verbose_json` of Mistral's answer, which has the same under other names; speakers as OpenRouter has
/// them.
///
/// Sources: OpenAI API reference, "The transcription object (Verbose JSON)"; Mistral's `TranscriptionResponse`;
/// OpenRouter's `sttsegment` and `sttword`.
struct VerboseTranscript {
    /// Of the sound, for an answer that does not say.
    let milliseconds: Int
    /// Words were asked for, and no segments: its segments are words then.
    let hasWords: Bool

    private static let known: Set<String> = ["task", "language", "duration", "text", "segments", "usage", "model"]

    func piece(of answer: JSONValue) -> ChatPiece {
        .piece { writer in
            writer.member("task", "transcribe")
            if let language = answer["language"] { writer.member("language", language) }
            if let duration = answer["duration"] ?? answer["usage"]?["prompt_audio_seconds"], duration.kind == .number {
                writer.member("duration", duration)
            } else {
                writer.name("duration")
                writer.raw(Array("\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())".utf8))
            }
            if let text = answer["text"] { writer.member("text", text) }
            if hasWords { writer.name("words") } else { writer.name("segments") }
            writer.beginArray()
            if let segments = answer["segments"], segments.kind == .array {
                for (index, segment) in segments.elements.enumerated() { write(segment, index, to: &writer) }
            }
            writer.endArray()
            for member in answer.members where !Self.known.contains(member.name.string) { writer.copy(member) }
        }
    }

    private func write(_ segment: JSONValue, _ index: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        if !hasWords { writer.member("id", index) }
        for member in segment.members {
            switch member.name.string {
            case "id", "type": continue
            case "text" where hasWords: writer.member("word", member.value)
            case "speaker_id":
                // `speaker_1`; OpenRouter has a number beside the name.
                guard let label = member.value.string else { continue }
                if let number = Int(label.drop { !("0"..."9").contains($0) }) { writer.member("speaker", number) }
                writer.member("speaker_label", label)
            default: writer.copy(member)
            }
        }
        writer.endObject()
    }
}
