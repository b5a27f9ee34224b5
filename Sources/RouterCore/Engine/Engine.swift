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
    let ambient: Ambient
    let limits: Limits
    /// Health of the endpoints, and where conversations go on.
    public let routing: Routing

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

    /// - Parameters:
    ///   - catalog: asked once for each request, so that a new catalogue counts from the next one on.
    ///   - routing: `nil` for one of this engine's own.
    public init(
        catalog: @escaping @Sendable () -> Catalog, vendors: [Dialect: Vendor], transport: any Transport,
        authorizer: any Authorizer, ledger: any Ledger = FreeLedger(), observer: any EngineObserver = SilentObserver(),
        ambient: Ambient, limits: Limits = Limits(), routing: Routing? = nil
    ) {
        self.catalog = catalog
        self.vendors = vendors
        self.transport = transport
        self.authorizer = authorizer
        self.ledger = ledger
        self.observer = observer
        self.ambient = ambient
        self.limits = limits
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
    /// - Throws: ``APIError`` when no endpoint could begin an answer. Nothing was charged.
    public func chat(
        _ request: ChatRequest, for caller: Caller, as id: Generation.ID, session: String? = nil
    ) async throws(APIError) -> ChatAnswer {
        let start = ambient.now()
        let createdAt = ambient.timestamp()
        let plan = try routing.plan(
            for: request, session: session, caller: caller, in: catalog(), attemptsMax: limits.attemptsMax)
        let hold = try await ledger.hold(for: id, of: request, at: plan.endpoints, caller: caller)
        let dispatch = Dispatch(engine: self, plan: plan, generation: id, start: start)
        do throws(Dispatch.Exhausted) {
            let begun = try await dispatch.begin(request)
            let record = Generation(
                id: id, account: caller.account, key: caller.key, model: begun.target.model.id,
                provider: begun.target.endpoint.provider.slug, createdAt: createdAt, streamed: request.stream,
                outcome: .completed, usage: Usage(), failedAttempts: begun.failures,
                firstContentAfter: start.duration(to: ambient.now()), elapsed: .zero)
            return ChatAnswer(
                record: record, providerName: begun.target.endpoint.provider.name, attempt: begun.attempt, plan: plan,
                target: begun.target, start: start, hold: hold, engine: self)
        } catch {
            await ledger.release(hold)
            throw APIError(exhausting: error.failures)
        }
    }
}
