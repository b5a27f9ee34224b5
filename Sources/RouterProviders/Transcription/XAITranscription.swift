public import RouterCore

/// Speaks xAI's transcription: a form whose file must be its last part, answered with text and the times of its words.
///
/// Source: xAI REST API reference, "Voice", section "Speech to text".
public struct XAITranscription: OperationTranslator {
    public init() {}

    private static let formats: [TranscriptFormat] = [.json, .text, .srt, .verboseJSON, .vtt]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        guard Self.formats.contains(request.transcriptFormat) || request.transcriptForm == .events else {
            let words = Self.formats.map(\.rawValue).joined(separator: ", ")
            throw UpstreamFailure(
                .unsupported, "`response_format` must be one of \(words) for \(endpoint.upstreamModel).",
                parameter: "response_format")
        }
        guard let upload = request.upload else {
            throw UpstreamFailure(.refused, "`file` is required.", parameter: "file")
        }
        for field in upload.fields where field.plainName == "timestamp_granularities" && field.text != "word" {
            throw UpstreamFailure(
                .unsupported, "`timestamp_granularities` must be word for \(endpoint.upstreamModel).",
                parameter: "timestamp_granularities")
        }
        try checkSpeakers(request, upload, for: endpoint)
        // What stands behind a file on its way would be behind it there too.
        try upload.late.limit { _ in false }
        var fields = [FormField("model", endpoint.upstreamModel)]
        for field in upload.fields {
            if let sent = try Self.sent(field, for: endpoint) { fields.append(sent) }
        }
        let form = try upload.form(with: fields)
        return UpstreamRequest(
            path: "/stt", headers: [.init("content-type", upload.contentType)], body: form.body, upload: form.upload)
    }

    /// Who speaks is said with the words of a verbose answer, and parts subtitles; elsewhere it would be paid and thrown away.
    private func checkSpeakers(
        _ request: OperationRequest, _ upload: FormUpload, for endpoint: Endpoint
    ) throws(UpstreamFailure) {
        let tellsSpeakers =
            request.transcriptForm != .events && [.verboseJSON, .srt, .vtt].contains(request.transcriptFormat)
        guard !tellsSpeakers, upload.fields.contains(where: { $0.plainName == "diarize" && !$0.isFalse }) else {
            return
        }
        throw UpstreamFailure(
            .unsupported,
            "`diarize` must be false for \(endpoint.upstreamModel), or `response_format` verbose_json, srt or vtt without "
                + "`stream`: only those say who speaks.",
            parameter: "diarize")
    }

    private static let taken: Set<Substring> = [
        "language", "format", "diarize", "multichannel", "channels", "keyterm", "filler_words", "audio_format",
        "sample_rate",
    ]

    /// - Returns: `nil` for what the vendor does not know, such as `prompt` and `temperature`, which are only hints.
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for a value that is kept on the disk: those are sent behind the
    ///   file, which must be last there.
    private static func sent(_ field: FormField, for endpoint: Endpoint) throws(UpstreamFailure) -> FormField? {
        // OpenRouter's name for it.
        let name = field.plainName == "keyterms" ? "keyterm" : field.plainName
        guard taken.contains(name) else { return nil }
        guard field.kept == nil else {
            let name = String(field.plainName)
            throw UpstreamFailure(
                .unsupported,
                "`\(name)` is too long for \(endpoint.upstreamModel): it must stand before the file there.",
                parameter: name)
        }
        return FormField(String(name), field.value, typeLine: field.typeLine)
    }

    /// An answer comes whole, and is put into events where these were asked for.
    public func isStreamed(_ request: OperationRequest) -> Bool { false }
    public func form(of request: OperationRequest, at endpoint: Endpoint) -> AnswerForm { request.transcriptForm }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let reader = XAITranscript(
            form: form(of: request, at: endpoint), format: request.transcriptFormat,
            milliseconds: request.upload?.audio.length.atLeast ?? 0)
        return WholeAnswer(reader, status: head.status, isStreamed: false)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}

/// Makes OpenAI's answers of xAI's, whose words are called otherwise, and which has no segments.
///
/// Sources: OpenAI API reference, "The transcription object (Verbose JSON)"; xAI REST API reference, "Voice".
struct XAITranscript: WholeAnswerReader {
    let form: AnswerForm
    let format: TranscriptFormat
    /// Of the sound, for an answer that does not say.
    let milliseconds: Int

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
        guard let text = answer["text"]?.string else { throw .notATranscript }
        let whole = form == .bytes ? try plain(text, of: answer) : []
        if let usage = Usage(duration: answer["duration"]) { events.append(.usage(usage)) }
        switch form {
        case .json where format == .verboseJSON: events.append(.completion(verbose(answer)))
        case .json: events.append(.completion(.piece { $0.member("text", text) }))
        case .events:
            events.append(.content(.transcriptDelta(text)))
            events.append(.completion(.transcriptEnd(text)))
        case .bytes: events.append(.bytes(.transcript(whole)))
        }
    }

    private func plain(_ text: String, of answer: JSONValue) throws(UpstreamFailure) -> [UInt8] {
        guard format == .srt || format == .vtt else { return Array(text.utf8) + [0x0A] }
        guard let words = WordLines(answer).document, let subtitles = Subtitles(of: words.root) else {
            throw UpstreamFailure(.broken, "The provider answered without times, of which subtitles could be made.")
        }
        return format == .srt ? subtitles.subRip : subtitles.webVTT
    }

    private static let ours: Set<String> = ["task", "language", "duration", "text", "words", "usage", "model"]

    private func verbose(_ answer: JSONValue) -> ChatPiece {
        .piece { writer in
            writer.member("task", "transcribe")
            writer.member("language", answer["language"]?.string ?? "")
            if let duration = answer["duration"], duration.kind == .number {
                writer.member("duration", duration)
            } else {
                writer.name("duration")
                writer.raw(Array("\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())".utf8))
            }
            if let text = answer["text"] { writer.member("text", text) }
            writer.name("words")
            writer.beginArray()
            for word in answer["words"]?.elements.map(\.self) ?? [] where word.kind == .object {
                writer.beginObject()
                for member in word.members {
                    if member.name == "text" { writer.member("word", member.value) } else { writer.copy(member) }
                }
                writer.endObject()
            }
            writer.endArray()
            for member in answer.members where !Self.ours.contains(member.name.string) { writer.copy(member) }
        }
    }
}

/// Lines of subtitles, made of words that have times: a new one where someone else speaks, where a sentence or a breath
/// ends, and where it has become long.
struct WordLines {
    private static let charactersMax = 84
    private static let secondsMax = 7.0
    /// Seconds of silence that end a line.
    private static let breath = 1.0

    private struct Line {
        var text: String
        var start: Double
        var end: Double
        var speaker: Int?
    }

    private var lines: [Line] = []
    private let text: String
    /// There is a word of which it is not known when it was said: lines would lack it.
    private var lacksTimes = false

    init(_ answer: JSONValue) {
        text = answer["text"]?.string ?? ""
        for word in answer["words"]?.elements.map(\.self) ?? [] {
            guard let said = word["text"]?.string, !said.allSatisfy(\.isWhitespace) else { continue }
            guard let start = word["start"]?.double, let end = word["end"]?.double else {
                lacksTimes = true
                return
            }
            let next = Line(text: said, start: start, end: end, speaker: word["speaker"]?.integer)
            if var line = lines.last, Self.goesOn(line, with: next) {
                line.text += " " + said
                line.end = end
                lines[lines.count - 1] = line
            } else {
                lines.append(next)
            }
        }
    }

    private static func goesOn(_ line: Line, with next: Line) -> Bool {
        line.speaker == next.speaker && next.start - line.end < breath && next.end - line.start <= secondsMax
            && line.text.unicodeScalars.count + next.text.unicodeScalars.count < charactersMax
            && !(line.text.last.map { ".?!…。？！".contains($0) } ?? false)
    }

    /// As an answer with segments, of which ``Subtitles`` are made; `nil` where a word has no times.
    var document: JSONDocument? {
        guard !lacksTimes else { return nil }
        var writer = JSONWriter(capacity: text.utf8.count * 2 + lines.count * 60 + 64)
        writer.beginObject()
        writer.member("text", text)
        writer.name("segments")
        writer.beginArray()
        for line in lines {
            writer.beginObject()
            writer.member("text", line.text)
            writer.name("start")
            writer.raw(Array(line.start.description.utf8))
            writer.name("end")
            writer.raw(Array(line.end.description.utf8))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return try? JSONDocument(answer: writer.bytes)
    }
}
