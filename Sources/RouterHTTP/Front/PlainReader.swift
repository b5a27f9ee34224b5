import NIOCore

/// Stands first in the pipeline and reads plain requests itself, straight from the bytes; see ``PlainHead``.
///
/// With the first request that is not plain it lets NIO's codec in behind it, and from then on everything through: such
/// a connection is as any other. Until then a connection has no parser, no encoder and no handlers between this one and
/// ``FrontHandler``. What comes although nothing was to be read waits in a ``Leftover``. Belongs to one connection and its
/// event loop.
final class PlainReader: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let front: FrontHandler
    /// Puts NIO's codec behind this handler.
    private let addCodec: (PlainReader, any Channel) throws -> Void
    private var isPassing = false
    /// What a client sent before it had its answer. As long as there is any, nothing more is read.
    private var held: ByteBuffer?
    private var isReadHeld = false
    /// What came although nothing was to be read. Whatever comes later stands behind it.
    private var leftover: Leftover?
    private var isInputClosedHeld = false
    /// What is being taken at the moment: what NIO read last, mostly.
    private var current: ByteBuffer?
    private var uploadReading: UploadReading?
    private var context: ChannelHandlerContext?

    init(front: FrontHandler, addCodec: @escaping (PlainReader, any Channel) throws -> Void) {
        self.front = front
        self.addCodec = addCodec
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isReadHeld, leftover == nil else { return keep(bytes, context: context) }
        receive(bytes, context: context)
    }

    private func receive(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        current = bytes
        defer { current = nil }
        guard !isPassing else { return context.fireChannelRead(wrapInboundOut(bytes)) }
        if held != nil { held?.writeImmutableBuffer(bytes) } else { take(bytes, context: context) }
    }

    private func take(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            switch front.wants {
            case .head:
                let head = bytes.withUnsafeReadableBytes { PlainHead($0) }
                guard let head else { return pass(bytes, context: context) }
                bytes.moveReaderIndex(forwardBy: head.byteCount)
                guard !isInputClosedHeld || head.contentLength <= bytes.readableBytes + (leftover?.byteCount ?? 0)
                else {
                    leftover = nil  // The request can never become whole: nobody is asked for it.
                    return closeInput(context: context)
                }
                front.begin(.plain(head), at: head.path, context: context)
                if head.contentLength == 0 { front.end(context: context) }
            case .body(let missing):
                guard let part = bytes.readSlice(length: min(missing, bytes.readableBytes)) else { return }
                front.take(part, context: context)
                if part.readableBytes == missing { front.end(context: context) }
            case .nothingYet:
                held = bytes
                return
            case .nothing:
                return
            }
        }
    }

    /// The answer to a plain request has gone out: what was held is next.
    func proceed(context: ChannelHandlerContext) {
        guard let bytes = held else { return }
        held = nil
        current = bytes
        defer { current = nil }
        take(bytes, context: context)
        guard held == nil else { return }
        if isPassing { context.fireChannelReadComplete() }
        if leftover == nil { closeInput(context: context) }
        if isReadHeld, !front.pausesReading { readMore(context: context) }
    }

    // MARK: Uploads

    /// What comes now is a body with a file, and is read as such.
    func uploadBegins() {
        guard let context else { return }
        uploadReading = UploadReading(of: context.channel, keepingOut: current)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        uploadReading?.enlarge()
        context.fireChannelReadComplete()
    }

    func uploadEnded() {
        uploadReading?.end()
        uploadReading = nil
    }

    private func pass(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        isPassing = true
        do {
            try addCodec(self, context.channel)
            context.fireChannelRead(wrapInboundOut(bytes))
        } catch {
            context.close(promise: nil)
        }
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if held == nil, !front.pausesReading { readMore(context: context) } else { isReadHeld = true }
    }

    /// The front wants more.
    func resumeReading() {
        guard isReadHeld, held == nil, let context else { return }
        readMore(context: context)
    }

    /// Reads from the socket, or what was left over of it.
    private func readMore(context: ChannelHandlerContext) {
        isReadHeld = false
        guard let leftover else { return context.read() }
        leftover.next { [self] bytes in
            guard self.leftover != nil, let context = self.context else { return }
            guard bytes.readableBytes > 0 else {
                self.leftover = nil
                return front.inputIsLost(context: context)
            }
            if leftover.byteCount == 0 { self.leftover = nil }
            receive(bytes, context: context)
            context.fireChannelReadComplete()
            if self.leftover == nil, held == nil { closeInput(context: context) }
            // As a channel does by itself.
            context.channel.read()
        }
    }

    private func keep(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        let leftover = leftover ?? Leftover(in: front.limits.spoolDirectory, loop: context.eventLoop)
        self.leftover = leftover
        leftover.add(bytes)
    }

    // MARK: The end of what comes

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        isInputClosedHeld = true
        if let leftover {
            if case .body(let missing) = front.wants, missing > leftover.byteCount {
                self.leftover = nil  // The request can never become whole.
            } else {
                front.probe()
            }
        }
        // The end comes behind what was sent before it.
        if held == nil, leftover == nil { closeInput(context: context) }
    }

    private func closeInput(context: ChannelHandlerContext) {
        guard isInputClosedHeld else { return }
        isInputClosedHeld = false
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        closeOutput(promise: promise)
    }

    /// Closes the output behind what was written before: NIO forgets that where the input is closed already.
    func closeOutput(promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let flushed = context.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: promise) }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: flushed)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leftover = nil
        context.fireChannelInactive()
    }
}
