/// Bytes of an upload as whoever read them from a client has them: they are not copied for a ``UploadPipe``.
///
/// They stay as they are for as long as anybody holds them.
public protocol UploadPiece: Sendable {
    var byteCount: Int { get }

    /// Copies what is there from `offset` on, as much as fits.
    ///
    /// - Parameter offset: less than ``byteCount``.
    /// - Returns: bytes copied.
    func copy(from offset: Int, to target: UnsafeMutableRawBufferPointer) -> Int
}

extension UploadPiece {
    /// Copies from `bytes`, which are all of it.
    public func copy(
        _ bytes: UnsafeRawBufferPointer, from offset: Int, to target: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(target.count, bytes.count - offset)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        return count
    }
}

extension [UInt8]: UploadPiece {
    public var byteCount: Int { count }

    public func copy(from offset: Int, to target: UnsafeMutableRawBufferPointer) -> Int {
        withUnsafeBytes { copy($0, from: offset, to: target) }
    }
}
