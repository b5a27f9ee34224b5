import RouterCore

/// Reads a streamed answer: each record is a piece of an answer, and after the last one the bytes just end.
struct GeminiStream: AnswerDecoder {
    /// A record can hold an image: it may be as large as a whole answer.
    private var framing = EventStreamDecoder(recordBytesMax: JSONLimits.response.bytesMax)
    private var records: GeminiRecords
    private var isDone = false

    init(_ shape: GeminiAnswerShape, usesTemplates: Bool = true) {
        records = GeminiRecords(shape, usesTemplates: usesTemplates)
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        framing.append(bytes)
        while let record = try framing.next() {
            // Proxies that know only OpenAI's streams end this one as one of those.
            guard !record.data.isEmpty, !record.data.elementsEqual("[DONE]".utf8) else { continue }
            try records.read(record.data, into: &events)
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
    private let shape: GeminiAnswerShape
    private var usage = GeminiUsage()
    private var choices: [GeminiChoice] = []
    /// The vendor's id of the answer.
    private var origin = ""
    private var template: GeminiTemplate?
    /// What may still be spent on templates: a stream of records that have little in common does without.
    private var templateCredit: Int

    private static let choicesMax = 128
    private static let callsMax = 1024
    /// Making a template costs about as much as reading this many records once it is there saves.
    private static let templatePrice = 4
    private static let templateCreditMax = 16

    /// - Parameter usesTemplates: `false` to read every record as JSON.
    init(_ shape: GeminiAnswerShape, usesTemplates: Bool = true) {
        self.shape = shape
        templateCredit = usesTemplates ? Self.templateCreditMax : 0
    }

    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no record.
    mutating func read(_ record: ArraySlice<UInt8>, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let (piece, text) = template?.piece(for: record, counting: &usage) {
            templateCredit = min(templateCredit + 1, Self.templateCreditMax)
            choices[0].add(text: text)
            if template?.hasCounts == true { events.append(.usage(usage.totals)) }
            events.append(.content(piece))
            return
        }
        let document = try JSONDocument(answer: Array(record))
        let known = events.count
        let before = choices
        try read(document.root, into: &events)
        guard choices.elementsEqual(before, by: { $0.isLike($1) }) else {
            template = nil
            return
        }
        makeTemplate(of: document, events: events[known...])
    }

    /// Makes a template of a record that became one piece of text and changed nothing but counts.
    ///
    /// - Parameter events: what it became.
    private mutating func makeTemplate(of document: JSONDocument, events: ArraySlice<ChatEvent>) {
        guard templateCredit >= Self.templatePrice, choices.count == 1, case .content? = events.last else { return }
        // A copy reads the probe: what it leaves behind does not count.
        let copy = self
        let made = GeminiTemplate(of: document) { record in
            var records = copy
            var said: [ChatEvent] = []
            guard let probe = try? JSONDocument(answer: record), (try? records.read(probe.root, into: &said)) != nil,
                said.count == events.count, case .content(let piece)? = said.last
            else { return nil }
            return piece
        }
        guard let made else { return }
        template = made
        templateCredit -= Self.templatePrice
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
        let candidate = GeminiCandidate(value, after: choices[place].counts, origin: origin, shape: shape)
        guard candidate.counts.calls <= Self.callsMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.callsMax) tool calls.")
        }
        choices[place].counts = candidate.counts
        choices[place].add(text: candidate.text[...])
        if candidate.hasContent { choices[place].hasContent = true }
        var finish: GeminiFinish?
        if let word = candidate.finish {
            finish = try GeminiFinish(
                word, hasCalls: candidate.counts.calls > 0, hasContent: choices[place].hasContent)
        }
        let logprobs = candidate.logprobsText
        let annotations = choices[place].citations(in: value)
        if candidate.saysSomething || finish?.refusal != nil || logprobs != nil || !annotations.isEmpty {
            var delta = JSONWriter(capacity: value.text.count + 64)
            delta.beginObject()
            candidate.writeMembers(isDelta: true, refusal: finish?.refusal, annotations: annotations, to: &delta)
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
        choices.append(GeminiChoice(index: index))
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

/// What was said of one candidate so far.
struct GeminiChoice: Sendable {
    let index: Int
    var counts = GeminiCandidate.Counts()
    var hasContent = false
    var isFinished = false
    /// The text so far, the inside of a JSON string: citations say where in it they belong.
    private var text: [UInt8] = []
    /// Citations that were given out; later records repeat them.
    private var citationCount = 0

    /// Of a longer text the rest is not kept: citations of it do not say where they belong.
    private static let textBytesMax = 1 << 18

    init(index: Int) { self.index = index }

    mutating func add(text piece: ArraySlice<UInt8>) {
        if text.count < Self.textBytesMax { text += piece }
    }

    /// Whether the next record of a kind becomes the same here as there.
    func isLike(_ other: GeminiChoice) -> Bool {
        index == other.index && counts == other.counts && hasContent == other.hasContent
            && isFinished == other.isFinished
    }

    /// The elements of `annotations` that a record adds.
    mutating func citations(in candidate: JSONValue) -> [UInt8] {
        let citations = GeminiCitations(in: candidate)
        guard citations.count > citationCount else { return [] }
        defer { citationCount = citations.count }
        return citations.elements(of: text, from: citationCount)
    }
}
