/// Bytes of an upload as whoever read them from a client has them: they are not copied for an ``UploadPipe``.
///
/// They stay as they are for as long as anybody holds them.
public protocol UploadPiece: Sendable {
    var byteCount: Int { get }

    /// Calls `body` with all of them, which are there until it returns.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension [UInt8]: UploadPiece {
    public var byteCount: Int { count }
}
