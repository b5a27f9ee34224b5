import RouterCore
import Synchronization

/// The reader's end of an exchange; the driver's thread holds only the ``ExchangeChannel`` behind it, so that dropping
/// this one ends the exchange.
final class CurlExchange: Exchange {
    private let channel: ExchangeChannel
    private let endsWithTask: Bool

    /// - Parameter endsWithTask: whether cancelling the reading task ends it.
    init(_ channel: ExchangeChannel, endsWithTask: Bool) {
        self.channel = channel
        self.endsWithTask = endsWithTask
    }

    deinit { channel.cancel() }

    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        while true {
            switch channel.pull() {
            case .event(let event, _): return event
            case .end: return nil
            case .failure(let failure): throw failure
            case .wait where endsWithTask: await channel.suspendReader()
            case .wait: await channel.suspendSteadyReader()
            }
        }
    }

    func cancel() { channel.cancel() }
}

/// What the reading task and the driver's thread share: the state behind one lock, and the reader that waits.
final class ExchangeChannel: Sendable {
    private struct Shared {
        var state: ExchangeState
        var reader: UnsafeContinuation<Void, Never>?

        mutating func takeReader(if isWoken: Bool) -> UnsafeContinuation<Void, Never>? {
            guard isWoken else { return nil }
            defer { reader = nil }
            return reader
        }
    }

    let origin: CurlOrigin
    let limits: ExchangeLimits
    let receiving: CurlTransport.Receiving
    /// When the driver has to call ``tick(at:)`` first.
    let firstTick: Moment
    private let driver: CurlDriver
    private let shared: Mutex<Shared>

    /// Written before the channel is handed to the driver through its lock, from then on only the driver's thread reads
    /// it and empties it when it was sent.
    nonisolated(unsafe) var request: UpstreamRequest
    /// Only the driver's thread touches it: set while libcurl works for this exchange.
    nonisolated(unsafe) var transfer: CurlTransfer?

    init(
        _ request: UpstreamRequest, origin: CurlOrigin, limits: ExchangeLimits, receiving: CurlTransport.Receiving,
        state: ExchangeState, driver: CurlDriver
    ) {
        self.request = request
        self.origin = origin
        self.limits = limits
        self.receiving = receiving
        self.driver = driver
        firstTick = state.firstTick
        shared = Mutex(Shared(state: state))
    }

    // MARK: The reader's side

    func pull() -> ExchangeState.Pull {
        let pull = shared.withLock { $0.state.pull() }
        if case .event(_, resumesTransfer: true) = pull { driver.post(.resume(self)) }
        return pull
    }

    /// Returns once there may be something to pull, or the task was cancelled.
    func suspendReader() async {
        await withTaskCancellationHandler {
            await suspendSteadyReader()
        } onCancel: {
            cancel()
        }
    }

    /// Returns once there may be something to pull.
    func suspendSteadyReader() async {
        await withUnsafeContinuation { reader in
            let hasCome = shared.withLock { shared in
                guard shared.state.mayWait else { return true }
                shared.state.wait(at: .now())
                shared.reader = reader
                return false
            }
            if hasCome { reader.resume() }
        }
    }

    func cancel() {
        let (reader, stopsTransfer) = shared.withLock { shared in
            let cancellation = shared.state.cancel()
            return (shared.takeReader(if: cancellation.wakesReader), cancellation.stopsTransfer)
        }
        if stopsTransfer { driver.post(.stop(self)) }
        reader?.resume()
    }

    // MARK: The writer's side

    /// There is more of what is sent.
    func sendMore() { driver.post(.send(self)) }

    // MARK: The driver's side

    /// The request is about to go out on a connection.
    /// - Returns: whether it still is to.
    func ask() -> Bool { shared.withLock { $0.state.ask() } }

    /// Notes how far what is sent has come.
    func note(_ sending: ExchangeState.Sending) { shared.withLock { $0.state.note(sending) } }

    /// Takes in what came in one round.
    ///
    /// - Returns: the reader to be resumed, if it waited, and what becomes of the transfer.
    func deliver(
        _ arrival: ExchangeState.Arrival, sharesConnection: Bool = false
    ) -> (reader: UnsafeContinuation<Void, Never>?, delivery: ExchangeState.Delivery) {
        shared.withLock { shared in
            let delivery = shared.state.deliver(arrival, sharesConnection: sharesConnection)
            return (shared.takeReader(if: delivery.wakesReader), delivery)
        }
    }

    /// Ends an exchange that never had a transfer, or has none any more.
    func fail(_ failure: UpstreamFailure) {
        deliver(ExchangeState.Arrival(ending: .failed(failure))).reader?.resume()
    }

    /// - Returns: the reader to be resumed, if it waited, and what the driver does.
    func tick(at now: Moment) -> (reader: UnsafeContinuation<Void, Never>?, tick: ExchangeState.Tick) {
        shared.withLock { shared in
            let tick = shared.state.tick(at: now)
            switch tick {
            case .waits(_, let wakesReader), .expires(let wakesReader):
                return (shared.takeReader(if: wakesReader), tick)
            }
        }
    }
}
