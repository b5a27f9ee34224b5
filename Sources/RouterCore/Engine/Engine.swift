/// Answers requests: finds the model, holds credit, tries endpoints in order, settles.
public struct Engine: Sendable {
    let catalog: @Sendable () -> Catalog
    let vendors: [Dialect: Vendor]
    let transport: any Transport
    let authorizer: any Authorizer
    let ledger: any Ledger
    let observer: any EngineObserver
    let ambient: Ambient
    let limits: Limits

    /// How long and how often the engine tries.
    public struct Limits: Sendable, Hashable {
        public var timeouts = Timeouts()
        /// Tries of one request, the first included.
        public var attemptsMax = 3
        /// Silences in a row after which a stream commits to the endpoint it waits for: a client is then better served
        /// by a sign of life than by starting over elsewhere.
        public var patience = 2

        public init() {}
    }

    /// - Parameter catalog: asked once for each request, so that a new catalogue counts from the next one on.
    public init(
        catalog: @escaping @Sendable () -> Catalog, vendors: [Dialect: Vendor], transport: any Transport,
        authorizer: any Authorizer, ledger: any Ledger = FreeLedger(), observer: any EngineObserver = SilentObserver(),
        ambient: Ambient, limits: Limits = Limits()
    ) {
        self.catalog = catalog
        self.vendors = vendors
        self.transport = transport
        self.authorizer = authorizer
        self.ledger = ledger
        self.observer = observer
        self.ambient = ambient
        self.limits = limits
    }

    /// Starts to answer `request`.
    ///
    /// Returns at the first content, the last moment at which another endpoint can still be tried; cancel the task to
    /// give up before that. Forward what is returned, or the hold is never settled.
    ///
    /// - Parameter id: the name of the generation, which an error answer carries too.
    /// - Throws: ``APIError`` when no endpoint could begin an answer. Nothing was charged.
    public func chat(
        _ request: ChatRequest, for caller: Caller, as id: Generation.ID
    ) async throws(APIError) -> ChatAnswer {
        let start = ambient.now()
        let createdAt = ambient.timestamp()
        let catalog = catalog()
        guard let model = catalog.model(named: request.model) else {
            throw APIError(unknownModel: request.model, in: catalog)
        }
        let plan = Plan(for: model, choice: ambient.random())
        let hold = try await ledger.hold(for: id, of: request, at: plan.endpoints, caller: caller)
        var failures: [UpstreamFailure] = []
        for endpoint in plan.endpoints.prefix(limits.attemptsMax) {
            do throws(UpstreamFailure) {
                let attempt = try await Attempt(request, at: endpoint, engine: self)
                let record = Generation(
                    id: id, account: caller.account, key: caller.key, model: model.id, provider: endpoint.provider.slug,
                    createdAt: createdAt, streamed: request.stream, outcome: .completed, usage: Usage(),
                    failedAttempts: failures, firstContentAfter: start.duration(to: ambient.now()), elapsed: .zero)
                return ChatAnswer(
                    record: record, providerName: endpoint.provider.name, attempt: attempt, start: start, hold: hold,
                    engine: self)
            } catch {
                var failure = error
                failure.provider = endpoint.provider.slug
                observer.attemptFailed(failure, of: id, after: start.duration(to: ambient.now()))
                failures.append(failure)
                guard FallbackPolicy.triesNext(after: failure) else { break }
            }
        }
        await ledger.release(hold)
        throw APIError(exhausting: failures)
    }
}

extension APIError {
    /// No model of this name: says which names look like it.
    public init(unknownModel name: String, in catalog: Catalog) {
        let shown = name.count > 100 ? name.prefix(100) + "…" : name[...]
        let like = catalog.names(like: String(name.prefix(100)))
        let hint = like.isEmpty ? "GET /api/v1/models lists all." : "Close matches: \(like.joined(separator: ", "))."
        self.init(.modelNotFound, "\(shown) is not a valid model ID. \(hint)", parameter: "model")
    }
}
