import CCurl
import RouterCore

/// A request's body whose rest comes while it is sent: what libcurl reads, piece by piece.
///
/// Belongs to the driver's thread.
final class CurlUpload {
    enum Outcome {
        /// 0 at the end.
        case bytes(Int)
        /// Nothing has come; the exchange hears when there is more.
        case wait
        case failed(UpstreamFailure)
    }

    private let body: [UInt8]
    private let upload: Upload
    private var bodyOffset = 0
    private var pipeCount = 0
    private var endOffset = 0

    init(body: [UInt8], upload: Upload) {
        self.body = body
        self.upload = upload
    }

    /// Takes what is there, as much as fits.
    ///
    /// - Parameter later: gets what is to be done at the end of the driver's round.
    func fill(
        _ target: UnsafeMutableRawBufferPointer, later: (@escaping @Sendable () -> Void) -> Void,
        whenMore: @escaping @Sendable () -> Void
    ) -> Outcome {
        guard bodyOffset == body.count else { return .bytes(Self.copy(body, from: &bodyOffset, to: target)) }
        guard pipeCount == upload.pipeByteCount else {
            let left = UnsafeMutableRawBufferPointer(rebasing: target.prefix(upload.pipeByteCount - pipeCount))
            switch upload.pipe.read(into: left, turn: upload.turn, later: later, whenMore: whenMore) {
            case .bytes(let count):
                pipeCount += count
                return .bytes(count)
            case .wait: return .wait
            case .failed(let failure): return .failed(failure)
            case .end: return .failed(UpstreamFailure(.refused, "The file ended before it was whole."))
            }
        }
        return .bytes(Self.copy(upload.end, from: &endOffset, to: target))
    }

    /// libcurl sends it again, on another connection.
    /// - Returns: false when its beginning is gone.
    func startOver() -> Bool {
        guard pipeCount == 0 || upload.pipe.rewind(turn: upload.turn) else { return false }
        (bodyOffset, pipeCount, endOffset) = (0, 0, 0)
        return true
    }

    /// Whether all of it was read.
    var isDone: Bool {
        bodyOffset == body.count && pipeCount == upload.pipeByteCount && endOffset == upload.end.count
    }

    /// Nobody will read any more.
    func stop() { upload.pipe.stopWaiting(turn: upload.turn) }

    private static func copy(
        _ bytes: [UInt8], from offset: inout Int, to target: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(target.count, bytes.count - offset)
        guard count > 0 else { return 0 }
        bytes.withUnsafeBytes { target.copyBytes(from: $0[offset..<offset + count]) }
        offset += count
        return count
    }
}
