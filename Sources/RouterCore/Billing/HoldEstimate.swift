/// What a request may cost, before it is sent: what a hold must have.
///
/// Prices are the dearest of the endpoints that may be asked. The prompt is counted from its length, on the high side;
/// the answer by the bound that the request sets or, without one, by what the model's answers have been like: its longest
/// possible answer would refuse requests that the credit pays for easily.
public struct HoldEstimate: Sendable, Hashable {
    /// Tokens of the prompt, rather too many.
    public var promptTokens: Int
    /// Tokens of answer that the request allows, all choices together; `nil` when it sets no bound.
    public var outputTokensAllowed: Int?
    /// Tokens of answer that the model could write, all choices together.
    public var outputTokensPossible: Int
    /// Pico-dollars a token.
    public var promptRate: Int64
    /// Pico-dollars a token.
    public var outputRate: Int64
    /// Pico-dollars a request.
    public var requestFee: Int64
    /// Only what has begun to stream can be stopped when the credit ends.
    public var streamed: Bool
    public var model: String

    /// - Parameter targets: where it may be tried; at least one.
    init(for request: ChatRequest, targets: [Plan.Target]) {
        let root = request.root
        let allowed = root["max_completion_tokens"]?.integer ?? root["max_tokens"]?.integer
        let possible = targets.map { $0.model.maxCompletionTokens ?? $0.model.contextLength }.max() ?? 0
        let prompt = PromptLength(of: request)
        let promptTokens = prompt.tokensAtMost
        self.promptTokens = promptTokens
        outputTokensAllowed = allowed.map { min($0, possible) * request.choices }
        outputTokensPossible = possible * request.choices
        var promptUnits: [PriceUnit] = [.prompt, .cacheWrite, .cacheWrite1h]
        if prompt.images > 0 { promptUnits.append(.imageToken) }
        if prompt.hasAudio { promptUnits.append(.audio) }
        var outputUnits: [PriceUnit] = [.completion, .reasoning]
        for modality in root["modalities"]?.elements.map(\.string) ?? [] {
            if modality == "audio" { outputUnits.append(.audioOutput) }
            if modality == "image" { outputUnits.append(.imageOutputToken) }
        }
        promptRate = 0
        outputRate = 0
        requestFee = 0
        let service = root["service_tier"]?.string
        for target in targets {
            let rates = target.endpoint.prices.rates(prompt: promptTokens, service: service)
            promptRate = max(promptRate, rates.dearest(promptUnits))
            outputRate = max(outputRate, rates.dearest(outputUnits))
            let images = Int64(clamping: Int128(rates[.image] ?? 0) * Int128(prompt.images))
            requestFee = max(requestFee, (rates[.request] ?? 0).addingReportingOverflow(images).partialValue)
        }
        streamed = request.stream
        model = targets.first?.model.id ?? request.model
    }

    public init(
        promptTokens: Int, outputTokensAllowed: Int?, outputTokensPossible: Int, promptRate: Int64, outputRate: Int64,
        requestFee: Int64, streamed: Bool, model: String
    ) {
        self.promptTokens = promptTokens
        self.outputTokensAllowed = outputTokensAllowed
        self.outputTokensPossible = outputTokensPossible
        self.promptRate = promptRate
        self.outputRate = outputRate
        self.requestFee = requestFee
        self.streamed = streamed
        self.model = model
    }

    /// What the request costs with an answer of so many tokens, rounded up.
    /// - Returns: `nil` when that is more money than can be counted.
    public func amount(outputTokens: Int) -> Money? {
        let pico =
            Int128(promptTokens) * Int128(promptRate) + Int128(outputTokens) * Int128(outputRate)
            + Int128(requestFee)
        return Int64(exactly: (pico + 999) / 1000).map { Money(nanoUSD: $0) }
    }

    /// Tokens of answer that `money` pays for; negative when not even the prompt is paid.
    public func outputTokens(affordedBy money: Money) -> Int {
        let left =
            Int128(money.nanoUSD) * 1000 - Int128(promptTokens) * Int128(promptRate) - Int128(requestFee)
        guard left >= 0 else { return -1 }
        guard outputRate > 0 else { return outputTokensPossible }
        return Int(clamping: left / Int128(outputRate))
    }
}
