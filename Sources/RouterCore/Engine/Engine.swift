import Synchronization

/// Answers requests: finds the model, holds credit, tries endpoints in order, settles.
///
/// A class only so that a request holds one reference to it, and not a dozen to its parts.
public final class Engine: Sendable {
    let catalog: @Sendable () -> Catalog
    let vendors: [Dialect: Vendor]
    let transport: any Transport
    let authorizer: any Authorizer
    let ledger: any Ledger
    let observer: any EngineObserver
    /// Fetches for vendors that want bytes; `nil`: nothing is fetched.
    let media: (any MediaFetcher)?
    let ambient: Ambient
    let limits: Limits
    /// Waits between requests about a vendor's task.
    let sleep: @Sendable (Duration) async throws -> Void
    /// Health of the endpoints, and where conversations go on.
    public let routing: Routing
    /// Answers that are read without a client.
    let abandoned = Atomic(0)

    /// How long and how often the engine tries.
    public struct Limits: Sendable, Hashable {
        public var timeouts = Timeouts()
        /// Tries of one request, the first included.
        public var attemptsMax = 3
        /// Silences in a row after which a stream commits to the endpoint it waits for: a client is then better served
        /// by a sign of life than by starting over elsewhere.
        public var patience = 2
        /// How long the answer to a client that left is read on, where its provider charges all of it.
        public var abandoned: Duration = .seconds(60)
        /// How many such answers at once.
        public var abandonedMax = 64
        /// What one request may have fetched.
        var media = MediaInlining.Limits()

        public init() {}
    }

    /// - Parameters:
    ///   - catalog: asked once for each request, so that a new catalogue counts from the next one on.
    ///   - sleep: waits; throws when the task is cancelled.
    ///   - routing: `nil` for one of this engine's own.
    public init(
        catalog: @escaping @Sendable () -> Catalog, vendors: [Dialect: Vendor], transport: any Transport,
        authorizer: any Authorizer, ledger: any Ledger = FreeLedger(), observer: any EngineObserver = SilentObserver(),
        media: (any MediaFetcher)? = nil, ambient: Ambient, limits: Limits = Limits(), routing: Routing? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.catalog = catalog
        self.vendors = vendors
        self.transport = transport
        self.authorizer = authorizer
        self.ledger = ledger
        self.observer = observer
        self.media = media
        self.ambient = ambient
        self.limits = limits
        self.sleep = sleep
        self.routing = routing ?? Routing(ambient: ambient)
    }

    /// Starts to answer `request`.
    ///
    /// Returns at the first content, the last moment at which another endpoint can still be tried; cancel the task to
    /// give up before that. Forward what is returned, or the hold is never settled.
    ///
    /// - Parameters:
    ///   - id: the name of the generation, which an error answer carries too.
    ///   - session: the header `x-session-id`, when there was one.
    /// - Throws: ``APIError`` when no endpoint could begin an answer. What is charged then says ``Bill``.
    public func chat(
        _ request: ChatRequest, for caller: Caller, as id: Generation.ID, session: String? = nil
    ) async throws(APIError) -> ChatAnswer {
        let start = ambient.now()
        var plan = try routing.plan(
            for: request, session: session, caller: caller, in: catalog(), attemptsMax: limits.attemptsMax)
        try plan.limit(to: caller.models)
        try plan.limit(to: .chat)
        return try await begin(ChatJob(request, plan: plan, engine: self), plan, for: caller, as: id, start: start)
    }

    /// Starts to answer a request for anything but chat; as ``chat(_:for:as:session:)`` does.
    public func answer(
        _ request: OperationRequest, for caller: Caller, as id: Generation.ID, session: String? = nil
    ) async throws(APIError) -> ChatAnswer {
        let start = ambient.now()
        var plan = try routing.plan(
            for: request, session: session, caller: caller, in: catalog(), attemptsMax: limits.attemptsMax)
        try plan.limit(to: caller.models)
        try plan.limit(to: request.operation.kind)
        return try await begin(
            OperationJob(request, plan: plan, vendors: vendors), plan, for: caller, as: id, start: start)
    }

    /// Holds, and tries endpoints until one answers.
    private func begin(
        _ job: some Job, _ plan: Plan, for caller: Caller, as id: Generation.ID, start: ContinuousClock.Instant
    ) async throws(APIError) -> ChatAnswer {
        var job = job
        var record = Generation(
            id: id, kind: job.kind, account: caller.account, key: caller.key, model: job.estimate.model,
            createdAt: ambient.timestamp(), streamed: job.isStreamed)
        record.app = caller.app
        let hold = try await ledger.hold(for: record, job.estimate, caller: caller)
        await job.limit(to: hold, of: ledger)
        let dispatch = Dispatch(engine: self, plan: plan, generation: id, start: start)
        do throws(Dispatch.Exhausted) {
            return answer(try await dispatch.begin(&job), to: job, record, plan, hold: hold, start: start)
        } catch {
            record.failedAttempts = error.failures
            await settleUnanswered(record, job, after: error, hold: hold, start: start)
            throw APIError(exhausting: error.failures)
        }
    }

    // Not inlined, as what follows: beginning would take their memory too, which a task keeps to its end.
    @inline(never)
    private func answer(
        _ begun: Dispatch.Beginning, to job: some Job, _ record: Generation, _ plan: Plan, hold: Hold,
        start: ContinuousClock.Instant
    ) -> ChatAnswer {
        var record = record
        record.model = begun.target.model.id
        record.provider = begun.target.endpoint.provider.slug
        record.providerName = begun.target.endpoint.provider.name
        record.failedAttempts = begun.failures
        record.firstContentAfter = start.duration(to: ambient.now())
        return ChatAnswer(
            record: record, attempt: begun.attempt, plan: plan, target: begun.target,
            tally: job.tally(hold: hold, at: begun.target.endpoint), start: start, engine: self)
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for a dialect that nobody here speaks.
    func vendor(of endpoint: Endpoint) throws(UpstreamFailure) -> Vendor {
        guard let vendor = vendors[endpoint.provider.dialect] else {
            throw UpstreamFailure(.unsupported, "No translator speaks `\(endpoint.provider.dialect.rawValue)`.")
        }
        return vendor
    }

    /// Records a request that got no answer.
    @inline(never)
    private func settleUnanswered(
        _ record: Generation, _ job: some Job, after tries: Dispatch.Exhausted, hold: Hold,
        start: ContinuousClock.Instant
    ) async {
        var record = record
        record.outcome = .failed
        record.nativeFinishReason = record.failedAttempts.last?.finishReason
        if let lastTarget = tries.lastTarget {
            let provider = lastTarget.endpoint.provider
            record.model = lastTarget.model.id
            record.provider = provider.slug
            record.providerName = provider.name
            if record.failedAttempts.last?.kind == .cancelled {
                record.outcome = .cancelled
            }
            // Who was not asked yet, or not to the end, has nothing to charge.
            if record.outcome == .cancelled, tries.wasAsked, job.wasSent {
                let bill = job.tally(hold: hold, at: lastTarget.endpoint).bill(.cancelled)
                record.charge(bill, at: lastTarget.endpoint.prices)
            }
        }
        _ = await settle(record, hold: await job.ended(hold), start: start)
    }

    /// Ends a hold; what goes wrong with that is the operator's to know.
    func settle(_ record: Generation, hold: Hold, start: ContinuousClock.Instant) async -> Generation? {
        var record = record
        record.elapsed = start.duration(to: ambient.now())
        do throws(StoreError) {
            let settled = try await ledger.settle(hold, as: record)
            observer.settled(settled)
            return settled
        } catch {
            observer.settlingFailed(record, with: error)
            return nil
        }
    }
}

extension Generation {
    /// Takes what a bill says.
    mutating func charge(_ bill: Bill, at prices: PriceList) {
        usage = bill.usage
        basis = bill.basis
        cost = bill.cost
        answerCost = bill.answerCost
        priceID = bill.basis == .none ? "" : prices.id
    }
}
