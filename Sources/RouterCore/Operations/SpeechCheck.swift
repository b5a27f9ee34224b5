/// What a valid request for speech is, and how much it uses.
///
/// Source: OpenAI API reference, "Create speech"; OpenRouter API reference, "Create speech", for turns.
enum SpeechCheck {
    /// Unicode scalars of a text, or of all turns. OpenAI takes 4,096, others more or fewer: each translator has its own
    /// bound.
    static let charactersMax = 32_000
    /// Turns of one request.
    static let turnsMax = 1000

    private static let streamFormats = ["audio", "sse"]

    static func check(_ root: JSONValue) throws(APIError) {
        var hasInput = false
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "input":
                try checkInput(value)
                hasInput = true
            case "instructions": try checkText(value, mayBeEmpty: true)
            case "voice": try checkVoice(value)
            case "response_format": try check(value, isOneOf: AudioFormat.allCases.map(\.rawValue))
            case "stream_format": try check(value, isOneOf: streamFormats)
            case "speed":
                guard value.kind == .number else { throw MemberCheck.wrongType(value, "a number") }
                guard let speed = value.double, (0.25...4).contains(speed) else {
                    throw MemberCheck.invalid(value, "must be from 0.25 to 4")
                }
            default: break
            }
        }
        guard hasInput else { throw MemberCheck.missing("input", in: root) }
    }

    /// Whether the audio is to come in server-sent events, and not as bytes.
    static func wantsEvents(_ root: JSONValue) -> Bool { root["stream_format"]?.equals("sse") == true }

    /// A text, or the turns of those who speak.
    private static func checkInput(_ input: JSONValue) throws(APIError) {
        switch input.kind {
        case .string: try checkText(input)
        case .array:
            guard (1...turnsMax).contains(input.count) else {
                throw MemberCheck.invalid(input, "must have from 1 to \(turnsMax) turns")
            }
            for turn in input.elements { try checkTurn(turn) }
            guard characterCount(of: input) <= charactersMax else {
                throw MemberCheck.invalid(input, "must have at most \(charactersMax) characters in all its turns")
            }
        case .object, .bool, .number, .null:
            throw MemberCheck.wrongType(input, "a string or a list of turns")
        }
    }

    private static func checkTurn(_ turn: JSONValue) throws(APIError) {
        guard turn.kind == .object else { throw MemberCheck.wrongType(turn, "an object with a `text`") }
        var hasText = false
        for member in turn.members where !member.value.isNull {
            switch member.name {
            case "text":
                try checkText(member.value)
                hasText = true
            case "voice": try checkVoice(member.value)
            case "instructions": try checkText(member.value, mayBeEmpty: true)
            default: break
            }
        }
        guard hasText else { throw MemberCheck.missing("text", in: turn) }
    }

    /// What is spoken of a checked input: a text, or that of each turn.
    private static func texts(of input: JSONValue?) -> [JSONValue] {
        guard let input, input.kind == .array else { return input.map { [$0] } ?? [] }
        return input.elements.compactMap { $0["text"] }
    }

    private static func characterCount(of input: JSONValue?) -> Int {
        texts(of: input).reduce(0) { $0 + ($1.string?.unicodeScalars.count ?? 0) }
    }

    private static func checkText(_ value: JSONValue, mayBeEmpty: Bool = false) throws(APIError) {
        guard let text = value.string else { throw MemberCheck.wrongType(value, "a string") }
        guard mayBeEmpty || !text.isEmpty else { throw MemberCheck.invalid(value, "must not be empty") }
        guard text.unicodeScalars.count <= charactersMax else {
            throw MemberCheck.invalid(value, "must have at most \(charactersMax) characters")
        }
    }

    /// A name, or the id of a voice of one's own.
    private static func checkVoice(_ value: JSONValue) throws(APIError) {
        switch value.kind {
        case .string:
            guard !value.equals("") else { throw MemberCheck.invalid(value, "must not be empty") }
        case .object:
            guard let id = value["id"] else { throw MemberCheck.missing("id", in: value) }
            guard id.string?.isEmpty == false else { throw MemberCheck.wrongType(id, "the id of a voice") }
        case .array, .bool, .number, .null:
            throw MemberCheck.wrongType(value, "the name of a voice, or an object with its id")
        }
    }

    private static func check(_ value: JSONValue, isOneOf words: [String]) throws(APIError) {
        guard let word = value.string, words.contains(word) else {
            throw MemberCheck.invalid(value, "must be one of \(words.joined(separator: ", "))")
        }
    }

    /// Milliseconds that a byte of text is spoken for at most: ten bytes a second, where English has fifteen.
    private static let millisecondsPerByte = 100
    /// Tokens of a second of audio at the vendor that counts most.
    private static let tokensPerSecondMax = 32

    /// The text is known before anything is sent; of the audio nothing is counted before it comes.
    static func size(of root: JSONValue) -> OperationSize {
        var usage = Usage()
        usage.characters = characterCount(of: root["input"])
        var size = OperationSize(atMost: usage, atLeast: usage)
        let input = texts(of: root["input"]).reduce(0) { $0 + $1.text.count }
        let instructions =
            [root["instructions"]] + (root["input"]?.elements.map { $0["instructions"] } ?? [])
        let bytes = instructions.reduce(input) { $0 + ($1?.text.count ?? 0) }
        size.atMost.prompt = 16 + bytes / 2
        size.atLeast.prompt = bytes / 4
        let speed = min(max(0.25, root["speed"]?.double ?? 1), 4)
        let milliseconds = Int(Double(1000 + input * millisecondsPerByte) / speed)
        size.atMost.audioOutputMilliseconds = milliseconds
        size.atMost.completion = milliseconds * tokensPerSecondMax / 1000
        size.atMost.completionAudio = size.atMost.completion
        return size
    }
}

extension OperationRequest {
    /// What audio is to come as: `response_format`, and `nil` where the request does not say.
    public var audioFormat: AudioFormat? { root["response_format"]?.string.flatMap(AudioFormat.init) }
}
