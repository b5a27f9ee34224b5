import RouterCore

/// Statements on one connection, on its thread.
final class PostgresTransaction: SQLTransaction {
    private let connection: PostgresConnection
    /// What the first statement that failed said; nothing runs after it.
    private(set) var failure: PostgresFailure?

    init(_ connection: PostgresConnection) { self.connection = connection }

    func rows(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> [SQLRow] {
        try run { () throws(PostgresFailure) in try answer(statement, parameters).storedRows() }
    }

    func execute(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> Int {
        try run { () throws(PostgresFailure) in try answer(statement, parameters).changedRows }
    }

    func execute(each statement: SQLEach, _ rows: [[SQLValue]], _ more: [SQLValue]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        _ = try execute(statement.postgres, [.list(rows)] + more)
    }

    func insert(_ insert: SQLInsert, _ rows: [[SQLValue]]) throws(StoreError) -> [Bool] {
        guard !rows.isEmpty else { return [] }
        return try run { () throws(PostgresFailure) in
            let parameters: PostgresParameters
            do throws(StoreError) { parameters = try PostgresParameters(insert, rows) } catch {
                throw PostgresFailure(error)
            }
            let answer = try connection.run(insert.postgres, parameters)
            // The usual case needs no look at the keys.
            if answer.rowCount == rows.count { return Array(repeating: true, count: rows.count) }
            var new = Set(try answer.storedRows().map(\.values))
            return rows.map { row in new.remove(insert.keyIndices.map { row[$0] }) != nil }
        }
    }

    private func answer(
        _ statement: SQLText, _ values: [SQLValue]
    ) throws(PostgresFailure) -> PostgresResult {
        let parameters: PostgresParameters
        do throws(StoreError) { parameters = try PostgresParameters(values) } catch { throw PostgresFailure(error) }
        return try connection.run(statement.postgres, parameters)
    }

    private func run<Answer>(_ body: () throws(PostgresFailure) -> Answer) throws(StoreError) -> Answer {
        if let failure { throw failure.error }
        do throws(PostgresFailure) {
            return try body()
        } catch {
            failure = error
            throw error.error
        }
    }
}

extension PostgresResult {
    fileprivate func storedRows() throws(PostgresFailure) -> [SQLRow] {
        do throws(StoreError) { return try rows() } catch { throw PostgresFailure(error) }
    }
}
