import RouterCore

/// What one candidate of one record, or of a whole answer, says.
struct GeminiCandidate {
    let index: Int
    /// The vendor's word for why it ended; `nil` when it did not say.
    let finish: String?
    /// The inside of a JSON string.
    private(set) var text: [UInt8] = []
    private var hasText = false
    private var reasoning: [UInt8] = []
    private var details = JSONWriter()
    private var calls: [Call] = []
    private var images: [(type: JSONValue, data: JSONValue)] = []
    private let logprobs: JSONValue?
    /// Where the next details and calls are counted from.
    private(set) var counts: Counts

    /// What of an answer was counted before.
    struct Counts: Sendable, Equatable {
        var calls = 0
        var details = 0
        /// The last detail was a summary, which the next one goes on with.
        var endsWithSummary = false
    }

    private struct Call {
        var place: Int
        var id: String
        var name: String
        var arguments: String
        var signature: JSONValue?
    }

    /// - Parameters:
    ///   - counts: of the records before.
    ///   - origin: what no other answer has in common with this one, to make ids of where there are none.
    init(_ candidate: JSONValue, after counts: Counts = Counts(), origin: String, shape: GeminiAnswerShape) {
        self.counts = counts
        index = candidate["index"]?.integer ?? 0
        finish = candidate["finishReason"]?.nonEmptyString
        logprobs = candidate["logprobsResult"].flatMap { $0.kind == .object ? $0 : nil }
        details.beginArray()
        if let parts = candidate["content"]?["parts"] {
            for part in parts.elements { add(part, origin: origin, shape: shape) }
        }
        details.endArray()
    }

    private mutating func add(_ part: JSONValue, origin: String, shape: GeminiAnswerShape) {
        var piece: JSONValue?
        var call: JSONValue?
        var image: JSONValue?
        var signature: JSONValue?
        var isThought = false
        for member in part.members {
            switch member.name {
            case "text": piece = member.value.kind == .string ? member.value : nil
            case "thought": isThought = member.value.bool == true
            case "thoughtSignature": signature = member.value.isText ? member.value : nil
            case "functionCall": call = member.value.kind == .object ? member.value : nil
            case "inlineData": image = member.value
            case "executableCode": add(block: member.value["code"], member.value["language"])
            case "codeExecutionResult": add(block: member.value["output"], nil)
            default: break
            }
        }
        if let call {
            add(call: call, signature: signature, origin: origin, memory: shape.memory)
        } else if isThought {
            if let piece, piece.isText, !shape.hidesReasoning { add(thought: piece) }
        } else if let piece {
            hasText = true
            text += piece.text.dropFirst().dropLast()
        } else if let type = image?["mimeType"], let data = image?["data"], data.isText {
            if type.string?.hasPrefix("image/") == true { images.append((type, data)) }
        }
        guard let signature, call == nil, !shape.hidesReasoning else { return }
        if counts.endsWithSummary { counts.details += 1 }
        counts.endsWithSummary = false
        GeminiThoughts.write(signature: signature, at: counts.details, to: &details)
        counts.details += 1
    }

    private mutating func add(thought: JSONValue) {
        reasoning += thought.text.dropFirst().dropLast()
        GeminiThoughts.write(summary: thought.text, at: counts.details, to: &details)
        counts.endsWithSummary = true
    }

    /// Code that the vendor ran, and what came of it, are parts of the text.
    private mutating func add(block: JSONValue?, _ language: JSONValue?) {
        guard let block, block.isText else { return }
        hasText = true
        text += #"\n```"#.utf8
        if language?.equals("PYTHON") == true { text += "python".utf8 }
        text += #"\n"#.utf8
        text += block.text.dropFirst().dropLast()
        text += #"\n```\n"#.utf8
    }

    private mutating func add(call: JSONValue, signature: JSONValue?, origin: String, memory: ThoughtMemory?) {
        let arguments = call["args"].flatMap { $0.isNull ? nil : String(decoding: $0.text, as: UTF8.self) } ?? "{}"
        let name = call["name"]?.string ?? ""
        let id =
            call["id"]?.nonEmptyString
            ?? "call_" + CallID.letters(24, from: "\(origin)/\(index)/\(counts.calls)/\(name)/\(arguments)")
        calls.append(Call(place: counts.calls, id: id, name: name, arguments: arguments, signature: signature))
        if let signature { memory?.remember(signature, ofCall: id, named: name) }
        counts.calls += 1
    }

    /// It says something that a client asked for.
    var saysSomething: Bool { !text.isEmpty || !reasoning.isEmpty || details.bytes.count > 2 || hasContent }

    /// It has a part of an answer and not only thoughts.
    var hasContent: Bool { !text.isEmpty || !calls.isEmpty || !images.isEmpty }

    // MARK: Writing

    /// Writes the members of a message; of a delta only those that say something.
    ///
    /// - Parameter annotations: the elements of that list, with commas between them.
    func writeMembers(isDelta: Bool, refusal: String?, annotations: [UInt8], to writer: inout JSONWriter) {
        if !text.isEmpty || !isDelta {
            writer.name("content")
            if text.isEmpty, !hasText || !calls.isEmpty || refusal != nil {
                writer.null()
            } else {
                writer.raw([0x22] + text + [0x22])
            }
        }
        if let refusal {
            writer.member("refusal", refusal)
        } else if !isDelta {
            writer.nullMember("refusal")
        }
        if !calls.isEmpty { writeCalls(isDelta: isDelta, to: &writer) }
        if !reasoning.isEmpty {
            for name in ["reasoning_content", "reasoning"] as [StaticString] {
                writer.name(name)
                writer.raw([0x22] + reasoning + [0x22])
            }
        }
        if details.bytes.count > 2 {
            writer.name("reasoning_details")
            writer.raw(details.bytes)
        }
        if !images.isEmpty { writeImages(to: &writer) }
        if !annotations.isEmpty {
            writer.name("annotations")
            writer.raw([0x5B] + annotations + [0x5D])
        }
    }

    private func writeCalls(isDelta: Bool, to writer: inout JSONWriter) {
        writer.name("tool_calls")
        writer.beginArray()
        for call in calls {
            writer.beginObject()
            if isDelta { writer.member("index", call.place) }
            writer.member("id", call.id)
            writer.member("type", "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", call.name)
            writer.member("arguments", call.arguments)
            writer.endObject()
            if let signature = call.signature {
                writer.name("extra_content")
                writer.beginObject()
                writer.name("google")
                writer.beginObject()
                writer.member("thought_signature", signature)
                writer.endObject()
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeImages(to writer: inout JSONWriter) {
        writer.name("images")
        writer.beginArray()
        for image in images {
            writer.beginObject()
            writer.member("type", "image_url")
            writer.name("image_url")
            writer.beginObject()
            writer.name("url")
            writer.raw(
                Array(#""data:"#.utf8) + image.type.text.dropFirst().dropLast() + Array(";base64,".utf8)
                    + image.data.text.dropFirst())
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    /// The value of `logprobs`; `nil` when the vendor said none.
    var logprobsText: [UInt8]? {
        guard let chosen = logprobs?["chosenCandidates"], chosen.count > 0 else { return nil }
        let tops = logprobs?["topCandidates"].map { Array($0.elements) } ?? []
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("content")
        writer.beginArray()
        for (place, token) in chosen.elements.enumerated() {
            writer.beginObject()
            Self.write(token, to: &writer)
            writer.name("top_logprobs")
            writer.beginArray()
            if tops.indices.contains(place), let list = tops[place]["candidates"] {
                for token in list.elements {
                    writer.beginObject()
                    Self.write(token, to: &writer)
                    writer.endObject()
                }
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.nullMember("refusal")
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ token: JSONValue, to writer: inout JSONWriter) {
        let text = token["token"]?.string ?? ""
        writer.member("token", text)
        writer.name("logprob")
        if let value = token["logProbability"], value.kind == .number { writer.copy(value) } else { writer.integer(0) }
        writer.name("bytes")
        writer.beginArray()
        for byte in text.utf8 { writer.integer(Int(byte)) }
        writer.endArray()
    }
}

/// What becomes of the vendor's word for why a candidate ended.
struct GeminiFinish {
    /// The public word.
    let reason: String
    /// What the client is told of an answer that was held back.
    let refusal: String?

    /// - Parameters:
    ///   - word: the vendor's; `nil` when it did not say.
    ///   - hasContent: the client got a part of the answer.
    /// - Throws: ``UpstreamFailure`` when the model failed and there is no answer.
    init(_ word: String?, hasCalls: Bool, hasContent: Bool) throws(UpstreamFailure) {
        switch word {
        case "MAX_TOKENS":
            (reason, refusal) = ("length", nil)
        case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION":
            reason = "content_filter"
            refusal = hasContent ? nil : "The answer was blocked by the provider (\(word ?? ""))."
        case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE", "TOO_MANY_TOOL_CALLS",
            "MALFORMED_RESPONSE":
            guard hasContent else {
                throw UpstreamFailure(.failed, "The provider stopped early (\(word ?? "")).")
            }
            (reason, refusal) = (hasCalls ? "tool_calls" : "stop", nil)
        default:
            (reason, refusal) = (hasCalls ? "tool_calls" : "stop", nil)
        }
    }

    /// What the client is told of a prompt that was not answered.
    static func blocked(_ word: String) -> String {
        "The prompt was blocked by the provider (\(word.prefix(60)))."
    }
}
