/// What an answer has brought so far, and whether it is paid.
struct ChatProgress: AnswerTally {
    private(set) var hold: Hold
    let prices: PriceList
    private(set) var usage: Usage?
    private(set) var meter = AnswerMeter()
    private(set) var finishReason: String?
    private(set) var nativeFinishReason: String?
    /// Choices that are whole, and how often one ended.
    private var ended: Set<Int> = []
    private var finishes = 0
    /// Nobody can tell whether the credit reaches.
    private var isUnknown = false
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
                if let index = piece.choiceIndex { ended.insert(index) }
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
            switch await ledger.grow(&hold, to: amount) {
            case .granted:
                tokensPaid = tokens
                return true
            case .short: continue
            case .unknown: isUnknown = true
            }
            break
        }
        return meter.tokens < tokensPaid
    }

    var shortage: APIError? {
        isUnknown ? APIError(creditUnknown: "more could not be set aside for an answer") : nil
    }

    /// How an answer ends whose account has no credit left.
    var endOfCredit: [ChatEvent] {
        guard !isUnknown else { return [] }
        return (0..<request.choices).filter { !ended.contains($0) }.map { index in
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

extension ChatPiece {
    /// The number of the choice that a piece is of; `nil` where none is named.
    fileprivate var choiceIndex: Int? {
        let name = Array("\"choices\":[{\"index\":".utf8)
        guard let start = members.firstRange(of: name)?.upperBound else { return nil }
        return Int(String(decoding: members[start...].prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }
}
