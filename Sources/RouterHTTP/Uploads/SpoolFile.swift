import Glibc
import NIOPosix
import RouterCore
import Synchronization

/// Bytes on the disk without a name: gone with the last reference, or with the process. Written and read on NIO's threads
/// for that.
final class SpoolFile: Sendable {
    private struct State {
        var file: Int32 = -1
        var pending: [UInt8] = []
        var offset = 0
        var isWriting = false
        var isFailed = false
        var whenRoom: (@Sendable () -> Void)?
        var whenFinished: (@Sendable (Bool) -> Void)?
    }

    private let directory: String
    private let state = Mutex(State())

    /// From so many bytes on that wait to be written no more should come: as many may be being written.
    private static let pendingHigh = 64 * 1024

    init(in directory: String) { self.directory = directory }

    deinit {
        let file = state.withLock(\.file)
        if file >= 0 { Glibc.close(file) }
    }

    // MARK: Writing

    func write(_ bytes: Span<UInt8>) {
        let starts = state.withLock { state in
            guard !state.isFailed else { return false }
            state.pending += bytes
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if starts { submit { self.writePending() } }
    }

    /// Writes on the caller's thread, for who cannot be held back. Nobody else may write to this file.
    func writeNow(_ bytes: Span<UInt8>) { bytes.withUnsafeBytes { append($0) } }

    /// - Parameter whenRoom: called once when there is room, where there is none now.
    func hasRoom(or whenRoom: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.pending.count >= Self.pendingHigh else { return true }
            state.whenRoom = whenRoom
            return false
        }
    }

    /// - Parameter done: called once all is on the disk, or when that failed.
    func finish(_ done: @escaping @Sendable (_ isKept: Bool) -> Void) {
        let result = state.withLock { state -> Bool? in
            guard state.isWriting else { return !state.isFailed }
            state.whenFinished = done
            return nil
        }
        if let result { done(result) }
    }

    private func writePending() {
        while true {
            let (bytes, whenRoom, whenFinished) = state.withLock { state in
                defer {
                    state.pending = []
                    state.whenRoom = nil
                }
                var whenFinished: (@Sendable (Bool) -> Void)?
                if state.pending.isEmpty {
                    state.isWriting = false
                    whenFinished = state.whenFinished
                    state.whenFinished = nil
                }
                return (state.pending, state.whenRoom, whenFinished)
            }
            whenRoom?()
            guard !bytes.isEmpty else {
                whenFinished?(!state.withLock(\.isFailed))
                return
            }
            bytes.withUnsafeBytes { append($0) }
        }
    }

    /// One at a time.
    private func append(_ bytes: UnsafeRawBufferPointer) {
        let (file, offset) = state.withLock { ($0.file, $0.offset) }
        let opened = file >= 0 ? file : Self.open(in: directory)
        let isWritten = opened >= 0 && Self.write(bytes, to: opened, at: offset)
        state.withLock { state in
            state.file = opened
            state.offset += bytes.count
            if !isWritten { state.isFailed = true }
        }
    }

    private static func open(in directory: String) -> Int32 {
        var template = Array("\(directory)/upload-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { return file }
        unlink(template)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        return file
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(file, rest.baseAddress, rest.count, off_t(offset + done))
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    // MARK: Reading

    private static let pieceBytes = 64 * 1024

    /// Pours `segments` into `pipe`, one behind the other, as fast as they are read there.
    func pour(_ segments: ArraySlice<UploadSegment>, into pipe: UploadPipe) {
        submit {
            var segments = segments
            while let piece = self.popPiece(of: &segments) {
                let rest = segments
                // Weak: a pipe that nobody reads any more would keep this file, and that the pipe.
                let hasRoom = pipe.write(piece) { [weak pipe] in
                    if let pipe { self.pour(rest, into: pipe) }
                }
                guard hasRoom else { return }
            }
            pipe.finish()
        }
    }

    /// - Returns: `nil` at the end, and where no more can be read: then whoever reads gets less than was said.
    private func popPiece(of segments: inout ArraySlice<UploadSegment>) -> [UInt8]? {
        switch segments.popFirst() {
        case nil: return nil
        case .bytes(let bytes)?: return bytes
        case .kept(let range)?:
            guard !range.isEmpty else { return [] }
            let piece = piece(from: range.lowerBound, atMost: min(range.count, Self.pieceBytes))
            guard !piece.isEmpty else { return nil }
            let next = range.lowerBound + piece.count
            if next < range.upperBound { segments = [.kept(next..<range.upperBound)] + segments }
            return piece
        }
    }

    /// Reads some of it.
    /// - Parameter done: called with nothing at the end, and where it cannot be read.
    func read(from offset: Int, atMost count: Int, _ done: @escaping @Sendable ([UInt8]) -> Void) {
        submit { done(self.piece(from: offset, atMost: count)) }
    }

    private func piece(from offset: Int, atMost most: Int) -> [UInt8] {
        let file = state.withLock(\.file)
        return [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            count = max(0, pread(file, buffer.baseAddress, most, off_t(offset)))
        }
    }

    /// A thread pool that has ended is a server that stops: then nothing is done any more.
    private func submit(_ work: @escaping @Sendable () -> Void) {
        NIOThreadPool.singleton.submit { state in
            if case .active = state { work() }
        }
    }
}

/// A file that was kept, for as many readers as one likes; and what else the spool keeps.
struct SpoolContent: UploadContent {
    private let spool: SpoolFile
    private let range: Range<Int>

    /// - Parameter range: where the file is.
    init(_ spool: SpoolFile, _ range: Range<Int>) {
        self.spool = spool
        self.range = range
    }

    var byteCount: Int { range.count }
    var canOpen: Bool { true }

    func open(with rest: [UploadSegment]) -> (pipe: UploadPipe, turn: Int)? {
        var limits = UploadPipe.Limits()
        limits.keptMax = 0
        // More is read from the disk at once.
        (limits.unreadHigh, limits.unreadLow) = (96 * 1024, 32 * 1024)
        let pipe = UploadPipe(limits: limits)
        spool.pour([.kept(range)] + rest, into: pipe)
        return (pipe, 0)
    }
}
