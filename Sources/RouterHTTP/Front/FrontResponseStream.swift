import NIOCore
import NIOHTTP1
import RouterCore

/// One response on its way to a client. Lives on the connection's event loop, where the answering task runs as well.
///
/// `@unchecked Sendable`: every member is touched on the event loop's thread only, which each entry checks.
final class FrontResponseStream: FrontResponse, @unchecked Sendable {
    private let context: ChannelHandlerContext
    private let version: HTTPVersion
    private let isLast: Bool
    /// Writes the end: the connection must know of it before, since the write lets the next request in.
    private var ended: ((ChannelHandlerContext) -> Void)?
    private var isWritable = true
    private var hasLeft = false
    private var hasBegun = false
    /// Whether the body is server-sent events, into which a comment may be put.
    private var isEventStream = false
    private var waiting: UnsafeContinuation<Void, any Error>?
    private var stalledSince: NIODeadline?

    init(
        context: ChannelHandlerContext, version: HTTPVersion, isLast: Bool,
        ended: @escaping (ChannelHandlerContext) -> Void
    ) {
        self.context = context
        self.version = version
        self.isLast = isLast
        self.ended = ended
        isWritable = context.channel.isWritable
    }

    func writeHead(status: Int, headers: ResponseHeaders, contentLength: Int?) {
        context.eventLoop.preconditionInEventLoop()
        guard !hasLeft, !hasBegun else { return }
        hasBegun = true
        isEventStream = contentLength == nil
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
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.body(.byteBuffer(buffer))), promise: nil)
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
        ended(context)
    }

    /// Writes something that every client ignores, to learn from its answer whether it is still there.
    func probe() {
        guard !hasLeft, ended != nil else { return }
        if !hasBegun {
            guard version == .http1_1 else {
                context.close(promise: nil)
                return
            }
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        } else if isEventStream {
            writeNow(Array(": still there\n\n".utf8))
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
