public import RouterCore
import Synchronization

/// Simulated vendors without a socket: bytes are cut anywhere, faults come by chance, and time does not pass.
///
/// The vendor is the provider's slug up to its first dash: `anthropic-2` speaks as Anthropic.
public final class SimulatedTransport: Transport {
    private let state: Mutex<SeededGenerator>
    private let fault: @Sendable (_ provider: String, _ chance: UInt64) -> SimulatedFault?

    /// - Parameters:
    ///   - seed: decides where bytes are cut.
    ///   - fault: what goes wrong with a request.
    public init(seed: UInt64, fault: @escaping @Sendable (_ provider: String, _ chance: UInt64) -> SimulatedFault?) {
        state = Mutex(SeededGenerator(seed: seed))
        self.fault = fault
    }

    public func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        let name = provider.slug.prefix { $0 != "-" }
        guard let vendor = SimulatedVendor(rawValue: String(name)) else { return SimulatedExchange([.reset], cuts: 0) }
        let (chance, cuts) = state.withLock { ($0.next(), $0.next()) }
        let response = vendor.answer(
            to: request.path, header: { name in request.headers.first { $0.name == name }?.value }, body: request.body)
        let steps =
            response.status == 200
            ? fault(provider.slug, chance)?.play(response, of: vendor) ?? SimulatedStep.all(of: response)
            : SimulatedStep.all(of: response)
        return SimulatedExchange(steps, cuts: cuts)
    }
}

/// Plays steps; a hang ends as a time limit would end it.
final class SimulatedExchange: Exchange {
    private struct State {
        var events: [Result<ExchangeEvent, UpstreamFailure>]
        var isCancelled = false
    }

    private let state: Mutex<State>

    /// - Parameter cuts: seed of the places where bytes are cut; 0 cuts nowhere.
    init(_ steps: [SimulatedStep], cuts: UInt64) {
        var events: [Result<ExchangeEvent, UpstreamFailure>] = []
        var body: [UInt8] = []
        var generator = SeededGenerator(seed: cuts)
        func flush() {
            var rest = body[...]
            while !rest.isEmpty {
                let count = cuts == 0 ? rest.count : Int.random(in: 1...max(1, min(rest.count, 200)), using: &generator)
                events.append(.success(.bytes(Array(rest.prefix(count)))))
                rest = rest.dropFirst(count)
            }
            body = []
        }
        var hasHead = false
        for step in steps {
            switch step {
            case .head(let status, let type, let headers):
                let lines = headers.merging(["content-type": type], uniquingKeysWith: { own, _ in own })
                    .map { "\($0.key): \($0.value)\r\n" }.joined()
                events.append(.success(.head(UpstreamHead(status: status, lines: Array(lines.utf8)))))
                hasHead = true
            case .bytes(let bytes): body += bytes
            case .end: flush()
            case .reset:
                flush()
                events.append(.failure(UpstreamFailure(hasHead ? .broken : .unreachable, "The connection was reset.")))
            case .hang:
                flush()
                events.append(.failure(UpstreamFailure(.timedOut, "Nothing came for a while.")))
            }
        }
        state = Mutex(State(events: events.reversed()))
    }

    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        let event = state.withLock { state in
            state.isCancelled
                ? .failure(UpstreamFailure(.cancelled, "cancelled"))
                : state.events.popLast()
        }
        return try event?.get()
    }

    func cancel() { state.withLock { $0.isCancelled = true } }
}
