import RouterCore
import TestSupport
import Testing

@Suite("An answer whose client has left, at a provider that charges it whole,")
struct AbandonedAnswerTests {
    private struct Gone: Error {}

    private static let answer: [ScriptedTransport.Step] = [
        .head(200), .bytes("open\ncontent a\n"), .bytes("content b\n"), .bytes("finish\nusage 5 70\nend\n"),
    ]

    private static func engine(
        _ transport: ScriptedTransport, _ ledger: ScriptedLedger, _ change: (inout Engine.Limits) -> Void = { _ in }
    ) -> Engine {
        var provider = Samples.provider("whole")
        provider.billsAbandoned = true
        var model = Samples.model()
        model.endpoints = [Endpoint(provider: provider, upstreamModel: "m")]
        let catalog = Catalog([model])
        var limits = Engine.Limits()
        change(&limits)
        return Engine(
            catalog: { catalog }, vendors: [ScriptedTranslator.dialect: Vendor(chat: ScriptedTranslator())],
            transport: transport, authorizer: NoAuthorizer(), ledger: ledger, ambient: .manual(), limits: limits)
    }

    /// Lets the client leave at the first content.
    private static func abandon(_ engine: Engine) async throws {
        let answer = try await engine.chat(
            try Samples.request(stream: true), for: Samples.caller, as: Samples.generation)
        await #expect(throws: Gone.self) { _ = try await answer.forward { _ in throw Gone() } }
    }

    @Test("is read to its end, and charged by what the provider then says")
    func isReadOn() async throws {
        let (transport, ledger) = (ScriptedTransport([Self.answer]), ScriptedLedger())
        try await Self.abandon(Self.engine(transport, ledger))
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1 && record.outcome == .cancelled && record.basis == .vendor)
        #expect(record.usage.prompt == 5 && record.usage.completion == 70)
        #expect(record.cost.nanoUSD == 5 * 1_000 + 70 * 2_000)
    }

    @Test("is read on in a task that was cancelled, also when it is not streamed")
    func outlivesItsTask() async throws {
        let (transport, ledger) = (ScriptedTransport([Self.answer]), ScriptedLedger())
        let engine = Self.engine(transport, ledger)
        let request = try Samples.request()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await engine.chat(request, for: Samples.caller, as: Samples.generation).forward { _ in }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let record = try #require(ledger.settled.first)
        #expect(record.outcome == .cancelled && record.basis == .vendor && record.usage.completion == 70)
    }

    @Test("is given up after its time, and charged by our count")
    func isGivenUp() async throws {
        let (transport, ledger) = (ScriptedTransport([Self.answer]), ScriptedLedger())
        try await Self.abandon(Self.engine(transport, ledger) { $0.abandoned = .zero })
        let record = try #require(ledger.settled.first)
        #expect(record.outcome == .cancelled && record.basis == .counted && transport.isCancelled(0))
    }

    @Test("is ended at once when too many are read like that")
    func isBounded() async throws {
        let (transport, ledger) = (ScriptedTransport([Self.answer, Self.answer]), ScriptedLedger())
        let engine = Self.engine(transport, ledger) { $0.abandonedMax = 0 }
        try await Self.abandon(engine)
        try await Self.abandon(engine)
        #expect(ledger.settled.map(\.basis) == [.counted, .counted] && transport.isCancelled(1))
    }

    @Test("is tried nowhere else when it fails")
    func isNotRetried() async throws {
        let (transport, ledger) = (ScriptedTransport([[.head(500), .bytes("broken")], Self.answer]), ScriptedLedger())
        let engine = Self.engine(transport, ledger)
        let request = try Samples.request()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await engine.chat(request, for: Samples.caller, as: Samples.generation)
        }
        task.cancel()
        await #expect(throws: APIError.self) { _ = try await task.value }
        #expect(transport.providersAsked == ["whole"] && ledger.settled.map(\.cost) == [.zero])
    }
}
