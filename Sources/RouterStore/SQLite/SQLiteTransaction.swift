import Foundation
import GRDB
import RouterCore

/// Statements on one connection, on its queue.
final class SQLiteTransaction: SQLTransaction {
    private let database: Database
    /// What messages call the database.
    private let name: String
    /// What the first statement that failed said. SQLite would go on after some errors; PostgreSQL never does.
    private(set) var failure: StoreError?

    init(_ database: Database, name: String) {
        self.database = database
        self.name = name
    }

    func rows(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> [SQLRow] {
        try run(statement.sqlite) { prepared in
            let arguments = try Self.arguments(parameters)
            let cursor = try Row.fetchCursor(prepared, arguments: arguments)
            let columns = prepared.columnNames
            var rows: [SQLRow] = []
            while let row = try cursor.next() {
                var values: [SQLValue] = []
                values.reserveCapacity(columns.count)
                for index in columns.indices { values.append(try Self.value(row[index], columns[index])) }
                rows.append(SQLRow(columns: columns, values: values))
            }
            return rows
        }
    }

    func execute(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> Int {
        try run(statement.sqlite) { prepared in
            try prepared.execute(arguments: try Self.arguments(parameters))
            return database.changesCount
        }
    }

    func execute(each statement: SQLEach, _ rows: [[SQLValue]], _ more: [SQLValue]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        try run(statement.sqlite) { prepared in
            for row in rows { try prepared.execute(arguments: try Self.arguments(row + more)) }
        }
    }

    func insert(_ insert: SQLInsert, _ rows: [[SQLValue]]) throws(StoreError) -> [Bool] {
        try run(insert.sqlite) { prepared in
            var isNew: [Bool] = []
            isNew.reserveCapacity(rows.count)
            for row in rows {
                try insert.check(row)
                try prepared.execute(arguments: try Self.arguments(row))
                isNew.append(database.changesCount > 0)
            }
            return isNew
        }
    }

    private func run<Answer>(
        _ statement: String, _ body: (Statement) throws -> Answer
    ) throws(StoreError) -> Answer {
        if let failure { throw failure }
        do {
            return try body(try database.cachedStatement(sql: statement))
        } catch {
            let failure = SQLiteFailure.storeError(error, name)
            self.failure = failure
            throw failure
        }
    }

    private static func arguments(_ parameters: [SQLValue]) throws(StoreError) -> StatementArguments {
        var values: [DatabaseValue] = []
        values.reserveCapacity(parameters.count)
        for parameter in parameters {
            switch parameter {
            case .null: values.append(.null)
            case .integer(let number): values.append(number.databaseValue)
            case .text(let text):
                // GRDB 7.10 binds up to the first U+0000, which would store, or find, something else.
                guard !text.utf8.contains(0) else { throw SQLValue.nulRefused }
                values.append(text.databaseValue)
            case .bytes(let bytes): values.append(Data(bytes).databaseValue)
            }
        }
        return StatementArguments(values)
    }

    private static func value(_ value: DatabaseValue, _ column: String) throws(StoreError) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .string(let text): .text(text)
        case .blob(let data): .bytes([UInt8](data))
        case .double:
            throw StoreError(.incompatible, "The column \(column) holds a fraction, which does not belong there")
        }
    }
}
