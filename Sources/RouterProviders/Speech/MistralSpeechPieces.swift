import RouterCore

/// Turns the pieces of Mistral's audio into events.
struct MistralSpeechPieces: Sendable {
    private let form: AnswerForm
    private let format: AudioFormat
    private var samples = FloatSamples()
    private var hasAudio = false
    private var byteCount = 0

    /// Audio of more bytes is cut off.
    private static let bytesMax = 256 << 20

    init(form: AnswerForm, format: AudioFormat) {
        self.form = form
        self.format = format
    }

    /// - Parameter audio: what a piece has as `audio_data`.
    mutating func read(_ audio: JSONValue?, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard let text = audio?.string else { throw .notAudio }
        guard !text.isEmpty else { return }
        guard let letters = Base64.checked(Array(text.utf8)[...]) else { throw .notAudio }
        var bytes = Base64.decoded(letters)
        byteCount += bytes.count
        guard byteCount <= Self.bytesMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.bytesMax) bytes.")
        }
        if format == .pcm { bytes = samples.integers(of: bytes) }
        guard !bytes.isEmpty else { return }
        hasAudio = true
        events.append(
            form == .events
                ? .content(.audio(bytes)) : .bytes(BytesPiece(type: format.contentType, bytes: bytes)))
    }

    /// The audio ended.
    mutating func end(usage said: JSONValue?, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard hasAudio else { throw .notAudio }
        if let said, said.kind == .object {
            var usage = Usage()
            usage.prompt = Usage.count(said["prompt_tokens"]) ?? 0
            usage.completion = Usage.count(said["completion_tokens"]) ?? 0
            usage.completionAudio = usage.completion
            events.append(.usage(usage))
        }
        if form == .events { events.append(.completion(.audioEnd)) }
    }

    /// Whether a client has something that it could take for the whole.
    var hasBegun: Bool { hasAudio }
}

/// Reads audio that came whole.
struct MistralSpeechAnswer: WholeAnswerReader {
    let pieces: MistralSpeechPieces

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        try answer.throwIfMistralFailed()
        var pieces = pieces
        try pieces.read(answer["audio_data"], into: &events)
        try pieces.end(usage: answer["usage"], into: &events)
    }
}

/// Reads audio that comes in Mistral's events.
struct MistralSpeechStream: AnswerDecoder {
    /// A piece may be all of it.
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    private var pieces: MistralSpeechPieces
    private var hasEnded = false

    init(_ pieces: MistralSpeechPieces) { self.pieces = pieces }

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
            try root.throwIfMistralFailed()
            switch root["type"]?.string {
            case "speech.audio.delta": try pieces.read(root["audio_data"], into: &events)
            case "speech.audio.done":
                hasEnded = true
                try pieces.end(usage: root["usage"], into: &events)
            default: break
            }
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard hasEnded else { throw pieces.hasBegun ? .cutOff : .notAudio }
    }
}

extension JSONValue {
    /// Mistral's own errors say so in `object`; what stands before it may have the other shape.
    fileprivate func throwIfMistralFailed() throws(UpstreamFailure) {
        let hasError = self["error"].map { !$0.isNull } ?? false
        guard hasError || self["object"]?.equals("error") == true || self["type"]?.equals("error") == true else {
            return
        }
        throw OpenAIFailure.inAnswer(self)
    }
}
