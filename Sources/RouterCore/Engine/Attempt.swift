/// One try at one endpoint: an answer that is pulled as it comes in.
struct Attempt: Sendable {
    private var call: Call
    let endpoint: Endpoint
    private let engine: Engine
    /// When the time for the request is over.
    private let deadline: ContinuousClock.Instant
    private let exchange: any Exchange
    private var decoder: (any AnswerDecoder)?
    /// Events that were read before the attempt committed.
    private var early: [ChatEvent] = []
    /// What ends the attempt once ``early`` is handed out.
    private var failure: UpstreamFailure?
    private var hasEnded = false
    /// How the answer to an ``Operation`` goes out: as its first piece says, or as it was meant to before anything came.
    private(set) var form: AnswerForm

    /// The most that is read of an error's body.
    private static let errorBytesMax = 64 * 1024

    /// Sends the request and reads until the attempt commits: to content, or to silence that lasted too long.
    ///
    /// - Parameters:
    ///   - call: the request as the endpoint's vendor takes it.
    ///   - elapsed: since the request came in: the time for all of its tries together is what is left of it.
    init(
        _ call: Call, at endpoint: Endpoint, engine: Engine, elapsed: Duration
    ) async throws(UpstreamFailure) {
        var upstream = call.upstream
        upstream.isPassedOn = call.isStreamed && !call.hasLargePieces
        self.call = call
        self.call.upstream.body = []  // It is the exchange's now.
        self.call.upstream.upload = nil
        self.endpoint = endpoint
        self.engine = engine
        form = call.form
        do throws(UpstreamFailure) {
            try await engine.authorizer.authorize(&upstream, for: endpoint.provider)
        } catch {
            var failure = error
            failure.wasAsked = false
            throw failure
        }
        var timeouts = engine.limits.timeouts
        timeouts.total -= elapsed
        guard timeouts.total > .zero else {
            var failure = UpstreamFailure(
                .timedOut, "The time for this request ran out before this provider could be asked.")
            failure.wasAsked = false
            throw failure
        }
        deadline = engine.ambient.now() + timeouts.total
        if !call.isStreamed || call.takesItsTime {  // A whole answer begins when it is done.
            timeouts.firstByte = timeouts.total
            timeouts.idle = timeouts.total
        } else if upstream.upload != nil {  // A long file takes long to listen to.
            timeouts.firstByte = timeouts.total
        }
        exchange =
            call.tasks.isEmpty
            ? engine.transport.open(upstream, to: endpoint.provider, timeouts: timeouts)
            : TaskExchange(
                call.tasks, keyHeaders: Array(upstream.headers.dropFirst(call.upstream.headers.count)),
                provider: endpoint.provider, timeouts: timeouts, transport: engine.transport, media: engine.media,
                sleep: engine.sleep, refusal: call.failure)
        do throws(UpstreamFailure) {
            try await commit(patience: engine.limits.patience)
        } catch {
            var failure = error
            if let key = upstream.key {
                failure.hasOtherKey = engine.authorizer.failed(failure, key: key, of: endpoint.provider)
            }
            throw failure
        }
    }

    /// Reads until the client got something it asked for, or has waited long enough.
    private mutating func commit(patience: Int) async throws(UpstreamFailure) {
        var silences = 0
        while let events = try await read() {
            early += events
            if let first = events.first(where: \.commits) {
                form = first.form(meaning: form)
                break
            }
            silences = events == [.silence] ? silences + 1 : 0
            if call.isStreamed, call.tellsSilence, silences >= patience { break }
        }
        guard failure == nil || early.contains(where: \.commits) else { throw failure ?? Self.cutOff }
    }

    /// Everything that came since the last call, never empty; `nil` once the answer is complete.
    mutating func next() async throws(UpstreamFailure) -> [ChatEvent]? {
        guard early.isEmpty else {
            defer { early = [] }
            return early
        }
        return try await read()
    }

    /// Ends the exchange with the vendor.
    func cancel() { exchange.cancel() }

    private mutating func read() async throws(UpstreamFailure) -> [ChatEvent]? {
        if let failure { throw failure }
        guard !hasEnded else { return nil }
        var events: [ChatEvent] = []
        do throws(UpstreamFailure) {
            while events.isEmpty {
                switch try await exchange.next() {
                case .silence?:
                    events = [.silence]
                case .head(let head)? where (200..<300).contains(head.status):
                    decoder = call.makeDecoder(head)
                case .head(let head)?:
                    throw try await refusal(head)
                case .bytes(let bytes)?:
                    guard decoder != nil else { throw Self.cutOff }
                    try decoder?.decode(bytes, into: &events)
                case nil:
                    hasEnded = true
                    guard decoder != nil else { throw Self.cutOff }
                    try decoder?.finish(into: &events)
                    if let missing = decoder?.missing, !missing.isEmpty {
                        let results = try await fetch(missing)
                        try decoder?.complete(with: results, into: &events)
                    }
                    return events.isEmpty ? nil : events
                }
            }
        } catch {
            exchange.cancel()
            failure = error
            if events.isEmpty { throw error }  // What was said before the failure is handed out first.
        }
        return events
    }

    /// Fetches what an answer names by its address.
    private func fetch(_ missing: [ResultAddress]) async throws(UpstreamFailure) -> [FetchedMedia] {
        let left = engine.ambient.now().duration(to: deadline)
        guard left > .zero else {
            throw UpstreamFailure(.timedOut, "The time for this request ran out before what was made could be fetched.")
        }
        let fetch = ResultFetch(
            provider: endpoint.provider, timeouts: engine.limits.timeouts, transport: engine.transport,
            media: engine.media)
        do throws(UpstreamFailure) {
            return try await fetch.fetch(missing, within: left)
        } catch {
            var failure = error
            failure.wasAsked = true  // Who made it was.
            throw failure
        }
    }

    private func refusal(_ head: UpstreamHead) async throws(UpstreamFailure) -> UpstreamFailure {
        var body: [UInt8] = []
        while body.count < Self.errorBytesMax, let event = try await exchange.next() {
            if case .bytes(let more) = event { body += more.prefix(Self.errorBytesMax - body.count) }
        }
        return call.failure(head, body)
    }

    private static var cutOff: UpstreamFailure { UpstreamFailure(.broken, "The provider's answer ended early.") }
}

extension ChatEvent {
    /// How an answer goes out that begins with this, where it was meant to go out in some form.
    fileprivate func form(meaning meant: AnswerForm) -> AnswerForm {
        switch self {
        case .bytes: .bytes
        case .content: .events
        case .completion: meant == .bytes ? .json : meant
        case .opening, .finish, .usage, .silence: meant
        }
    }
}
