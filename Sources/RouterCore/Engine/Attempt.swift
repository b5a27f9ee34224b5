/// One try at one endpoint: an answer that is pulled as it comes in.
struct Attempt: Sendable {
    private let translator: any ChatTranslator
    let request: ChatRequest
    let endpoint: Endpoint
    private let exchange: any Exchange
    private var decoder: (any AnswerDecoder)?
    /// Events that were read before the attempt committed.
    private var early: [ChatEvent] = []
    /// What ends the attempt once ``early`` is handed out.
    private var failure: UpstreamFailure?
    private var hasEnded = false

    /// The most that is read of an error's body.
    private static let errorBytesMax = 64 * 1024

    /// Sends the request and reads until the attempt commits: to content, or to silence that lasted too long.
    ///
    /// - Parameters:
    ///   - inlined: the request with bytes in the place of addresses, for a vendor that wants them; it is not kept.
    ///   - elapsed: since the request came in: the time for all of its tries together is what is left of it.
    init(
        _ request: ChatRequest, inlined: ChatRequest? = nil, at endpoint: Endpoint, engine: Engine, elapsed: Duration
    ) async throws(UpstreamFailure) {
        guard let vendor = engine.vendors[endpoint.provider.dialect] else {
            throw UpstreamFailure(.unsupported, "No translator speaks `\(endpoint.provider.dialect.rawValue)`.")
        }
        translator = vendor.chat
        self.request = request
        self.endpoint = endpoint
        var upstream = try translator.encode(inlined ?? request, for: endpoint)
        try await engine.authorizer.authorize(&upstream, for: endpoint.provider)
        var timeouts = engine.limits.timeouts
        timeouts.total -= elapsed
        guard timeouts.total > .zero else {
            throw UpstreamFailure(.timedOut, "The time for this request ran out before this provider could be asked.")
        }
        if !request.stream {  // A whole answer begins when it is done.
            timeouts.firstByte = timeouts.total
            timeouts.idle = timeouts.total
        }
        exchange = engine.transport.open(upstream, to: endpoint.provider, timeouts: timeouts)
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
            if events.contains(where: \.commits) { break }
            silences = events == [.silence] ? silences + 1 : 0
            if request.stream, silences >= patience { break }
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
                    decoder = translator.makeDecoder(for: request, from: endpoint, head: head)
                case .head(let head)?:
                    throw try await refusal(head)
                case .bytes(let bytes)?:
                    guard decoder != nil else { throw Self.cutOff }
                    try decoder?.decode(bytes, into: &events)
                case nil:
                    hasEnded = true
                    guard decoder != nil else { throw Self.cutOff }
                    try decoder?.finish(into: &events)
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

    private func refusal(_ head: UpstreamHead) async throws(UpstreamFailure) -> UpstreamFailure {
        var body: [UInt8] = []
        while body.count < Self.errorBytesMax, let event = try await exchange.next() {
            if case .bytes(let more) = event { body += more.prefix(Self.errorBytesMax - body.count) }
        }
        return translator.failure(head: head, body: body)
    }

    private static var cutOff: UpstreamFailure { UpstreamFailure(.broken, "The provider's answer ended early.") }
}
