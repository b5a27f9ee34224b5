import RouterCore

/// Reads a transcript that comes in events: OpenAI's, Mistral's, or chunks as vLLM sends them.
///
/// Sources: OpenAI API reference, "Create transcription", section "Streaming"; Mistral's `TranscriptionStreamEvents`; vLLM
/// documentation, "Transcriptions API".
struct TranscriptEvents: AnswerDecoder {
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    /// What came so far, for an end that does not repeat it.
    private var text = ""
    private var hasPiece = false
    private var hasEnded = false
    /// A stream without any text begins with an event all the same: nobody knew before that it would be one.
    private let announces: Bool

    /// A text of more bytes is cut off.
    private static let bytesMax = 16 << 20

    init(announces: Bool = false) { self.announces = announces }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        framing.append(bytes)
        while let record = try framing.next() {
            guard !hasEnded, !record.data.isEmpty else { continue }
            guard !record.data.elementsEqual("[DONE]".utf8) else {
                end(.transcriptEnd(text), into: &events)
                continue
            }
            let root: JSONValue
            do throws(UpstreamFailure) {
                root = try JSONDocument(answer: Array(record.data)).root
            } catch {
                throw .notATranscript
            }
            try read(root, into: &events)
        }
    }

    private mutating func read(_ event: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = event["error"], !error.isNull { throw OpenAIFailure.inAnswer(event) }
        if let usage = Usage(transcript: event["usage"]) { events.append(.usage(usage)) }
        switch event["type"]?.string {
        case "error": throw OpenAIFailure.inAnswer(event)
        case "transcript.text.delta":
            guard let delta = event["delta"]?.string else { throw .notATranscript }
            try note(delta)
            append(.transcript(event, type: "transcript.text.delta"), into: &events)
        case "transcript.text.segment", "transcription.segment":
            append(.transcript(event, type: "transcript.text.segment"), into: &events)
        case "transcript.text.done", "transcription.done":
            guard event["text"]?.string != nil else { throw .notATranscript }
            end(.transcript(event, type: "transcript.text.done"), into: &events)
        case "transcription.text.delta":
            guard let delta = event["text"]?.string else { throw .notATranscript }
            try note(delta)
            append(.transcriptDelta(delta), into: &events)
        default:
            for choice in event["choices"]?.elements.map(\.self) ?? [] {
                guard let delta = choice["delta"]?["content"]?.string, !delta.isEmpty else { continue }
                try note(delta)
                append(.transcriptDelta(delta), into: &events)
            }
        }
    }

    private mutating func note(_ delta: String) throws(UpstreamFailure) {
        text += delta
        guard text.utf8.count <= Self.bytesMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.bytesMax) bytes.")
        }
    }

    private mutating func append(_ piece: ChatPiece, into events: inout [ChatEvent]) {
        hasPiece = true
        events.append(.content(piece))
    }

    private mutating func end(_ piece: ChatPiece, into events: inout [ChatEvent]) {
        hasEnded = true
        if announces, !hasPiece { events.append(.content(.transcriptDelta(""))) }
        events.append(.completion(piece))
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard hasEnded else { throw hasPiece ? .cutOff : .notATranscript }
    }
}
