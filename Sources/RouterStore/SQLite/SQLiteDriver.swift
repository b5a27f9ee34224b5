import Dispatch
import GRDB
import RouterCore
import Synchronization

/// SQLite by GRDB: one connection that writes, and for a file a few that read beside it, each on a queue of its own.
///
/// This is what GRDB's `DatabasePool` is for. Its asynchronous reads go through three queues, though, and cost nine
/// times as much as those here (docs/decisions/0005-sqlite-binding.md).
final class SQLiteDriver: SQLDriver {
    let name: String
    /// `nil` in memory.
    private let file: (file: SQLiteFile, identity: SQLiteFile.Identity)?
    /// Work is handed to a queue under this lock, so that all of it comes before the closing.
    private let connections: Mutex<Connections>

    private struct Connections: Sendable {
        let writer: DatabaseQueue
        /// None in memory, where a second connection would have a database of its own.
        let readers: [DatabaseQueue]
        /// How many reads each reader has to do.
        var waiting: [Int]
        var isClosed = false

        init(writer: DatabaseQueue, readers: [DatabaseQueue] = []) {
            self.writer = writer
            self.readers = readers
            waiting = readers.map { _ in 0 }
        }
    }

    /// How long a connection waits for the lock of another process.
    private static let lockWait: Duration = .seconds(5)
    /// Reads at the same time.
    private static let readerCount = 3

    /// Opens the database in `file`; blocks.
    ///
    /// - Parameter creating: whether to make a file that is missing.
    /// - Throws: ``StoreError``, see ``SQLiteStore/open(path:release:migrating:)``.
    init(file: SQLiteFile, creating: Bool) throws(StoreError) {
        name = file.path
        if creating { try file.create() }
        self.file = (file, try file.identity())
        do {
            let writer = try DatabaseQueue(path: file.absolutePath, configuration: Self.configuration())
            try writer.writeWithoutTransaction { connection in
                try Self.requireOurs(connection, file)
                try file.closeToOthers()
                guard try String.fetchOne(connection, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw StoreError(.unavailable, "\(file.path) cannot have a WAL journal where it lies")
                }
            }
            let reading = Self.configuration("PRAGMA query_only = ON")
            let readers = try (0..<Self.readerCount).map { _ in
                try DatabaseQueue(path: file.absolutePath, configuration: reading)
            }
            connections = Mutex(Connections(writer: writer, readers: readers))
        } catch {
            throw SQLiteFailure.storeError(error, name)
        }
    }

    /// Opens an empty database in memory.
    init(inMemoryCalled name: String) throws(StoreError) {
        self.name = name
        file = nil
        do {
            connections = Mutex(Connections(writer: try DatabaseQueue(configuration: Self.configuration())))
        } catch {
            throw SQLiteFailure.storeError(error, name)
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSnapshot) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run { connections, finish in
            guard let least = connections.waiting.indices.min(by: { connections.waiting[$0] < connections.waiting[$1] })
            else {
                return Self.enqueue(.deferred, on: connections.writer, name, body, finish)
            }
            connections.waiting[least] += 1
            Self.enqueue(.deferred, on: connections.readers[least], name, body) { [self] result in
                self.connections.withLock { $0.waiting[least] -= 1 }
                finish(result)
            }
        }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run { connections, finish in
            Self.enqueue(.immediate, on: connections.writer, name, body, finish)
        }
    }

    /// The lock of the file is all that it takes.
    func migrate(_ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Void) async throws(StoreError) {
        try await write { transaction throws(StoreError) in try body(transaction) }
    }

    func check() async throws(StoreError) {
        try await read { [file] _ throws(StoreError) in
            guard let file, try file.file.identity() != file.identity else { return }
            throw StoreError(.unavailable, "\(file.file.path) was replaced by another file; start routerd again")
        }
    }

    func close() async {
        let queues = connections.withLock { connections -> [DatabaseQueue] in
            guard !connections.isClosed else { return [] }
            connections.isClosed = true
            return connections.readers + [connections.writer]
        }
        await withCheckedContinuation { continuation in
            // Each waits for its work. The last one to close writes the journal into the file and removes it. Only a
            // statement in use could make it fail, and none outlives its transaction; then the connection closes with
            // the last reference to it.
            DispatchQueue.global().async {
                for queue in queues { try? queue.close() }
                continuation.resume()
            }
        }
    }

    /// Lets `start` hand work to a queue and waits for its `finish`.
    ///
    /// GRDB's `async` functions would end the work when the waiting task is cancelled; this does not.
    private func run<Value: Sendable>(
        _ start: (inout Connections, @escaping @Sendable (Result<Value, StoreError>) -> Void) -> Void
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, StoreError>, _>) in
            connections.withLock { connections in
                if connections.isClosed {
                    continuation.resume(returning: .failure(StoreError(.unavailable, "\(name) is closed")))
                } else {
                    start(&connections) { continuation.resume(returning: $0) }
                }
            }
        }
        return try result.get()
    }

    private static func enqueue<Value: Sendable>(
        _ kind: Database.TransactionKind, on queue: DatabaseQueue, _ name: String,
        _ body: @escaping @Sendable (SQLiteTransaction) throws(StoreError) -> Value,
        _ finish: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        queue.asyncWriteWithoutTransaction { connection in
            var result: Result<Value, StoreError>?
            do {
                try connection.inTransaction(kind) {
                    let transaction = SQLiteTransaction(connection, name: name)
                    let value = try body(transaction)
                    if let failure = transaction.failure { throw failure }
                    result = .success(value)
                    return .commit
                }
            } catch {
                result = .failure(SQLiteFailure.storeError(error, name))
            }
            finish(result ?? .failure(StoreError(.unavailable, "\(name): a transaction ended without a result")))
        }
    }

    /// For every connection, with `settings` of its own.
    private static func configuration(_ settings: String...) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(Double(lockWait.components.seconds))
        configuration.prepareDatabase { connection in
            try connection.execute(sql: "PRAGMA synchronous = FULL")
            // Functions and virtual tables that a file may name do nothing by being read.
            try connection.execute(sql: "PRAGMA trusted_schema = OFF")
            for setting in settings { try connection.execute(sql: setting) }
        }
        return configuration
    }

    /// Refuses the database of another program before anything is written to it.
    private static func requireOurs(_ connection: Database, _ file: SQLiteFile) throws {
        let isOther = """
            SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'routerd_migrations')
                AND EXISTS (SELECT 1 FROM sqlite_schema)
            """
        if try Bool.fetchOne(connection, sql: isOther) == true {
            throw StoreError(
                .incompatible,
                "\(file.path) is a database of another program; it is left as it is. Name another file for the store.")
        }
    }
}
