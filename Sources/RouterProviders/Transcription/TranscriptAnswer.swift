import RouterCore

/// Reads a transcript that came whole, as JSON.
struct TranscriptAnswer: WholeAnswerReader {
    let form: AnswerForm
    /// What the client asked for.
    var format = TranscriptFormat.json
    /// What makes a verbose answer of a vendor's own.
    var verbose: VerboseTranscript?

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if let error = answer["error"], !error.isNull { throw OpenAIFailure.inAnswer(answer) }
        // Some engines answer `text` with the text alone, in quotes.
        let alone = form == .json ? nil : answer.string
        guard let text = answer["text"]?.string ?? alone else { throw .notATranscript }
        let bytes = form == .bytes ? try plain(text, of: answer) : []
        if let usage = Usage(transcript: answer["usage"]) ?? Usage(duration: answer["duration"]) {
            events.append(.usage(usage))
        }
        switch form {
        case .json: events.append(.completion(verbose?.piece(of: answer) ?? .transcript(answer, type: nil)))
        case .events:
            events.append(.content(.transcriptDelta(text)))
            events.append(.completion(.transcript(answer, type: "transcript.text.done")))
        case .bytes: events.append(.bytes(.transcript(bytes)))
        }
    }

    /// The text, or subtitles.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `broken` where subtitles were asked for and nothing says when what was said.
    private func plain(_ text: String, of answer: JSONValue) throws(UpstreamFailure) -> [UInt8] {
        guard format == .srt || format == .vtt else { return Array(text.utf8) + [0x0A] }
        if answer.kind == .object, let subtitles = Subtitles(of: answer) {
            return format == .srt ? subtitles.subRip : subtitles.webVTT
        }
        // They may be the text itself.
        guard text.contains("-->") else {
            throw UpstreamFailure(.broken, "The provider answered without times, of which subtitles could be made.")
        }
        return Array(text.utf8)
    }
}

/// Reads a transcript that comes as text: plain, or as subtitles.
struct TranscriptText: AnswerDecoder {
    private let form: AnswerForm
    /// The beginning, until it is known to be no page; all of it where events are to be made of it.
    private var kept: [UInt8] = []
    /// The beginning of it, without the white space and the byte order mark before that.
    private var start: [UInt8] = []
    private var isText = false
    private var count = 0

    /// A text of more bytes is cut off.
    private static let bytesMax = 16 << 20
    private static let pages = ["<!doctype", "<html", "<?xml"]
    /// Bytes of the longest of these.
    private static let startBytes = 9

    init(form: AnswerForm) { self.form = form }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        count += bytes.count
        guard count <= Self.bytesMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.bytesMax) bytes.")
        }
        guard !isText || form == .events else { return events.append(.bytes(.transcript(bytes))) }
        kept += bytes
        noteStart(of: bytes)
        if start.count >= Self.startBytes { try look(into: &events) }
    }

    private mutating func noteStart(of bytes: [UInt8]) {
        for byte in bytes {
            guard start.count < Self.startBytes else { return }
            if start.isEmpty, byte <= 0x20 || [0xEF, 0xBB, 0xBF].contains(byte) { continue }
            start.append(byte)
        }
    }

    private mutating func look(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let start = String(decoding: start, as: UTF8.self).lowercased()
        guard isText || !Self.pages.contains(where: { start.hasPrefix($0) }) else { throw .notATranscript }
        isText = true
        guard form != .events else { return }
        events.append(.bytes(.transcript(kept)))
        kept = []
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        if !isText { try look(into: &events) }
        guard form == .events else { return }
        let text = String(decoding: kept, as: UTF8.self)
        events.append(.content(.transcriptDelta(text)))
        events.append(.completion(.transcriptEnd(text)))
    }
}

extension BytesPiece {
    static func transcript(_ bytes: [UInt8]) -> BytesPiece {
        BytesPiece(type: "text/plain; charset=utf-8", bytes: bytes)
    }
}

extension ChatPiece {
    /// An event with the next part of the text.
    static func transcriptDelta(_ text: String) -> ChatPiece {
        piece { writer in
            writer.member("type", "transcript.text.delta")
            writer.member("delta", text)
        }
    }

    /// The last event of a stream, to which usage is added.
    static func transcriptEnd(_ text: String) -> ChatPiece {
        piece { writer in
            writer.member("type", "transcript.text.done")
            writer.member("text", text)
        }
    }

    /// What a vendor said, without what is ours to say.
    ///
    /// - Parameter type: what event it becomes.
    static func transcript(_ answer: JSONValue, type: String?) -> ChatPiece {
        piece { writer in
            if let type { writer.member("type", type) }
            if answer.kind == .string { writer.member("text", answer) }
            for member in answer.members where member.name != "usage" && member.name != "model" {
                if type == nil || member.name != "type" { writer.copy(member) }
            }
        }
    }

    static func piece(_ write: (inout JSONWriter) -> Void) -> ChatPiece {
        var writer = JSONWriter(capacity: 200)
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return ChatPiece(object: writer)
    }
}

extension UpstreamFailure {
    /// A page, an object without a text, nothing.
    static var notATranscript: UpstreamFailure {
        UpstreamFailure(.broken, "The provider's answer is no transcript.")
    }
}
