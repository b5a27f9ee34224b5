/// What routing must know of a model's endpoints, worked out once when the catalogue is made: a decision goes through
/// hundreds of them in microseconds.
public final class Candidates: Sendable {
    public let model: Model
    /// One for each of the model's endpoints, in their order.
    let facts: [EndpointFacts]
    /// What health is remembered under, one for each endpoint: provider, model and upstream name.
    let keys: [String]

    /// - Parameter providers: slugs of all providers of the catalogue; facts name them by their place in it.
    init(_ model: Model, providers: [String: Int]) {
        self.model = model
        let parameters = ParameterSet(names: model.supportedParameters)
        facts = model.endpoints.map { endpoint in
            EndpointFacts(
                endpoint, parameters: parameters, provider: providers[endpoint.provider.slug] ?? 0,
                makesImages: model.answers(.image))
        }
        keys = model.endpoints.map { "\($0.provider.slug)\t\(model.id)\t\($0.upstreamModel)" }
    }
}

/// One endpoint as numbers and flags.
struct EndpointFacts: Sendable, Hashable {
    /// Its provider's place in ``Catalog/providers``.
    var provider: Int
    /// Pico-dollars a token, a request and an image, of the dearest kind where the model makes them; `nil`: the
    /// catalogue has no such price.
    var promptPrice: Int64
    var completionPrice: Int64
    var requestPrice: Int64
    var imagePrice: Int64?
    var audioPrice: Int64?
    /// Reading the vendor's cache costs less than the prompt, or the cache is the operator's own.
    var rewardsStickiness: Bool
    /// The operator's share of requests among endpoints of one price.
    var weight: Int
    var quantization: Quantization
    var location: Provider.Location
    var dataPolicy: Provider.DataPolicy
    var parameters: ParameterSet

    init(_ endpoint: Endpoint, parameters: ParameterSet, provider: Int, makesImages: Bool) {
        let rates = endpoint.prices.rates
        self.provider = provider
        promptPrice = rates[.prompt] ?? 0
        completionPrice = rates[.completion] ?? 0
        requestPrice = rates[.request] ?? 0
        let imagesMade =
            makesImages ? endpoint.prices.images.map(\.picoUSD) + [rates[.imageOutput]].compactMap(\.self) : []
        imagePrice = imagesMade.max() ?? rates[.image]
        audioPrice = rates[.audio]
        weight = endpoint.weight
        quantization = endpoint.quantization
        location = endpoint.provider.location
        dataPolicy = endpoint.provider.dataPolicy
        rewardsStickiness =
            location == .local || rates[.cacheRead].map { [promptPrice] in $0 < promptPrice } == true
        self.parameters = parameters
    }

    /// What endpoints are compared by: a token of the mix that chats have, three of the prompt to one of the answer.
    /// Pico-dollars; a number for choosing, never for a bill.
    var blendedPrice: Double { (3 * Double(promptPrice) + Double(completionPrice)) / 4 }
}

/// How exactly an endpoint's weights are kept; OpenRouter's words.
public enum Quantization: String, Sendable, Hashable, CaseIterable {
    case int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32, unknown
}

/// Members of a request that an endpoint may or may not know, one bit each.
struct ParameterSet: OptionSet, Sendable, Hashable {
    let rawValue: UInt64

    /// Members of `supported_parameters`; what is not here is nobody's condition. Source: OpenRouter's `parameter`.
    static let names = [
        "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty",
        "repetition_penalty", "max_tokens", "max_completion_tokens", "logit_bias", "logprobs", "top_logprobs",
        "prediction", "seed", "response_format", "structured_outputs", "stop", "tools", "tool_choice",
        "parallel_tool_calls", "reasoning", "reasoning_effort", "include_reasoning", "web_search_options", "verbosity",
    ]
    private static let bits = Dictionary(
        names.enumerated().map { ($1, ParameterSet(rawValue: 1 << UInt64($0))) },
        uniquingKeysWith: { first, _ in first })

    /// Members that say the same in other words; an endpoint that knows one knows all.
    private static let synonyms = [
        union(["max_tokens", "max_completion_tokens"]), union(["reasoning", "reasoning_effort", "include_reasoning"]),
    ]
    /// What makes an endpoint the better choice although nobody requires it.
    static let preferred = union(["tools", "tool_choice", "response_format", "structured_outputs", "verbosity"])

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameter names: `supported_parameters` of a model.
    init(names: [String]) {
        self = Self.synonyms.reduce(Self.union(names)) { $0.isDisjoint(with: $1) ? $0 : $0.union($1) }
    }

    private static func union(_ names: [String]) -> ParameterSet {
        names.reduce(into: ParameterSet(rawValue: 0)) { set, name in
            if let bit = bits[name] { set.formUnion(bit) }
        }
    }

    /// The members of a request's body that are there and not null.
    init(of root: JSONValue) {
        self = root.members.reduce(into: ParameterSet(rawValue: 0)) { set, member in
            guard !member.value.isNull, let bit = Self.bits[member.name.string] else { return }
            set.formUnion(bit)
        }
    }

    /// Names of the members, in the order of ``names``.
    var memberNames: [String] {
        Self.names.enumerated().filter { rawValue & 1 << UInt64($0.offset) != 0 }.map(\.element)
    }
}
