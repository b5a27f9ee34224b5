import RouterCore
import TestSupport
import Testing

@Suite("The engine, for what is not chat") struct OperationEngineTests {
    typealias Step = ScriptedTransport.Step

    private static let body = Array(#"{"model":"test/embed","input":"0123456789012345678901234567890123456789"}"#.utf8)

    private func model(location: Provider.Location = .vendor, providers: [String] = ["one"]) -> Model {
        Model(
            id: "test/embed", name: "Embed", contextLength: 8192, outputModalities: ["embeddings"],
            pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0")],
            endpoints: providers.map {
                var provider = Samples.provider($0)
                provider.location = location
                return Endpoint(provider: provider, upstreamModel: "e")
            })
    }

    private func ask(
        _ scripts: [[Step]], _ model: Model, ledger: ScriptedLedger
    ) async throws -> Generation {
        let engine = Samples.engine(ScriptedTransport(scripts), models: [model, Samples.model()], ledger: ledger)
        let request = try OperationRequest(Self.body, for: .embeddings)
        let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
        return try await answer.forward { _ in }
    }

    @Test("a whole answer is settled once, as its kind, by the vendor's count")
    func completes() async throws {
        let ledger = ScriptedLedger()
        let record = try await ask([[.head(200), .bytes("whole x\nusage 7 0\nend\n")]], model(), ledger: ledger)
        #expect(record.kind == .embeddings && record.outcome == .completed && record.basis == .vendor)
        #expect(record.usage.prompt == 7 && record.cost == Money(nanoUSD: 7000))
        #expect(ledger.settled == [record] && ledger.held == 1)
    }

    @Test("where the vendor does not count, we do")
    func counts() async throws {
        let record = try await ask([[.head(200), .bytes("whole x\nend\n")]], model(), ledger: ScriptedLedger())
        #expect(record.basis == .counted && record.usage.prompt == 10 && record.cost == Money(nanoUSD: 10_000))
    }

    @Test("what is put into numbers has been read, whatever the vendor says")
    func disbelievesNothing() async throws {
        let record = try await ask(
            [[.head(200), .bytes("whole x\nusage 0 0\nend\n")]], model(), ledger: ScriptedLedger())
        #expect(record.basis == .counted && record.cost == Money(nanoUSD: 10_000))
    }

    @Test("a count that no request can have is not believed")
    func disbelieves() async throws {
        let record = try await ask(
            [[.head(200), .bytes("whole x\nusage 100000001 0\nend\n")]], model(), ledger: ScriptedLedger())
        #expect(record.basis == .counted && record.cost == Money(nanoUSD: 10_000))
    }

    @Test("a failure goes to the next endpoint")
    func fallsBack() async throws {
        let record = try await ask(
            [[.head(500), .bytes("broken")], [.head(200), .bytes("whole x\nusage 7 0\nend\n")]],
            model(providers: ["one", "two"]), ledger: ScriptedLedger())
        #expect(record.provider == "two" && record.failedAttempts.map(\.provider) == ["one"])
    }

    @Test(
        "what failed costs nothing",
        arguments: [
            [Step.head(500), .bytes("broken")], [.head(400), .bytes("wrong")],
            [.head(200), .bytes("error it broke\n")],
            [.head(200), .bytes("usage 7 0\n")], [.fail(UpstreamFailure(.unreachable, "refused"))],
        ])
    func failsForFree(_ script: [Step]) async throws {
        let ledger = ScriptedLedger()
        await #expect(throws: (any Error).self) { try await ask([script], model(), ledger: ledger) }
        #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
        #expect(ledger.settled.map(\.kind) == [.embeddings])
    }

    @Test(
        "a client that left pays a vendor who was asked, and not the operator's own engine", arguments: [true, false])
    func chargesTraces(_ isVendor: Bool) async throws {
        let ledger = ScriptedLedger()
        await #expect(throws: (any Error).self) {
            try await ask(
                [[.fail(UpstreamFailure(.cancelled, "left"))]], model(location: isVendor ? .vendor : .local),
                ledger: ledger)
        }
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
        #expect(ledger.settled.map(\.cost) == [Money(nanoUSD: isVendor ? 10_000 : 0)])
    }

    @Test("a client that leaves before anything of its request went out pays nothing")
    func chargesNothingUnasked() async throws {
        let ledger = ScriptedLedger()
        var unasked = UpstreamFailure(.cancelled, "left")
        unasked.wasAsked = false
        await #expect(throws: (any Error).self) {
            try await ask([[.fail(unasked)]], model(location: .vendor), ledger: ledger)
        }
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
        #expect(ledger.settled.map(\.cost) == [.zero])
    }

    @Test("a model is asked only at the routes of what it puts out, and the error names them")
    func refusesOtherKinds() async throws {
        let ledger = ScriptedLedger()
        let engine = Samples.engine(ScriptedTransport([]), models: [model(), Samples.model()], ledger: ledger)
        let chat = try ChatRequest(
            Array(#"{"model":"test/embed","messages":[{"role":"user","content":"Hi"}]}"#.utf8))
        let wrongChat = await #expect(throws: APIError.self) {
            try await engine.chat(chat, for: Samples.caller, as: Samples.generation)
        }
        #expect(wrongChat?.kind == .invalidRequest && wrongChat?.parameter == "model")
        #expect(wrongChat?.message.contains("POST /api/v1/embeddings") == true)
        let embed = try OperationRequest(Array(#"{"model":"test/model","input":"Hi"}"#.utf8), for: .embeddings)
        let wrongEmbed = await #expect(throws: APIError.self) {
            try await engine.answer(embed, for: Samples.caller, as: Samples.generation)
        }
        #expect(wrongEmbed?.message.contains("POST /api/v1/chat/completions") == true)
        #expect(ledger.held == 0)
    }
}
