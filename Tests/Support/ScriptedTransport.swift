public import RouterCore
import Synchronization

/// The one fake vendor: plays a script for each request that is opened, in order.
public final class ScriptedTransport: Transport {
    /// What happens next in one exchange.
    public enum Step: Sendable {
        case head(Int, headers: String = "")
        case bytes(String)
        case silence
        case fail(UpstreamFailure)
        /// Nothing more, until the exchange is cancelled.
        case hang
    }

    private let scripts: Mutex<[[Step]]>
    private struct Opened {
        var request: UpstreamRequest
        var provider: String
        var timeouts: Timeouts
        var exchange: ScriptedExchange
    }

    private let state = Mutex<[Opened]>([])

    private let readsUploads: Bool

    /// - Parameters:
    ///   - scripts: one for each request; a request beyond the last finds nobody there.
    ///   - readsUploads: what is there of a request's upload is taken, as a vendor would.
    public init(_ scripts: [[Step]], readsUploads: Bool = false) {
        self.scripts = Mutex(scripts)
        self.readsUploads = readsUploads
    }

    public func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        if readsUploads { _ = request.wholeBody() }
        let script = scripts.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        let exchange = ScriptedExchange(
            script ?? [.fail(UpstreamFailure(.unreachable, "nobody there"))], endsWithTask: !provider.billsAbandoned)
        state.withLock {
            $0.append(Opened(request: request, provider: provider.slug, timeouts: timeouts, exchange: exchange))
        }
        return exchange
    }

    /// The providers that were asked, in order.
    public var providersAsked: [String] { state.withLock { $0.map(\.provider) } }
    /// What was sent, in order.
    public var requests: [UpstreamRequest] { state.withLock { $0.map(\.request) } }
    /// How long was waited for each, in order.
    public var timeouts: [Timeouts] { state.withLock { $0.map(\.timeouts) } }
    /// The bodies that were sent, in order.
    public var bodies: [String] { state.withLock { $0.map { String(decoding: $0.request.body, as: UTF8.self) } } }
    /// Whether the exchange of the request at `index` was cancelled.
    public func isCancelled(_ index: Int) -> Bool {
        state.withLock { $0.indices.contains(index) ? $0[index].exchange : nil }?.isCancelled ?? false
    }
    /// How many steps the exchange at `index` has given away.
    public func stepsTaken(_ index: Int) -> Int {
        state.withLock { $0.indices.contains(index) ? $0[index].exchange : nil }?.stepsTaken ?? 0
    }
}

final class ScriptedExchange: Exchange {
    private struct State {
        var steps: ArraySlice<ScriptedTransport.Step>
        var taken = 0
        var isCancelled = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let endsWithTask: Bool

    init(_ steps: [ScriptedTransport.Step], endsWithTask: Bool = true) {
        state = Mutex(State(steps: steps[...]))
        self.endsWithTask = endsWithTask
    }

    var isCancelled: Bool { state.withLock(\.isCancelled) }
    var stepsTaken: Int { state.withLock(\.taken) }

    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        while true {
            if isCancelled || endsWithTask && Task.isCancelled { throw UpstreamFailure(.cancelled, "cancelled") }
            let step = state.withLock { state in
                state.taken += state.steps.isEmpty ? 0 : 1
                return state.steps.popFirst()
            }
            switch step {
            case .head(let status, let headers)?:
                return .head(UpstreamHead(status: status, lines: Array(headers.utf8)))
            case .bytes(let text)?: return .bytes(Array(text.utf8))
            case .silence?: return .silence
            case .fail(let failure)?: throw failure
            case .hang?: await wait()
            case nil: return nil
            }
        }
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.waiting?.resume()
            state.waiting = nil
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if state.isCancelled { continuation.resume() } else { state.waiting = continuation }
                }
            }
        } onCancel: {
            if endsWithTask { cancel() }
        }
    }
}

/// A vendor that answers nothing and takes its time about it, on a test's clock.
public final class SlowTransport: Transport {
    private let clock: ManualClock
    private let takes: Duration
    private let state = Mutex<[Duration]>([])

    public init(clock: ManualClock, takes: Duration) {
        self.clock = clock
        self.takes = takes
    }

    /// The whole time that each request was given.
    public var totals: [Duration] { state.withLock { $0 } }

    public func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        state.withLock { $0.append(timeouts.total) }
        clock.advance(by: takes)
        return ScriptedExchange([.fail(UpstreamFailure(.timedOut, "slow"))])
    }
}
