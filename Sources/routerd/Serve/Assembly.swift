import Foundation
import Logging
import RouterCore
import RouterHTTP
import RouterProviders
import RouterStore
import Synchronization

/// Puts the parts of a server together: the only file that knows every target.
struct Assembly: Sendable {
    let settings: Settings
    let store: SQLStore
    let peppers: Peppers
    let catalog: LiveCatalog
    let credentials: LiveCredentials
    let directory: KeyDirectory
    /// Limits requests together with the other servers of a shared store; `nil` where there is none.
    let sharedLimiter: SharedRateLimiter?
    let transport: CurlTransport
    /// `nil`: nothing is fetched for requests.
    let media: MediaFetch?
    let ledger: CreditLedger
    /// Images that answers give an address of.
    let mediaFolder: MediaFolder
    /// Where uploads are kept that cannot go on as they come.
    private let spoolDirectory: String
    let ambient: Ambient
    let logger: Logger
    let recorder: any RequestRecorder
    /// How often requests wait for the store.
    let waits: StoreWaits
    /// Whether there is room for new answers.
    let load = LoadGate()
    /// Engines that were found on this machine.
    let found: [EngineDiscovery.Engine]
    /// The operator's catalogue that was read at the start.
    let catalogStamp: OperatorCatalog.Stamp?

    /// Opens the store, makes what is missing, and reads what can be routed to.
    init(
        _ settings: Settings, data: DataDirectory, peppers: Peppers, logger: Logger, recorder: any RequestRecorder
    ) async throws(CommandFailure) {
        self.settings = settings
        self.peppers = peppers
        self.logger = logger
        self.recorder = recorder
        ambient = .ofSystem
        store = try await Self.open(settings)
        directory = KeyDirectory(store: store, ambient: ambient)
        sharedLimiter = store.isShared ? SharedRateLimiter(store: store, ambient: ambient) : nil
        transport = try Self.transport()
        media = try Self.mediaFetch(settings.fetching)
        mediaFolder = try Self.mediaFolder(in: data, limits: settings.mediaFolder, ambient: ambient)
        spoolDirectory = data.path
        found = await settings.engines(over: transport)
        catalogStamp = OperatorCatalog(in: settings.data).stamp
        let routes = try Self.routes(settings, found: found)
        for note in routes.notes { logger.warning("configured model", metadata: ["note": "\(note)"]) }
        catalog = LiveCatalog(routes.catalog)
        credentials = LiveCredentials(routes.keys)
        waits = StoreWaits()
        ledger = try await Self.ledger(
            of: store, prices: routes.catalog.priceLists, in: data, ambient: ambient, waits: waits)
    }

    /// The ledger, with everything settled that an earlier life of this server has left in its journal.
    private static func ledger(
        of store: SQLStore, prices: Set<PriceList>, in data: DataDirectory, ambient: Ambient, waits: StoreWaits
    ) async throws(CommandFailure) -> CreditLedger {
        let node = try data.node(letters: ambient.letters)
        do throws(StoreError) {
            try await store.keep(Array(prices))
            let (journal, records) = try FileJournal.open(data.path + "/journal")
            let ledger = CreditLedger(
                node: node, store: store, journal: journal, ambient: ambient,
                policy: .init(leaseLifetime: store.isShared ? .seconds(30) : nil), waits: waits)
            try await ledger.start(recovering: records)
            return ledger
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The HTTP server.
    /// - Parameter onListening: told the port once requests are accepted.
    func server(onListening: @escaping @Sendable (_ port: Int) async -> Void) -> RouterServer {
        var limits = Engine.Limits()
        limits.timeouts = settings.timeouts
        let engine = Engine(
            catalog: { [catalog] in catalog.current },
            vendors: Vendors.all(remembering: ThoughtMemory(now: ambient.now)), transport: transport,
            authorizer: credentials, ledger: ledger, observer: EngineLog(logger), media: media, ambient: ambient,
            limits: limits)
        let gate = Gate(
            directory: directory, limiter: sharedLimiter ?? RateLimiter(clock: ambient.timestamp),
            digests: { [peppers] in peppers.digests(of: $0) }, timestamp: ambient.timestamp,
            thirdPartyAccounts: Set(
                settings.routing.thirdPartyAccounts.compactMap { Int64($0).map(Account.ID.init(rawValue:)) }),
            waits: waits)
        var configuration = RouterServer.Configuration(host: settings.http.host, port: settings.http.port)
        configuration.load = load
        configuration.media = mediaFolder
        configuration.limits.spoolDirectory = spoolDirectory
        configuration.publicURL = settings.http.publicURL
        configuration.imageForm = settings.imageForm
        configuration.onCutOff = { [transport] in await transport.shutdown() }
        configuration.unknownModelIsInvalid = settings.http.unknownModelStatus == .badRequest
        configuration.metrics = { [waits, ledger] in Self.metrics(waits.soFar, of: ledger) }
        configuration.books = Books(
            store: store, directory: directory, peppers: peppers, ambient: ambient,
            requestsPerMinute: settings.defaults.requestsPerMinute,
            pending: { [ledger] in ledger.generation($0) },
            // A store that does not answer is met by what is asked of it next.
            report: { [ledger] in try? await ledger.report() })
        return RouterServer(
            configuration: configuration, engine: engine, catalog: catalog, gate: gate,
            readiness: { [store, ledger] in
                if let trouble = ledger.trouble { return trouble }
                return await Self.fault(of: store)
            }, ambient: ambient, logger: logger,
            recorder: recorder, onListening: onListening)
    }

    private static func metrics(_ count: StoreWaits.Count, of ledger: CreditLedger) -> [Metric] {
        let (running, unreported) = ledger.counts
        return [
            Metric(.counter, "routerd_requests_total", count.requests, "Requests for answers that showed a good key."),
            Metric(
                .counter, "routerd_store_waits_total", by: "for",
                StoreWaits.Cause.allCases.map { ($0.rawValue, count.waits[$0] ?? 0) },
                "How often such a request waited for the database, by what it waited for."),
            Metric(.gauge, "routerd_requests_running", running, "Requests that have credit set aside."),
            Metric(
                .gauge, "routerd_settlements_waiting", unreported,
                "Requests that have ended and whose charges are in the journal only."),
        ]
    }

    /// Takes models, providers and their keys from `settings` for all requests from now on.
    func reload(_ settings: Settings) async throws(CommandFailure) {
        let routes = try Self.routes(settings, found: found)
        do throws(StoreError) {
            try await store.keep(Array(routes.catalog.priceLists))
        } catch {
            throw CommandFailure(error)
        }
        for note in routes.notes { logger.warning("configured model", metadata: ["note": "\(note)"]) }
        credentials.replace(with: routes.keys)
        catalog.replace(with: routes.catalog)
    }

    /// Makes a key of the first account.
    /// - Returns: its text, which nobody can see again.
    func makeKey(named name: String) async throws(CommandFailure) -> String {
        let (key, text) = NewKey.make(
            name: name, requestsPerMinute: settings.defaults.requestsPerMinute, lifetime: nil, peppers: peppers,
            ambient: ambient)
        do throws(StoreError) {
            try await store.add(key)
        } catch {
            throw CommandFailure(error)
        }
        return text
    }

    static func open(_ settings: Settings) async throws(CommandFailure) -> SQLStore {
        do throws(StoreError) {
            return try await settings.openStore(migrating: true)
        } catch {
            throw CommandFailure(error)
        }
    }

    static func routes(
        _ settings: Settings, found: [EngineDiscovery.Engine]
    ) throws(CommandFailure) -> Routes {
        do throws(ConfigurationFaults) {
            return try Routes(settings, found: found.map { ($0.provider, $0.catalogueModels) })
        } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    /// The transport of a process; commands use it too.
    static func transport() throws(CommandFailure) -> CurlTransport {
        var settings = CurlTransport.Settings()
        settings.readProxy { ProcessInfo.processInfo.environment[$0] }
        do throws(UpstreamFailure) {
            return try CurlTransport(settings)
        } catch {
            throw CommandFailure(.failed, "libcurl cannot be used: \(error.message)")
        }
    }

    private static func mediaFetch(_ setting: Settings.Fetching) throws(CommandFailure) -> MediaFetch? {
        do throws(UpstreamFailure) {
            return switch setting {
            case .publicOnly: try MediaFetch()
            case .everywhere: try MediaFetch(reach: .everywhere)
            case .off: nil
            }
        } catch {
            throw CommandFailure(.failed, "libcurl cannot be used: \(error.message)")
        }
    }

    private static func mediaFolder(
        in data: DataDirectory, limits: MediaFolder.Limits, ambient: Ambient
    ) throws(CommandFailure) -> MediaFolder {
        do throws(StoreError) {
            return try MediaFolder(data.path + "/media", limits: limits, timestamp: ambient.timestamp)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Why the store cannot be used now; `nil` when it can.
    private static func fault(of store: SQLStore) async -> String? {
        do throws(StoreError) {
            try await store.check()
            return nil
        } catch {
            return error.description
        }
    }
}

extension Settings {
    /// Engines that are found on this machine, if they are to be looked for.
    func engines(over transport: any Transport) async -> [EngineDiscovery.Engine] {
        guard discover ?? providers.isEmpty else { return [] }
        return await EngineDiscovery(transport: transport).find(ownPort: http.port)
    }
}

/// The keys of providers that count now.
final class LiveCredentials: Authorizer {
    private let current: Mutex<KeyAuthorizer>

    init(_ keys: [String: [Secret]]) { current = Mutex(Self.authorizer(keys)) }

    func replace(with keys: [String: [Secret]]) { current.withLock { $0 = Self.authorizer(keys) } }

    func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {
        let authorizer = current.withLock { $0 }
        try await authorizer.authorize(&request, for: provider)
    }

    func failed(_ failure: UpstreamFailure, key: Int, of provider: Provider) -> Bool {
        current.withLock { $0 }.failed(failure, key: key, of: provider)
    }

    private static func authorizer(_ keys: [String: [Secret]]) -> KeyAuthorizer {
        KeyAuthorizer(keys: keys.mapValues { $0.compactMap { Credentials($0.revealed) } })
    }
}
