import Logging
import RouterCore
import RouterHTTP
import RouterProviders
import RouterStore

/// A server like `routerd`, with prepaid credit in SQLite or with everything free: for the HTTP benchmark to compare.
struct ServeBenchmark {
    let port: Int
    let upstream: Int
    let isFree: Bool

    /// The key that clients show.
    private static let key = "benchmark-key"

    func run() async throws {
        let place = try Place(nil)
        defer { place.remove() }
        let store = try await place.open()
        let ambient = Sample.ambient
        guard let peppers = Peppers(text: Peppers.newSecret()) else { return }
        let account = try await Sample.account(1, in: store)
        let key = APIKey(
            id: "key_benchmark", account: account, name: "benchmark", label: "benchmark",
            digest: peppers.digest(of: Self.key),
            requestsPerMinute: 1_000_000_000, createdAt: Sample.now)
        try await store.add(key)
        // The text has no checksum: only a key that is known already is let in.
        let directory = KeyDirectory(store: store, ambient: ambient)
        _ = try await directory.find(peppers.digests(of: Self.key) ?? [])
        let catalog = Catalog([model])
        try await store.keep(Array(catalog.priceLists))
        let (journal, _) = try FileJournal.open(place.directory + "/journal")
        let credit = CreditLedger(
            node: NodeID(rawValue: "node-benchmark"), store: store, journal: journal, ambient: ambient)
        try await credit.start(recovering: [])
        let reports = Task { await credit.run { _ in } }
        defer { reports.cancel() }
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: try CurlTransport(CurlTransport.Settings()),
            authorizer: OpenAuthorizer(), ledger: isFree ? FreeLedger() : credit, ambient: ambient)
        let gate = Gate(
            directory: directory, limiter: RateLimiter(clock: ambient.timestamp),
            digests: { peppers.digests(of: $0) }, timestamp: ambient.timestamp)
        try await RouterServer(
            configuration: .init(host: "127.0.0.1", port: port), engine: engine, catalog: LiveCatalog(catalog),
            gate: gate, readiness: { nil }, ambient: ambient, logger: Logger(label: "benchmark"),
            recorder: DeafRecorder(), onListening: { _ in }
        ).run()
    }

    private var model: Model {
        let provider = Provider(
            slug: "bench", name: "Bench", dialect: .openAICompatible, baseURL: "http://127.0.0.1:\(upstream)/v1",
            location: .local)
        return Model(
            id: "airouter-cloud/bench", name: "Bench", contextLength: 1_048_576, supportedParameters: [],
            pricing: [.init(unit: "prompt", usd: "0.0000001"), .init(unit: "completion", usd: "0.0000001")],
            endpoints: [Endpoint(provider: provider, upstreamModel: "bench")])
    }
}

/// The mock wants no key.
private struct OpenAuthorizer: Authorizer {
    func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {}
}

/// Writes no log.
private struct DeafRecorder: RequestRecorder {
    func record(_ request: RequestRecord) {}
}
