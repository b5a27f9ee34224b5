/// The `provider` object of a request: which providers may answer, and in which order they are asked.
///
/// Source: OpenRouter's `providerpreferences`; `docs/routing.md` says what each member does here.
struct ProviderPreferences: Sendable, Hashable {
    /// Slugs or names with the path of the member, as the client wrote them; empty when there is no order.
    var order: [Named] = []
    /// `nil`: everyone.
    var only: [Named]?
    var ignore: [Named] = []
    var allowsFallbacks = true
    var requiresParameters = false
    var deniesDataCollection = false
    var requiresZeroRetention = false
    /// `nil`: any.
    var quantizations: Set<Quantization>?
    var sort: Sort?
    /// Endpoints of all models are sorted together, not model by model.
    var sortsAcrossModels = false
    /// Seconds to the first content.
    var latencyMax = Percentiles()
    /// Tokens a second.
    var throughputMin = Percentiles()
    var priceMax = PriceMax()

    /// A provider as the client named it.
    struct Named: Sendable, Hashable {
        var name: String
        /// Such as `provider.order[0]`.
        var path: String
    }

    enum Sort: String, Sendable, Hashable, CaseIterable { case price, throughput, latency }

    /// A bound for the share of requests that each names; `nil` when it is not bounded.
    struct Percentiles: Sendable, Hashable {
        var p50, p75, p90, p99: Double?

        var isEmpty: Bool { p50 == nil && p75 == nil && p90 == nil && p99 == nil }
    }

    /// Pico-dollars a token, a request, an image; `nil` when it is not bounded.
    struct PriceMax: Sendable, Hashable {
        var prompt, completion, request, image, audio: Int64?

        var isEmpty: Bool { self == PriceMax() }

        /// Whether `facts` cost no more. What has no price of its own costs what a token of the prompt does.
        func allows(_ facts: EndpointFacts) -> Bool {
            facts.promptPrice <= prompt ?? .max && facts.completionPrice <= completion ?? .max
                && facts.requestPrice <= request ?? .max && facts.imagePrice ?? 0 <= image ?? .max
                && facts.audioPrice ?? facts.promptPrice <= audio ?? .max
        }
    }

    init() {}
}
