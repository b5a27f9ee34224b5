/// Someone who serves models: a vendor's cloud or an engine of the operator's.
public struct Provider: Sendable, Hashable {
    /// What `provider.order`, records and logs call it, such as `openai` or `gpu1`.
    public var slug: String
    /// For people, such as `OpenAI`.
    public var name: String
    public var dialect: Dialect
    /// Where the vendor's documented paths begin, without a slash at the end: `https://api.openai.com/v1`.
    public var baseURL: String
    public var location: Location
    public var dataPolicy: DataPolicy
    /// It charges the whole answer, also one whose client left: such an answer is read to its end, to learn what it cost.
    public var billsAbandoned: Bool
    /// Speech for which a request names no format may come as WAV, where its models have no MP3.
    public var speaksWAV: Bool

    /// Whether what a client sends leaves the operator's machines.
    public enum Location: String, Sendable, Hashable {
        /// A third party.
        case vendor
        /// The operator's own: nothing sent here reaches a third party.
        case local
    }

    /// What happens to what clients send, as the operator knows it from a contract; `provider.data_collection` and
    /// `provider.zdr` of a request go by it.
    public struct DataPolicy: Sendable, Hashable {
        /// It may be stored for other purposes than answering, such as training.
        public var collects: Bool
        /// Some of it is kept after the answer.
        public var retains: Bool

        public init(collects: Bool, retains: Bool) {
            self.collects = collects
            self.retains = retains
        }

        /// Nobody has said: the worst is assumed.
        public static let unknown = DataPolicy(collects: true, retains: true)
        /// Nothing leaves the operator's machines.
        public static let none = DataPolicy(collects: false, retains: false)
    }

    /// - Parameter dataPolicy: as `location` has it when `nil`: unknown for a vendor, none for a machine of one's own.
    public init(
        slug: String, name: String, dialect: Dialect, baseURL: String, location: Location = .vendor,
        dataPolicy: DataPolicy? = nil, billsAbandoned: Bool = false, speaksWAV: Bool = false
    ) {
        self.slug = slug
        self.name = name
        self.dialect = dialect
        self.baseURL = baseURL
        self.location = location
        self.billsAbandoned = billsAbandoned
        self.speaksWAV = speaksWAV
        self.dataPolicy = dataPolicy ?? (location == .local ? .none : .unknown)
    }
}

/// The wire format a provider speaks; the `kind` of a provider in the configuration.
public struct Dialect: Sendable, Hashable, RawRepresentable {
    /// Such as `openai` or `openai_compatible`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let openAI = Dialect(rawValue: "openai")
    public static let anthropic = Dialect(rawValue: "anthropic")
    public static let gemini = Dialect(rawValue: "gemini")
    /// Gemini at Google Cloud: the same format with a token instead of a key.
    public static let vertex = Dialect(rawValue: "vertex")
    public static let mistral = Dialect(rawValue: "mistral")
    public static let deepSeek = Dialect(rawValue: "deepseek")
    /// Black Forest Labs: tasks for images.
    public static let bfl = Dialect(rawValue: "bfl")
    public static let xAI = Dialect(rawValue: "xai")
    /// Any server with OpenAI's paths: vLLM, SGLang, llama.cpp, Ollama.
    public static let openAICompatible = Dialect(rawValue: "openai_compatible")
}
