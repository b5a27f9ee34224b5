import NIOCore
import NIOHTTP1
import RouterCore

/// One response on its way to a client. Lives on the connection's event loop, where the answering task runs as well.
///
/// `@unchecked Sendable`: every member is touched on the event loop's thread only, which each entry checks.
final class FrontResponseStream: FrontResponse, @unchecked Sendable {
    private let context: ChannelHandlerContext
    private let version: HTTPVersion
    /// Whether the connection ends with it; counts when it begins.
    var isLast: Bool
    /// For an answer to a plain request: what goes out past NIO's codec.
    private var plain: PlainResponse?
    /// Has ``writeEnd()`` called: the connection must know of the end before, since the write lets the next request in.
    private var ended: ((FrontResponseStream) -> Void)?
    private var isWritable = true
    private var hasLeft = false
    private(set) var hasBegun = false
    /// Whether the body is server-sent events, into which a comment may be put.
    private var isEventStream = false
    /// Whether the body goes out as it comes, without a length.
    private var isOpenEnded = false
    private var waiting: UnsafeContinuation<Void, any Error>?
    private var stalledSince: NIODeadline?

    init(
        context: ChannelHandlerContext, version: HTTPVersion, isPlain: Bool, isLast: Bool,
        ended: @escaping (FrontResponseStream) -> Void
    ) {
        self.context = context
        self.version = version
        self.isLast = isLast
        self.ended = ended
        plain = isPlain ? PlainResponse(allocator: context.channel.allocator) : nil
        isWritable = context.channel.isWritable
    }

    var isPlain: Bool { plain != nil }

    func writeHead(status: Int, headers: ResponseHeaders, contentLength: Int?) {
        context.eventLoop.preconditionInEventLoop()
        guard !hasLeft, !hasBegun else { return }
        hasBegun = true
        isOpenEnded = contentLength == nil
        isEventStream = isOpenEnded && headers.isEventStream
        guard plain == nil else {  // Goes out with the first bytes of the body.
            plain?.writeHead(status: status, headers: headers, contentLength: contentLength, isLast: isLast)
            return
        }
        var head = HTTPResponseHead(version: version, status: HTTPResponseStatus(statusCode: status))
        head.headers.reserveCapacity(headers.fields.count + 2)
        for field in headers.fields { head.headers.add(name: field.name, value: field.value) }
        if let contentLength {
            head.headers.add(name: "content-length", value: String(contentLength))
        } else if version == .http1_1 {
            head.headers.add(name: "transfer-encoding", value: "chunked")
        }
        if isLast { head.headers.add(name: "connection", value: "close") }
        context.write(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
    }

    func write(_ bytes: [UInt8]) async throws {
        context.eventLoop.preconditionInEventLoop()
        writeNow(bytes)
        guard !hasLeft else { throw CancellationError() }
        guard !isWritable else { return }
        // Cancelling the task is not listened to here: the client that leaves ends the wait by itself.
        try await withUnsafeThrowingContinuation { continuation in
            if isWritable { continuation.resume() } else { waiting = continuation }
        }
    }

    /// Hands over bytes without waiting for anything.
    func writeNow(_ bytes: [UInt8]) {
        guard !hasLeft, hasBegun else { return }
        if plain != nil {
            plain?.write(bytes)
            flushPlain()
        } else {
            let buffer = context.channel.allocator.buffer(bytes: bytes)
            context.writeAndFlush(NIOAny(HTTPServerResponsePart.body(.byteBuffer(buffer))), promise: nil)
        }
        isWritable = context.channel.isWritable
        if !isWritable, stalledSince == nil { stalledSince = .now() }
    }

    func end() {
        context.eventLoop.preconditionInEventLoop()
        guard let ended else { return }
        self.ended = nil
        guard !hasLeft else { return }
        guard hasBegun else {  // Nothing can be said to this client any more.
            context.close(promise: nil)
            return
        }
        ended(self)
    }

    func cut() {
        context.eventLoop.preconditionInEventLoop()
        guard ended != nil else { return }
        ended = nil
        guard !hasLeft else { return }
        context.close(promise: nil)
    }

    /// Puts the end on the wire.
    func writeEnd() {
        guard plain != nil else {
            context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
            return
        }
        plain?.writeEnd()
        flushPlain()
    }

    private func flushPlain() {
        guard let bytes = plain?.takeUnsent(allocator: context.channel.allocator) else { return }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    /// Writes something that every client ignores, to learn from its answer whether it is still there.
    func probe() {
        guard !hasLeft, ended != nil else { return }
        if !hasBegun {
            guard version == .http1_1 else {
                context.close(promise: nil)
                return
            }
            guard plain == nil else {
                plain?.writeInformational(100)
                return flushPlain()
            }
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        } else if isEventStream {
            writeNow(Array(": still there\n\n".utf8))
        } else if isOpenEnded {
            // Nothing can be put between bytes. Whoever stops sending while they come has left, as good as always.
            context.close(promise: nil)
        }
    }

    func writabilityChanged(isWritable: Bool) {
        self.isWritable = isWritable
        guard isWritable else { return }
        stalledSince = nil
        let continuation = waiting
        waiting = nil
        continuation?.resume()
    }

    func clientLeft() {
        hasLeft = true
        let continuation = waiting
        waiting = nil
        continuation?.resume(throwing: CancellationError())
    }

    /// Whether nothing was taken for so long.
    func isStalled(for limit: Duration) -> Bool {
        stalledSince.map { .now() - $0 >= TimeAmount(limit) } ?? false
    }
}
