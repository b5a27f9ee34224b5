import Synchronization

/// Does what one or more ``UpstreamTask``s say, all at the same time, and gives their parts as one answer:
/// `{"parts":[…]}` in their order.
///
/// If one fails, all have: nothing is charged for a part of an answer. A failure that is the client's own comes before
/// those of the vendor.
final class TaskExchange: Exchange {
    private let tasks: [any UpstreamTask]
    private let keyHeaders: [UpstreamRequest.Header]
    private let provider: Provider
    private let timeouts: Timeouts
    private let transport: any Transport
    private let media: (any MediaFetcher)?
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state = Mutex(State())

    private struct State {
        var hasBegun = false
        var rest: [ExchangeEvent] = []
        var failure: UpstreamFailure?
        var running: Task<Void, Never>?
        var isCancelled = false
    }

    /// How one task ended.
    private enum End: Sendable {
        case done([UInt8])
        case refused(UpstreamHead, body: [UInt8])
        case failed(UpstreamFailure)
    }

    /// All of a task, its waits included: longer none is waited for.
    private static let timeMax = Duration.seconds(120)
    /// Bytes of one answer about a task.
    private static let answerBytesMax = 1 << 20

    /// - Parameters:
    ///   - keyHeaders: show the provider's key.
    ///   - sleep: waits; a test's does not.
    init(
        _ tasks: [any UpstreamTask], keyHeaders: [UpstreamRequest.Header], provider: Provider, timeouts: Timeouts,
        transport: any Transport, media: (any MediaFetcher)?,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.tasks = tasks
        self.keyHeaders = keyHeaders
        self.provider = provider
        var timeouts = timeouts
        timeouts.total = min(timeouts.total, Self.timeMax)
        timeouts.firstByte = min(timeouts.firstByte, timeouts.total)
        timeouts.idle = min(timeouts.idle, timeouts.total)
        self.timeouts = timeouts
        self.transport = transport
        self.media = media
        self.sleep = sleep
    }

    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        let running = state.withLock { state in
            if !state.hasBegun {
                state.hasBegun = true
                if !state.isCancelled { state.running = Task { await self.run() } }
            }
            return state.running
        }
        await withTaskCancellationHandler {
            await running?.value
        } onCancel: {
            cancel()
        }
        let (event, failure) = state.withLock { state in
            (state.rest.isEmpty ? nil : state.rest.removeFirst(), state.isCancelled ? Self.cancelled : state.failure)
        }
        if let failure { throw failure }
        return event
    }

    func cancel() {
        let running = state.withLock { state in
            state.isCancelled = true
            return state.running
        }
        running?.cancel()
    }

    private static let cancelled = UpstreamFailure(.cancelled, "The request to the provider was cancelled.")

    // MARK: All tasks

    private func run() async {
        let ends = await withTaskGroup(of: (Int, End).self) { group in
            for (index, task) in tasks.enumerated() {
                group.addTask { (index, await self.end(of: task)) }
            }
            var ends: [(Int, End)] = []
            for await end in group { ends.append(end) }
            return ends.sorted { $0.0 < $1.0 }.map(\.1)
        }
        state.withLock { state in
            var parts: [[UInt8]] = []
            for end in ends {
                switch end {
                case .done(let part): parts.append(part)
                case .refused(let head, let body):
                    if state.rest.isEmpty { state.rest = [.head(head), .bytes(body)] }
                case .failed(let failure):
                    let isClients = failure.kind == .refused && state.failure?.kind != .refused
                    if state.failure == nil || isClients { state.failure = failure }
                }
            }
            guard parts.count == ends.count else { return }
            let body = Array("{\"parts\":[".utf8) + parts.joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
            state.rest = [.head(UpstreamHead(status: 200)), .bytes(body)]
        }
    }

    // MARK: One task

    private func end(of task: any UpstreamTask) async -> End {
        var task = task
        let start = ContinuousClock.now
        var outcome: TaskOutcome?
        do throws(UpstreamFailure) {
            while true {
                let step = try task.next(after: outcome)
                let left = timeouts.total - start.duration(to: .now)
                guard left > .zero else {
                    throw UpstreamFailure(
                        .timedOut, "The provider did not finish in \(timeouts.total / .seconds(1)) s.")
                }
                switch step {
                case .send(let request, let origin): outcome = try await send(request, to: origin, within: left)
                case .wait(let duration):
                    do { try await sleep(min(duration, left)) } catch { throw Self.cancelled }
                    outcome = .waited
                case .fetch(let url, let types): outcome = .fetched(try await fetch(url, types, within: left))
                case .refused(let head, let body): return .refused(head, body: body)
                case .done(let part): return .done(part)
                }
            }
        } catch {
            return .failed(error)
        }
    }

    private func send(
        _ request: UpstreamRequest, to origin: String?, within time: Duration
    ) async throws(UpstreamFailure) -> TaskOutcome {
        var request = request
        request.headers += keyHeaders
        var place = provider
        if let origin {
            place.baseURL = origin
            place.slug += " at " + origin
        }
        var timeouts = timeouts
        timeouts.total = time
        let exchange = transport.open(request, to: place, timeouts: timeouts)
        var head: UpstreamHead?
        var body: [UInt8] = []
        do throws(UpstreamFailure) {
            while let event = try await exchange.next() {
                switch event {
                case .head(let one): head = one
                case .bytes(let bytes):
                    body += bytes
                    guard body.count <= Self.answerBytesMax else {
                        exchange.cancel()
                        throw UpstreamFailure(.broken, "The provider's answer about a task is too large.")
                    }
                case .silence: break
                }
            }
        } catch {
            if error.kind == .cancelled { throw error }
            return .lost(error)
        }
        guard let head else { return .lost(UpstreamFailure(.broken, "The provider's answer ended early.")) }
        return .answer(head, body: body)
    }

    /// What goes wrong with an address that the vendor named is the vendor's fault.
    private func fetch(
        _ url: String, _ types: Set<MediaType>, within time: Duration
    ) async throws(UpstreamFailure) -> FetchedMedia {
        guard let media else { throw UpstreamFailure(.failed, "What the provider made cannot be fetched here.") }
        do throws(UpstreamFailure) {
            return try await media.fetch(MediaAddress(resultAt: url, types: types), within: time)
        } catch {
            if error.kind == .cancelled { throw error }
            throw UpstreamFailure(.broken, "What the provider made could not be fetched. \(error.message)")
        }
    }
}
