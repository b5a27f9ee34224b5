import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import RouterCore
public import ServiceLifecycle
import Synchronization

/// The HTTP server: our front for the inference routes, Hummingbird for all others.
///
/// Run it once, as a service. Graceful shutdown stops accepting, lets running answers finish and returns; cancelling
/// the task cuts them off. Either way their records are stored when it returns. Threads are those of NIO's singleton.
public struct RouterServer: Service {
    public struct Configuration: Sendable {
        /// An address or name of this machine, such as `127.0.0.1`.
        public var host: String
        /// 0 for a free one.
        public var port: Int
        public var limits = FrontLimits()
        /// Says whether there is room for a new answer.
        public var load = LoadGate()
        /// Whether a chat request for an unknown model is answered with 400, as OpenRouter does, instead of 404.
        public var unknownModelIsInvalid = false

        /// Where images are kept that answers give an address of; `nil`: answers hold them.
        public var media: MediaFolder?
        /// How clients address this server, without a slash at the end; `nil`: as a request's `Host` says.
        public var publicURL: String?
        /// What images come with that were asked for without `response_format`.
        public var imageForm = ImagesFormat.Form.both

        /// Accounts, keys and records; `nil` for a server without.
        public var books: Books?
        /// What `GET /metrics` says; `nil` for a server without.
        public var metrics: (@Sendable () -> [Metric])?

        /// Called when the server is ended at once, before it waits for what runs: must end all exchanges with vendors,
        /// also those that are read for clients that have left.
        public var onCutOff: @Sendable () async -> Void = {}

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let configuration: Configuration
    private let engine: Engine
    private let catalog: LiveCatalog
    private let gate: Gate
    private let readiness: @Sendable () async -> String?
    private let ambient: Ambient
    private let logger: Logger
    private let recorder: any RequestRecorder
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - readiness: why no requests should be sent here now; `nil` when all is well.
    ///   - recorder: told of each inference request at its end.
    ///   - onListening: told the port once requests are accepted.
    public init(
        configuration: Configuration, engine: Engine, catalog: LiveCatalog, gate: Gate,
        readiness: @escaping @Sendable () async -> String?, ambient: Ambient, logger: Logger,
        recorder: any RequestRecorder,
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.configuration = configuration
        self.engine = engine
        self.catalog = catalog
        self.gate = gate
        self.readiness = readiness
        self.ambient = ambient
        self.logger = logger
        self.recorder = recorder
        self.onListening = onListening
    }

    /// - Throws: an error of the system when the address cannot be listened on.
    public func run() async throws {
        let inFlight = InFlight()
        let isStopping = Atomic(false)
        let application = Application(
            responder: router(isStopping: { isStopping.load(ordering: .relaxed) }).buildResponder(),
            server: HTTPServerBuilder { responder in
                FrontChannel(
                    responder: responder,
                    routes: InferenceRoutes(
                        chat: ChatRoute(
                            engine: engine, gate: gate, ambient: ambient, recorder: recorder,
                            unknownModelIsInvalid: configuration.unknownModelIsInvalid, load: configuration.load),
                        operations: OperationRoute(
                            engine: engine, gate: gate, ambient: ambient, recorder: recorder,
                            unknownModelIsInvalid: configuration.unknownModelIsInvalid, load: configuration.load,
                            media: configuration.media, publicURL: configuration.publicURL,
                            imageForm: configuration.imageForm)),
                    limits: configuration.limits, inFlight: inFlight)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 4096),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? configuration.port) },
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), logger: logger)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                isStopping.store(true, ordering: .relaxed)
            }
        } catch {
            await configuration.onCutOff()
            await inFlight.whenEmpty()
            throw error
        }
        await inFlight.whenEmpty()
    }

    /// Everything that Hummingbird answers. Paths come in as ``RequestPath`` writes them.
    private func router(isStopping: @escaping @Sendable () -> Bool) -> Router<RouterContext> {
        let router = Router(context: RouterContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            AnswerErrors(ambient: ambient)
            AnswerPreflight()
        }
        HealthRoutes(readiness: { isStopping() ? "the server is stopping." : await readiness() }).add(to: router)
        ModelRoutes(catalog: catalog, gate: gate).add(to: router)
        KeyRoutes(gate: gate, books: configuration.books).add(to: router)
        if let books = configuration.books { AccountRoutes(gate: gate, books: books).add(to: router) }
        if let metrics = configuration.metrics { MetricsRoute(gate: gate, metrics: metrics).add(to: router) }
        ProviderHealthRoutes(gate: gate, routing: engine.routing, catalog: catalog).add(to: router)
        router.refuse([.get, .put, .patch, .delete], at: "/api/v1/chat/completions", allowed: "POST")
        for path in Operation.allCases.flatMap({ [$0.path] + ($0.otherPath.map { [$0] } ?? []) }) {
            router.refuse([.get, .put, .patch, .delete], at: RouterPath(path), allowed: "POST")
        }
        if let media = configuration.media { MediaRoutes(folder: media).add(to: router) }
        return router
    }
}
