import Synchronization
import TestSupport
import Testing

@testable import RouterCore

/// Sends one request, whose answer is its part.
private struct Asking: UpstreamTask {
    let path: String
    var waitsFirst = false

    func next(after outcome: TaskOutcome?) throws(UpstreamFailure) -> TaskStep {
        switch outcome {
        case nil where waitsFirst: return .wait(.seconds(1))
        case nil, .waited?: return .send(UpstreamRequest(path: path), origin: nil, answerBytesMax: 100)
        case .answer(let head, let body)?: return head.status == 200 ? .done(body) : .refused(head, body: body)
        case .lost(let failure)?: throw failure
        case .fetched?: throw UpstreamFailure(.broken, "nothing was to be fetched")
        }
    }
}

/// A script for each path.
private final class PathTransport: Transport {
    private let scripts: [String: ScriptedTransport]
    /// At any other path; counts what was opened.
    let late = LateExchange()
    let lateCount = Counter()

    init(_ scripts: [String: [ScriptedTransport.Step]]) {
        self.scripts = scripts.mapValues { ScriptedTransport([$0]) }
    }

    subscript(path: String) -> ScriptedTransport? { scripts[path] }

    func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        if let script = scripts[request.path] { return script.open(request, to: provider, timeouts: timeouts) }
        lateCount.add(1)
        return late
    }
}

/// A refusal that comes when it is too late to end the exchange.
private final class LateExchange: Exchange {
    private let ended = Signal()
    private let rest = Mutex<[ExchangeEvent]>([.head(UpstreamHead(status: 400)), .bytes([0x7B, 0x7D])])

    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        while ended.moment == nil { await Task.yield() }
        return rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    func cancel() { ended.raise() }
}

@Suite("Tasks at a vendor", .timeLimit(.minutes(1))) struct TaskExchangeTests {
    private static func exchange(
        _ tasks: [Asking], _ transport: PathTransport, billsAbandoned: Bool = false,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) -> TaskExchange {
        var provider = Samples.provider("p")
        provider.billsAbandoned = billsAbandoned
        return TaskExchange(
            tasks, keyHeaders: [], provider: provider, timeouts: Timeouts(), transport: transport, media: nil,
            sleep: sleep,
            refusal: { head, _ in UpstreamFailure(head.status == 400 ? .refused : .failed, "HTTP \(head.status)") })
    }

    /// All that comes, as text.
    private static func read(_ exchange: TaskExchange) async throws -> String {
        var text = ""
        while let event = try await exchange.next() {
            if case .bytes(let bytes) = event { text += String(decoding: bytes, as: UTF8.self) }
        }
        return text
    }

    @Test("their parts come in their order") func order() async throws {
        let transport = PathTransport([
            "/a": [.head(200), .bytes("[1"), .bytes("]")], "/b": [.head(200), .bytes("2")],
            "/c": [.head(200), .bytes("{}")],
        ])
        let exchange = Self.exchange(
            [Asking(path: "/a", waitsFirst: true), Asking(path: "/b"), Asking(path: "/c")], transport)
        #expect(try await Self.read(exchange) == #"{"parts":[[1],2,{}]}"#)
    }

    @Test("one that fails ends the others and is told, whatever the provider charges", arguments: [false, true])
    func firstFailure(_ billsAbandoned: Bool) async throws {
        let transport = PathTransport(["/fails": [.head(500), .bytes("broke")], "/hangs": [.head(200), .hang]])
        let exchange = Self.exchange(
            [Asking(path: "/hangs"), Asking(path: "/fails", waitsFirst: true)], transport,
            billsAbandoned: billsAbandoned,
            sleep: { _ in try await until { transport["/hangs"]?.stepsTaken(0) == 2 } })
        let failure = await #expect(throws: UpstreamFailure.self) { _ = try await Self.read(exchange) }
        #expect(failure?.kind == .failed && failure?.message == "HTTP 500")
        #expect(transport["/hangs"]?.isCancelled(0) == true)
    }

    @Test("a refusal that is the client's own is told before a failure that came first") func refusal() async throws {
        let transport = PathTransport(["/fails": [.head(500)]])
        let exchange = Self.exchange(
            [Asking(path: "/fails", waitsFirst: true), Asking(path: "/refuses late")], transport,
            sleep: { _ in try await transport.lateCount.reached(1) })
        let failure = await #expect(throws: UpstreamFailure.self) { _ = try await Self.read(exchange) }
        #expect(failure?.kind == .refused && failure?.message == "HTTP 400")
    }

    @Test(
        "an answer that is larger than it may be ends its exchange",
        arguments: [
            [ScriptedTransport.Step.head(200), .bytes(String(repeating: "a", count: 101)), .hang],
            [.head(200, headers: "Content-Length: 101\r\n"), .hang],
        ])
    func bounds(_ script: [ScriptedTransport.Step]) async throws {
        let transport = PathTransport(["/a": script])
        let failure = await #expect(throws: UpstreamFailure.self) {
            _ = try await Self.read(Self.exchange([Asking(path: "/a")], transport))
        }
        #expect(failure?.kind == .broken && failure?.message.contains("100 bytes") == true)
        #expect(transport["/a"]?.isCancelled(0) == true)
    }

    @Test("the reader's end is theirs, and where the provider charges all the same only an end that is said")
    func cancelled() async throws {
        for billsAbandoned in [false, true] {
            let transport = PathTransport(["/a": [.head(200), .hang]])
            let exchange = Self.exchange([Asking(path: "/a")], transport, billsAbandoned: billsAbandoned)
            let reading = Task { try await Self.read(exchange) }
            try await until { transport["/a"]?.stepsTaken(0) == 2 }
            reading.cancel()
            if billsAbandoned {
                #expect(transport["/a"]?.isCancelled(0) == false)
                exchange.cancel()
            }
            let failure = await #expect(throws: UpstreamFailure.self) { _ = try await reading.value }
            #expect(failure?.kind == .cancelled && transport["/a"]?.isCancelled(0) == true)
        }
    }
}
