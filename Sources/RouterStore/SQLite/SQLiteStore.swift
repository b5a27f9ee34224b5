import Dispatch
public import RouterCore

/// Opens stores in SQLite, the database that needs no server.
///
/// A file is safe against a loss of power once a call has returned, and may be used by several processes on one machine
/// at once, such as a running server and a command. It must not lie on a network file system: locks do not work there.
/// A call waits at most 5 seconds for the lock of another process.
public enum SQLiteStore {
    /// Opens the store in the file at `path`, and makes both it and the directories above it when they are missing.
    ///
    /// The file can be read and written by its owner only; one that others could read is closed to them. Beside it
    /// SQLite keeps `-wal` and `-shm`, which belong to it.
    ///
    /// - Parameters:
    ///   - path: such as `./data/routerd.db`; messages call the store so.
    ///   - release: the version of this program, such as `1.2`; kept with each migration, for the message that an
    ///     older version gives.
    ///   - migrating: applies pending migrations. Without it nothing is made either: the file must be there.
    /// - Throws: ``StoreError``: `unavailable` when it cannot be opened or made, with the reason of the system;
    ///   `incompatible` when the file is no store of ours, which is left as it is, is damaged, or was written by a newer
    ///   version.
    public static func open(
        path: String, release: String = "unreleased", migrating: Bool = true
    ) async throws(StoreError) -> SQLStore {
        try await open(path: path, release: release, migrating: migrating, migrations: Migration.all)
    }

    /// Opens an empty store in memory: for tests, and for servers that keep nothing.
    public static func inMemory() async throws(StoreError) -> SQLStore {
        let driver = try await onOtherThread { () throws(StoreError) in
            try SQLiteDriver(inMemoryCalled: "The store in memory")
        }
        return try await SQLStore.open(on: driver, release: "unreleased", migrating: true, migrations: Migration.all)
    }

    /// ``open(path:release:migrating:)`` with other steps, for tests of migrating.
    static func open(
        path: String, release: String, migrating: Bool, migrations: [Migration]
    ) async throws(StoreError) -> SQLStore {
        let driver = try await onOtherThread { () throws(StoreError) in
            try SQLiteDriver(file: SQLiteFile(path: path), creating: migrating)
        }
        return try await SQLStore.open(on: driver, release: release, migrating: migrating, migrations: migrations)
    }

    /// Opening waits for disks and locks, which Swift's own threads must not.
    static func onOtherThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(StoreError) in try body() })
            }
        }
        return try result.get()
    }
}
