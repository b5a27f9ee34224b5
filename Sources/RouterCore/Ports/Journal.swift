/// Keeps records of this node until the store has them: what is in it survives the end of the process, however it ends.
///
/// Records are written to numbered segments, one after the other. Whoever uses it starts a new segment now and then and
/// removes old ones once the store has all that matters in them.
public protocol Journal: Sendable {
    /// Writes a record; when this returns, it survives `kill -9`.
    ///
    /// - Parameter record: JSON without line breaks, at most ``JournalLimits/recordBytesMax`` bytes.
    /// - Returns: the segment it is in.
    @discardableResult
    func append(_ record: [UInt8]) throws(StoreError) -> Int64

    /// Writes a record along with the next one, or when ``flush()`` is called: one that may be lost.
    func appendLater(_ record: [UInt8])

    /// Writes what ``appendLater(_:)`` has kept back.
    func flush() throws(StoreError)

    /// Makes sure that so many more bytes can be written, whatever happens to the disk.
    /// - Throws: ``StoreError`` of kind `unavailable` when there is no room.
    func reserve(_ bytes: Int) throws(StoreError)

    /// The segment that is written to, and the bytes in it.
    var current: (segment: Int64, bytes: Int) { get }

    /// Starts a new segment with these records.
    func rotate(keeping records: [[UInt8]]) throws(StoreError)

    /// Removes all segments up to and with this one.
    func remove(through segment: Int64)
}

/// What a journal can take.
public enum JournalLimits {
    /// A record at most.
    public static let recordBytesMax = 64 * 1024
}
