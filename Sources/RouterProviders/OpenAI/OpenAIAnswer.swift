import RouterCore

/// Reads a whole answer, and a body that came where a stream was asked for.
struct OpenAIAnswer: WholeAnswerReader {
    let shape: OpenAIAnswerShape

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard isStreamed else { return events.append(.completion(try completion(answer, into: &events))) }
        var chunks = OpenAIChunks(shape: shape)
        try chunks.read(answer, into: &events)
        try chunks.finish(into: &events)
    }

    private func completion(_ answer: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) -> ChatPiece {
        guard answer.kind == .object else { throw .notAnAnswer }
        var envelope = OpenAIEnvelope()
        var list: JSONValue?
        var origin = ""
        var usage: Usage?
        for member in answer.members {
            let value = member.value
            switch member.name {
            case "object" where value.equals("error"): throw OpenAIFailure.inAnswer(answer)
            case "error" where !value.isNull: throw OpenAIFailure.inAnswer(answer)
            case "id": origin = value.string ?? ""
            case "object", "created", "model": break
            case "usage": usage = Usage(openAI: value)
            case "choices": list = value
            default: envelope.add(member, of: answer, shape: shape)
            }
        }
        if var usage {
            usage.serviceTier = Usage.serviceTier(answer["service_tier"])
            events.append(.usage(usage))
        }
        guard let list, list.count > 0 else { throw .notAnAnswer }
        var choices = JSONWriter(capacity: list.text.count + 64)
        choices.beginArray()
        for (position, choice) in list.elements.enumerated() {
            guard let message = choice["message"], message.kind == .object else { throw .notAnAnswer }
            try write(choice, message, at: position, origin: origin, to: &choices)
        }
        choices.endArray()
        return envelope.piece(choices: choices.bytes.dropFirst().dropLast())
    }

    private func write(
        _ choice: JSONValue, _ message: JSONValue, at position: Int, origin: String, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        let index = choice["index"]?.integer ?? position
        let calls = message["tool_calls"].flatMap { $0.count > 0 ? $0 : nil }
        writer.beginObject()
        writer.member("index", index)
        writer.name("message")
        write(message, calls: calls, origin: "\(origin)/\(index)", to: &writer)
        writer.name("logprobs")
        if let logprobs = choice["logprobs"] { writer.copy(logprobs) } else { writer.null() }
        let reason = try shape.finishReason(choice["finish_reason"]?.string, hasCalls: calls != nil)
        writer.member("finish_reason", reason)
        for member in choice.members where shape.shows(member, of: choice) {
            switch member.name {
            case "index", "message", "logprobs", "finish_reason": break
            default: writer.copy(member)
            }
        }
        writer.endObject()
    }

    private func write(_ message: JSONValue, calls: JSONValue?, origin: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", "assistant")
        writer.name("content")
        if let content = message["content"], content.kind == .array {
            let text = OpenAIContentParts.text(of: content)
            if calls != nil, text.count == 2 { writer.null() } else { writer.raw(text) }
        } else if let content = message["content"], calls == nil || !content.equals("") {
            writer.copy(content)
        } else {
            writer.null()
        }
        writer.name("refusal")
        if let refusal = message["refusal"] { writer.copy(refusal) } else { writer.null() }
        if let calls {
            writer.name("tool_calls")
            writer.beginArray()
            for (place, call) in calls.elements.enumerated() { write(call, at: place, origin: origin, to: &writer) }
            writer.endArray()
        }
        shape.writeRest(of: message, to: &writer)
        writer.endObject()
    }

    /// Writes a call: as it stands when it is whole, else with what is missing.
    private func write(_ call: JSONValue, at place: Int, origin: String, to writer: inout JSONWriter) {
        let function = call["function"]
        let isWhole =
            call["index"] == nil && call["id"]?.isText == true && call["type"]?.isText == true
            && (function == nil || function?["arguments"]?.isText == true)
        guard !isWhole, call.kind == .object else {
            writer.copy(call)
            return
        }
        writer.beginObject()
        writer.member("id", call["id"]?.nonEmptyString ?? OpenAICalls.newID(origin: origin, place: place))
        writer.member("type", call["type"]?.nonEmptyString ?? "function")
        for member in call.members where shape.shows(member, of: call) {
            switch member.name {
            case "id", "type", "index":
                break
            case "function":
                writer.name("function")
                writer.beginObject()
                for member in member.value.members where member.name != "arguments" { writer.copy(member) }
                writer.name("arguments")
                writer.raw(function?["arguments"].flatMap(OpenAICalls.argumentText) ?? Array(#""{}""#.utf8))
                writer.endObject()
            default:
                writer.copy(member)
            }
        }
        writer.endObject()
    }
}

extension JSONDocument {
    /// Reads what a vendor sent. Bytes that are not UTF-8 are replaced: a vendor's slip in a character is no reason to
    /// throw the answer away.
    init(answer bytes: [UInt8], limits: JSONLimits = .response) throws(UpstreamFailure) {
        do throws(JSONFault) {
            self = try JSONDocument(bytes, limits: limits)
        } catch {
            guard error.kind == .invalidUTF8,
                let repaired = try? JSONDocument(Array(String(decoding: bytes, as: UTF8.self).utf8), limits: limits)
            else { throw .notAnAnswer }
            self = repaired
        }
    }
}
