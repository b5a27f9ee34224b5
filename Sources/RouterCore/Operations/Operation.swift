/// What can be asked of a model besides chat: each has a route, a check of its requests and a translator at each vendor
/// that offers it. `docs/architecture.md` tells how one is added.
public enum Operation: String, Sendable, Hashable, CaseIterable {
    /// Text in, numbers out that stand for what it means.
    case embeddings
    /// Text in, pictures out.
    case images
    /// Text in, sound out.
    case speech
    /// Sound in, text out.
    case transcription

    /// What its records are called.
    public var kind: Generation.Kind {
        switch self {
        case .embeddings: .embeddings
        case .images: .image
        case .speech: .speech
        case .transcription: .transcription
        }
    }

    /// Where requests for it come in.
    public var path: String {
        switch self {
        case .embeddings: "/api/v1/embeddings"
        case .images: "/api/v1/images/generations"
        case .speech: "/api/v1/audio/speech"
        case .transcription: "/api/v1/audio/transcriptions"
        }
    }

    /// Another path for the same, which OpenRouter has.
    public var otherPath: String? {
        switch self {
        case .embeddings, .speech, .transcription: nil
        case .images: "/api/v1/images"
        }
    }

    /// Whether its requests may be forms with a file.
    public var takesForms: Bool { self == .transcription }

    /// Of its requests in JSON: a file of 25 MB has 33.4 MiB in Base64, and OpenAI takes 300,000 tokens to embed, where
    /// an engine may take more. A value is 16 bytes of memory.
    var limits: JSONLimits {
        var limits = JSONLimits.request
        if takesForms { limits.bytesMax = 36 << 20 }
        if self == .embeddings { limits.valuesMax = 700_000 }
        return limits
    }

    /// Finds what is wrong with a request.
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the member.
    func check(_ root: JSONValue) throws(APIError) {
        switch self {
        case .embeddings: try EmbeddingsCheck.check(root)
        case .images: try ImageCheck.check(root)
        case .speech: try SpeechCheck.check(root)
        case .transcription: try TranscriptionCheck.check(root)
        }
    }

    /// How the answer to a checked request goes out; a vendor's translator may know better.
    func form(of root: JSONValue) -> AnswerForm {
        switch self {
        case .embeddings: .json
        case .images: ImageCheck.wantsEvents(root) ? .events : .json
        case .speech: SpeechCheck.wantsEvents(root) ? .events : .bytes
        case .transcription: TranscriptionCheck.wantsEvents(root) ? .events : TranscriptionCheck.wholeForm(root)
        }
    }

    /// What a request uses, by our own count before anyone has answered.
    ///
    /// - Parameter length: of the sound in it.
    func size(of root: JSONValue, length: AudioLength?) -> OperationSize {
        switch self {
        case .embeddings: EmbeddingsCheck.size(of: root)
        case .images: ImageCheck.size(of: root)
        case .speech: SpeechCheck.size(of: root)
        case .transcription: TranscriptionCheck.size(of: root, length: length)
        }
    }
}

/// What a request uses, counted by us.
public struct OperationSize: Sendable, Hashable {
    /// Rather too much: what a hold must pay for.
    public var atMost = Usage()
    /// Rather too little: what is charged where the vendor did work and did not count.
    public var atLeast = Usage()
}

extension Model {
    /// Whether the model answers requests of this kind: what it puts out says so.
    public func answers(_ kind: Generation.Kind) -> Bool {
        switch kind {
        case .chat: outputModalities.contains("text")
        case .embeddings: outputModalities.contains("embeddings")
        case .image: outputModalities.contains("image")
        case .speech: outputModalities.contains("speech")
        case .transcription: outputModalities.contains("transcription")
        }
    }
}

extension Plan {
    /// Leaves the models that answer requests of this kind.
    ///
    /// - Throws: ``APIError`` of kind `invalidRequest` that says what the model is asked for instead, when none is left.
    mutating func limit(to kind: Generation.Kind) throws(APIError) {
        guard let first = targets.first?.model else { return }
        targets.removeAll { !$0.model.answers(kind) }
        guard targets.isEmpty else { return }
        let others = Generation.Kind.routes.filter { first.answers($0.kind) }.map { "POST \($0.path)" }
        let path = Generation.Kind.routes.first { $0.kind == kind }?.path ?? ""
        throw APIError(
            .invalidRequest,
            "\(first.id) cannot be asked at POST \(path)."
                + (others.isEmpty ? "" : " Ask it at \(others.joined(separator: " or "))."), parameter: "model")
    }
}

extension Generation.Kind {
    /// Where requests of each kind come in.
    fileprivate static let routes: [(kind: Self, path: String)] =
        [(.chat, "/api/v1/chat/completions")] + Operation.allCases.map { ($0.kind, $0.path) }
}

/// How an answer to an ``Operation`` goes out.
public enum AnswerForm: Sendable, Hashable {
    /// One JSON object, when it is whole.
    case json
    /// Server-sent events, each as it comes.
    case events
    /// Bytes as they come, or a text when it is whole.
    case bytes
}
