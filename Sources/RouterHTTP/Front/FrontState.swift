/// What one connection is at: a request that is ours, one that Hummingbird answers, or none. Says what to do; does
/// nothing itself.
///
/// What stands in front, ``PlainReader`` or NIO's pipelining handler, lets the next request in only when the response
/// before it has ended.
struct FrontState: Sendable, Hashable {
    private enum Phase: Hashable {
        /// Between requests.
        case idle
        /// The body of a request of ours comes in.
        case collecting(received: Int)
        /// A request of ours is being answered while its body comes in.
        case streaming(received: Int)
        /// A request of ours is whole and is being answered.
        case answering
        /// A request of ours is being answered although its body is not whole: what comes is thrown away.
        case refusing
        /// Hummingbird has the request.
        case passing
        case closed
    }

    private var phase = Phase.idle
    /// The connection ends with the response that is under way.
    private var closesAfterResponse = false
    /// The client will send nothing more.
    private var inputIsClosed = false

    /// The most that the body of the request that is coming in may have.
    private(set) var bodyBytesMax = 0

    enum HeadAction: Hashable {
        /// Wait for the body; `sendContinue`: the client waits for a 100 first.
        case collect(sendContinue: Bool)
        /// Answer now, from the body as it comes.
        case stream(sendContinue: Bool)
        case pass
        /// Answer now: the body is announced to be too large.
        case refuseTooLarge
        case ignore
    }

    /// A request begins.
    ///
    /// - Parameters:
    ///   - bodyBytesMax: the most that its body may have.
    ///   - isStreamed: its body is read while it comes in.
    mutating func head(
        isOurs: Bool, contentLength: Int?, bodyBytesMax: Int = 0, expectsContinue: Bool, isKeepAlive: Bool,
        isStreamed: Bool = false
    ) -> HeadAction {
        guard phase == .idle else { return .ignore }
        closesAfterResponse = !isKeepAlive
        self.bodyBytesMax = bodyBytesMax
        guard isOurs else {
            phase = .passing
            return .pass
        }
        if let contentLength, contentLength > bodyBytesMax {
            phase = .refusing
            closesAfterResponse = true
            return .refuseTooLarge
        }
        if isStreamed {
            phase = .streaming(received: 0)
            return .stream(sendContinue: expectsContinue)
        }
        phase = .collecting(received: 0)
        return .collect(sendContinue: expectsContinue)
    }

    enum BodyAction: Hashable {
        case append, pass, refuseTooLarge, ignore
        /// To who answers.
        case feed
        /// It has no end: who answers is to say so.
        case feedTooLarge
    }

    /// Bytes of the body came.
    mutating func body(count: Int) -> BodyAction {
        switch phase {
        case .collecting(let received) where received + count > bodyBytesMax:
            phase = .refusing
            closesAfterResponse = true
            return .refuseTooLarge
        case .collecting(let received):
            phase = .collecting(received: received + count)
            return .append
        case .streaming(let received):
            guard received + count <= bodyBytesMax else {
                phase = .refusing
                closesAfterResponse = true
                return .feedTooLarge
            }
            phase = .streaming(received: received + count)
            return .feed
        case .passing, .idle: return .pass
        case .answering, .refusing, .closed: return .ignore
        }
    }

    enum EndAction: Hashable {
        case answer, pass, ignore
        /// Who answers has all of the body.
        case finishFeed
    }

    /// The request is whole.
    mutating func end() -> EndAction {
        switch phase {
        case .collecting:
            phase = .answering
            return .answer
        case .streaming:
            phase = .answering
            return .finishFeed
        case .passing:
            phase = .idle
            return .pass
        case .idle, .answering, .refusing, .closed: return .ignore
        }
    }

    /// The request that is coming in is refused before it is whole: it took too long.
    mutating func refuse() {
        phase = .refusing
        closesAfterResponse = true
    }

    /// The client was told that the connection ends with this response.
    mutating func closeAfterResponse() { closesAfterResponse = true }

    enum NextAction: Hashable { case waitForRequest, close }

    /// Our response has ended.
    mutating func responseEnded() -> NextAction {
        guard !closesAfterResponse, !inputIsClosed, phase == .answering else {
            phase = .closed
            return .close
        }
        phase = .idle
        return .waitForRequest
    }

    enum InputClosedAction: Hashable {
        /// Find out whether the client is gone or only done with sending: write something that a client ignores.
        case probe
        /// The request can never become whole: end once the client has taken what was written before.
        case close
        /// The connection ends anyway, with an answer that is under way.
        case wait
        /// Hummingbird's to handle.
        case pass
    }

    /// The client sends nothing more.
    mutating func inputClosed() -> InputClosedAction {
        inputIsClosed = true
        switch phase {
        case .answering: return .probe
        case .collecting, .streaming: return .close
        case .refusing, .closed: return .wait
        case .idle, .passing: return .pass
        }
    }

    /// Bytes of the body of a request of ours that came; `nil` when none is coming in.
    var receivedCount: Int? {
        switch phase {
        case .collecting(let received), .streaming(let received): received
        case .idle, .answering, .refusing, .passing, .closed: nil
        }
    }

    /// Whether a request of ours is coming in, so that it may be told that it takes too long.
    var isCollecting: Bool {
        if case .collecting = phase { true } else { false }
    }

    /// Whether a request of ours is answered while it comes in.
    var isStreaming: Bool {
        if case .streaming = phase { true } else { false }
    }

    /// Whether a response of ours is under way.
    var isAnswering: Bool { phase == .answering || phase == .refusing || isStreaming }

    /// Whether what comes in is thrown away: no request will be read any more.
    var isRefusing: Bool { phase == .refusing || phase == .closed }

    /// Whether nothing is under way.
    var isIdle: Bool { phase == .idle }

    /// Whether the response that is under way is the last one: so is one that begins before the request is whole.
    var isLastResponse: Bool { closesAfterResponse || inputIsClosed || isStreaming }
}
