/// What a valid request for embeddings is, and how much is in it.
///
/// Source: OpenAI API reference, "Create embeddings".
enum EmbeddingsCheck {
    /// Inputs of one request, and tokens of one input.
    static let inputsMax = 2048

    static func check(_ root: JSONValue) throws(APIError) {
        var hasInput = false
        for member in root.members where !member.value.isNull {
            let value = member.value
            switch member.name {
            case "input":
                try checkInput(value)
                hasInput = true
            case "encoding_format":
                guard value.equals("float") || value.equals("base64") else {
                    throw MemberCheck.invalid(value, "must be one of float, base64")
                }
            case "dimensions":
                try MemberCheck.check(value, isIntegerIn: 1...65_536)
            case "stream":
                guard value.bool == false else {
                    throw MemberCheck.invalid(value, "must be false: embeddings come whole")
                }
            default: break
            }
        }
        guard hasInput else { throw MemberCheck.missing("input", in: root) }
    }

    /// A text, a list of texts, a list of tokens, or a list of such lists.
    private static func checkInput(_ input: JSONValue) throws(APIError) {
        switch input.kind {
        case .string:
            guard !input.equals("") else { throw MemberCheck.invalid(input, "must not be empty") }
        case .array:
            guard let first = input.elements.first(where: { _ in true }) else {
                throw MemberCheck.invalid(input, "must hold at least one text or token")
            }
            if first.kind == .number {
                try checkTokens(input)
                return
            }
            guard input.count <= inputsMax else {
                throw MemberCheck.invalid(input, "must hold at most \(inputsMax) texts, not \(input.count)")
            }
            for element in input.elements {
                guard element.kind == first.kind else {
                    throw MemberCheck.invalid(element, "must be of the same kind as the first: \(first.kind.article)")
                }
                switch element.kind {
                case .string:
                    guard !element.equals("") else { throw MemberCheck.invalid(element, "must not be empty") }
                case .array:
                    guard element.count > 0 else { throw MemberCheck.invalid(element, "must hold at least one token") }
                    try checkTokens(element)
                case .object, .bool, .number, .null:
                    throw MemberCheck.wrongType(element, "a text or a list of tokens")
                }
            }
        case .object, .bool, .number, .null:
            throw MemberCheck.wrongType(input, "a text, a list of texts or a list of tokens")
        }
    }

    private static func checkTokens(_ tokens: JSONValue) throws(APIError) {
        for token in tokens.elements {
            guard let number = token.integer, (0...Int(Int32.max)).contains(number) else {
                throw MemberCheck.invalid(token, "must be a token: a whole number from 0")
            }
        }
    }

    /// How many inputs a checked request has: so many embeddings must come back.
    static func inputCount(_ root: JSONValue) -> Int {
        guard let input = root["input"], input.kind == .array else { return 1 }
        return input.elements.first { _ in true }?.kind == .number ? 1 : input.count
    }

    /// What an engine puts around each input, and counts, such as `[CLS]` and `[SEP]`.
    private static let marksPerInput = 2

    /// Some scripts come to a token a byte, and a text of a letter to three tokens.
    static func size(of root: JSONValue) -> OperationSize {
        var size = OperationSize()
        guard let input = root["input"] else { return size }
        let bytes = input.text.count
        let tokens = tokenCount(input)
        size.atMost.prompt = (tokens ?? bytes) + marksPerInput * inputCount(root)
        size.atLeast.prompt = tokens ?? bytes / 4
        return size
    }

    /// Of an input that comes as tokens; `nil` for text.
    private static func tokenCount(_ input: JSONValue) -> Int? {
        guard input.kind == .array, let first = input.elements.first(where: { _ in true }) else { return nil }
        if first.kind == .number { return input.count }
        return first.kind == .array ? input.elements.reduce(0) { $0 + $1.count } : nil
    }
}

extension OperationRequest {
    /// How many inputs a request for embeddings has.
    public var inputCount: Int { EmbeddingsCheck.inputCount(root) }
}
