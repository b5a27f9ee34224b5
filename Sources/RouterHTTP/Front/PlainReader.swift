import NIOCore

/// Stands first in the pipeline and reads plain requests itself, straight from the bytes; see ``PlainHead``.
///
/// With the first request that is not plain it lets NIO's codec in behind it, and from then on everything through: such
/// a connection is as any other. Until then a connection has no parser, no encoder and no handlers between this one and
/// ``FrontHandler``. Belongs to one connection and its event loop.
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
    private var isInputClosedHeld = false
    /// What is being taken at the moment: what NIO read last, mostly.
    private var current: ByteBuffer?
    private var formReading: FormReading?
    private var context: ChannelHandlerContext?

    init(front: FrontHandler, addCodec: @escaping (PlainReader, any Channel) throws -> Void) {
        self.front = front
        self.addCodec = addCodec
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        current = bytes
        defer { current = nil }
        guard !isPassing else { return context.fireChannelRead(data) }
        if held != nil { held?.writeBuffer(&bytes) } else { take(bytes, context: context) }
    }

    private func take(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            switch front.wants {
            case .head:
                let head = bytes.withUnsafeReadableBytes { PlainHead($0) }
                guard let head else { return pass(bytes, context: context) }
                bytes.moveReaderIndex(forwardBy: head.byteCount)
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
        if isInputClosedHeld {
            isInputClosedHeld = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        if isReadHeld, !front.pausesReading {
            isReadHeld = false
            context.read()
        }
    }

    // MARK: Forms

    /// What comes now is the body of a form, and is read as such.
    func formBegins() {
        guard let context else { return }
        formReading = FormReading(of: context.channel, keepingOut: current)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        formReading?.enlarge()
        context.fireChannelReadComplete()
    }

    func formEnded() {
        formReading?.end()
        formReading = nil
    }

    /// The front wants more.
    func resumeReading() {
        guard isReadHeld, held == nil, let context else { return }
        isReadHeld = false
        context.read()
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

    func read(context: ChannelHandlerContext) {
        if held == nil, !front.pausesReading { context.read() } else { isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The end comes behind what was sent before it.
        if held != nil, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            isInputClosedHeld = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
