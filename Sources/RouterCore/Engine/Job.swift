/// One request as the engine sees it: what it may cost, how it is put to a vendor, how its answer is counted.
///
/// Chat is one (``ChatJob``), everything else another (``OperationJob``); the loop over endpoints is the same.
protocol Job: Sendable {
    var kind: Generation.Kind { get }
    var isStreamed: Bool { get }
    /// What is held for it.
    var estimate: HoldEstimate { get }

    /// Takes how much the hold pays for.
    ///
    /// - Parameter ledger: makes it larger where more turns out to be needed.
    mutating func limit(to hold: Hold, of ledger: any Ledger) async

    /// Writes the request for one endpoint; called once for each try.
    ///
    /// - Parameter time: what is left of the request's.
    /// - Throws: ``UpstreamFailure``, mostly of kind `unsupported` or `refused`; then nothing was sent.
    mutating func call(
        to endpoint: Endpoint, by engine: Engine, within time: Duration
    ) async throws(UpstreamFailure) -> Call

    /// Whether it can be sent, now or once more.
    var canSend: Bool { get }
    /// Whether all of it went to the endpoint that was asked last.
    var wasSent: Bool { get }

    /// The hold as it is now; nothing makes it larger any more.
    func ended(_ hold: Hold) async -> Hold

    /// Starts counting an answer.
    func tally(hold: Hold, at endpoint: Endpoint) -> any AnswerTally
}

extension Job {
    var canSend: Bool { true }
    var wasSent: Bool { true }
    func ended(_ hold: Hold) async -> Hold { hold }
}

/// A request as one vendor takes it, and who reads what comes back.
struct Call: Sendable {
    var upstream: UpstreamRequest
    /// What the vendor does between requests; empty where it answers ``upstream`` itself.
    var tasks: [any UpstreamTask] = []
    /// A whole answer begins when it is done.
    var isStreamed: Bool
    /// A piece of a streamed answer is collected before it goes out, such as a whole image.
    var hasLargePieces = false
    /// How the answer to an ``Operation`` goes out.
    var form = AnswerForm.json
    /// A client can be told to wait: bytes say nothing before their first one.
    var tellsSilence = true
    /// Pieces come when they are made, however long that takes: only the whole answer has a time limit.
    var takesItsTime = false
    var makeDecoder: @Sendable (UpstreamHead) -> any AnswerDecoder
    var failure: @Sendable (_ head: UpstreamHead, _ body: [UInt8]) -> UpstreamFailure
}

/// Counts what an answer brings, and makes its bill.
protocol AnswerTally: Sendable {
    var hold: Hold { get }
    var prices: PriceList { get }
    var finishReason: String? { get }
    var nativeFinishReason: String? { get }
    /// What a client is sent whose account has no credit left.
    var endOfCredit: [ChatEvent] { get }
    /// What it is told then, where an answer cannot say itself that it is not whole.
    var shortage: APIError? { get }

    mutating func note(_ events: [ChatEvent])
    /// Whether what came is paid and the next pieces will be; makes the hold larger when it must.
    mutating func isPaid(by ledger: any Ledger) async -> Bool
    /// The hold as it is now; nothing makes it larger any more.
    func endedHold() async -> Hold
    func bill(_ end: Bill.End) -> Bill
}

extension AnswerTally {
    var endOfCredit: [ChatEvent] { [] }
    var shortage: APIError? { nil }
    func endedHold() async -> Hold { hold }
}

/// A chat request.
struct ChatJob: Job {
    private var request: ChatRequest
    let estimate: HoldEstimate
    private var inlining: MediaInlining?

    var kind: Generation.Kind { .chat }
    var isStreamed: Bool { request.stream }

    init(_ request: ChatRequest, plan: Plan, engine: Engine) {
        self.request = request
        estimate = HoldEstimate(for: request, targets: plan.targets)
        inlining = engine.media.map { MediaInlining($0, limits: engine.limits.media) }
    }

    mutating func limit(to hold: Hold, of ledger: any Ledger) {
        if let most = hold.outputTokensMax { request = request.limitingAnswer(to: most) }
    }

    mutating func call(
        to endpoint: Endpoint, by engine: Engine, within time: Duration
    ) async throws(UpstreamFailure) -> Call {
        let vendor = try engine.vendor(of: endpoint)
        guard let translator = vendor.chat else {
            throw UpstreamFailure(
                .unsupported, "The provider \(endpoint.provider.name) offers no chat.", parameter: "model")
        }
        let sent = try await inlined(for: endpoint, vendor, within: time) ?? request
        return Call(
            upstream: try translator.encode(sent, for: endpoint), isStreamed: request.stream,
            makeDecoder: { [request] in translator.makeDecoder(for: request, from: endpoint, head: $0) },
            failure: { translator.failure(head: $0, body: $1) })
    }

    func tally(hold: Hold, at endpoint: Endpoint) -> any AnswerTally {
        ChatProgress(hold: hold, estimate: estimate, request: request, endpoint: endpoint)
    }

    /// The request with what its addresses stand for, when the endpoint's vendor wants that; `nil` when it can stay.
    private mutating func inlined(
        for endpoint: Endpoint, _ vendor: Vendor, within time: Duration
    ) async throws(UpstreamFailure) -> ChatRequest? {
        guard inlining != nil, let needs = vendor.media else { return nil }
        let addresses = needs.addresses(in: request, for: endpoint)
        guard !addresses.isEmpty else { return nil }
        return try await inlining?.inlining(addresses, in: request, within: time)
    }
}

/// A request for an ``Operation``.
struct OperationJob: Job {
    private let request: OperationRequest
    private let size: OperationSize
    private let targets: [Plan.Target]
    private let vendors: [Dialect: Vendor]
    let estimate: HoldEstimate

    var kind: Generation.Kind { request.operation.kind }
    var isStreamed: Bool { request.stream }

    init(_ request: OperationRequest, plan: Plan, vendors: [Dialect: Vendor]) {
        self.request = request
        self.vendors = vendors
        size = request.size
        targets = plan.targets
        estimate = HoldEstimate(for: request, size: size, targets: targets, vendors: vendors)
    }

    var canSend: Bool { request.upload?.canSend ?? true }
    var wasSent: Bool { request.upload?.wasSent ?? true }

    mutating func limit(to hold: Hold, of ledger: any Ledger) async {
        guard let upload = request.upload else { return }
        await upload.credit.begin(hold) { [request, targets, vendors] hold in
            let size = request.size(length: upload.audio.length)
            let estimate = HoldEstimate(for: request, size: size, targets: targets, vendors: vendors)
            guard let amount = estimate.amount(outputTokens: 0) else { return .short }
            return await ledger.grow(&hold, to: max(amount, hold.amount))
        }
    }

    func ended(_ hold: Hold) async -> Hold { await request.upload?.credit.end() ?? hold }

    mutating func call(
        to endpoint: Endpoint, by engine: Engine, within time: Duration
    ) async throws(UpstreamFailure) -> Call {
        guard let translator = try engine.vendor(of: endpoint).operations[request.operation] else {
            throw UpstreamFailure(
                .unsupported, "The provider \(endpoint.provider.name) offers no \(request.operation.rawValue) here.",
                parameter: "model")
        }
        let form = translator.form(of: request, at: endpoint)
        return Call(
            upstream: try translator.encode(request, for: endpoint),
            tasks: try translator.tasks(for: request, at: endpoint),
            isStreamed: translator.isStreamed(request) && form != .json, hasLargePieces: request.operation == .images,
            form: form, tellsSilence: form == .events, takesItsTime: request.operation == .images,
            makeDecoder: { [request] in translator.makeDecoder(for: request, from: endpoint, head: $0) },
            failure: { translator.failure(head: $0, body: $1) })
    }

    func tally(hold: Hold, at endpoint: Endpoint) -> any AnswerTally {
        // By then more of a form may have come.
        let known = request.upload == nil ? size : request.size
        return OperationTally(
            hold: hold, request: request, size: known.of(request, at: endpoint, of: vendors), endpoint: endpoint)
    }
}
