import RouterCore

/// Reads speech that comes in OpenAI's events: pieces of audio, then one with the usage.
///
/// Source: OpenAI API reference, "Create speech", section "Streaming".
struct SpeechEvents: AnswerDecoder {
    /// A vendor may send all audio in one event.
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    private var hasAudio = false
    private var hasEnded = false

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        framing.append(bytes)
        while let record = try framing.next() {
            guard !hasEnded, !record.data.isEmpty, !record.data.elementsEqual("[DONE]".utf8) else { continue }
            let root: JSONValue
            do throws(UpstreamFailure) {
                root = try JSONDocument(answer: Array(record.data)).root
            } catch {
                throw .notAudio
            }
            try read(root, into: &events)
        }
    }

    private mutating func read(_ event: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = event["error"], !error.isNull { throw OpenAIFailure.inAnswer(event) }
        switch event["type"]?.string {
        case "error": throw OpenAIFailure.inAnswer(event)
        case "speech.audio.delta":
            guard let audio = event["audio"]?.string else { throw .notAudio }
            guard !audio.isEmpty else { return }
            guard let letters = Base64.checked(Array(audio.utf8)[...]) else { throw .notAudio }
            hasAudio = true
            events.append(.content(.audio(Base64.decoded(letters))))
        case "speech.audio.done":
            guard hasAudio else { throw .notAudio }
            hasEnded = true
            if let said = event["usage"], said.kind == .object {
                var usage = Usage()
                usage.prompt = Usage.count(said["input_tokens"]) ?? 0
                usage.completion = Usage.count(said["output_tokens"]) ?? 0
                usage.completionAudio = usage.completion
                events.append(.usage(usage))
            }
            events.append(.completion(.audioEnd))
        default: break
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard hasEnded else { throw .cutOff }
    }
}
