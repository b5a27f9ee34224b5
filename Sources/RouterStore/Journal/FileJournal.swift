import Foundation
public import RouterCore
import Synchronization

/// A journal in a directory of files: `00000001.journal`, `00000002.journal` and so on.
///
/// A record is in the kernel's hands when ``append(_:)`` returns, so it survives the end of the process, not a loss of
/// power in the next moment. Segments are given their blocks before they are needed: a disk that fills up stops new
/// requests and never the end of one that runs.
public final class FileJournal: Journal {
    private struct State: ~Copyable {
        var descriptor: Int32
        var segment: Int64
        /// Bytes written.
        var bytes = 0
        /// Bytes that have blocks on the disk.
        var allocated: Int
        /// Room that was promised reaches so far.
        var reserved = 0
        /// Written along with the next record.
        var later: [UInt8] = []
        /// The oldest segment that is still there.
        var oldest: Int64
    }

    private let directory: String
    private let state: Mutex<State>

    /// Blocks are asked for in pieces of so many bytes.
    private static let piece = 1024 * 1024
    /// Records that may be lost are written when they have so many bytes.
    private static let laterBytesMax = 16 * 1024

    /// Opens the journal in `directory`, which is made when it is missing.
    ///
    /// - Returns: the journal, with a new segment, and the records of the segments before it, in order. They stay until
    ///   ``remove(through:)``.
    /// - Throws: ``StoreError``: `unavailable` with the system's reason; `incompatible` when a segment is damaged in the
    ///   middle. A record that was cut off at the end of the last one was never promised to anybody.
    public static func open(_ directory: String) throws(StoreError) -> (journal: FileJournal, records: [[UInt8]]) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(.unavailable, "\(directory) cannot be made: \(error.localizedDescription)")
        }
        var records: [[UInt8]] = []
        let segments = try segments(in: directory)
        for segment in segments {
            guard let data = FileManager.default.contents(atPath: path(directory, segment)) else {
                throw StoreError(.unavailable, "\(path(directory, segment)) cannot be read")
            }
            let reading = JournalLine.read(Array(data))
            if reading.isTorn {
                guard segment == segments.last else {
                    throw StoreError(
                        .incompatible,
                        """
                        \(path(directory, segment)) is damaged behind record \(reading.records.count). \
                        Move it away to start without it.
                        """)
                }
                // It will not be the last one any more.
                truncate(path(directory, segment), off_t(reading.bytes))
            }
            records += reading.records
        }
        let next = (segments.last ?? 0) + 1
        return (try FileJournal(directory, segment: next, oldest: segments.first ?? next), records)
    }

    private init(_ directory: String, segment: Int64, oldest: Int64) throws(StoreError) {
        self.directory = directory
        let descriptor = try Self.create(directory, segment)
        state = Mutex(State(descriptor: descriptor, segment: segment, allocated: Self.piece, oldest: oldest))
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    @discardableResult
    public func append(_ record: [UInt8]) throws(StoreError) -> Int64 {
        guard record.count <= JournalLimits.recordBytesMax else {
            throw StoreError(.incompatible, "A record of \(record.count) bytes is too long for the journal")
        }
        let directory = directory
        return try state.withLock { state throws(StoreError) in
            var lines = state.later
            state.later = []
            lines.reserveCapacity(lines.count + record.count + 10)
            JournalLine.append(record, to: &lines)
            try Self.write(lines, to: &state, directory)
            return state.segment
        }
    }

    public func appendLater(_ record: [UInt8]) {
        state.withLock { state in
            // More of them are not worth the memory: what they are for can be lost.
            guard state.later.count < Self.laterBytesMax else { return }
            JournalLine.append(record, to: &state.later)
        }
    }

    public func flush() throws(StoreError) {
        let directory = directory
        try state.withLock { state throws(StoreError) in
            guard !state.later.isEmpty else { return }
            let lines = state.later
            state.later = []
            try Self.write(lines, to: &state, directory)
        }
    }

    public func reserve(_ bytes: Int) throws(StoreError) {
        let directory = directory
        try state.withLock { state throws(StoreError) in
            let needed = state.bytes + state.later.count + bytes
            if needed > state.allocated { try Self.allocate(needed, in: &state, directory) }
            state.reserved = max(state.reserved, needed)
        }
    }

    public var current: (segment: Int64, bytes: Int) { state.withLock { ($0.segment, $0.bytes) } }

    public func rotate(keeping records: [[UInt8]]) throws(StoreError) {
        var lines: [UInt8] = []
        for record in records { JournalLine.append(record, to: &lines) }
        let directory = directory
        try state.withLock { state throws(StoreError) in
            let next = state.segment + 1
            // What was promised to running requests is promised in the new segment.
            let promised = max(0, state.reserved - state.bytes)
            let pieces = (lines.count + promised + Self.piece - 1) / Self.piece
            let allocated = max(1, pieces) * Self.piece
            let descriptor = try Self.create(directory, next, bytes: allocated)
            close(state.descriptor)
            state.descriptor = descriptor
            state.segment = next
            state.bytes = 0
            state.allocated = allocated
            state.reserved = lines.count + promised
            try Self.write(lines, to: &state, directory)
        }
    }

    public func remove(through segment: Int64) {
        let removed = state.withLock { state -> Range<Int64> in
            let first = state.oldest
            let end = min(segment + 1, state.segment)
            guard first < end else { return 0..<0 }
            state.oldest = end
            return first..<end
        }
        for segment in removed { unlink(Self.path(directory, segment)) }
    }

    // MARK: Files

    private static func path(_ directory: String, _ segment: Int64) -> String {
        let digits = String(segment)
        return "\(directory)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits)\(suffix)"
    }

    private static let suffix = ".journal"

    private static func segments(in directory: String) throws(StoreError) -> [Int64] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasSuffix(suffix) }.compactMap { Int64($0.dropLast(suffix.count)) }.sorted()
        } catch {
            throw StoreError(.unavailable, "\(directory) cannot be read: \(error.localizedDescription)")
        }
    }

    private static func create(
        _ directory: String, _ segment: Int64, bytes: Int = piece
    ) throws(StoreError) -> Int32 {
        let path = path(directory, segment)
        let descriptor = Foundation.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("\(path) cannot be made", errno) }
        let result = posix_fallocate(descriptor, 0, off_t(bytes))
        guard result == 0 else {
            close(descriptor)
            unlink(path)
            throw failure("\(path) gets no room on its disk", result)
        }
        return descriptor
    }

    private static func allocate(_ bytes: Int, in state: inout State, _ directory: String) throws(StoreError) {
        let pieces = (bytes + piece - 1) / piece
        let result = posix_fallocate(state.descriptor, 0, off_t(pieces * piece))
        guard result == 0 else { throw failure("\(path(directory, state.segment)) gets no room on its disk", result) }
        state.allocated = pieces * piece
    }

    private static func write(_ lines: [UInt8], to state: inout State, _ directory: String) throws(StoreError) {
        var written = 0
        while written < lines.count {
            let offset = off_t(state.bytes + written)
            let count = lines.span.extracting(written..<lines.count).withUnsafeBufferPointer {
                pwrite(state.descriptor, $0.baseAddress, $0.count, offset)
            }
            if count < 0, errno == EINTR { continue }
            // A line that is there in part is written over by the next one.
            guard count > 0 else { throw failure("\(path(directory, state.segment)) cannot be written", errno) }
            written += count
        }
        state.bytes += written
        state.allocated = max(state.allocated, state.bytes)
    }

    private static func failure(_ what: String, _ number: Int32) -> StoreError {
        StoreError(.unavailable, "\(what): \(String(cString: strerror(number)))")
    }
}
