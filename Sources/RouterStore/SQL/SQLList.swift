import RouterCore

// Many rows as one parameter: a JSON text, which both databases can read as a table.

extension SQLValue {
    /// Rows of integers and texts, to be read in a statement by ``SQLText/list(_:)``.
    static func list(_ rows: [[SQLValue]]) -> SQLValue {
        var writer = JSONWriter(capacity: rows.count * 64 + 2)
        writer.beginArray()
        for row in rows {
            writer.beginArray()
            for value in row {
                switch value {
                case .integer(let number): writer.integer(number)
                case .text(let text): writer.string(text)
                case .null, .bytes: writer.null()
                }
            }
            writer.endArray()
        }
        writer.endArray()
        return .text(String(decoding: writer.bytes, as: UTF8.self))
    }
}

extension SQLText {
    /// The rows of a parameter that is a ``SQLValue/list(_:)``, as a table; columns are read by ``integer(_:)`` and
    /// ``text(_:)``.
    static func list(_ parameter: SQLText) -> SQLText {
        SQLText(
            sqlite: "json_each(\(parameter)) AS list",
            postgres: "jsonb_array_elements(CAST(\(parameter) AS jsonb)) AS list (value)")
    }

    /// A column of the row, counted from 0.
    static func integer(_ column: Int) -> SQLText {
        let number = constant(column)
        return SQLText(
            sqlite: "json_extract(list.value, '$[\(number)]')", postgres: "CAST(list.value ->> \(number) AS BIGINT)")
    }

    /// A column of the row, counted from 0.
    static func text(_ column: Int) -> SQLText {
        let number = constant(column)
        return SQLText(sqlite: "json_extract(list.value, '$[\(number)]')", postgres: "(list.value ->> \(number))")
    }

    private static func constant(_ number: Int) -> SQLText {
        let digits: [SQLText] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
        return digits[number]
    }
}
