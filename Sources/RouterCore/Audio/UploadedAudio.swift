import Synchronization

/// An audio file on its way from a client to a vendor: who carries it adds its bytes, who makes the bill asks for its
/// length. Both may do so at the same time.
public final class UploadedAudio: Sendable {
    private let reader = Mutex(AudioReader())

    public init() {}

    /// A file that is there as a whole.
    public convenience init(_ bytes: [UInt8]) {
        self.init()
        add(bytes.span)
    }

    /// Takes the next bytes.
    public func add(_ bytes: Span<UInt8>) { reader.withLock { $0.add(bytes) } }

    /// So many bytes came.
    public var byteCount: Int { reader.withLock { $0.byteCount } }

    /// `nil` before twelve bytes came, and for a format that is not known.
    public var format: UploadedFormat? { reader.withLock { $0.format } }

    /// What it is instead that certainly is no audio, with its article, such as `a PDF`; `nil` where it may be audio, and
    /// before twelve bytes came.
    public var foreign: String? { reader.withLock { $0.foreign } }

    /// How long what came is.
    public var length: AudioLength { reader.withLock { $0.length } }

    /// How long the file is when it has so many bytes, by what came of it.
    public func length(ofBytes total: Int) -> AudioLength { reader.withLock { $0.length(ofBytes: total) } }
}
