/// What an answer has brought so far, and whether it is paid.
struct ChatProgress: AnswerTally {
    private(set) var hold: Hold
    let prices: PriceList
    private(set) var usage: Usage?
    private(set) var meter = AnswerMeter()
    private(set) var finishReason: String?
    private(set) var nativeFinishReason: String?
    /// Choices that are whole.
    private var finishes = 0
    private let estimate: HoldEstimate
    private let request: ChatRequest
    private let leavesTraces: Bool
    /// Tokens of answer that the hold pays for.
    private var tokensPaid: Int

    /// A hold grows by at least so many tokens of answer, and by half of what came.
    private static let tokensMin = 256
    /// When there is not so much, by these, before the answer is ended.
    private static let tokensLast = 32

    init(hold: Hold, estimate: HoldEstimate, request: ChatRequest, endpoint: Endpoint) {
        self.hold = hold
        self.estimate = estimate
        self.request = request
        prices = endpoint.prices
        leavesTraces = endpoint.provider.location == .vendor
        tokensPaid = estimate.outputTokens(affordedBy: hold.amount)
    }

    mutating func note(_ events: [ChatEvent]) {
        for event in events {
            switch event {
            case .usage(let usage): self.usage = usage
            case .content(let piece): meter.add(piece)
            case .finish(let piece), .completion(let piece):
                meter.add(piece)
                finishes += 1
                finishReason = piece.word(behind: "\"finish_reason\":") ?? finishReason
                nativeFinishReason = piece.word(behind: "\"native_finish_reason\":") ?? nativeFinishReason
            case .opening, .silence, .bytes: break
            }
        }
    }

    /// Whether what came is paid and the next pieces will be; makes the hold larger when it must.
    ///
    /// A request with a bound of its own was held for whole.
    mutating func isPaid(by ledger: any Ledger) async -> Bool {
        guard estimate.streamed, estimate.outputTokensAllowed == nil, finishes < request.choices,
            meter.tokens + Self.tokensLast > tokensPaid
        else { return true }
        for more in [max(Self.tokensMin, meter.tokens / 2), Self.tokensLast * 2] {
            let tokens = max(meter.tokens, tokensPaid) + more
            guard let amount = estimate.amount(outputTokens: tokens) else { continue }
            if await ledger.grow(&hold, to: amount) == .granted {
                tokensPaid = tokens
                return true
            }
        }
        return meter.tokens < tokensPaid
    }

    /// How an answer ends whose account has no credit left.
    var endOfCredit: [ChatEvent] {
        (0..<request.choices).map { index in
            .finish(
                ChatPiece(
                    members: Array(
                        """
                        "system_fingerprint":null,"choices":[{"index":\(index),"delta":{},"logprobs":null,\
                        "finish_reason":"length","native_finish_reason":"insufficient_credits"}]
                        """.utf8)))
        }
    }

    func bill(_ end: Bill.End) -> Bill {
        Bill(
            end, reported: usage, meter: meter, promptTokens: { PromptLength(of: request).tokensAtLeast },
            leavesTraces: leavesTraces, prices: prices)
    }
}
