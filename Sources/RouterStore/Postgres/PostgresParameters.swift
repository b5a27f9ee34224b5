import CPostgres
import RouterCore

/// The parameters of one statement, as libpq takes them: all bytes in one buffer, and where each begins.
///
/// Single values go as text, whose type PostgreSQL takes from the statement; bytes, and the arrays of an insert, go in
/// binary form. Source: PostgreSQL 15 documentation, 34.3, `PQexecParams`.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Offset of each in ``bytes``; `nil` for null.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    /// 1 for binary.
    private var formats: [Int32] = []

    /// - Throws: ``StoreError`` of kind `incompatible` for text with U+0000.
    init(_ values: [SQLValue]) throws(StoreError) {
        for value in values {
            let start = bytes.count
            var isBinary = false
            switch value {
            case .null: break
            case .integer(let number): bytes.append(contentsOf: String(number).utf8)
            case .text(let text): try bytes.append(storable: text)
            case .bytes(let content):
                bytes.append(contentsOf: content)
                isBinary = true
            }
            end(start: value == .null ? nil : start, isBinary: isBinary)
        }
    }

    /// For each column of `insert` the array of its values in `rows`.
    ///
    /// - Throws: ``StoreError`` of kind `incompatible` for a row that does not fit, and for text with U+0000.
    init(_ insert: SQLInsert, _ rows: [[SQLValue]]) throws(StoreError) {
        for row in rows { try insert.check(row) }
        bytes.reserveCapacity(rows.count * insert.columns.count * 24)
        for column in insert.columns.indices {
            let start = bytes.count
            // Dimensions, whether there are nulls, the type of elements, how many, the number of the first. Source:
            // PostgreSQL 15, `array_recv` in arrayfuncs.c.
            for number in [1, 1, insert.columns[column].type.oid, Int32(clamping: rows.count), 1] {
                bytes.append(bigEndian: number)
            }
            for row in rows { try append(element: row[column]) }
            end(start: start, isBinary: true)
        }
    }

    private mutating func append(element: SQLValue) throws(StoreError) {
        switch element {
        case .null: bytes.append(bigEndian: Int32(-1))
        case .integer(let number):
            bytes.append(bigEndian: Int32(8))
            bytes.append(bigEndian: number)
        case .text(let text):
            bytes.append(bigEndian: Int32(clamping: text.utf8.count))
            try bytes.append(storable: text)
        case .bytes(let content):
            bytes.append(bigEndian: Int32(clamping: content.count))
            bytes.append(contentsOf: content)
        }
    }

    private mutating func end(start: Int?, isBinary: Bool) {
        starts.append(start)
        lengths.append(Int32(clamping: start.map { bytes.count - $0 } ?? 0))
        formats.append(isBinary ? 1 : 0)
        bytes.append(0)  // Text ends so for libpq.
    }

    /// Gives `body` what `PQsendQueryPrepared` takes; the pointers are good until it returns.
    func withPointers<Value>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Value
    ) -> Value {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return pointers.withUnsafeBufferPointer { pointers in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(
                            Int32(clamping: starts.count), pointers.baseAddress, lengths.baseAddress,
                            formats.baseAddress)
                    }
                }
            }
        }
    }
}

extension SQLInsert.ColumnType {
    /// The number of the type of elements; source: PostgreSQL 15, `pg_type.dat`.
    fileprivate var oid: Int32 {
        switch self {
        case .integer: 20
        case .text: 25
        case .bytes: 17
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(storable text: String) throws(StoreError) {
        let start = count
        append(contentsOf: text.utf8)
        guard !self[start...].contains(0) else { throw SQLValue.nulRefused }
    }

    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
