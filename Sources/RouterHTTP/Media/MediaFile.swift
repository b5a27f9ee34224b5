import Glibc
import NIOCore
import NIOPosix
import RouterCore

/// An open file of the media folder, read a piece at a time. It can be read to its end also when it is removed meanwhile.
final class MediaFile: Sendable {
    /// Bytes of one piece, at most.
    static let pieceBytesMax = 32 << 10

    /// Such as `image/png`.
    let type: String
    /// Bytes of the whole file.
    let byteCount: Int
    /// How long it was still to be kept when it was opened.
    let lifetime: Duration
    private let descriptor: Int32

    /// Opens the file at `place`. Blocks.
    ///
    /// - Returns: `nil` when there is none, or not one of `byteCount` bytes; a link is none.
    init?(_ place: String, type: String, byteCount: Int, lifetime: Duration) {
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, Int(facts.st_size) == byteCount else {
            close(descriptor)
            return nil
        }
        self.type = type
        self.byteCount = byteCount
        self.lifetime = lifetime
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The bytes from `offset` on, as many as there are and one piece may have; none behind the end.
    ///
    /// Read on one of NIO's threads for that.
    /// - Throws: ``StoreError`` when the disk does not give them; NIO's error when the server stops.
    func piece(from offset: Int) async throws -> ByteBuffer {
        let count = max(0, min(byteCount - offset, Self.pieceBytesMax))
        return try await NIOThreadPool.singleton.runIfActive { [self] in
            var piece = ByteBuffer()
            piece.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { buffer in
                var done = 0
                while done < count {
                    let more = pread(
                        descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
                    guard more > 0 else { break }
                    done += more
                }
                return done
            }
            guard piece.readableBytes == count else {
                throw StoreError(.unavailable, "a file of the media folder cannot be read")
            }
            return piece
        }
    }
}
