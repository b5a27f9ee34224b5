import Logging
import RouterCore
import RouterProviders
import Synchronization
import TestSupport

@testable import RouterHTTP

/// Records nothing.
struct NoRecorder: RequestRecorder {
    func record(_ record: RequestRecord) {}
}

/// A whole server on a free port of loopback, with a scripted vendor behind it.
enum TestServer {
    static let key = "air_live_test"

    /// Keys in memory; can be told to fail, or to be slow.
    final class Keys: KeyStore {
        private let state: Mutex<(keys: [APIKey], isDown: Bool)>
        private let waiting: (asked: Signal, for: Signal)?

        /// - Parameter waiting: raises the first signal when it is asked for a key, and answers after the second.
        init(requestsPerMinute: Int = 1000, waiting: (asked: Signal, for: Signal)? = nil) {
            self.waiting = waiting
            let digest = KeyDigest(hex: TestServer.key, pepperVersion: 1)
            state = Mutex(
                (
                    [
                        APIKey(
                            id: "key_test", account: .first, name: "test", label: "air_live_…test", digest: digest,
                            requestsPerMinute: requestsPerMinute, createdAt: 0)
                    ], false
                ))
        }

        func goDown() { state.withLock { $0.isDown = true } }

        func change(_ body: @Sendable (inout APIKey) -> Void) { state.withLock { body(&$0.keys[0]) } }

        private func read<Value: Sendable>(_ body: ([APIKey]) -> Value) throws(StoreError) -> Value {
            let keys = state.withLock { $0.isDown ? nil : $0.keys }
            guard let keys else { throw StoreError(.unavailable, "down") }
            return body(keys)
        }

        func key(holding digests: [KeyDigest]) async throws(StoreError) -> APIKey? {
            waiting?.asked.raise()
            await waiting?.for.raised()
            return try read { $0.first { digests.contains($0.digest) } }
        }
        func keys() async throws(StoreError) -> [APIKey] { try read { $0 } }
        func add(_ key: APIKey) async throws(StoreError) {}
        func key(named name: String, of account: Account.ID) async throws(StoreError) -> APIKey? { nil }
        func update(_ key: APIKey) async throws(StoreError) -> APIKey? { nil }
        func revokeKey(_ name: String, at time: Int64) async throws(StoreError) -> APIKey? { nil }
        func keysVersion() async throws(StoreError) -> Int64 { try read { _ in 1 } }
    }

    /// Runs `body` against a server; ends it afterwards.
    static func run(
        _ scripts: [[ScriptedTransport.Step]] = [], models: [Model]? = nil, keys: Keys = Keys(),
        limits: FrontLimits = FrontLimits(), unknownModelIsInvalid: Bool = false, media: MediaFolder? = nil,
        imageForm: ImagesFormat.Form = .both,
        readiness: @escaping @Sendable () async -> String? = { nil },
        _ body: @Sendable (_ port: Int, _ transport: ScriptedTransport, _ ledger: ScriptedLedger) async throws -> Void
    ) async throws {
        let transport = ScriptedTransport(scripts)
        let ledger = ScriptedLedger()
        let engine = Samples.engine(transport, models: models, ledger: ledger, ambient: ambient)
        try await serve(
            engine, models: models ?? [Samples.model()], keys: keys, limits: limits,
            unknownModelIsInvalid: unknownModelIsInvalid, media: media, imageForm: imageForm, readiness: readiness
        ) { port in try await body(port, transport, ledger) }
    }

    /// The time of all servers here.
    static let ambient = Ambient.live(timestamp: { 1_776_249_000_000 })

    /// Runs `body` against a server with this engine; ends it afterwards.
    static func serve(
        _ engine: Engine, models: [Model], keys: Keys = Keys(), limits: FrontLimits = FrontLimits(),
        unknownModelIsInvalid: Bool = false, media: MediaFolder? = nil,
        imageForm: ImagesFormat.Form = .both,
        readiness: @escaping @Sendable () async -> String? = { nil },
        _ body: @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let catalog = LiveCatalog(Catalog(models))
        let gate = Gate(
            directory: KeyDirectory(store: keys, ambient: ambient), limiter: RateLimiter(clock: ambient.timestamp),
            digests: { [KeyDigest(hex: $0, pepperVersion: 1)] }, timestamp: ambient.timestamp)
        var configuration = RouterServer.Configuration(host: "127.0.0.1", port: 0)
        configuration.limits = limits
        configuration.unknownModelIsInvalid = unknownModelIsInvalid
        configuration.media = media
        configuration.imageForm = imageForm
        let (ports, port) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = RouterServer(
            configuration: configuration, engine: engine, catalog: catalog, gate: gate, readiness: readiness,
            ambient: ambient, logger: logger, recorder: NoRecorder(),
            onListening: { port.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await port in ports {
                try await body(port)
                break
            }
            group.cancelAll()
            // A server that is cancelled says so.
            while let result = await group.nextResult() { _ = result }
        }
    }

    /// A model that puts out `modality`, at vendors on loopback, free but for one price.
    ///
    /// - Parameter name: what it is called at each vendor.
    static func model(
        _ id: String, puttingOut modality: String, _ unit: String, usd: String, at servers: [LoopbackServer],
        as name: (_ index: Int) -> String
    ) -> Model {
        Model(
            id: id, name: "Test", contextLength: 0, outputModalities: [modality],
            pricing: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"), .init(unit: unit, usd: usd),
            ],
            endpoints: servers.enumerated().map { index, server in
                Endpoint(
                    provider: Provider(
                        slug: "v\(index)", name: "V\(index)", dialect: .openAI, baseURL: server.baseURL + "/v1",
                        location: .vendor), upstreamModel: name(index))
            })
    }

    /// Runs `body` against a server with the real translators and libcurl before vendors on loopback, which end with it.
    static func serve(
        _ vendors: [LoopbackServer], model: Model, timeouts: Timeouts = Timeouts(), keys: Keys = Keys(),
        front: FrontLimits = FrontLimits(), ledger: ScriptedLedger = ScriptedLedger(),
        _ body: @Sendable (_ port: Int, _ ledger: ScriptedLedger) async throws -> Void
    ) async throws {
        let transport = try CurlTransport()
        let catalog = Catalog([model])
        var limits = Engine.Limits()
        limits.timeouts = timeouts
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport, authorizer: NoAuthorizer(),
            ledger: ledger, ambient: ambient, limits: limits)
        do {
            try await serve(engine, models: [model], keys: keys, limits: front) { try await body($0, ledger) }
        } catch {
            await transport.shutdown()
            for vendor in vendors { vendor.stop() }
            throw error
        }
        await transport.shutdown()
        for vendor in vendors { vendor.stop() }
    }

    /// A chat request as text, ready to send.
    static func chat(
        stream: Bool = false, path: String = "/api/v1/chat/completions", key: String? = TestServer.key,
        headers: String = "", body: String? = nil
    ) -> String {
        let body =
            body
            ?? #"{"model":"test/model","messages":[{"role":"user","content":"Hi"}],"stream":\#(stream)}"#
        return "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + (key.map { "Authorization: Bearer \($0)\r\n" } ?? "") + headers
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func get(_ path: String, method: String = "GET", headers: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: x\r\n\(headers)\r\n"
    }

    static let whole: [ScriptedTransport.Step] = [.head(200), .bytes("whole hello\nusage 1 2\nend\n")]
    static let streamed: [ScriptedTransport.Step] = [
        .head(200), .bytes("open\ncontent a\n"), .bytes("content b\n"), .bytes("finish\nusage 3 4\nend\n"),
    ]
}

/// Waits until `condition` holds, looking every few milliseconds; gives up after so many seconds.
func eventually(seconds: Double = 5, _ condition: @Sendable () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))  // Polling a condition of another thread.
    }
    return condition()
}
