/// What a valid request for a transcript is, and how much it uses.
///
/// The document is what the client sent as JSON, or is made of the fields of its form: numbers and truth values are
/// strings there. Source: OpenAI API reference, "Create transcription"; OpenRouter's `sttrequest` for `input_audio`.
enum TranscriptionCheck {
    /// Unicode scalars of a prompt.
    static let promptCharactersMax = 32_000

    private static let granularities = ["word", "segment"]

    static func check(_ root: JSONValue) throws(APIError) {
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "response_format":
                guard let word = value.string, TranscriptFormat(rawValue: word) != nil else {
                    let words = TranscriptFormat.allCases.map(\.rawValue).joined(separator: ", ")
                    throw MemberCheck.invalid(value, "must be one of \(words)")
                }
            case "language": try checkText(value, charactersMax: 64)
            case "prompt": try checkText(value, charactersMax: promptCharactersMax)
            case "temperature":
                guard value.kind == .number || value.kind == .string else {
                    throw MemberCheck.wrongType(value, "a number")
                }
                guard let number = value.double ?? value.string.flatMap(Double.init), (0...1).contains(number) else {
                    throw MemberCheck.invalid(value, "must be a number from 0 to 1")
                }
            case "timestamp_granularities":
                for element in value.kind == .array ? value.elements.map(\.self) : [value] {
                    guard let word = element.string, granularities.contains(word) else {
                        throw MemberCheck.invalid(element, "must be one of \(granularities.joined(separator: ", "))")
                    }
                }
            case "include":
                for element in value.kind == .array ? value.elements.map(\.self) : [value] {
                    guard element.kind == .string else { throw MemberCheck.wrongType(element, "a string") }
                }
            case "stream":
                guard truth(value) != nil else { throw MemberCheck.invalid(value, "must be true or false") }
            case "chunking_strategy":
                guard value.kind == .object || value.equals("auto") || value.string?.hasPrefix("{") == true else {
                    throw MemberCheck.invalid(value, "must be auto, or an object with `type`")
                }
            default: break
            }
        }
    }

    private static func checkText(_ value: JSONValue, charactersMax: Int) throws(APIError) {
        guard let text = value.string else { throw MemberCheck.wrongType(value, "a string") }
        guard text.unicodeScalars.count <= charactersMax else {
            throw MemberCheck.invalid(value, "must have at most \(charactersMax) characters")
        }
    }

    /// `true`, `false`, and how forms write them.
    private static func truth(_ value: JSONValue) -> Bool? {
        value.bool ?? value.string.flatMap(truth)
    }

    /// How forms write `true` and `false`.
    fileprivate static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1": true
        case "false", "0", "": false
        default: nil
        }
    }

    /// Whether the text is to come in server-sent events.
    static func wantsEvents(_ root: JSONValue) -> Bool { root["stream"].flatMap(truth) == true }

    /// How an answer goes out that comes whole.
    static func wholeForm(_ root: JSONValue) -> AnswerForm { format(root).wholeForm }

    static func format(_ root: JSONValue) -> TranscriptFormat {
        root["response_format"]?.string.flatMap(TranscriptFormat.init) ?? .json
    }

    /// Milliseconds of a token of audio: OpenAI counts ten a second.
    static let millisecondsPerToken = 100
    /// Tokens of text that a second of speech becomes at most, with who speaks and when.
    private static let tokensPerSecondMax = 20

    /// Milliseconds that are held for at least: vendors charge whole seconds, and some of them ten seconds for any file.
    static let leastHeld = 15_000

    /// What is charged where the vendor does not count is known when the answer is there: ``TranscriptCount``.
    static func size(of root: JSONValue, length: AudioLength?) -> OperationSize {
        let milliseconds = max(leastHeld, ((length?.atMost ?? 0) + 999) / 1000 * 1000)
        var size = OperationSize()
        size.atLeast.prompt = (root["prompt"]?.text.count ?? 0) / 4
        size.atMost.audioMilliseconds = milliseconds
        size.atMost.promptAudio = milliseconds / millisecondsPerToken + 1
        size.atMost.prompt = size.atMost.promptAudio + 16 + (root["prompt"]?.text.count ?? 0) / 2
        size.atMost.completion = 100 + milliseconds * tokensPerSecondMax / 1000
        return size
    }
}

extension OperationRequest {
    /// What a transcript is to come as: `response_format`, JSON where the request does not say.
    ///
    /// Fields of its form that stand behind the file are known only when the whole form has come, which it has when a
    /// vendor answers.
    public var transcriptFormat: TranscriptFormat {
        late("response_format").flatMap(TranscriptFormat.init) ?? TranscriptionCheck.format(root)
    }

    /// How a transcript goes out that comes whole, whether events were asked for or not.
    public var wholeTranscriptForm: AnswerForm { transcriptFormat.wholeForm }

    /// How a transcript goes out, as far as it is the request that says it.
    public var transcriptForm: AnswerForm {
        let wantsEvents = late("stream").flatMap(TranscriptionCheck.truth) ?? TranscriptionCheck.wantsEvents(root)
        return wantsEvents ? .events : wholeTranscriptForm
    }

    /// The last field of this name behind the file.
    private func late(_ name: String) -> String? { upload?.late.fields.last { $0.plainName == name }?.text }
}

extension TranscriptFormat {
    fileprivate var wholeForm: AnswerForm { isText ? .bytes : .json }
}
