import RouterCore
import Synchronization
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("The chat route, without a socket") struct ChatRouteTests {
    /// Keeps what is written; a client that leaves takes so many writes before.
    final class Recorded: FrontResponse {
        let state = Mutex<(status: Int, text: String, writes: Int, hasEnded: Bool)>((0, "", 0, false))
        private let writesTaken: Int

        init(writesTaken: Int = .max) { self.writesTaken = writesTaken }

        func writeHead(status: Int, headers: ResponseHeaders, contentLength: Int?) {
            state.withLock { $0.status = status }
        }
        func write(_ bytes: [UInt8]) async throws {
            let isTaken = state.withLock { state in
                state.writes += 1
                state.text += String(decoding: bytes, as: UTF8.self)
                return state.writes <= writesTaken
            }
            if !isTaken { throw CancellationError() }
        }
        func cut() {}
        func end() { state.withLock { $0.hasEnded = true } }
    }

    private func respond(
        _ script: [ScriptedTransport.Step], body: String, response: Recorded, ledger: ScriptedLedger
    ) async {
        let ambient = Ambient.manual()
        let gate = Gate(
            directory: KeyDirectory(store: TestServer.Keys(), ambient: ambient),
            limiter: RateLimiter(clock: ambient.timestamp), digests: { [KeyDigest(hex: $0, pepperVersion: 1)] },
            timestamp: ambient.timestamp)
        let engine = Samples.engine(ScriptedTransport([script]), ledger: ledger)
        let route = ChatRoute(engine: engine, gate: gate, ambient: ambient, recorder: NoRecorder())
        let request = FrontRequest(
            header: { $0 == "authorization" ? "Bearer \(TestServer.key)" : nil }, body: Array(body.utf8))
        await route.respond(to: request, through: response)
    }

    private static func body(stream: Bool) -> String {
        #"{"model":"model","stream":\#(stream),"messages":[{"role":"user","content":"Hi"}]}"#
    }

    @Test("writes one head, the answer and one end", arguments: [true, false])
    func answers(_ stream: Bool) async {
        let (response, ledger) = (Recorded(), ScriptedLedger())
        await respond(
            stream ? TestServer.streamed : TestServer.whole, body: Self.body(stream: stream), response: response,
            ledger: ledger)
        let state = response.state.withLock { $0 }
        #expect(state.status == 200 && state.hasEnded)
        #expect(state.text.contains(stream ? "data: [DONE]" : #""content":"hello""#))
        #expect(ledger.settled.map(\.outcome) == [.completed])
    }

    @Test("ends a stream whose client no longer takes it, and settles it as cancelled")
    func clientLeaves() async {
        let (response, ledger) = (Recorded(writesTaken: 1), ScriptedLedger())
        await respond(TestServer.streamed, body: Self.body(stream: true), response: response, ledger: ledger)
        let state = response.state.withLock { $0 }
        #expect(state.hasEnded && !state.text.contains("[DONE]"))
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
    }

    @Test("says that a charge could not be kept instead of handing out what nobody pays for", arguments: [true, false])
    func chargeIsNotKept(_ stream: Bool) async {
        let ledger = ScriptedLedger(failing: StoreError(.unavailable, "the disk is broken"))
        let response = Recorded()
        await respond(
            stream ? TestServer.streamed : TestServer.whole, body: Self.body(stream: stream), response: response,
            ledger: ledger)
        let state = response.state.withLock { $0 }
        #expect(state.status == (stream ? 200 : 503) && state.hasEnded)
        #expect(state.text.contains("Credit cannot be checked now"), "\(state.text)")
        #expect(!state.text.contains("[DONE]") && !state.text.contains("the disk") && state.text.contains("error"))
        #expect(stream || !state.text.contains("hello"))
    }

    @Test("answers what is wrong, holds nothing, and ends")
    func refuses() async {
        let (response, ledger) = (Recorded(), ScriptedLedger())
        await respond([], body: "[1,2", response: response, ledger: ledger)
        let state = response.state.withLock { $0 }
        #expect(state.status == 400 && state.hasEnded && state.text.contains("not valid JSON"))
        #expect(ledger.held == 0)
    }
}
