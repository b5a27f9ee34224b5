import Synchronization

/// Does what one or more ``UpstreamTask``s say, all at the same time, and gives their parts as one answer:
/// `{"parts":[…]}` in their order.
///
/// If one fails, all have, and those that still run are ended: nothing is charged for a part of an answer. Of several
/// failures one that is the client's own is told, otherwise the first.
final class TaskExchange: Exchange {
    private let tasks: [any UpstreamTask]
    private let keyHeaders: [UpstreamRequest.Header]
    private let provider: Provider
    private let timeouts: Timeouts
    private let transport: any Transport
    private let results: ResultFetch
    private let sleep: @Sendable (Duration) async throws -> Void
    private let refusal: @Sendable (_ head: UpstreamHead, _ body: [UInt8]) -> UpstreamFailure
    private let state = Mutex(State())

    private struct State {
        var hasBegun = false
        var rest: [ExchangeEvent] = []
        var failure: UpstreamFailure?
        var running: Task<Void, Never>?
        var isCancelled = false
        /// Something was sent, or may have been.
        var wasAsked = false

        var cancelled: UpstreamFailure {
            var failure = TaskExchange.cancelled
            failure.wasAsked = wasAsked
            return failure
        }
    }

    /// How one task ended.
    private enum End: Sendable {
        case done([UInt8])
        case failed(UpstreamFailure)
    }

    /// - Parameters:
    ///   - keyHeaders: show the provider's key.
    ///   - sleep: waits; a test's does not.
    ///   - refusal: reads why the vendor refused.
    init(
        _ tasks: [any UpstreamTask], keyHeaders: [UpstreamRequest.Header], provider: Provider, timeouts: Timeouts,
        transport: any Transport, media: (any MediaFetcher)?,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        refusal: @escaping @Sendable (_ head: UpstreamHead, _ body: [UInt8]) -> UpstreamFailure
    ) {
        self.tasks = tasks
        self.keyHeaders = keyHeaders
        self.provider = provider
        let timeouts = timeouts.within(timeouts.task)
        self.timeouts = timeouts
        self.transport = transport
        results = ResultFetch(provider: provider, timeouts: timeouts, transport: transport, media: media)
        self.sleep = sleep
        self.refusal = refusal
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
            if !provider.billsAbandoned { cancel() }
        }
        let (event, failure) = state.withLock { state in
            (state.rest.isEmpty ? nil : state.rest.removeFirst(), state.isCancelled ? state.cancelled : state.failure)
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
        var (parts, failure) = await withTaskGroup(of: (index: Int, end: End).self) { group in
            for (index, task) in tasks.enumerated() {
                group.addTask { (index, await self.end(of: task)) }
            }
            var parts = [[UInt8]](repeating: [], count: tasks.count)
            var told: UpstreamFailure?
            for await (index, end) in group {
                switch end {
                case .done(let part): parts[index] = part
                case .failed(let failure):
                    group.cancelAll()
                    if told.map({ Self.rank(failure) < Self.rank($0) }) ?? true { told = failure }
                }
            }
            return (parts, told)
        }
        let body = failure == nil ? Self.joined(&parts) : []
        state.withLock { state in
            state.failure = failure
            if state.wasAsked { state.failure?.wasAsked = true }
            if failure == nil { state.rest = [.head(UpstreamHead(status: 200)), .bytes(body)] }
        }
    }

    /// Which of several failures is told: the lowest. What was only ended because another failed says nothing.
    private static func rank(_ failure: UpstreamFailure) -> Int {
        switch failure.kind {
        case .refused: 0
        case .cancelled: 2
        default: 1
        }
    }

    /// Takes each part away as soon as it is copied, so that long ones are not there twice.
    private static func joined(_ parts: inout [[UInt8]]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(parts.reduce(12 + parts.count) { $0 + $1.count })
        body += "{\"parts\":[".utf8
        for index in parts.indices {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += parts[index]
            parts[index] = []
        }
        body += "]}".utf8
        return body
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
                case .refused(let head, let body): throw refusal(head, body)
                case .done(let part): return .done(part)
                case _ where Task.isCancelled: throw Self.cancelled
                case .send(let request, let origin, let bytesMax):
                    outcome = try await send(request, to: origin, bytesMax: bytesMax, within: left)
                case .wait(let duration):
                    do { try await sleep(min(duration, left)) } catch { throw Self.cancelled }
                    outcome = .waited
                case .fetch(let address): outcome = .fetched(try await results.fetch(address, within: left))
                }
            }
        } catch {
            return .failed(error)
        }
    }

    private func send(
        _ request: UpstreamRequest, to origin: String?, bytesMax: Int, within time: Duration
    ) async throws(UpstreamFailure) -> TaskOutcome {
        var request = request
        request.headers += keyHeaders
        var place = provider
        if let origin { place.baseURL = origin }
        var timeouts = timeouts
        timeouts.total = time
        let answer: (head: UpstreamHead, body: [UInt8]?)
        do throws(UpstreamFailure) {
            answer = try await transport.open(request, to: place, timeouts: timeouts).collect(bytesMax: bytesMax)
            state.withLock { $0.wasAsked = true }
        } catch {
            if error.wasAsked { state.withLock { $0.wasAsked = true } }
            if error.kind == .cancelled { throw error }
            return .lost(error)
        }
        guard let body = answer.body else {
            throw UpstreamFailure(.broken, "The provider's answer about a task has more than \(bytesMax) bytes.")
        }
        return .answer(answer.head, body: body)
    }
}
