/// A model as clients know it.
public struct Model: Sendable, Hashable {
    /// `author/slug`, such as `openai/gpt-5.4`.
    public var id: String
    /// For people, such as `OpenAI: GPT-5.4`.
    public var name: String
    public var description: String
    /// Seconds since 1970.
    public var created: Int64
    /// Tokens of prompt and answer together.
    public var contextLength: Int
    /// Tokens of one answer at most; `nil` when only the context bounds it.
    public var maxCompletionTokens: Int?
    /// Such as `text`, `image`, `audio`, `file`.
    public var inputModalities: [String]
    public var outputModalities: [String]
    /// Names of request members that have an effect.
    public var supportedParameters: [String]
    /// US dollars a unit as decimal strings, in the order and spelling of their source; shown as they are.
    public var pricing: [Price]
    /// What costs otherwise: long prompts, service tiers, images; its ``Pricing/prices`` are not looked at.
    public var pricingVariants = Pricing()
    /// Other names that find it, such as `gpt-5.4`.
    public var aliases: [String]
    /// Where it is served; a model without one is not listed.
    public var endpoints: [Endpoint]

    public struct Price: Sendable, Hashable {
        /// `prompt`, `completion`, `input_cache_read` and so on: the names of `GET /models`.
        public var unit: String
        /// Such as `0.0000025`.
        public var usd: String

        public init(unit: String, usd: String) {
            self.unit = unit
            self.usd = usd
        }

        /// What a million cost: `2.5`; `usd` itself when it cannot be read.
        public var usdPerMillion: String { PriceText(usd)?.usdPerMillion ?? usd }
    }

    public init(
        id: String, name: String, description: String = "", created: Int64 = 0, contextLength: Int,
        maxCompletionTokens: Int? = nil, inputModalities: [String] = ["text"], outputModalities: [String] = ["text"],
        supportedParameters: [String] = [], pricing: [Price] = [], aliases: [String] = [], endpoints: [Endpoint] = []
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.created = created
        self.contextLength = contextLength
        self.maxCompletionTokens = maxCompletionTokens
        self.inputModalities = inputModalities
        self.outputModalities = outputModalities
        self.supportedParameters = supportedParameters
        self.pricing = pricing
        self.aliases = aliases
        self.endpoints = endpoints
    }

    /// All its prices.
    public var allPricing: Pricing {
        var pricing = pricingVariants
        pricing.prices = self.pricing
        return pricing
    }

    /// Who made it: the part of the id before the slash.
    public var author: String { String(id.prefix { $0 != "/" }) }

    /// Whether prompt and answer have a price; a model without one is never served, so that nothing is free by accident.
    public var isPriced: Bool { Self.areComplete(pricing) }

    static func areComplete(_ prices: [Price]) -> Bool {
        ["prompt", "completion"].allSatisfy { unit in prices.contains { $0.unit == unit } }
    }
}
