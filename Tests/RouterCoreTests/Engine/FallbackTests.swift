import RouterCore
import Synchronization
import TestSupport
import Testing

@Suite("Fallback, as the engine does it") struct FallbackTests {
    typealias Step = ScriptedTransport.Step
    static let whole: [Step] = [.head(200), .bytes("whole x\nusage 1 2\nend\n")]
    static let failing: [Step] = [.head(500), .bytes("broken")]

    private func model(_ id: String, _ providers: [String], location: Provider.Location = .vendor) -> Model {
        var model = Samples.model(providers)
        model.id = id
        model.aliases = []
        for index in model.endpoints.indices { model.endpoints[index].provider.location = location }
        return model
    }

    private func ask(
        _ engine: Engine, _ members: String = "", model: String = "test/model", caller: Caller = Samples.caller
    ) async throws -> Generation {
        let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"Hi"}]\#(members)}"#
        let answer = try await engine.chat(
            try ChatRequest(Array(body.utf8)), for: caller, as: Samples.generation)
        return try await answer.forward { _ in }
    }

    @Test("a request that one model's vendor refuses goes on to the next model, past the first one's other endpoints")
    func nextModel() async throws {
        let transport = ScriptedTransport([[.head(400), .bytes("too long")], Self.whole])
        let engine = Samples.engine(
            transport, models: [model("test/model", ["one", "two"]), model("test/long", ["three"])])
        let record = try await ask(engine, #","models":["test/long"]"#)
        #expect(transport.providersAsked == ["one", "three"])
        #expect(record.model == "test/long" && record.failedAttempts.map(\.kind) == [.refused])
    }

    @Test("an endpoint that failed five times in a row is asked last until its rest is over, and then tried again")
    func ejects() async throws {
        let clock = ManualClock()
        var scripts: [[Step]] = []
        for _ in 0..<5 { scripts += [Self.failing, Self.whole] }
        scripts += Array(repeating: Self.whole, count: 5)
        let transport = ScriptedTransport(scripts)
        var weighted = model("test/model", ["one", "two"])
        weighted.endpoints[0].weight = 1000
        let engine = Samples.engine(transport, models: [weighted], ambient: clock.ambient)
        for _ in 0..<5 { #expect(try await ask(engine).provider == "two") }
        #expect(try await ask(engine).provider == "two")
        #expect(transport.providersAsked.count == 11, "nobody asked the one that rests")
        #expect(engine.routing.health.standings(of: Catalog([weighted])).map(\.state) == [.resting, .well])
        clock.advance(by: .seconds(31))
        for _ in 0..<3 { #expect(try await ask(engine).provider == "one") }
        #expect(engine.routing.health.standings(of: Catalog([weighted])).map(\.state) == [.well, .well])
    }

    @Test("an endpoint at its limit is not asked before Retry-After is over; when all are, the client is told at once")
    func coolsDown() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport([
            [.head(429, headers: "retry-after: 20\r\n"), .bytes("slow down")], Self.whole,
        ])
        let engine = Samples.engine(transport, models: [model("test/model", ["one"])], ambient: clock.ambient)
        for wait in [20, 15] {
            let error = await #expect(throws: APIError.self) { _ = try await ask(engine) }
            #expect(error?.kind == .rateLimited && error?.retryAfter == .seconds(wait))
            clock.advance(by: .seconds(5))
        }
        #expect(transport.providersAsked.count == 1)
        clock.advance(by: .seconds(10))
        #expect(try await ask(engine).provider == "one")
    }

    @Test("an answer that breaks off after its content counts against its endpoint")
    func countsBreaks() async throws {
        let transport = ScriptedTransport(
            Array(repeating: [.head(200), .bytes("content a\nerror boom\n")], count: 5))
        let models = [model("test/model", ["one"])]
        let engine = Samples.engine(transport, models: models, ambient: ManualClock().ambient)
        for _ in 0..<5 { await #expect(throws: UpstreamFailure.self) { _ = try await ask(engine, #","stream":true"#) } }
        let standing = try #require(engine.routing.health.standings(of: Catalog(models)).first)
        #expect(standing.state == .degraded && standing.failures == 5)
    }

    @Test("a client that leaves does not count against the endpoint")
    func ignoresDepartures() async throws {
        struct Gone: Error {}
        let models = [model("test/model", ["one"])]
        let engine = Samples.engine(
            ScriptedTransport(Array(repeating: [.head(200), .bytes("content a\n"), .hang], count: 6)), models: models)
        for _ in 0..<6 {
            let answer = try await engine.chat(
                try Samples.request(stream: true), for: Samples.caller, as: Samples.generation)
            await #expect(throws: Gone.self) { _ = try await answer.forward { _ in throw Gone() } }
        }
        #expect(engine.routing.health.standings(of: Catalog(models)).map(\.failures) == [0])
    }

    @Test("when every try of everybody fails, the providers get a tenth more requests than clients sent")
    func budget() async throws {
        let transport = ScriptedTransport([])  // Nobody is there.
        let engine = Samples.engine(
            transport, models: [model("test/model", ["one", "two", "three"])], ambient: ManualClock().ambient)
        for _ in 0..<3000 { await #expect(throws: APIError.self) { _ = try await ask(engine) } }
        // What three providers had saved, once, then a tenth, and the three that may always be under way.
        let most = 3000 + 300 + 300 + 9
        #expect(transport.providersAsked.count <= most && transport.providersAsked.count > 3000)
    }

    @Test("what all tries of a request may take is bounded together")
    func deadline() async throws {
        let clock = ManualClock()
        let transport = SlowTransport(clock: clock, takes: .seconds(400))
        let engine = Samples.engine(
            transport, models: [model("test/model", ["one", "two", "three"])], ambient: clock.ambient)
        let error = await #expect(throws: APIError.self) { _ = try await ask(engine) }
        #expect(error?.attempts.count == 3)
        #expect(transport.totals == [.seconds(600), .seconds(200)])
    }

    @Test("a request for airouter-cloud is never sent to a third party, however its own machines fail")
    func staysHome() async throws {
        let local = model("airouter-cloud/llama", ["gpu1", "gpu2"], location: .local)
        var mixed = local
        mixed.endpoints += model("x/y", ["vendor"]).endpoints
        for members in ["", #","provider":{"order":["vendor"]}"#, #","models":["x/y"]"#] {
            let transport = ScriptedTransport([])
            let engine = Samples.engine(transport, models: [mixed, model("x/y", ["vendor"])])
            await #expect(throws: APIError.self) { _ = try await ask(engine, members, model: "airouter-cloud/llama") }
            #expect(transport.providersAsked == ["gpu1", "gpu2"], "\(members)")
        }
        let transport = ScriptedTransport([Self.failing, Self.failing, Self.whole])
        let engine = Samples.engine(transport, models: [mixed])
        let allowed = Caller(account: .first, key: "k", allowsThirdParties: true)
        #expect(try await ask(engine, model: "airouter-cloud/llama", caller: allowed).provider == "vendor")
    }
}

@Suite("Keys, as the engine uses them") struct KeyRotationTests {
    /// Two keys, of which the first is found wanting.
    private final class TwoKeys: Authorizer {
        func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {
            request.key = isFirstGone.load(ordering: .relaxed) ? 1 : 0
        }
        func failed(_ failure: UpstreamFailure, key: Int, of provider: Provider) -> Bool {
            guard failure.kind == .rateLimited else { return false }
            return !isFirstGone.exchange(true, ordering: .relaxed)
        }
        private let isFirstGone = Atomic(false)
    }

    @Test("a limit of one key sends the request to the same endpoint with the next key, and rests nobody else")
    func nextKey() async throws {
        let transport = ScriptedTransport([[.head(429), .bytes("slow down")], FallbackTests.whole])
        let models = [Samples.model(["one", "two"])]
        let catalog = Catalog(models)
        let engine = Engine(
            catalog: { catalog }, vendors: [ScriptedTranslator.dialect: Vendor(chat: ScriptedTranslator())],
            transport: transport, authorizer: TwoKeys(), ambient: .manual())
        let answer = try await engine.chat(try Samples.request(), for: Samples.caller, as: Samples.generation)
        let record = try await answer.forward { _ in }
        #expect(transport.providersAsked == ["one", "one"] && record.failedAttempts.map(\.kind) == [.rateLimited])
        #expect(engine.routing.health.standings(of: catalog).map(\.state) == [.well, .well])
    }
}
