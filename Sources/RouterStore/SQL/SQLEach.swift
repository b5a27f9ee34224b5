/// One statement for each of many rows of values.
///
/// SQLite runs a prepared statement for each row, which costs a few microseconds and no reading of a list; PostgreSQL,
/// which is a round trip away, gets all rows at once.
struct SQLEach: Sendable {
    /// One row: `?1` is its first value; what is the same for all rows comes behind the last.
    let sqlite: String
    /// All rows: `$1` is the ``SQLValue/list(_:)`` of them; what is the same for all rows begins with `$2`.
    let postgres: SQLText

    init(sqlite: StaticString, postgres: SQLText) {
        self.sqlite = "\(sqlite)"
        self.postgres = postgres
    }
}
