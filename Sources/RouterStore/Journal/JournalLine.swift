import RouterCore

/// How a record stands in a segment: eight hexadecimal digits of its checksum, a space, the record, a line feed.
///
/// A segment is longer than its records, so that the disk cannot be full when one is written; what follows the last line
/// is zero bytes.
enum JournalLine {
    /// Appends `record` as a line.
    static func append(_ record: [UInt8], to bytes: inout [UInt8]) {
        let sum = CRC32C.sum(record.span)
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = UInt8(sum >> UInt32(shift) & 15)
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
        bytes.append(0x20)
        bytes += record
        bytes.append(0x0A)
    }

    /// What a segment says.
    struct Reading: Sendable, Hashable {
        var records: [[UInt8]] = []
        /// Bytes that these take.
        var bytes = 0
        /// What is behind the records is not only zero bytes: a record that was cut off, or damage.
        var isTorn = false
    }

    /// Reads the lines of a segment up to the first that is not whole.
    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var start = 0
        while start < bytes.count, bytes[start] != 0 {
            guard let end = bytes[start...].firstIndex(of: 0x0A), end - start > 9,
                let sum = UInt32(String(decoding: bytes[start..<start + 8], as: UTF8.self), radix: 16),
                bytes[start + 8] == 0x20
            else { break }
            let record = Array(bytes[start + 9..<end])
            guard CRC32C.sum(record.span) == sum else { break }
            reading.records.append(record)
            start = end + 1
            reading.bytes = start
        }
        reading.isTorn = bytes[start...].contains { $0 != 0 }
        return reading
    }
}
