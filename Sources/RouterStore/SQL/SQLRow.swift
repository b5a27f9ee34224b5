import RouterCore

/// One row of an answer. Columns are asked for by name and type.
struct SQLRow: Sendable, Hashable {
    /// In the order of the statement; shared by all rows of an answer.
    let columns: [String]
    let values: [SQLValue]

    /// - Throws: ``StoreError`` of kind `incompatible` when it is not there or null, as for the others.
    func integer(_ column: String) throws(StoreError) -> Int64 {
        guard case .integer(let number) = try value(column) else { throw unexpected(column) }
        return number
    }

    func integerOrNull(_ column: String) throws(StoreError) -> Int64? {
        try value(column) == .null ? nil : integer(column)
    }

    func text(_ column: String) throws(StoreError) -> String {
        guard case .text(let text) = try value(column) else { throw unexpected(column) }
        return text
    }

    func textOrNull(_ column: String) throws(StoreError) -> String? {
        try value(column) == .null ? nil : text(column)
    }

    private func value(_ column: String) throws(StoreError) -> SQLValue {
        guard let index = columns.firstIndex(of: column), index < values.count else {
            throw StoreError(.incompatible, "The answer of the database has no column \(column), only \(columns)")
        }
        return values[index]
    }

    /// Says which type was found, not the value: that may be somebody's.
    private func unexpected(_ column: String) -> StoreError {
        let found =
            switch (try? value(column)) ?? .null {  // It was there a moment ago.
            case .null: "null"
            case .integer: "an integer"
            case .text: "text"
            case .bytes: "bytes"
            }
        return StoreError(.incompatible, "The column \(column) holds \(found), which does not belong there")
    }
}
