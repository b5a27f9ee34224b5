import RouterCore

/// Turns Gemini's records of audio into events, a record or a whole answer at a time.
struct GeminiSpeechRecords: Sendable {
    private let form: AnswerForm
    private let isWAV: Bool
    private var usage = GeminiUsage()
    private var hasAudio = false
    /// Samples of a WAV file that goes out whole.
    private var kept: [UInt8] = []
    private var rate = 24_000
    /// Why it ended, in the vendor's word.
    private var finish: String?
    private var blocked: String?

    private static let types = ["audio/l16", "audio/pcm", "audio/wav", "audio/x-wav", "audio/wave"]

    init(form: AnswerForm, isWAV: Bool) {
        self.form = form
        self.isWAV = isWAV
    }

    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no audio.
    mutating func read(_ root: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard root.kind == .object else { throw .notAudio }
        if let error = root["error"], !error.isNull { throw GeminiFailure.inAnswer(root) }
        if let said = root["usageMetadata"] {
            usage.read(said)
            events.append(.usage(usage.totals))
        }
        blocked = root["promptFeedback"]?["blockReason"]?.string ?? blocked
        guard let candidate = root["candidates"]?.elements.first(where: { _ in true }) else { return }
        for part in candidate["content"]?["parts"]?.elements.map(\.self) ?? [] {
            guard let data = part["inlineData"] else { continue }
            try read(audio: data, into: &events)
        }
        finish = candidate["finishReason"]?.string ?? finish
    }

    private mutating func read(audio: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let type = audio["mimeType"]?.string ?? ""
        guard Self.types.contains(where: { type.lowercased().hasPrefix($0) }),
            let text = audio["data"]?.string, let letters = Base64.checked(Array(text.utf8)[...])
        else { throw .notAudio }
        var samples = Base64.decoded(letters)
        let isFirst = !hasAudio
        hasAudio = true
        if isFirst { rate = AudioType.rate(ofPCM: type) }
        if isFirst, type.lowercased().hasSuffix("wav") || WAVSamples.begin(samples) {
            // Newer models make the header themselves when they answer whole.
            guard let file = WAVSamples(samples) else { throw .notAudio }
            (samples, rate) = (file.samples, file.rate)
        }
        switch (form, isWAV) {
        case (.events, true) where isFirst:
            events.append(.content(.audio(WAVHeader.bytes(samples: nil, rate: rate) + samples)))
        case (.events, _): events.append(.content(.audio(samples)))
        case (_, true): kept += samples
        case (_, false): events.append(.bytes(BytesPiece(type: AudioFormat.pcmType(rate: rate), bytes: samples)))
        }
    }

    /// The bytes ended.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for what the vendor's filters held back, of kind `broken` when the
    ///   answer had not ended, or ended before all of the text was spoken: bytes cannot say that they are a part.
    mutating func end(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let blocked, !hasAudio { throw UpstreamFailure(.refused, GeminiFinish.blocked(blocked)) }
        guard let finish else { throw hasAudio ? .cutOff : .notAudio }
        if let refusal = try GeminiFinish(finish, hasCalls: false, hasContent: false).refusal {
            throw UpstreamFailure(.refused, refusal)
        }
        guard hasAudio else {
            throw UpstreamFailure(.failed, "The provider's answer has no audio (\(finish.prefix(60))).")
        }
        guard finish == "STOP" else { throw .speechCutOff(finish) }
        if form == .events {
            events.append(.completion(.audioEnd))
        } else if isWAV {
            let header = WAVHeader.bytes(samples: kept.count, rate: rate)
            events.append(.bytes(BytesPiece(type: AudioFormat.wav.contentType, bytes: header + kept)))
            kept = []
        }
    }
}

extension UpstreamFailure {
    fileprivate static func speechCutOff(_ finish: String) -> UpstreamFailure {
        let word = String(finish.prefix(60))
        var failure = UpstreamFailure(.broken, "The provider's speech was cut off (\(word)).")
        failure.finishReason = word
        return failure
    }
}

/// Reads a whole answer.
struct GeminiSpeechAnswer: WholeAnswerReader {
    let records: GeminiSpeechRecords

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        var records = records
        try records.read(answer, into: &events)
        try records.end(into: &events)
    }
}

/// Reads a streamed answer, record by record.
struct GeminiSpeechStream: AnswerDecoder {
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    private var records: GeminiSpeechRecords
    private var isDone = false

    init(_ records: GeminiSpeechRecords) { self.records = records }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        framing.append(bytes)
        while let record = try framing.next() {
            guard !record.data.isEmpty, !record.data.elementsEqual("[DONE]".utf8) else { continue }
            let root: JSONValue
            do throws(UpstreamFailure) {
                root = try JSONDocument(answer: Array(record.data)).root
            } catch {
                throw .notAudio
            }
            try records.read(root, into: &events)
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        isDone = true
        try records.end(into: &events)
    }
}
