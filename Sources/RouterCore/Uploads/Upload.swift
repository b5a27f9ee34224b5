/// What follows the body of an ``UpstreamRequest``: bytes that come while they are sent.
public struct Upload: Sendable, Hashable {
    public var pipe: UploadPipe
    /// Whose turn it is to read from it.
    public var turn: Int
    /// Bytes that the pipe will bring.
    public var pipeByteCount: Int
    /// Sent behind them.
    public var end: [UInt8]
    /// They come from a client while they are sent, as fast as that sends.
    public var isLive: Bool

    public init(pipe: UploadPipe, turn: Int = 0, pipeByteCount: Int, end: [UInt8] = [], isLive: Bool = true) {
        self.pipe = pipe
        self.turn = turn
        self.pipeByteCount = pipeByteCount
        self.end = end
        self.isLive = isLive
    }

    /// Of all that follows.
    public var byteCount: Int { pipeByteCount + end.count }

    public static func == (one: Self, other: Self) -> Bool {
        one.pipe === other.pipe && one.turn == other.turn && one.pipeByteCount == other.pipeByteCount
            && one.end == other.end && one.isLive == other.isLive
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(pipe))
        hasher.combine(end)
    }
}

/// Where the bytes of an upload are.
public protocol UploadContent: Sendable {
    /// Of all that a pipe brings.
    var byteCount: Int { get }

    /// It is still on its way.
    var isLive: Bool { get }

    /// Whether ``open(with:)`` gives a pipe now.
    var canOpen: Bool { get }

    /// Starts from the first byte, for one reader; the one before reads no more.
    ///
    /// - Parameter rest: what the pipe brings behind the content; empty for content that keeps nothing else.
    /// - Returns: `nil` when that byte is gone: it was sent to somebody already.
    func open(with rest: [UploadSegment]) -> (pipe: UploadPipe, turn: Int)?
}

extension UploadContent {
    public var isLive: Bool { false }
}

/// A part of what a pipe brings.
public enum UploadSegment: Sendable, Hashable {
    case bytes([UInt8])
    /// Where it is in what the content keeps.
    case kept(Range<Int>)

    var byteCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .kept(let range): range.count
        }
    }
}

/// Bytes that come while they are sent.
public struct LiveContent: UploadContent {
    private let pipe: UploadPipe
    public let byteCount: Int

    /// - Parameter byteCount: of all that the pipe will bring.
    public init(_ pipe: UploadPipe, byteCount: Int) {
        self.pipe = pipe
        self.byteCount = byteCount
    }

    public var isLive: Bool { true }
    public var canOpen: Bool { pipe.canRewind }

    public func open(with rest: [UploadSegment]) -> (pipe: UploadPipe, turn: Int)? {
        rest.isEmpty ? pipe.nextTurn().map { (pipe, $0) } : nil
    }
}

/// Bytes in memory.
public struct BytesContent: UploadContent {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var byteCount: Int { bytes.count }
    public var canOpen: Bool { true }

    public func open(with rest: [UploadSegment]) -> (pipe: UploadPipe, turn: Int)? {
        guard rest.isEmpty else { return nil }
        let pipe = UploadPipe()
        pipe.write(bytes)
        pipe.finish()
        return (pipe, 0)
    }
}
