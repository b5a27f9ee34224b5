import CPostgres
import RouterCore

/// An answer of PostgreSQL, in text form; owns libpq's memory of it.
final class PostgresResult {
    private let handle: OpaquePointer

    /// Takes over `handle`.
    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQclear(handle) }

    var rowCount: Int { Int(PQntuples(handle)) }

    /// How many rows were inserted, updated or deleted; 0 for other statements.
    var changedRows: Int { PQcmdTuples(handle).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// - Throws: ``StoreError`` of kind `incompatible` for a type that is not stored here, such as a fraction.
    func rows() throws(StoreError) -> [SQLRow] {
        let fields = 0..<PQnfields(handle)
        let columns = fields.map { PQfname(handle, $0).map { String(cString: $0) } ?? "" }
        let types = fields.map { PQftype(handle, $0) }
        var rows: [SQLRow] = []
        rows.reserveCapacity(rowCount)
        for row in 0..<PQntuples(handle) {
            var values: [SQLValue] = []
            values.reserveCapacity(columns.count)
            for field in fields {
                guard PQgetisnull(handle, row, field) == 0, let start = PQgetvalue(handle, row, field) else {
                    values.append(.null)
                    continue
                }
                let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, row, field)))
                guard let value = Self.value(bytes, type: types[Int(field)]) else {
                    throw StoreError(
                        .incompatible,
                        "The column \(columns[Int(field)]) holds what does not belong there (type \(types[Int(field)]))"
                    )
                }
                values.append(value)
            }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    /// The value that `bytes` are the text of; `nil` for one that is not stored here.
    ///
    /// Source: PostgreSQL 15, `pg_type.dat`, for the numbers of types.
    private static func value(_ bytes: UnsafeRawBufferPointer, type: Oid) -> SQLValue? {
        switch type {
        case 20, 21, 23, 26, 1700:  // bigint, smallint, integer, oid; numeric is what sums of bigint are
            Int64(String(decoding: bytes, as: UTF8.self)).map { .integer($0) }
        case 16: .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
        case 17: hex(bytes).map { .bytes($0) }
        case 18, 19, 25, 705, 1042, 1043: .text(String(decoding: bytes, as: UTF8.self))
        case 2278: .null  // void
        default: nil
        }
    }

    /// `\x00ff` as bytes.
    private static func hex(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
