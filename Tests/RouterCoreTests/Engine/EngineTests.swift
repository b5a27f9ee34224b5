import RouterCore
import Synchronization
import TestSupport
import Testing

@Suite("The engine") struct EngineTests {
    typealias Step = ScriptedTransport.Step

    /// Runs a streamed request and gives back what the client got, and how it ended.
    private func stream(
        _ scripts: [[Step]], at providers: [String] = ["one", "two"], ledger: ScriptedLedger = ScriptedLedger()
    ) async throws -> (text: [ChatEvent], result: Result<Generation, any Error>, transport: ScriptedTransport) {
        let transport = ScriptedTransport(scripts)
        let engine = Samples.engine(transport, models: [Samples.model(providers)], ledger: ledger)
        let answer = try await engine.chat(
            try Samples.request(stream: true), for: Samples.caller, as: Samples.generation)
        var events: [ChatEvent] = []
        do {
            let record = try await answer.forward { events += $0 }
            return (events, .success(record), transport)
        } catch {
            return (events, .failure(error), transport)
        }
    }

    @Test("a complete stream is settled once, with its usage and its provider")
    func completes() async throws {
        let ledger = ScriptedLedger()
        let (events, result, transport) = try await stream(
            [[.head(200), .bytes("open\ncontent a\n"), .bytes("content b\nfinish\nusage 3 4\nend\n")]], ledger: ledger)
        let record = try result.get()
        #expect(events.count == 5)
        #expect(record.usage.prompt == 3 && record.usage.completion == 4)
        #expect(record.outcome == .completed && record.provider == "one" && record.id == Samples.generation)
        #expect(ledger.settled == [record])
        #expect(transport.providersAsked == ["one"])
    }

    @Test(
        "a failure before the first content goes to the next endpoint",
        arguments: [
            [Step.head(500), .bytes("broken")], [.head(429), .bytes("slow down")], [.head(401), .bytes("who?")],
            [.head(200), .bytes("open\nerror it broke\n")], [.head(200), .bytes("open\n")], [.head(200)],
            [.fail(UpstreamFailure(.unreachable, "refused"))], [.fail(UpstreamFailure(.timedOut, "slow"))],
        ])
    func fallsBack(_ first: [Step]) async throws {
        let ledger = ScriptedLedger()
        let (events, result, transport) = try await stream(
            [first, [.head(200), .bytes("open\ncontent b\nfinish\nend\n")]], ledger: ledger)
        let record = try result.get()
        #expect(transport.providersAsked == ["one", "two"])
        #expect(record.provider == "two" && record.failedAttempts.map(\.provider) == ["one"])
        #expect(events.filter(\.commits).count == 2)
        #expect(ledger.settled.count == 1 && ledger.held == 1)
    }

    @Test("a request that the vendor finds wrong is tried nowhere else, and settled without a charge")
    func givesUpOnBadRequest() async throws {
        let ledger = ScriptedLedger()
        let error = await #expect(throws: APIError.self) {
            _ = try await stream([[.head(400), .bytes("no such thing")]], ledger: ledger)
        }
        #expect(error?.kind == .invalidRequest && error?.message == "no such thing")
        #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
    }

    @Test("when all endpoints fail, the client hears the last reason and how many were tried")
    func exhausts() async throws {
        let ledger = ScriptedLedger()
        let error = await #expect(throws: APIError.self) {
            _ = try await stream([[.head(503), .bytes("busy")], [.head(500), .bytes("broken")]], ledger: ledger)
        }
        #expect(error?.kind == .providerError && error?.message == "broken")
        #expect(error?.attempts.map(\.provider) == ["one", "two"])
        #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
    }

    @Test("when all endpoints are rate limited, the shortest wait is told")
    func tellsShortestWait() async throws {
        let error = await #expect(throws: APIError.self) {
            _ = try await stream([
                [.head(429, headers: "retry-after: 7\r\n"), .bytes("x")],
                [.head(429, headers: "Retry-After: 20\r\n"), .bytes("y")],
            ])
        }
        #expect(error?.kind == .rateLimited && error?.retryAfter == .seconds(7))
    }

    @Test("no more than three endpoints are tried")
    func triesThree() async throws {
        let transport = ScriptedTransport([])
        let engine = Samples.engine(transport, models: [Samples.model(["a", "b", "c", "d"])])
        await #expect(throws: APIError.self) {
            _ = try await engine.chat(try Samples.request(), for: Samples.caller, as: Samples.generation)
        }
        #expect(transport.providersAsked == ["a", "b", "c"])
    }

    @Test("an error after content is told after what came before it, and settled as failed")
    func failsAfterContent() async throws {
        let ledger = ScriptedLedger()
        let (events, result, transport) = try await stream(
            [[.head(200), .bytes("open\ncontent a\n"), .bytes("content b\nerror boom\n")]], ledger: ledger)
        #expect(events.filter(\.commits).count == 2)
        #expect(throws: UpstreamFailure.self) { _ = try result.get() }
        #expect(ledger.settled.map(\.outcome) == [.failed])
        #expect(transport.providersAsked == ["one"], "never a second try after content")
        #expect(transport.isCancelled(0))
    }

    @Test("a stream that ends without its end is a failure")
    func noticesCut() async throws {
        let (_, result, _) = try await stream([[.head(200), .bytes("open\ncontent a\n")]])
        let failure = #expect(throws: UpstreamFailure.self) { _ = try result.get() }
        #expect(failure?.kind == .broken)
    }

    @Test("a client that leaves in mid-stream is settled as cancelled with the usage so far, and the vendor is told")
    func clientLeaves() async throws {
        struct Gone: Error {}
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([
            [.head(200), .bytes("content a\nusage 5 1\n"), .bytes("content b\n"), .hang]
        ])
        let engine = Samples.engine(transport, ledger: ledger)
        let answer = try await engine.chat(
            try Samples.request(stream: true), for: Samples.caller, as: Samples.generation)
        await #expect(throws: Gone.self) {
            _ = try await answer.forward { _ in throw Gone() }
        }
        #expect(ledger.settled.map(\.outcome) == [.cancelled] && ledger.settled[0].usage.prompt == 5)
        #expect(transport.isCancelled(0))
    }

    @Test("a task that is cancelled while it waits for the vendor settles as cancelled")
    func cancelsWhileWaiting() async throws {
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([[.head(200), .bytes("content a\n"), .hang]])
        let engine = Samples.engine(transport, ledger: ledger)
        let answer = try await engine.chat(
            try Samples.request(stream: true), for: Samples.caller, as: Samples.generation)
        let task = Task { try await answer.forward { _ in } }
        task.cancel()
        let result = await task.result
        #expect(throws: (any Error).self) { _ = try result.get() }
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
    }

    @Test("cancelling before the first content charges a third party's prompt by our count, and tries nowhere else")
    func cancelsBeforeContent() async throws {
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([[.head(200), .hang]])
        let engine = Samples.engine(transport, models: [Samples.model(["one", "two"])], ledger: ledger)
        let request = try Samples.request(stream: true)
        let task = Task { try await engine.chat(request, for: Samples.caller, as: Samples.generation) }
        task.cancel()
        let result = await task.result
        #expect(throws: (any Error).self) { _ = try result.get() }
        #expect(transport.providersAsked.count == 1)
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1 && record.outcome == .cancelled && record.usage.completion == 0)
        #expect(record.basis == .counted && record.cost > .zero && record.cost < Money(nanoUSD: 20_000))
    }

    @Test("after two silences a stream commits, and the client gets the silences")
    func patienceCommits() async throws {
        let (events, result, transport) = try await stream(
            [[.head(200), .silence, .silence, .bytes("content a\nfinish\nend\n")]])
        #expect(events.prefix(2) == [.silence, .silence])
        #expect(try result.get().outcome == .completed)
        #expect(transport.providersAsked == ["one"])
    }

    @Test("a whole answer waits through silence without committing")
    func wholeAnswerWaits() async throws {
        let transport = ScriptedTransport([
            [.head(200), .silence, .silence, .silence, .fail(UpstreamFailure(.timedOut, "slow"))],
            [.head(200), .bytes("whole hello\nusage 1 2\nend\n")],
        ])
        let engine = Samples.engine(transport, models: [Samples.model(["one", "two"])])
        let answer = try await engine.chat(try Samples.request(), for: Samples.caller, as: Samples.generation)
        var events: [ChatEvent] = []
        let record = try await answer.forward { events += $0 }
        #expect(record.provider == "two" && record.usage.completion == 2)
        #expect(events.filter(\.commits).count == 1)
    }

    @Test("credit that does not reach is told before anything is sent")
    func refusesWithoutCredit() async throws {
        let transport = ScriptedTransport([])
        let engine = Samples.engine(transport, ledger: ScriptedLedger(refusing: APIError(.paymentRequired, "No.")))
        let error = await #expect(throws: APIError.self) {
            _ = try await engine.chat(try Samples.request(), for: Samples.caller, as: Samples.generation)
        }
        #expect(error?.kind == .paymentRequired && transport.providersAsked.isEmpty)
    }

    @Test("an unknown model is told with names that look like it")
    func unknownModel() async throws {
        let engine = Samples.engine(ScriptedTransport([]))
        let request = try ChatRequest(
            Array(#"{"model":"test/modle","messages":[{"role":"user","content":"Hi"}]}"#.utf8))
        let error = await #expect(throws: APIError.self) {
            _ = try await engine.chat(request, for: Samples.caller, as: Samples.generation)
        }
        #expect(error?.kind == .modelNotFound && error?.message.contains("test/model") == true)
    }

    @Test("what a translator cannot say names the member")
    func translatorRefuses() async throws {
        let engine = Samples.engine(ScriptedTransport([]))
        let error = await #expect(throws: APIError.self) {
            _ = try await engine.chat(
                try Samples.request(extra: #","refuse":1"#), for: Samples.caller, as: Samples.generation)
        }
        #expect(error?.kind == .invalidRequest && error?.parameter == "refuse")
    }
}
