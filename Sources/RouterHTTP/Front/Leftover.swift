import NIOCore
import RouterCore

/// What a client sent before it stopped sending, and nobody has asked for yet.
///
/// NIO reads a socket to its end when the client stops sending, whether anybody asks or not: all that the kernel held of a
/// large body comes at once. It waits here, on the disk where it is much, and is given out as if it still came.
///
/// Belongs to one connection and its event loop.
final class Leftover {
    private let directory: String
    private let loop: any EventLoop
    private var memory = ByteBuffer()
    private var spool: SpoolFile?
    /// Bytes that were written there.
    private var spooledCount = 0
    /// What was not given out yet.
    private(set) var byteCount = 0
    private var isReading = false

    /// So much stays in memory; what comes behind it goes to the disk.
    private static let memoryMax = 16 * 1024
    private static let pieceBytes = 128 * 1024

    /// - Parameter directory: where files are kept.
    init(in directory: String, loop: any EventLoop) {
        self.directory = directory
        self.loop = loop
    }

    func add(_ bytes: ByteBuffer) {
        byteCount += bytes.readableBytes
        if spool == nil, memory.readableBytes + bytes.readableBytes <= Self.memoryMax {
            memory.writeImmutableBuffer(bytes)
        } else {
            let spool = spool ?? SpoolFile(in: directory)
            self.spool = spool
            spool.writeNow(bytes.readableBytesUInt8Span)
            spooledCount += bytes.readableBytes
        }
    }

    /// Gives out some of it, in a later turn of the event loop; nothing while that is under way.
    ///
    /// - Parameter done: called on the event loop, without any bytes when they cannot be had any more.
    func next(_ done: @escaping (ByteBuffer) -> Void) {
        guard !isReading, byteCount > 0 else { return }
        isReading = true
        let bound = NIOLoopBound((self, done), eventLoop: loop)
        let give: @Sendable (ByteBuffer) -> Void = { [loop] bytes in
            loop.execute {
                let (leftover, done) = bound.value
                leftover.isReading = false
                leftover.byteCount -= bytes.readableBytes
                done(bytes)
            }
        }
        guard memory.readableBytes == 0, let spool else {
            defer { memory = ByteBuffer() }
            return give(memory)
        }
        let offset = spooledCount - byteCount
        spool.finish { isKept in
            guard isKept else { return give(ByteBuffer()) }
            spool.read(from: offset, atMost: Self.pieceBytes) { give(ByteBuffer(bytes: $0)) }
        }
    }
}
