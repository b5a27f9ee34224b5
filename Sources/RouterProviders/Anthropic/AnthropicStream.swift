import RouterCore

/// Reads a streamed answer: records of `message_start`, blocks and their deltas, `message_delta`, `message_stop`.
///
/// What is not known is skipped: the vendor adds kinds of records. Source: Anthropic API reference, "Streaming
/// messages".
struct AnthropicStream: AnswerDecoder {
    private var framing = EventStreamDecoder()
    private var records: AnthropicRecords
    private var isDone = false

    init(shape: AnthropicAnswerShape) {
        records = AnthropicRecords(shape: shape)
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }  // What follows the end says nothing.
        framing.append(bytes)
        while let record = try framing.next() {
            guard !record.data.isEmpty else { continue }
            isDone = try records.read(record, into: &events)
            if isDone { return }
        }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        isDone = true
        throw .cutOff
    }
}

/// Turns the vendor's records into events.
struct AnthropicRecords: Sendable {
    /// A block that was begun and has not ended.
    private struct Block: Sendable {
        enum Kind: Sendable {
            case text, other
            /// Counts thoughts.
            case thought(index: Int)
            /// Counts calls. `whole` is the input that the block began with, if it had any.
            case call(index: Int, whole: String?)
        }
        var index: Int
        var kind: Kind
        /// Pieces that said something.
        var pieces = 0
        /// Where its text begins, in characters of the whole text.
        var start = 0
        var citations: [JSONValue] = []
    }

    private let shape: AnthropicAnswerShape
    private var usage = AnthropicUsage()
    private var blocks: [Block] = []
    private var callCount = 0
    private var thoughtCount = 0
    /// Of the text so far; counted where citations may come.
    private var characters = 0
    private var hasBegun = false
    private var isFinished = false
    /// Passes on pieces of the block that is being read.
    private var template: ChunkTemplate?

    /// Blocks that are open at once; calls have one each, one after the other.
    private static let openBlocksMax = 256
    private static let callsMax = 1024

    init(shape: AnthropicAnswerShape) {
        self.shape = shape
    }

    /// - Returns: whether the answer is complete.
    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no record.
    mutating func read(
        _ record: EventStreamDecoder.Record, into events: inout [ChatEvent]
    ) throws(UpstreamFailure) -> Bool {
        if let piece = template?.piece(for: record.data) {
            events.append(.content(piece))
            return false
        }
        let document = try JSONDocument(answer: Array(record.data))
        let root = document.root
        guard root.kind == .object else { throw .notAnAnswer }
        switch root["type"]?.string ?? String(decoding: record.event, as: UTF8.self) {
        case "content_block_delta":
            try read(delta: root, of: document, into: &events)
        case "content_block_start":
            begin(into: &events)
            try open(root, into: &events)
        case "content_block_stop":
            close(root["index"]?.integer ?? 0, into: &events)
        case "message_start":
            if let said = root["message"]?["usage"] {
                usage.read(said, isStart: true)
                events.append(.usage(usage.totals))
            }
            begin(into: &events)
        case "message_delta":
            try end(root, into: &events)
        case "message_stop":
            guard hasBegun else { throw .notAnAnswer }
            finish(nil, into: &events)
            return true
        case "error":
            throw AnthropicFailure.inAnswer(root)
        default:
            break
        }
        return false
    }

    private mutating func begin(into events: inout [ChatEvent]) {
        guard !hasBegun else { return }
        hasBegun = true
        events.append(.opening(AnthropicAnswerShape.piece(Array(#"{"role":"assistant","content":""}"#.utf8))))
    }

    // MARK: Blocks

    private mutating func open(_ root: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        template = nil
        guard !isFinished, let block = root["content_block"], let type = block["type"] else { return }
        guard blocks.count < Self.openBlocksMax, callCount < Self.callsMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more parts than one answer can have.")
        }
        var opened = Block(index: root["index"]?.integer ?? 0, kind: .other, start: characters)
        if type.equals("text") {
            opened.kind = .text
            if let text = block["text"], text.isText { emit(text: text, into: &events) }
        } else if type.equals("thinking") {
            opened.kind = .thought(index: thoughtCount)
            if let text = block["thinking"], text.isText { emit(thought: text, at: thoughtCount, into: &events) }
            thoughtCount += 1
        } else if type.equals("redacted_thinking"), let data = block["data"] {
            emit(into: &events, isReasoning: true) { writer in
                Self.writeDetails(to: &writer) { list in
                    AnthropicAnswerShape.writeThought(encrypted: data, at: thoughtCount, to: &list)
                }
            }
            thoughtCount += 1
        } else if type.equals("tool_use") {
            let whole = block["input"].flatMap { $0.count > 0 ? String(decoding: $0.text, as: UTF8.self) : nil }
            opened.kind = .call(index: callCount, whole: whole)
            emit(callOf: block, into: &events)
            callCount += 1
        }
        blocks.append(opened)
    }

    private mutating func read(
        delta root: JSONValue, of document: JSONDocument, into events: inout [ChatEvent]
    ) throws(UpstreamFailure) {
        begin(into: &events)
        guard !isFinished, let delta = root["delta"], let type = delta["type"] else { return }
        let index = root["index"]?.integer ?? 0
        let place = blocks.lastIndex { $0.index == index }
        let known = events.count
        var said: JSONValue?
        if type.equals("text_delta"), let text = delta["text"], text.isText {
            said = text
            emit(text: text, into: &events)
        } else if type.equals("thinking_delta"), let text = delta["thinking"], text.isText {
            guard let place, case .thought(let thought) = blocks[place].kind else { return }
            said = text
            emit(thought: text, at: thought, into: &events)
        } else if type.equals("signature_delta"), let signature = delta["signature"], signature.isText {
            guard let place, case .thought(let thought) = blocks[place].kind else { return }
            emit(into: &events, isReasoning: true) { writer in
                Self.writeDetails(to: &writer) { list in
                    AnthropicAnswerShape.writeThought(text: nil, signature: signature, at: thought, to: &list)
                }
            }
        } else if type.equals("input_json_delta"), let text = delta["partial_json"], text.isText {
            guard let place, case .call(let call, _) = blocks[place].kind else { return }
            said = text
            emit(arguments: text.text, of: call, into: &events)
        } else if type.equals("citations_delta"), let citation = delta["citation"], shape.citesFiles, let place {
            blocks[place].citations.append(citation)
        }
        guard let said, let place else { return }
        blocks[place].pieces += 1
        // The second piece shows that more are coming.
        if blocks[place].pieces == 2, events.count == known + 1, !shape.citesFiles {
            makeTemplate(of: document, text: said.text)
        }
    }

    /// Makes a template of a record that became one piece of text.
    private mutating func makeTemplate(of document: JSONDocument, text: ArraySlice<UInt8>) {
        // A copy reads the probe: what it leaves behind does not count.
        let copy = self
        template = ChunkTemplate(of: document.bytes, text: text.startIndex..<text.endIndex) { chunk in
            var records = copy
            var events: [ChatEvent] = []
            guard let probe = try? JSONDocument(answer: chunk),
                (try? records.read(delta: probe.root, of: probe, into: &events)) != nil,
                case .content(let piece)? = events.first, events.count == 1
            else { return nil }
            return piece
        }
    }

    private mutating func close(_ index: Int, into events: inout [ChatEvent]) {
        template = nil
        guard !isFinished, let place = blocks.lastIndex(where: { $0.index == index }) else { return }
        let block = blocks.remove(at: place)
        if !block.citations.isEmpty {
            var citations = AnthropicCitations()
            citations.add(block.citations, range: block.start..<characters)
            emit(into: &events) { citations.write(to: &$0) }
        }
        if case .call(let call, let whole) = block.kind, block.pieces == 0 {
            var arguments = JSONWriter()
            arguments.string(whole ?? "{}")
            emit(arguments: arguments.bytes[...], of: call, into: &events)
        }
    }

    // MARK: The end

    private mutating func end(_ root: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        begin(into: &events)
        if let said = root["usage"] {
            usage.read(said)
            events.append(.usage(usage.totals))
        }
        guard !isFinished, let delta = root["delta"], let reason = delta["stop_reason"]?.nonEmptyString else { return }
        if reason == "refusal", let words = delta["stop_details"]?["explanation"], words.isText {
            emit(into: &events) { $0.member("refusal", words) }
        }
        finish(reason, into: &events)
    }

    private mutating func finish(_ reason: String?, into events: inout [ChatEvent]) {
        guard !isFinished else { return }
        for block in blocks { close(block.index, into: &events) }
        isFinished = true
        template = nil
        let word = AnthropicAnswerShape.finishReason(reason, hasCalls: callCount > 0)
        events.append(.finish(AnthropicAnswerShape.piece(Array("{}".utf8), finish: word, native: reason)))
    }

    // MARK: Pieces

    private func emit(
        into events: inout [ChatEvent], isReasoning: Bool = false, _ write: (inout JSONWriter) -> Void
    ) {
        guard !isReasoning || !shape.hidesReasoning else { return }
        var writer = JSONWriter(capacity: 160)
        writer.beginObject()
        write(&writer)
        writer.endObject()
        events.append(.content(AnthropicAnswerShape.piece(writer.bytes)))
    }

    private mutating func emit(text: JSONValue, into events: inout [ChatEvent]) {
        if shape.citesFiles { characters += AnthropicCitations.characters(of: text) }
        emit(into: &events) { $0.member("content", text) }
    }

    private func emit(thought text: JSONValue, at index: Int, into events: inout [ChatEvent]) {
        emit(into: &events, isReasoning: true) { writer in
            writer.member("reasoning_content", text)
            writer.member("reasoning", text)
            Self.writeDetails(to: &writer) { list in
                AnthropicAnswerShape.writeThought(text: text.text, signature: nil, at: index, to: &list)
            }
        }
    }

    private static func writeDetails(to writer: inout JSONWriter, _ write: (inout JSONWriter) -> Void) {
        writer.name("reasoning_details")
        writer.beginArray()
        write(&writer)
        writer.endArray()
    }

    private func emit(callOf block: JSONValue, into events: inout [ChatEvent]) {
        emit(into: &events) { writer in
            writer.name("tool_calls")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", callCount)
            writer.member("id", block["id"]?.string ?? "")
            writer.member("type", "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", block["name"]?.string ?? "")
            writer.member("arguments", "")
            writer.endObject()
            writer.endObject()
            writer.endArray()
        }
    }

    /// - Parameter arguments: a JSON string.
    private func emit(arguments: ArraySlice<UInt8>, of call: Int, into events: inout [ChatEvent]) {
        emit(into: &events) { writer in
            writer.name("tool_calls")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", call)
            writer.name("function")
            writer.beginObject()
            writer.name("arguments")
            writer.raw(arguments)
            writer.endObject()
            writer.endObject()
            writer.endArray()
        }
    }
}
