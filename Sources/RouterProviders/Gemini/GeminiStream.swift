import RouterCore

/// Reads a streamed answer: each record is a piece of an answer, and after the last one the bytes just end.
struct GeminiStream: AnswerDecoder {
    private var framing = EventStreamDecoder()
    private var records: GeminiRecords
    private var isDone = false

    init(hidesReasoning: Bool) {
        records = GeminiRecords(hidesReasoning: hidesReasoning)
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        framing.append(bytes)
        while let record = try framing.next() {
            // Proxies that know only OpenAI's streams end this one as one of those.
            guard !record.data.isEmpty, !record.data.elementsEqual("[DONE]".utf8) else { continue }
            try records.read(JSONDocument(answer: Array(record.data)).root, into: &events)
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        isDone = true
        try records.finish(into: &events)
    }
}

/// Turns the vendor's records into events.
struct GeminiRecords: Sendable {
    /// What was said of one candidate so far.
    private struct Choice: Sendable {
        let index: Int
        var counts = GeminiCandidate.Counts()
        var hasContent = false
        var isFinished = false
    }

    private let hidesReasoning: Bool
    private var usage = GeminiUsage()
    private var choices: [Choice] = []
    /// The vendor's id of the answer.
    private var origin = ""

    private static let choicesMax = 128
    private static let callsMax = 1024

    init(hidesReasoning: Bool) {
        self.hidesReasoning = hidesReasoning
    }

    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no record.
    mutating func read(_ root: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard root.kind == .object else { throw .notAnAnswer }
        var candidates: JSONValue?
        var blocked: String?
        for member in root.members {
            let value = member.value
            switch member.name {
            case "error" where !value.isNull: throw GeminiFailure.inAnswer(root)
            case "candidates": candidates = value
            case "usageMetadata":
                usage.read(value)
                events.append(.usage(usage.totals))
            case "promptFeedback": blocked = value["blockReason"]?.nonEmptyString
            case "responseId": if origin.isEmpty { origin = value.string ?? "" }
            default: break
            }
        }
        if let candidates, candidates.count > 0 {
            for candidate in candidates.elements where candidate.kind == .object {
                try read(candidate: candidate, into: &events)
            }
        } else if let blocked {
            try block(blocked, into: &events)
        }
    }

    private mutating func read(candidate value: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let place = try place(of: value["index"]?.integer ?? 0, into: &events)
        let index = choices[place].index
        guard !choices[place].isFinished else { return }
        let candidate = GeminiCandidate(
            value, after: choices[place].counts, origin: origin, hidesReasoning: hidesReasoning)
        guard candidate.counts.calls <= Self.callsMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.callsMax) tool calls.")
        }
        choices[place].counts = candidate.counts
        if candidate.hasContent { choices[place].hasContent = true }
        var finish: GeminiFinish?
        if let word = candidate.finish {
            finish = try GeminiFinish(
                word, hasCalls: candidate.counts.calls > 0, hasContent: choices[place].hasContent)
        }
        let logprobs = candidate.logprobsText
        if candidate.saysSomething || finish?.refusal != nil || logprobs != nil {
            var delta = JSONWriter(capacity: value.text.count + 64)
            delta.beginObject()
            candidate.writeMembers(isDelta: true, refusal: finish?.refusal, to: &delta)
            if delta.bytes.count == 1 { delta.member("content", "") }
            delta.endObject()
            events.append(.content(Self.piece(index, delta.bytes, logprobs: logprobs)))
        }
        if let finish {
            choices[place].isFinished = true
            events.append(.finish(Self.end(index, finish.reason, native: candidate.finish)))
        }
    }

    /// The prompt was not answered.
    private mutating func block(_ word: String, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let place = try place(of: 0, into: &events)
        guard !choices[place].isFinished else { return }
        choices[place].isFinished = true
        var delta = JSONWriter()
        delta.beginObject()
        delta.member("refusal", GeminiFinish.blocked(word))
        delta.endObject()
        events.append(.content(Self.piece(0, delta.bytes)))
        events.append(.finish(Self.end(0, "content_filter", native: word)))
    }

    /// The bytes ended.
    /// - Throws: ``UpstreamFailure`` of kind `broken` when the answer had not.
    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !choices.isEmpty else { throw .notAnAnswer }
        guard choices.allSatisfy(\.isFinished) else { throw .cutOff }
    }

    private mutating func place(of index: Int, into events: inout [ChatEvent]) throws(UpstreamFailure) -> Int {
        if let place = choices.firstIndex(where: { $0.index == index }) { return place }
        guard (0..<Self.choicesMax).contains(index) else {
            throw UpstreamFailure(.broken, "The provider's answer has a choice that nobody asked for.")
        }
        choices.append(Choice(index: index))
        events.append(.opening(Self.piece(index, Array(#"{"role":"assistant","content":""}"#.utf8))))
        return choices.count - 1
    }

    // MARK: Pieces

    private static func piece(_ index: Int, _ delta: [UInt8], logprobs: [UInt8]? = nil) -> ChatPiece {
        var others: [UInt8] = []
        if let logprobs { others = Array(#"{"logprobs":"#.utf8) + logprobs + [0x7D] }
        return OpenAIEnvelope().piece(choices: OpenAIChoice.text(index, delta: delta, others: others))
    }

    private static func end(_ index: Int, _ reason: String, native: String?) -> ChatPiece {
        var others = JSONWriter()
        others.beginObject()
        if let native { others.member("native_finish_reason", native) }
        others.endObject()
        return OpenAIEnvelope().piece(
            choices: OpenAIChoice.text(
                index, delta: Array("{}".utf8), finish: reason, others: native == nil ? [] : others.bytes))
    }
}
