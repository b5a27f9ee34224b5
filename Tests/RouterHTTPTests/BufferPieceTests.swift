import NIOCore
import RouterCore
import Testing

@testable import RouterHTTP

@Suite("What NIO read, as a piece of an upload,") struct BufferPieceTests {
    /// As a pipe's reader gets them.
    private static func bytes(of piece: any UploadPiece, inSteps step: Int) -> [UInt8] {
        let pipe = UploadPipe()
        pipe.write(piece: piece)
        var bytes: [UInt8] = []
        var target = [UInt8](repeating: 0, count: step)
        while case .bytes(let count) = target.withUnsafeMutableBytes({ pipe.read(into: $0, whenMore: {}) }) {
            bytes += target.prefix(count)
        }
        return bytes
    }

    @Test(
        "is held where it fills three quarters of its memory, and copied where it fills less",
        arguments: [0, 1, 767, 768, 1024])
    func holdsFull(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var buffer = ByteBufferAllocator().buffer(capacity: 1024)
        buffer.writeBytes(bytes)
        let piece = BufferPiece.piece(of: buffer)
        #expect((piece is BufferPiece) == (count >= 768) && piece.byteCount == count)
        // Whoever writes there gets memory of his own.
        buffer.setRepeatingByte(0, count: count, at: buffer.readerIndex)
        for step in [1, 100, 4096] { #expect(Self.bytes(of: piece, inSteps: step) == bytes) }
    }

    @Test("is what can be read of it, and no more")
    func isReadable() {
        var buffer = ByteBuffer(bytes: (0..<1024).map { UInt8(truncatingIfNeeded: $0) })
        buffer.moveReaderIndex(forwardBy: 10)
        buffer.moveWriterIndex(to: 1023)
        let piece = BufferPiece.piece(of: buffer)
        #expect(piece is BufferPiece && piece.byteCount == 1013)
        #expect(Self.bytes(of: piece, inSteps: 300) == (10..<1023).map { UInt8(truncatingIfNeeded: $0) })
    }
}
