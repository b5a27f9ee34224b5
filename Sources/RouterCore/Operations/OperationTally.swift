/// What an answer to an ``OperationRequest`` has brought so far. It is held for whole, but for sound, whose length shows
/// only when it comes.
struct OperationTally: AnswerTally {
    private(set) var hold: Hold
    let prices: PriceList
    private let counted: Usage
    private let leavesTraces: Bool
    private let isEmbeddings: Bool
    private let credit: UploadCredit?
    private var usage: Usage?
    private var sound: SoundCount?
    private var transcript: TranscriptCount?
    private var images: ImageCount?
    /// Something came that the client could use.
    private var hasContent = false

    var finishReason: String? { shortage.map { _ in "length" } }
    var nativeFinishReason: String? { shortage.map { _ in "insufficient_credits" } }

    init(hold: Hold, request: OperationRequest, size: OperationSize, endpoint: Endpoint) {
        self.hold = hold
        sound = request.operation == .speech ? SoundCount(format: request.audioFormat) : nil
        transcript = request.upload.map(TranscriptCount.init)
        images = request.operation == .images ? ImageCount(of: request.root) : nil
        credit = request.upload?.credit
        isEmbeddings = request.operation == .embeddings
        prices = endpoint.prices
        counted = size.atLeast
        leavesTraces = endpoint.provider.location == .vendor
    }

    mutating func note(_ events: [ChatEvent]) {
        for event in events {
            if case .usage(let usage) = event { self.usage = usage }
            if event.commits { hasContent = true }
            sound?.note(event)
            transcript?.note(event)
            images?.note(event)
        }
    }

    private(set) var shortage: APIError?
    /// There is no credit for more than what comes.
    private var isNearEnd = false

    /// A vendor may speak longer than its text takes, and hear more in a file than that says.
    mutating func isPaid(by ledger: any Ledger) async -> Bool {
        if let transcript {
            var (reported, counted) = (usage, counted)
            transcript.complete(&reported, &counted, prices: prices)
            if let reported, let cost = try? prices.charge(for: reported).total {
                await credit?.grow(to: cost, of: ledger)
            }
            return true
        }
        guard let sound else { return true }
        var (reported, counted) = (usage, counted)
        sound.complete(&reported, &counted)
        let costs = [counted, reported?.ifBelievable].compactMap { $0.flatMap { try? prices.charge(for: $0).total } }
        guard let cost = costs.max(), cost > hold.amount else { return true }
        // So that not each piece asks for more.
        if !isNearEnd, await ledger.grow(&hold, to: Money(nanoUSD: cost.nanoUSD + cost.nanoUSD / 4)) == .granted {
            return true
        }
        isNearEnd = true
        switch await ledger.grow(&hold, to: cost) {
        case .granted: return true
        case .short: shortage = .creditSpent
        case .unknown: shortage = APIError(creditUnknown: "more could not be set aside for an answer")
        }
        return false
    }

    func endedHold() async -> Hold { await credit?.end() ?? hold }

    func bill(_ end: Bill.End) -> Bill {
        var (reported, counted) = (usage, counted)
        // What is put into numbers has been read.
        if isEmbeddings, reported?.prompt == 0 { reported = nil }
        sound?.complete(&reported, &counted)
        transcript?.complete(&reported, &counted, prices: prices)
        images?.complete(&reported, &counted, end, prices: prices)
        return Bill(
            end, reported: reported, counted: counted, hasContent: hasContent,
            leavesTraces: leavesTraces, prices: prices)
    }
}

extension Bill {
    /// The bill of anything but chat.
    ///
    /// - Parameters:
    ///   - reported: what the vendor counted, if it did.
    ///   - counted: what the request uses by our count.
    ///   - hasContent: something came that the client could use; without it only a client that left is charged.
    ///   - leavesTraces: a third party was asked, that charges for it whether anyone waits for the answer or not.
    init(
        _ end: End, reported: Usage?, counted: Usage, hasContent: Bool, leavesTraces: Bool, prices: PriceList
    ) {
        self.init()
        switch end {
        case .vendorFailed: return
        case .completed, .brokenOff: guard hasContent else { return }
        case .cancelled: guard hasContent || leavesTraces else { return }
        }
        let counts: [(usage: Usage, basis: Generation.Basis)] =
            (reported?.ifBelievable.map { [($0, .vendor)] } ?? []) + [(counted, .counted)]
        for count in counts {
            // More than can be counted is no usage that a vendor could have meant.
            guard let charge = try? prices.charge(for: count.usage) else { continue }
            usage = count.usage
            basis = count.basis
            take(charge)
            return
        }
    }
}
