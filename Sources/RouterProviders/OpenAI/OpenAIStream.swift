import RouterCore

/// Reads a streamed answer: one event for each thing a client may be told, in the order the public format demands.
///
/// For each choice: a role, once, before everything else; then what is new, never an empty delta; then the reason why
/// it ended, once, in a chunk of its own. Source: OpenAI API reference, "The chat completion chunk object".
struct OpenAIStream: AnswerDecoder {
    /// A record can hold an image: it may be as large as a whole answer.
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    private var chunks: OpenAIChunks
    private var isDone = false

    init(shape: OpenAIAnswerShape, usesTemplates: Bool = true) {
        chunks = OpenAIChunks(shape: shape, usesTemplates: usesTemplates)
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }  // What follows the end says nothing.
        framing.append(bytes)
        while let record = try framing.next() {
            if record.data.elementsEqual("[DONE]".utf8) {
                isDone = true
                try chunks.finish(into: &events)
                return
            }
            if !record.data.isEmpty { try chunks.read(record, into: &events) }
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        isDone = true
        if chunks.shape.endsWithDone { throw .cutOff }
        try chunks.finish(into: &events)
    }
}

extension UpstreamFailure {
    /// The bytes ended before the answer did.
    static var cutOff: UpstreamFailure { UpstreamFailure(.broken, "The provider's answer ended early.") }
    /// What came is no chat answer.
    static var notAnAnswer: UpstreamFailure {
        UpstreamFailure(.broken, "The provider sent something that is not an answer.")
    }
}
