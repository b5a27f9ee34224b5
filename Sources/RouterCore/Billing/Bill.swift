/// What is charged for a request when it has ended, and by whose count. The rules are those of `docs/billing.md`.
struct Bill: Sendable {
    /// How the request ended.
    enum End: Sendable, Hashable {
        case completed
        /// The client left, or the server stopped.
        case cancelled
        /// The vendor said that it failed: it has no bill for that either.
        case vendorFailed
        /// The answer broke off without a word.
        case brokenOff
    }

    var usage = Usage()
    var basis = Generation.Basis.none
    var cost = Money.zero
    /// What of ``cost`` is for the answer.
    var answerCost = Money.zero

    init() {}

    /// - Parameters:
    ///   - reported: what the vendor counted, if it did.
    ///   - meter: what came, by our count.
    ///   - promptTokens: the prompt by our count, asked for only where nobody else has counted.
    ///   - leavesTraces: the prompt is on its way to a third party that charges for it, whether it answers or not.
    init(
        _ end: End, reported: Usage?, meter: AnswerMeter, promptTokens: () -> Int, leavesTraces: Bool,
        prices: PriceList
    ) {
        let reported = reported?.ifBelievable
        switch end {
        case .vendorFailed: return
        case .completed:
            if let reported {
                // An empty answer is free, whatever the vendor says.
                guard !reported.hasNoAnswer || !meter.isEmpty else {
                    usage = reported
                    return
                }
                usage = reported
                basis = .vendor
            } else {
                guard !meter.isEmpty else { return }
                count(meter, promptTokens())
            }
        case .brokenOff:
            guard !meter.isEmpty else { return }
            if let reported, !reported.hasNoAnswer {
                usage = reported
                basis = .vendor
            } else {
                count(meter, reported?.prompt ?? promptTokens())
            }
        case .cancelled:
            if let reported, !reported.hasNoAnswer {
                usage = reported
                basis = .vendor
            } else if !meter.isEmpty {
                count(meter, reported?.prompt ?? promptTokens())
            } else if leavesTraces {
                count(meter, reported?.prompt ?? promptTokens())
            } else {
                return
            }
        }
        do throws(BillingError) {
            take(try prices.charge(for: usage))
        } catch {
            // More than can be counted is no usage that a vendor could have meant.
            count(meter, promptTokens())
            if let charge = try? prices.charge(for: usage) { take(charge) } else { basis = .none }
        }
    }

    mutating func take(_ charge: Charge) {
        cost = charge.total
        answerCost = charge.amount(of: [.completion, .reasoning, .audioOutput, .imageOutputToken, .imageOutput])
    }

    private mutating func count(_ meter: AnswerMeter, _ promptTokens: Int) {
        usage = Usage()
        usage.prompt = promptTokens
        usage.completion = meter.tokens
        basis = .counted
    }
}

extension Usage {
    /// No request has so many tokens: a vendor that says so is mistaken.
    private static let tokensMax = 100_000_000

    /// `nil` when it has more than that.
    var ifBelievable: Usage? { max(prompt, completion) <= Self.tokensMax ? self : nil }

    /// Nothing was made that a client could use.
    var hasNoAnswer: Bool { completion <= 0 }
}
