import NIOCore
import RouterCore

/// What NIO read, as a piece of an upload: its memory is passed on and not read into again before it was let go.
struct BufferPiece: UploadPiece {
    private let buffer: ByteBuffer

    var byteCount: Int { buffer.readableBytes }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try buffer.withUnsafeReadableBytes(body)
    }

    /// What can be read of `buffer`, to be held: itself where it fills three quarters of its memory, otherwise a copy. A
    /// client that sends little at a time would have whole buffers held for it.
    static func piece(of buffer: ByteBuffer) -> any UploadPiece {
        buffer.readableBytes >= buffer.storageCapacity / 4 * 3
            ? BufferPiece(buffer: buffer) : Array(buffer.readableBytesUInt8Span)
    }
}
