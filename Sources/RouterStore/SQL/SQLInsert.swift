import RouterCore

/// Many rows for one table, where one that is there already is left out: how thousands of settlements become one step.
///
/// Written once as a constant, as ``SQLText`` is; nothing that came in can become part of it. Run it with
/// ``SQLTransaction/insert(_:_:)``.
struct SQLInsert: Sendable {
    struct Column: Sendable {
        let name: String
        let type: ColumnType

        /// `BIGINT`, and `SMALLINT` for numbers that fit.
        static func integer(_ name: StaticString) -> Column { Column(name: "\(name)", type: .integer) }
        static func text(_ name: StaticString) -> Column { Column(name: "\(name)", type: .text) }
        static func bytes(_ name: StaticString) -> Column { Column(name: "\(name)", type: .bytes) }
    }

    /// What a column holds besides null.
    enum ColumnType: Sendable { case integer, text, bytes }

    /// In the order of each row's values.
    let columns: [Column]
    /// Where in ``columns`` those stand that make a row the same as another.
    let keyIndices: [Int]
    /// One row; parameter `$1` is the first column.
    let sqlite: String
    /// All rows; parameter `$1` is the array of the first column. Answers the key columns of the rows that are new.
    let postgres: String

    /// - Parameters:
    ///   - key: columns with a unique index over them, never null. A row whose key is there already is no error and
    ///     changes nothing; one that breaks any other rule is a conflict.
    init(into table: StaticString, _ columns: [Column], unlessThereBy key: [String]) {
        self.columns = columns
        keyIndices = key.compactMap { name in columns.firstIndex { $0.name == name } }
        precondition(!key.isEmpty && keyIndices.count == key.count, "the key of \(table) is among its columns")
        let names = columns.map(\.name).joined(separator: ", ")
        let head = "INSERT INTO \(table) (\(names)) "
        let tail = " ON CONFLICT (\(key.joined(separator: ", "))) DO NOTHING"
        sqlite = head + "VALUES (" + columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ") + ")" + tail
        let arrays = columns.enumerated().map { "$\($0 + 1)::\($1.type.postgres)[]" }.joined(separator: ", ")
        postgres = head + "SELECT * FROM unnest(\(arrays))" + tail + " RETURNING " + key.joined(separator: ", ")
    }

    /// Refuses a row that does not fit ``columns``: a mistake of whoever wrote it, which must not reach a database.
    func check(_ row: [SQLValue]) throws(StoreError) {
        guard row.count == columns.count else {
            throw StoreError(.incompatible, "A row has \(row.count) values for \(columns.count) columns")
        }
        for index in row.indices {
            switch (row[index], columns[index].type) {
            case (.null, _), (.integer, .integer), (.text, .text), (.bytes, .bytes): continue
            default:
                throw StoreError(
                    .incompatible, "A value for the column \(columns[index].name) is no \(columns[index].type)")
            }
        }
    }
}

extension SQLInsert.ColumnType {
    fileprivate var postgres: String {
        switch self {
        case .integer: "bigint"
        case .text: "text"
        case .bytes: "bytea"
        }
    }
}
