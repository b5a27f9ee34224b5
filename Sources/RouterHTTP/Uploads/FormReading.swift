import NIOCore

/// How a connection is read while a form comes in: in larger pieces than a question, and one at a time, so that a client
/// that sends faster than the vendor reads is held back after each.
///
/// Belongs to the connection's event loop.
struct FormReading {
    private let options: any NIOSynchronousChannelOptions
    private let allocator: any RecvByteBufferAllocator
    private let readsAtOnce: UInt
    private var hasLargePieces = false

    static let pieceBytes = 256 * 1024

    /// Begins with one piece at a time; `nil` where the channel cannot.
    init?(of channel: any Channel) {
        guard let options = channel.syncOptions, let allocator = try? options.getOption(.recvAllocator),
            let readsAtOnce = try? options.getOption(.maxMessagesPerRead)
        else { return nil }
        self.options = options
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
