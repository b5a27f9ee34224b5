/// What a valid request for speech is, and how much it uses.
///
/// Source: OpenAI API reference, "Create speech".
enum SpeechCheck {
    /// Unicode scalars of a text. OpenAI takes 4,096, others more or fewer: each translator has its own bound.
    static let charactersMax = 32_000

    private static let streamFormats = ["audio", "sse"]

    static func check(_ root: JSONValue) throws(APIError) {
        var hasInput = false
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "input":
                try checkText(value)
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
        usage.characters = root["input"]?.string?.unicodeScalars.count ?? 0
        var size = OperationSize(atMost: usage, atLeast: usage)
        let input = root["input"]?.text.count ?? 0
        let bytes = input + (root["instructions"]?.text.count ?? 0)
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
