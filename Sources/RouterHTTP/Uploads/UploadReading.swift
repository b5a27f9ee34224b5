import NIOCore

/// How a connection is read while a file comes in: in larger pieces than a question, and one at a time, so that a client
/// that sends faster than the vendor reads is held back after each.
///
/// Belongs to the connection's event loop.
struct UploadReading {
    private let options: any NIOSynchronousChannelOptions
    private let allocator: any RecvByteBufferAllocator
    private let readsAtOnce: UInt
    private var hasLargePieces = false
    /// What NIO reads into, again and again as long as nobody else holds it. Held here it stays as small as it is, and is
    /// there for the connection's next requests; each piece of the body has memory of its own, which goes with it.
    private let pinned: ByteBuffer?

    static let pieceBytes = 128 * 1024

    /// Begins with one piece at a time; `nil` where the channel cannot.
    ///
    /// - Parameter buffer: what was read last.
    init?(of channel: any Channel, keepingOut buffer: ByteBuffer?) {
        guard let options = channel.syncOptions, let allocator = try? options.getOption(.recvAllocator),
            let readsAtOnce = try? options.getOption(.maxMessagesPerRead)
        else { return nil }
        self.options = options
        pinned = buffer
        self.allocator = allocator
        self.readsAtOnce = readsAtOnce
        set(allocator, readsAtOnce: 1)
    }

    /// Goes on with larger ones. Called when what the channel reads in its present round is there: a round that has begun
    /// still reads several, which are to be small.
    mutating func enlarge() {
        guard !hasLargePieces else { return }
        hasLargePieces = true
        set(FixedSizeRecvByteBufferAllocator(capacity: Self.pieceBytes), readsAtOnce: 1)
    }

    /// Reads as before.
    func end() { set(allocator, readsAtOnce: readsAtOnce) }

    private func set(_ allocator: any RecvByteBufferAllocator, readsAtOnce: UInt) {
        // A connection that has closed takes no options, and needs none.
        try? options.setOption(.recvAllocator, value: allocator)
        try? options.setOption(.maxMessagesPerRead, value: readsAtOnce)
    }
}
