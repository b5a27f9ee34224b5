import RouterCore

/// Runs statements on one database, on connections and threads of its own.
///
/// A conformance is thin: it opens connections, binds parameters, reads columns and translates errors. What is asked
/// of the database is ``SQLStore``'s. Each body below runs on a thread where it may block, and must not outlive its
/// argument. It may be called again after what it did was undone, so it does nothing but ask the database and compute.
///
/// Cancelling the task that waits does not end a body that was accepted: a bill is written also when its client has
/// left. Waiting is bounded instead, by the time the driver waits for a lock.
protocol SQLDriver: Sendable {
    /// What messages call the database: a path, or a host and a name; never a password.
    var name: String { get }

    /// Reads: all statements of `body` see the same state of the database.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSnapshot) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value

    /// One transaction: it is committed when `body` returns, and when this returns it survives a loss of power; it is
    /// undone when `body` throws. Where the connection is lost while the database confirms it, the error is
    /// `unavailable` and it may have happened: what is asked for again must then do nothing the second time.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value

    /// ``write(_:)`` for a step of the schema: may take long, and is alone among all processes that do the same.
    func migrate(_ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Void) async throws(StoreError)

    /// Answers whether the database is there and is still the one that was opened.
    func check() async throws(StoreError)

    /// Ends when work that was accepted is done and the connections are closed; later calls throw `unavailable`.
    func close() async
}

/// The state of a database, as one reader sees it.
protocol SQLSnapshot {
    /// All rows that `statement` answers with. It is prepared once for each connection.
    ///
    /// - Parameter parameters: the value of `$1` first.
    func rows(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> [SQLRow]
}

/// A transaction that is open for writing. Once a statement of it has failed, all that follow fail and it is undone,
/// also when its body goes on.
protocol SQLTransaction: SQLSnapshot {
    /// Runs a statement that answers no rows.
    ///
    /// - Returns: how many rows were inserted, updated or deleted; means nothing for other statements.
    @discardableResult
    func execute(_ statement: SQLText, _ parameters: [SQLValue]) throws(StoreError) -> Int

    /// Runs a statement for each row; does nothing without any.
    ///
    /// - Parameter more: what is the same for all rows.
    func execute(each statement: SQLEach, _ rows: [[SQLValue]], _ more: [SQLValue]) throws(StoreError)

    /// Inserts the rows whose key is not there yet, in their order: fast for thousands at once.
    ///
    /// - Parameter rows: each with a value for every column of `insert`.
    /// - Returns: for each row whether it is new. Of two with the same key only the first can be.
    func insert(_ insert: SQLInsert, _ rows: [[SQLValue]]) throws(StoreError) -> [Bool]
}

extension SQLSnapshot {
    func rows(_ statement: SQLText) throws(StoreError) -> [SQLRow] { try rows(statement, []) }
}

extension SQLTransaction {
    @discardableResult
    func execute(_ statement: SQLText) throws(StoreError) -> Int { try execute(statement, []) }
}
