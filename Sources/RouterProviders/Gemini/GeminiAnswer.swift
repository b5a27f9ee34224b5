import RouterCore

/// Reads a whole answer, and a body that came where a stream was asked for.
struct GeminiAnswer: WholeAnswerReader {
    let shape: GeminiAnswerShape

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard isStreamed else { return try read(answer, into: &events) }
        var records = GeminiRecords(shape)
        // Without `alt=sse` the pieces of a stream are one list.
        if answer.kind == .array {
            for record in answer.elements { try records.read(record, into: &events) }
        } else {
            try records.read(answer, into: &events)
        }
        try records.finish(into: &events)
    }

    private func read(_ answer: JSONValue, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = answer["error"], !error.isNull { throw GeminiFailure.inAnswer(answer) }
        guard answer.kind == .object else { throw .notAnAnswer }
        if let said = answer["usageMetadata"] {
            var usage = GeminiUsage()
            usage.read(said)
            events.append(.usage(usage.totals))
        }
        var choices = JSONWriter(capacity: answer.text.count + 256)
        choices.beginArray()
        let origin = answer["responseId"]?.string ?? ""
        if let list = answer["candidates"], list.count > 0 {
            for value in list.elements where value.kind == .object {
                let candidate = GeminiCandidate(value, origin: origin, shape: shape)
                let annotations = GeminiCitations(in: value).elements(of: candidate.text)
                try write(candidate, annotations, to: &choices)
            }
        } else if let word = answer["promptFeedback"]?["blockReason"]?.nonEmptyString {
            writeBlocked(word, to: &choices)
        }
        choices.endArray()
        guard choices.bytes.count > 2 else { throw .notAnAnswer }
        events.append(.completion(OpenAIEnvelope().piece(choices: choices.bytes.dropFirst().dropLast())))
    }

    private func write(
        _ candidate: GeminiCandidate, _ annotations: [UInt8], to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        let finish = try GeminiFinish(
            candidate.finish, hasCalls: candidate.counts.calls > 0, hasContent: candidate.hasContent)
        writer.beginObject()
        writer.member("index", candidate.index)
        writer.name("message")
        writer.beginObject()
        writer.member("role", "assistant")
        candidate.writeMembers(isDelta: false, refusal: finish.refusal, annotations: annotations, to: &writer)
        writer.endObject()
        writer.name("logprobs")
        if let logprobs = candidate.logprobsText { writer.raw(logprobs) } else { writer.null() }
        writer.member("finish_reason", finish.reason)
        if let native = candidate.finish { writer.member("native_finish_reason", native) }
        writer.endObject()
    }

    private func writeBlocked(_ word: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("index", 0)
        writer.name("message")
        writer.beginObject()
        writer.member("role", "assistant")
        writer.nullMember("content")
        writer.member("refusal", GeminiFinish.blocked(word))
        writer.endObject()
        writer.nullMember("logprobs")
        writer.member("finish_reason", "content_filter")
        writer.member("native_finish_reason", word)
        writer.endObject()
    }
}
