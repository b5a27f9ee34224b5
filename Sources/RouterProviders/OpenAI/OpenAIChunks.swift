import RouterCore

/// Turns the vendor's chunks into events.
struct OpenAIChunks: Sendable {
    let shape: OpenAIAnswerShape
    private var choices: [OpenAIChoice] = []
    private var template: ChunkTemplate?
    /// What may still be spent on templates: a stream of chunks that have little in common does without.
    private var templateCredit: Int
    /// The vendor's id of the answer.
    private var origin: String?
    /// The totals so far, if there were any.
    private var usage: Usage?
    private var serviceTier: String?

    /// Choices that are kept apart: what a client may ask for.
    private static let choicesMax = 128
    /// Making a template costs about as much as reading this many chunks once it is there saves.
    private static let templatePrice = 4
    private static let templateCreditMax = 16

    /// - Parameter usesTemplates: `false` to read every chunk as JSON.
    init(shape: OpenAIAnswerShape, usesTemplates: Bool = true) {
        self.shape = shape
        templateCredit = usesTemplates ? Self.templateCreditMax : 0
    }

    mutating func read(_ record: EventStreamDecoder.Record, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if record.event.isEmpty, let piece = template?.piece(for: record.data) {
            templateCredit = min(templateCredit + 1, Self.templateCreditMax)
            events.append(.content(piece))
            return
        }
        let document = try JSONDocument(answer: Array(record.data))
        let known = events.count
        try read(document.root, isError: record.event.elementsEqual("error".utf8), into: &events)
        makeTemplate(of: document, events: events[known...])
    }

    /// Makes a template of a chunk that became one piece of text.
    ///
    /// - Parameter events: what it became.
    private mutating func makeTemplate(of document: JSONDocument, events: ArraySlice<ChatEvent>) {
        guard templateCredit >= Self.templatePrice, events.count == 1, case .content? = events.first,
            let list = document.root["choices"], list.count == 1,
            let delta = list.elements.first(where: { _ in true })?["delta"], let text = Self.onlyText(of: delta)?.text
        else { return }
        // A copy reads the probe: what it leaves behind does not count.
        let copy = self
        template = ChunkTemplate(of: document.bytes, text: text.startIndex..<text.endIndex) { chunk in
            var chunks = copy
            var events: [ChatEvent] = []
            guard let probe = try? JSONDocument(answer: chunk), (try? chunks.read(probe.root, into: &events)) != nil,
                case .content(let piece)? = events.first, events.count == 1
            else { return nil }
            return piece
        }
        templateCredit -= Self.templatePrice
    }

    /// The only thing that a delta says: text of some kind, or a part of a call's arguments.
    private static func onlyText(of delta: JSONValue) -> JSONValue? {
        var found: JSONValue?
        for member in delta.members where !member.value.isNull && member.name != "role" {
            var text = member.value
            if member.name == "tool_calls" {
                guard text.count == 1, let call = text.elements.first(where: { _ in true }),
                    let arguments = call["function"]?["arguments"]
                else { return nil }
                text = arguments
            }
            guard text.isText else { continue }
            guard found == nil else { return nil }
            found = text
        }
        return found
    }

    /// - Parameter isError: the vendor called the chunk an error.
    mutating func read(_ chunk: JSONValue, isError: Bool = false, into events: inout [ChatEvent])
        throws(UpstreamFailure)
    {
        guard chunk.kind == .object else { throw .notAnAnswer }
        var envelope = OpenAIEnvelope()
        var list: JSONValue?
        let known = usage
        for member in chunk.members {
            let value = member.value
            switch member.name {
            case "object" where value.equals("error"): throw OpenAIFailure.inAnswer(chunk)
            case "error" where !value.isNull: throw OpenAIFailure.inAnswer(chunk)
            case "id": if origin == nil { origin = value.nonEmptyString }
            case "object", "created", "model": break
            case "usage": if let totals = Usage(openAI: value) { usage = totals }
            case "choices": list = value
            default:
                // The tier that was asked for may stand on the first chunks, and the one that it became on the last.
                if member.name == "service_tier" { serviceTier = Usage.serviceTier(value) }
                envelope.add(member, of: chunk, shape: shape)
            }
        }
        usage?.serviceTier = serviceTier
        if let usage, usage != known { events.append(.usage(usage)) }
        if isError { throw OpenAIFailure.inAnswer(chunk) }
        guard let list else { return }
        for (position, choice) in list.elements.enumerated() where choice.kind == .object {
            try read(choice, at: position, envelope: &envelope, into: &events)
        }
    }

    private mutating func read(
        _ choice: JSONValue, at position: Int, envelope: inout OpenAIEnvelope, into events: inout [ChatEvent]
    ) throws(UpstreamFailure) {
        var index = position
        var delta: JSONValue?
        var finish: String?
        var others = JSONWriter()
        others.beginObject()
        for member in choice.members {
            switch member.name {
            case "index": index = member.value.integer ?? position
            case "delta": delta = member.value
            case "message": delta = delta ?? member.value  // A whole answer where a stream was asked for.
            case "finish_reason": finish = member.value.string
            default: if shape.shows(member, of: choice) { others.copy(member) }
            }
        }
        others.endObject()
        let place = try place(of: index)
        guard !choices[place].isFinished else { return }
        func emit(_ delta: [UInt8], finish: String? = nil, others: [UInt8] = []) -> ChatPiece {
            defer { envelope.dropRest() }
            return envelope.piece(choices: OpenAIChoice.text(index, delta: delta, finish: finish, others: others))
        }

        if !choices[place].hasBegun {
            choices[place].hasBegun = true
            events.append(.opening(emit(Array(#"{"role":"assistant","content":""}"#.utf8))))
        }
        var rest = others.bytes
        let callCount = choices[place].calls.count
        let news = try choices[place].news(in: delta, origin: origin ?? "", shape: shape)
        // Which call a piece belongs to depends on the calls before it.
        if choices[place].calls.count != callCount { template = nil }
        if news.count > 2 || rest.count > 2 && finish == nil {
            events.append(.content(emit(news.count > 2 ? news : Array(#"{"content":""}"#.utf8), others: rest)))
            rest = []
        }
        guard let finish else { return }
        guard !finish.isEmpty else {
            choices[place].hasEmptyFinish = true
            return
        }
        if let missing = choices[place].calls.missingArguments() { events.append(.content(emit(missing))) }
        let reason = try shape.finishReason(finish, hasCalls: !choices[place].calls.isEmpty)
        choices[place].isFinished = true
        template = nil
        events.append(.finish(emit(Array("{}".utf8), finish: reason, others: rest)))
    }

    /// The vendor said that the answer is complete.
    /// - Throws: ``UpstreamFailure`` of kind `broken` when it is not.
    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !choices.isEmpty else { throw .notAnAnswer }
        for place in choices.indices where !choices[place].isFinished {
            // Some vendors leave the reason empty next to calls, on every chunk.
            guard choices[place].hasEmptyFinish, !choices[place].calls.isEmpty else { throw .cutOff }
            let envelope = OpenAIEnvelope()
            let index = choices[place].index
            if let missing = choices[place].calls.missingArguments() {
                events.append(.content(envelope.piece(choices: OpenAIChoice.text(index, delta: missing))))
            }
            choices[place].isFinished = true
            let reason = try shape.finishReason(nil, hasCalls: true)
            events.append(
                .finish(envelope.piece(choices: OpenAIChoice.text(index, delta: Array("{}".utf8), finish: reason))))
        }
    }

    private mutating func place(of index: Int) throws(UpstreamFailure) -> Int {
        if let place = choices.firstIndex(where: { $0.index == index }) { return place }
        guard (0..<Self.choicesMax).contains(index) else {
            throw UpstreamFailure(.broken, "The provider's answer has a choice that nobody asked for.")
        }
        choices.append(OpenAIChoice(index: index))
        return choices.count - 1
    }
}

/// What was said of one choice so far.
struct OpenAIChoice: Sendable {
    let index: Int
    var hasBegun = false
    var isFinished = false
    /// A chunk had the reason why it ended, but the reason was empty.
    var hasEmptyFinish = false
    var calls = OpenAICalls()

    init(index: Int) {
        self.index = index
    }

    /// The delta without what says nothing new: an object, perhaps empty.
    mutating func news(
        in delta: JSONValue?, origin: String, shape: OpenAIAnswerShape
    ) throws(UpstreamFailure) -> [UInt8] {
        var writer = JSONWriter(capacity: (delta?.text.count ?? 0) + 64)
        writer.beginObject()
        if let delta {
            // Of two members of one name the last counts.
            var content: JSONMember?
            var refusal: JSONMember?
            var pieces: JSONValue?
            for member in delta.members {
                switch member.name {
                case "content": content = member
                case "refusal": refusal = member
                case "tool_calls": pieces = member.value
                default: break
                }
            }
            if let content, content.value.isText {
                writer.copy(content)
            } else if let content, content.value.kind == .array {
                let text = OpenAIContentParts.text(of: content.value)
                if text.count > 2 {
                    writer.name("content")
                    writer.raw(text)
                }
            }
            if let refusal, refusal.value.isText { writer.copy(refusal) }
            if let pieces, pieces.count > 0 {
                try calls.write(pieces, origin: "\(origin)/\(index)", shape: shape, to: &writer)
            }
            shape.writeRest(of: delta, to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    /// One element of `choices`.
    ///
    /// - Parameter others: an object with further members.
    static func text(_ index: Int, delta: [UInt8], finish: String? = nil, others: [UInt8] = []) -> [UInt8] {
        var writer = JSONWriter(capacity: delta.count + others.count + 64)
        writer.beginObject()
        writer.member("index", index)
        writer.name("delta")
        writer.raw(delta)
        writer.raw(others.dropFirst().dropLast())
        writer.name("finish_reason")
        if let finish { writer.string(finish) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }
}
