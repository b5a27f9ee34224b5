import Synchronization

/// Bytes on their way from a client to a vendor: one writer, one reader, and a bound on what lies between.
///
/// The beginning is kept while it is short, so that it can be sent again: on another connection, or to another endpoint.
/// Nobody blocks: a writer is told to stop and later to go on, a reader is told to wait and later that there is more.
public final class UploadPipe: Sendable {
    /// What may lie in a pipe, in bytes.
    public struct Limits: Sendable, Hashable {
        /// From so many unread bytes on the writer is to stop, and down to which it goes on.
        public var unreadHigh = 192 * 1024
        public var unreadLow = 64 * 1024
        /// What has been read is kept as long as it is no more than this.
        public var keptMax = 256 * 1024

        public init() {}
    }

    /// What a reader gets.
    public enum Reading: Sendable, Equatable {
        /// So many bytes were written to where it said; never 0.
        case bytes(Int)
        /// Nothing yet: it is called when there is more.
        case wait
        case end
        /// The client sent something wrong, or left.
        case failed(UpstreamFailure)
    }

    private struct State {
        /// From the first that is kept.
        var pieces: [any UploadPiece] = []
        /// The piece that is read next, and how much of it was.
        var index = 0
        var offset = 0
        var readCount = 0
        var unreadCount = 0
        /// Who reads: one after the other, of whom the earlier ones are not read for any more.
        var turn = 0
        /// All pieces are there from the first byte on.
        var isWhole = true
        var ending: Reading?
        /// The reader wants no more: what is written is thrown away.
        var isClosed = false
        var whenMore: (@Sendable () -> Void)?
        var whenRoom: (@Sendable () -> Void)?

        /// Adds a piece behind the others; small ones are copied into one.
        mutating func append(_ piece: any UploadPiece) {
            unreadCount += piece.byteCount
            guard piece.byteCount < UploadPipe.joinedMax else { return pieces.append(piece) }
            var joined: [UInt8] = []
            if let last = pieces.last as? [UInt8], last.count + piece.byteCount <= UploadPipe.joinedMax {
                // Where all was read and is kept, what is new begins behind that.
                if index == pieces.count { (index, offset) = (index - 1, last.count) }
                joined = last
                pieces.removeLast()
            }
            piece.withUnsafeBytes { joined += $0 }
            pieces.append(joined)
        }

        /// Throws away what was read.
        mutating func dropRead() {
            guard index > 0 else { return }
            isWhole = false
            pieces.removeFirst(index)
            index = 0
        }

        mutating func goBack() {
            index = 0
            offset = 0
            unreadCount += readCount
            readCount = 0
        }

        mutating func takeWhenMore() -> (@Sendable () -> Void)? {
            defer { whenMore = nil }
            return whenMore
        }

        mutating func takeWhenRoom() -> (@Sendable () -> Void)? {
            defer { whenRoom = nil }
            return whenRoom
        }
    }

    /// Small pieces are joined up to so many bytes: a client may send one at a time.
    private static let joinedMax = 4096

    private let limits: Limits
    private let state = Mutex(State())

    public init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: The writer's side

    /// Takes more bytes, also more than there should be.
    ///
    /// - Parameters:
    ///   - piece: held until it was read and the pipe's beginning is kept no more; a small one is copied.
    ///   - whenRoom: called once, on the reader's thread, when there is room again; not kept where there is now.
    /// - Returns: whether there is room for more now.
    @discardableResult
    public func write(piece: any UploadPiece, whenRoom: (@Sendable () -> Void)? = nil) -> Bool {
        let (whenMore, hasRoom) = state.withLock { state in
            guard !state.isClosed, state.ending == nil, piece.byteCount > 0 else {
                return (nil as (@Sendable () -> Void)?, true)
            }
            state.append(piece)
            let hasRoom = state.unreadCount < limits.unreadHigh
            // The end of a form is written by somebody who waits for no room: who waited before still does.
            if !hasRoom, let whenRoom { state.whenRoom = whenRoom }
            return (state.takeWhenMore(), hasRoom)
        }
        whenMore?()
        return hasRoom
    }

    /// Takes more bytes; as ``write(piece:whenRoom:)``.
    @discardableResult
    public func write(_ bytes: [UInt8], whenRoom: (@Sendable () -> Void)? = nil) -> Bool {
        write(piece: bytes, whenRoom: whenRoom)
    }

    /// Everything was written.
    public func finish() { end(.end) }

    /// Nothing more will come, and what came is worth nothing.
    public func fail(_ failure: UpstreamFailure) { end(.failed(failure)) }

    private func end(_ ending: Reading) {
        let whenMore = state.withLock { state in
            if state.ending == nil { state.ending = ending }
            return state.takeWhenMore()
        }
        whenMore?()
    }

    // MARK: The reader's side

    /// Takes what is there, as much as fits.
    ///
    /// - Parameters:
    ///   - turn: whose turn it is; the reading of an earlier one has failed.
    ///   - later: gets what tells the writer that there is room, to be called soon; without it that is called at once.
    ///   - whenMore: called once, on the writer's thread, after ``Reading/wait``.
    public func read(
        into target: UnsafeMutableRawBufferPointer, turn: Int = 0,
        later: (@escaping @Sendable () -> Void) -> Void = { $0() }, whenMore: @escaping @Sendable () -> Void
    ) -> Reading {
        let (reading, whenRoom) = state.withLock { state in
            guard state.turn == turn else { return (Self.overtaken, nil as (@Sendable () -> Void)?) }
            if case .failed(let failure)? = state.ending { return (.failed(failure), nil) }
            let count = take(into: target, &state)
            guard count == 0 else {
                return (.bytes(count), state.unreadCount <= limits.unreadLow ? state.takeWhenRoom() : nil)
            }
            guard let ending = state.ending else {
                state.whenMore = whenMore
                return (.wait, state.takeWhenRoom())
            }
            return (ending, nil)
        }
        if let whenRoom { later(whenRoom) }
        return reading
    }

    private func take(into target: UnsafeMutableRawBufferPointer, _ state: inout State) -> Int {
        var filled = 0
        while filled < target.count, state.index < state.pieces.count {
            let piece = state.pieces[state.index]
            let count = min(target.count - filled, piece.byteCount - state.offset)
            piece.withUnsafeBytes { bytes in
                target[filled..<filled + count].copyBytes(from: bytes[state.offset..<state.offset + count])
            }
            filled += count
            state.offset += count
            if state.offset == piece.byteCount {
                state.index += 1
                state.offset = 0
            }
        }
        state.readCount += filled
        state.unreadCount -= filled
        if !state.isWhole || state.readCount > limits.keptMax { state.dropRead() }
        return filled
    }

    /// Whether all of it can be read from its first byte on.
    public var canRewind: Bool { state.withLock { $0.isWhole && !$0.isClosed } }

    /// Goes back to the first byte.
    /// - Returns: whether it is still there, for this turn.
    public func rewind(turn: Int = 0) -> Bool {
        state.withLock { state in
            guard state.turn == turn, state.isWhole, !state.isClosed else { return false }
            state.goBack()
            return true
        }
    }

    /// Goes back to the first byte for another reader.
    /// - Returns: its turn; `nil` when that byte is gone.
    public func nextTurn() -> Int? {
        state.withLock { state in
            guard state.isWhole, !state.isClosed else { return nil }
            state.goBack()
            state.turn += 1
            state.whenMore = nil
            return state.turn
        }
    }

    /// The reader is not called any more when there is more.
    public func stopWaiting(turn: Int = 0) { state.withLock { if $0.turn == turn { $0.whenMore = nil } } }

    private static let overtaken = Reading.failed(
        UpstreamFailure(.cancelled, "The upload is being sent to another endpoint."))

    /// Nobody will read: what is there and what is still written is thrown away.
    public func close() {
        let whenRoom = state.withLock { state in
            state.isClosed = true
            state.isWhole = false
            state.pieces = []
            (state.index, state.offset, state.unreadCount) = (0, 0, 0)
            state.whenMore = nil
            return state.takeWhenRoom()
        }
        whenRoom?()
    }

    /// Bytes that were written and not read yet.
    public var unreadCount: Int { state.withLock(\.unreadCount) }

    /// Bytes that were read; from the first again after ``rewind()``.
    public var readCount: Int { state.withLock(\.readCount) }

    /// Whether everything was written and read.
    public var isDrained: Bool { state.withLock { $0.ending == .end && $0.unreadCount == 0 && !$0.isClosed } }
}
