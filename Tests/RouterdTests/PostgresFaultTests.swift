import Foundation
import Glibc
import RouterCore
import RouterStore
import TestSupport
import Testing

/// A `routerd` on a PostgreSQL of its own that can fail, with clients that pay for what they ask.
private struct FaultScene {
    static let email = "fault@example.org"
    static let model = "test/model"

    let database: OwnPostgresServer
    let proxy: LoopbackProxy
    let server: ServerProcess
    let load: ChatLoad
    /// A key that the server has not seen yet.
    let unseenKey: String
    private let directory: String
    private let environment: [String: String]

    /// Gives `body` a server under load, and checks the books when everything has ended.
    static func run(_ body: (FaultScene) async throws -> Void) async throws {
        try await OwnPostgresServer.with { database in
            let vendor = try LoopbackServer { request in
                String(decoding: request.body, as: UTF8.self).contains(#""stream":true"#)
                    ? streamed : [OneEngine.answer]
            }
            defer { vendor.stop() }
            let port = try #require(database.uri.firstMatch(of: /127\.0\.0\.1:([0-9]+)/)?.1)
            let proxy = try LoopbackProxy(to: try #require(Int(port)))
            defer { proxy.stop() }
            try await TemporaryDirectory.with { directory in
                let scene = try await FaultScene(database, proxy, vendor, in: directory)
                try await scene.becomesWell()
                try await body(scene)
                try await scene.end()
            }
        }
    }

    private init(
        _ database: OwnPostgresServer, _ proxy: LoopbackProxy, _ vendor: LoopbackServer, in directory: String
    ) async throws {
        self.database = database
        self.proxy = proxy
        self.directory = directory
        let port = try #require(database.uri.firstMatch(of: /127\.0\.0\.1:[0-9]+/)?.0)
        environment = ["ROUTERD_PEPPER": "a pepper for tests only, not a secret"]
        server = try await ServerProcess(
            in: directory,
            configuration: OneEngine.configuration(at: vendor, model: Self.model),
            environment: environment.merging(
                ["DATABASE_URL": database.uri.replacing(port, with: "127.0.0.1:\(proxy.port)")]) { $1 })
        let commands = environment.merging(["DATABASE_URL": database.uri]) { $1 }
        for words in [
            ["users", "create", Self.email], ["credits", "grant", Self.email, "100000", "--reason", "test"],
        ] {
            let outcome = try await Executable.run(words, in: directory, environment: commands)
            try #require(outcome.status == 0, "\(outcome)")
        }
        var keys: [String] = []
        for name in ["seen", "unseen"] {
            let outcome = try await Executable.run(
                ["keys", "create", "--user", Self.email, "--name", name, "--rpm", "1000000", "--json"], in: directory,
                environment: commands)
            keys.append(try #require(try outcome.json["key"] as? String, "\(outcome)"))
        }
        unseenKey = keys[1]
        load = try ChatLoad(port: server.port, key: keys[0], model: Self.model)
    }

    /// Waits until answers come again.
    func becomesWell(seconds: Double = 30, at location: SourceLocation = #_sourceLocation) async throws {
        let before = load.seen.whole.count
        let isWell = await until(seconds: seconds) { load.seen.whole.count >= before + 20 }
        #expect(isWell, "\(load.seen) \(server.log.suffix(2000))", sourceLocation: location)
        let ready = try await server.curl(becomesReadyIn: 10)
        #expect(ready.status == 200, "\(ready)", sourceLocation: location)
    }

    /// Waits until requests are refused because nobody can tell whether there is credit.
    func refuses(seconds: Double = 30, at location: SourceLocation = #_sourceLocation) async throws {
        let before = load.seen.count(503)
        let refuses = await until(seconds: seconds) { load.seen.count(503) >= before + 5 }
        #expect(refuses, "\(load.seen)", sourceLocation: location)
        let text = load.seen.errors[503] ?? ""
        #expect(text.contains("Credit cannot be checked now"), "\(text)", sourceLocation: location)
        let unseen = try await server.chat(unseenKey)
        #expect(
            unseen.status == 503 && unseen.text.contains("key cannot be checked"), "\(unseen)", sourceLocation: location
        )
    }

    private func end() async throws {
        let seen = try await load.stop()
        #expect(seen.faults.isEmpty, "\(seen.faults)")
        // Never 401, never 402: what cannot be told is 503. 0 is a connection that nobody answered.
        #expect(Set(seen.statuses.keys).isSubset(of: [200, 503]), "\(seen.statuses) \(seen.errors)")
        #expect(seen.cutOff == 0)
        #expect(seen.slowest < .seconds(20), "\(seen.slowest)")
        server.signal(SIGTERM)
        let code = await server.exitCode(seconds: 20)
        #expect(code == 0)
        let store = try await PostgresStore.open(uri: database.uri)
        let account = try #require(try await store.account(named: Self.email))
        var sum = Money.zero.nanoUSD
        for (id, cost) in seen.whole {
            let record = try await store.generation(.init(rawValue: id), of: account.id)
            #expect(record?.cost == cost, "\(id)")
            sum += cost.nanoUSD
        }
        let all = try await store.generations(of: account.id, since: 0, count: 1_000_000)
        let charged = all.filter { $0.cost > .zero }
        #expect(charged.count == seen.whole.count && account.charged.nanoUSD == sum && account.held == .zero)
        let verification = try await store.verify()
        await store.close()
        #expect(verification.isExact, "\(verification.findings)")
    }

    private static let streamed: [Step] = [
        .head(200, ["content-type": "text/event-stream", "transfer-encoding": "chunked"]),
        .chunk(
            "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n"
        ),
        .chunk(
            "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n"
        ),
        .chunk("data: [DONE]\n\n"), .lastChunk,
    ]
}

/// These run alone in scripts/test: they wait for what takes seconds.
@Suite(
    "routerd with PostgreSQL in trouble, under load", .serialized, .timeLimit(.minutes(4)),
    .enabled(if: isPostgresThere, "no PostgreSQL: scripts/postgres run -- swift test"))
struct PostgresFaultTests {
    @Test("stopped without a shutdown and restarted: 503 meanwhile, answers again by itself, every charge once")
    func stops() async throws {
        try await FaultScene.run { scene in
            for _ in 1...2 {
                try scene.database.stopImmediately()
                try await scene.refuses()
                try scene.database.start()
                try await scene.becomesWell()
            }
            try scene.database.restart()
            try await scene.becomesWell()
        }
    }

    @Test("slow: answers go on, at the pace of the database")
    func slow() async throws {
        try await FaultScene.run { scene in
            scene.proxy.path = .slow(.milliseconds(60))
            try await scene.becomesWell(seconds: 60)
            try await scene.becomesWell(seconds: 60)
            scene.proxy.path = .open
            try await scene.becomesWell()
        }
    }

    @Test("cut off: 503 meanwhile, answers again by itself, every charge once")
    func cutOff() async throws {
        try await FaultScene.run { scene in
            for _ in 1...2 {
                scene.proxy.path = .cut
                try await scene.refuses()
                scene.proxy.path = .open
                try await scene.becomesWell()
            }
        }
    }

    @Test("behind a network that swallows everything: 503 in time, answers again by itself, every charge once")
    func swallowed() async throws {
        try await FaultScene.run { scene in
            scene.proxy.path = .swallowing
            try await scene.refuses()
            scene.proxy.path = .open
            try await scene.becomesWell(seconds: 60)
        }
    }
}
