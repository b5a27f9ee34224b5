import RouterCore

/// Reads a whole answer, and a body that came where a stream was asked for.
struct AnthropicAnswer: WholeAnswerReader {
    let shape: AnthropicAnswerShape

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if answer["type"]?.equals("error") == true { throw AnthropicFailure.inAnswer(answer) }
        guard let content = answer["content"], content.kind == .array else { throw .notAnAnswer }
        if let said = answer["usage"] {
            var usage = AnthropicUsage()
            usage.read(said)
            events.append(.usage(usage.totals))
        }
        let body = AnthropicBody(content, of: answer, hidesReasoning: shape.hidesReasoning)
        emit(body, length: answer.text.count, isStreamed: isStreamed, into: &events)
    }

    /// - Parameter length: bytes of the vendor's answer.
    private func emit(_ body: AnthropicBody, length: Int, isStreamed: Bool, into events: inout [ChatEvent]) {
        let reason = AnthropicAnswerShape.finishReason(body.stopReason, hasCalls: body.hasCalls)
        var writer = JSONWriter(capacity: length + 512)
        writer.beginObject()
        if isStreamed {
            events.append(.opening(AnthropicAnswerShape.piece(Array(#"{"role":"assistant","content":""}"#.utf8))))
            body.writeMembers(isDelta: true, to: &writer)
            writer.endObject()
            if writer.bytes.count > 2 { events.append(.content(AnthropicAnswerShape.piece(writer.bytes))) }
            let end = AnthropicAnswerShape.piece(Array("{}".utf8), finish: reason, native: body.stopReason)
            return events.append(.finish(end))
        }
        writer.member("index", 0)
        writer.name("message")
        writer.beginObject()
        writer.member("role", "assistant")
        body.writeMembers(isDelta: false, to: &writer)
        writer.endObject()
        writer.nullMember("logprobs")
        writer.member("finish_reason", reason)
        if let native = body.stopReason { writer.member("native_finish_reason", native) }
        writer.endObject()
        events.append(.completion(OpenAIEnvelope().piece(choices: writer.bytes)))
    }
}

/// What a whole answer says.
struct AnthropicBody {
    /// The vendor's word for why it ended; `nil` when it did not say.
    let stopReason: String?
    private let refusal: JSONValue?
    /// The inside of a JSON string.
    private var text: [UInt8] = []
    private var hasText = false
    private var reasoning: [UInt8] = []
    private var thoughts = JSONWriter()
    private var thoughtCount = 0
    private var calls: [JSONValue] = []
    private var citations = AnthropicCitations()

    init(_ content: JSONValue, of answer: JSONValue, hidesReasoning: Bool) {
        stopReason = answer["stop_reason"]?.nonEmptyString
        refusal =
            stopReason == "refusal" ? answer["stop_details"]?["explanation"].flatMap { $0.isText ? $0 : nil } : nil
        thoughts.beginArray()
        var characters = 0
        let cites = content.elements.contains { ($0["citations"]?.count ?? 0) > 0 }
        for block in content.elements {
            guard let type = block["type"] else { continue }
            if type.equals("text"), let piece = block["text"], piece.kind == .string {
                hasText = true
                text += piece.text.dropFirst().dropLast()
                guard cites else { continue }
                let end = characters + AnthropicCitations.characters(of: piece)
                if let list = block["citations"] { citations.add(list.elements, range: characters..<end) }
                characters = end
            } else if type.equals("tool_use") {
                calls.append(block)
            } else if !hidesReasoning {
                add(thought: block, type)
            }
        }
        thoughts.endArray()
    }

    var hasCalls: Bool { !calls.isEmpty }

    private mutating func add(thought block: JSONValue, _ type: JSONValue) {
        if type.equals("thinking"), let thinking = block["thinking"], thinking.kind == .string {
            reasoning += thinking.text.dropFirst().dropLast()
            AnthropicAnswerShape.writeThought(
                text: thinking.text, signature: block["signature"].flatMap { $0.isText ? $0 : nil }, at: thoughtCount,
                to: &thoughts)
        } else if type.equals("redacted_thinking"), let data = block["data"] {
            AnthropicAnswerShape.writeThought(encrypted: data, at: thoughtCount, to: &thoughts)
        } else {
            return
        }
        thoughtCount += 1
    }

    /// Writes the members of a message; of a delta only those that say something.
    func writeMembers(isDelta: Bool, to writer: inout JSONWriter) {
        if !text.isEmpty || !isDelta {
            writer.name("content")
            let isNothing = text.isEmpty && (hasCalls || refusal != nil)
            if isNothing { writer.null() } else { writer.raw([0x22] + text + [0x22]) }
        }
        if let refusal {
            writer.member("refusal", refusal)
        } else if !isDelta {
            writer.nullMember("refusal")
        }
        if hasCalls { writeCalls(isDelta: isDelta, to: &writer) }
        if !reasoning.isEmpty {
            for name in ["reasoning_content", "reasoning"] as [StaticString] {
                writer.name(name)
                writer.raw([0x22] + reasoning + [0x22])
            }
        }
        if thoughtCount > 0 {
            writer.name("reasoning_details")
            writer.raw(thoughts.bytes)
        }
        citations.write(to: &writer)
    }

    private func writeCalls(isDelta: Bool, to writer: inout JSONWriter) {
        writer.name("tool_calls")
        writer.beginArray()
        for (index, call) in calls.enumerated() {
            writer.beginObject()
            if isDelta { writer.member("index", index) }
            writer.member("id", call["id"]?.string ?? "")
            writer.member("type", "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", call["name"]?.string ?? "")
            let input = call["input"].flatMap { $0.isNull ? nil : $0 }
            writer.member("arguments", input.map { String(decoding: $0.text, as: UTF8.self) } ?? "{}")
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }
}
