import NIOCore
import NIOHTTP1
import RouterCore

/// Answers the inference routes on the event loop, and lets everything else through to Hummingbird.
///
/// Belongs to one connection and its event loop; every member is touched on that loop's thread only. What to do is
/// decided by ``FrontState``. Requests come from ``PlainReader``, or in parts from NIO's codec.
final class FrontHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let routes: InferenceRoutes
    let limits: FrontLimits
    private let executor: EventLoopExecutor
    private let inFlight: InFlight
    /// Puts Hummingbird's handlers behind this one; called before the first request that is not ours.
    private let handOver: (any Channel) throws -> Void
    private var isHandedOver = false

    private var state = FrontState()
    private var head: FrontHead?
    private var path = InferencePath.chat
    /// Of the body of the request that is coming in; `nil` when it comes in chunks.
    private var bodyLength: Int?
    private var body: [UInt8] = []
    private var response: FrontResponseStream?
    /// A body that comes in while it is answered.
    private var intake: UploadIntake?
    /// Nothing more is read until who answers has room.
    private(set) var pausesReading = false
    private var task: Task<Void, Never>?
    private var watch: FrontWatch
    /// Told when the answer to a plain request has gone out, when more may be read, and of an upload's begin and end.
    weak var reader: PlainReader?

    init(
        routes: InferenceRoutes, limits: FrontLimits, loop: any EventLoop, inFlight: InFlight,
        handOver: @escaping (any Channel) throws -> Void
    ) {
        self.routes = routes
        self.limits = limits
        executor = EventLoopExecutor(loop)
        watch = FrontWatch(on: loop)
        self.inFlight = inFlight
        self.handOver = handOver
    }

    // MARK: What comes in

    func channelActive(context: ChannelHandlerContext) {
        watch.start(.request, limits: limits)
        scheduleWatch(context: context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.method == .POST, let path = InferencePath(RequestPath.normal(head.uri)) {
                begin(.parsed(head), at: path, context: context)
            } else {
                pass(head, context: context)
            }
        case .body(let bytes): if take(bytes, context: context) == .pass { context.fireChannelRead(data) }
        case .end: if end(context: context) == .pass { context.fireChannelRead(data) }
        }
    }

    /// What bytes that come in now are.
    enum Wish: Hashable {
        case head
        /// At least one byte of a body is missing.
        case body(missing: Int)
        /// They wait until the answer has gone out.
        case nothingYet
        /// They are thrown away: the connection ends.
        case nothing
    }

    var wants: Wish {
        if state.isIdle { return .head }
        if let bodyLength, let received = state.receivedCount { return .body(missing: bodyLength - received) }
        return state.isRefusing ? .nothing : .nothingYet
    }

    /// A request of ours begins.
    func begin(_ head: FrontHead, at path: InferencePath, context: ChannelHandlerContext) {
        bodyLength = head.contentLength
        let isForm = path.takesForms && FormIntake.isForm(head.field("content-type"))
        let bytesMax =
            isForm ? limits.formBytesMax : path.takesForms ? limits.soundBodyBytesMax : limits.bodyBytesMax
        let action = state.head(
            isOurs: true, contentLength: bodyLength, bodyBytesMax: bytesMax,
            expectsContinue: head.expectsContinue, isKeepAlive: head.isKeepAlive, isStreamed: path.takesForms)
        switch action {
        case .stream(let sendContinue):
            self.head = head
            self.path = path
            if sendContinue { writeContinue(context: context) }
            startUpload(head, isForm: isForm, context: context)
        case .collect(let sendContinue):
            self.head = head
            self.path = path
            body = []
            watch.start(.body, limits: limits)
            if sendContinue { writeContinue(context: context) }
        case .refuseTooLarge:
            self.head = head
            self.path = path
            answer(fault: Self.tooLarge(bytesMax), context: context)
        case .pass, .ignore:
            break
        }
    }

    /// Answers a request while its body comes in.
    private func startUpload(_ head: FrontHead, isForm: Bool, context: ChannelHandlerContext) {
        let intake =
            isForm
            ? FormIntake(
                contentType: head.field("content-type") ?? "", contentLength: bodyLength,
                spoolDirectory: limits.spoolDirectory, loop: context.eventLoop)
            : InputAudioIntake(spoolDirectory: limits.spoolDirectory, loop: context.eventLoop)
        intake.onRoom = { [weak self] in self?.goOnReading() }
        self.intake = intake
        reader?.uploadBegins()
        answer(fault: nil, context: context)
        watch.start(.body, limits: limits)
    }

    /// Who answers has room again.
    private func goOnReading() {
        guard pausesReading else { return }
        pausesReading = false
        if state.isStreaming { watch.start(.body, limits: limits) }
        reader?.resumeReading()
    }

    private func pass(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        let action = state.head(
            isOurs: false, contentLength: nil, expectsContinue: false, isKeepAlive: head.isKeepAlive)
        guard action == .pass else { return }
        watch.stop()
        var head = head
        head.uri = RequestPath.normal(head.uri) + RequestPath.query(head.uri)
        do {
            if !isHandedOver {
                try handOver(context.channel)
                isHandedOver = true
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        } catch {
            context.close(promise: nil)
        }
    }

    /// A part of a body.
    @discardableResult
    func take(_ bytes: ByteBuffer, context: ChannelHandlerContext) -> FrontState.BodyAction {
        let action = state.body(count: bytes.readableBytes)
        switch action {
        case .append:
            if body.isEmpty, let bodyLength { body.reserveCapacity(min(bodyLength, state.bodyBytesMax)) }
            bytes.withUnsafeReadableBytes { body.append(contentsOf: $0) }
            watch.received(bytes.readableBytes)
        case .refuseTooLarge:
            answer(fault: Self.tooLarge(state.bodyBytesMax), context: context)
        case .feed:
            watch.received(bytes.readableBytes)
            if intake?.feed(bytes) == false {
                pausesReading = true
                watch.stop()
            }
        case .feedTooLarge: intake?.fail(Self.tooLarge(state.bodyBytesMax))
        case .pass, .ignore:
            break
        }
        return action
    }

    /// A request is whole.
    @discardableResult
    func end(context: ChannelHandlerContext) -> FrontState.EndAction {
        let action = state.end()
        switch action {
        case .answer: answer(fault: nil, context: context)
        case .finishFeed:
            watch.stop()
            if let response, response.hasBegun {
                state.closeAfterResponse()
            } else {
                response?.isLast = state.isLastResponse
            }
            intake?.finish()
        case .pass: watch.start(.request, limits: limits)
        case .ignore: break
        }
        return action
    }

    // MARK: The answer

    private func answer(fault: APIError?, context: ChannelHandlerContext) {
        guard let head else { return }
        watch.stop()
        let request = FrontRequest(header: { head.field($0) }, body: body, fault: fault, intake: intake, path: path)
        let response = startResponse(to: head, context: context)
        self.head = nil
        body = []
        // Ends with the response; cancelled when the client leaves, which ends the response too. The server waits for it.
        inFlight.begin()
        task = Task(executorPreference: executor) { [routes, inFlight] in
            await routes.respond(to: request, through: response)
            inFlight.end()
        }
    }

    /// - Parameter head: `nil` when there is none that could be read.
    private func startResponse(to head: FrontHead?, context: ChannelHandlerContext) -> FrontResponseStream {
        let response = FrontResponseStream(
            context: context, version: head?.version ?? .http1_1, isPlain: head?.isPlain ?? false,
            isLast: state.isLastResponse, ended: { [self] response in responseEnded(response, context: context) })
        self.response = response
        return response
    }

    /// Writes the end of our response. The next request may come in before the write returns.
    private func responseEnded(_ ended: FrontResponseStream, context: ChannelHandlerContext) {
        response = nil
        task = nil
        endUpload()
        let next = state.responseEnded()
        watch.start(.request, limits: limits)
        ended.writeEnd()
        switch next {
        case .close: closeAfterFlush(context: context)
        case .waitForRequest: if ended.isPlain { reader?.proceed(context: context) }
        }
    }

    private func endUpload() {
        guard let intake else { return }
        self.intake = nil
        intake.close()
        reader?.uploadEnded()
    }

    /// Lets a client that is still sending take the answer before its connection is reset.
    private func closeAfterFlush(context: ChannelHandlerContext) {
        watch.start(.lastBytes, limits: limits)
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenComplete { [self] _ in watch.start(.closing, limits: limits) }
        guard let reader else { return closed.fail(ChannelError.ioOnClosedChannel) }
        reader.closeOutput(promise: closed)
    }

    private func writeContinue(context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    // MARK: Ends

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        switch state.inputClosed() {
        case .probe:
            // A client that is gone answers whatever it gets with a reset; one that only stopped sending ignores this.
            if let response { response.probe() } else { context.close(promise: nil) }
        case .close: closeAfterFlush(context: context)
        case .wait: break
        case .pass:
            if isHandedOver {
                context.fireUserInboundEventTriggered(event)
            } else {
                closeAfterFlush(context: context)
            }
        }
    }

    /// The client stops sending, and what it has sent is not taken yet: finds out whether it is still there.
    /// An answer that has begun finds that out by what it writes.
    func probe() {
        if let response, !response.hasBegun { response.probe() }
    }

    /// What the client has sent cannot be had any more.
    func inputIsLost(context: ChannelHandlerContext) {
        if state.isStreaming, let intake {
            intake.fail(.fileNotKept)
        } else if state.isAnswering {
            state.closeAfterResponse()  // It is the answer to what was had before.
        } else {
            closeAfterFlush(context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch.end()
        task?.cancel()
        response?.clientLeft()
        intake?.clientLeft()
        intake = nil
        reader?.uploadEnded()
        // The answering task keeps it as long as it needs it. Held here it would keep, by its context, the connection.
        response = nil
        task = nil
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        response?.writabilityChanged(isWritable: isWritable)
        // Who takes more of what Hummingbird answers is not idle.
        if isHandedOver, isWritable, state.isIdle { watch.start(.request, limits: limits) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !state.isAnswering || state.isStreaming else {
            context.close(promise: nil)
            return
        }
        let fault =
            switch error {
            case .headerOverflow:
                APIError(
                    .headersTooLarge,
                    "The request's header fields are too long: at most 16 KiB each and 32 KiB together.")
            default: APIError(.invalidRequest, "This is not a valid HTTP/1.1 request.")
            }
        guard state.isStreaming else { return refuse(fault, context: context) }
        if let intake, let response, !response.hasBegun { intake.fail(fault) } else { context.close(promise: nil) }
    }

    /// Answers what cannot become a request, and closes.
    private func refuse(_ fault: APIError, context: ChannelHandlerContext) {
        state.refuse()
        let response = startResponse(to: head, context: context)
        let requestID = "req-\(routes.ambient.letters(20))"
        let answer = ErrorResponse(fault, headers: ResponseHeaders(requestID: requestID, origin: nil))
        response.writeHead(status: answer.status, headers: answer.headers, contentLength: answer.body.count)
        response.writeNow(answer.body)
        response.end()
    }

    private static let tooSlow = APIError(
        .requestTimeout, "The request's body came too slowly: send at least 1 KiB a second.")

    private static func tooLarge(_ bytesMax: Int) -> APIError {
        APIError(.payloadTooLarge, "The body is too large: at most \(bytesMax / 1_048_576) MiB are taken.")
    }

    // MARK: Time

    private func scheduleWatch(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        watch.timer = context.eventLoop.scheduleTask(in: TimeAmount(limits.watchPeriod)) {
            let (handler, context) = loopBound.value
            handler.look(context: context)
        }
    }

    private func look(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        if let response, response.isStalled(for: limits.clientStall) {
            return context.close(promise: nil)
        }
        switch watch.expired(now: context.eventLoop.now) {
        case .request?, .lastBytes?, .closing?: return context.close(promise: nil)
        case .body? where state.isCollecting:
            refuse(Self.tooSlow, context: context)
        case .body? where state.isStreaming:
            watch.stop()
            intake?.fail(Self.tooSlow)
        case .body?, nil: break
        }
        scheduleWatch(context: context)
    }
}
