import GRDB
public import RouterCore

// Copies of a store's file, for backups.
extension SQLiteStore {
    /// Copies the store in the file at `path`, as it is at one moment, to a new file. Servers may work on it meanwhile, and
    /// are not held up.
    ///
    /// - Parameter target: a file that is not there; it is made for its owner only.
    /// - Throws: ``StoreError`` of kind `unavailable` with the reason of the system or of SQLite.
    public static func copy(_ path: String, to target: String) async throws(StoreError) {
        let (source, copy) = (try SQLiteFile(path: path), try SQLiteFile(path: target))
        _ = try source.identity()
        try copy.create()
        try await onOtherThread { () throws(StoreError) in
            do {
                var configuration = Configuration()
                configuration.busyMode = .timeout(5)
                let from = try DatabaseQueue(path: source.absolutePath, configuration: configuration)
                let to = try DatabaseQueue(path: copy.absolutePath)
                // All pages in one step: SQLite's backup holds one state of the database to its end.
                try from.backup(to: to)
                try to.close()
                try from.close()
            } catch {
                throw SQLiteFailure.storeError(error, path)
            }
        }
    }

    /// Looks through the whole file at `path`, which nobody else may use meanwhile.
    /// - Throws: ``StoreError`` of kind `incompatible` when it is damaged.
    public static func requireWhole(_ path: String) async throws(StoreError) {
        let file = try SQLiteFile(path: path)
        _ = try file.identity()
        try await onOtherThread { () throws(StoreError) in
            do {
                let queue = try DatabaseQueue(path: file.absolutePath)
                let findings = try queue.writeWithoutTransaction { connection in
                    try String.fetchAll(connection, sql: "PRAGMA quick_check(3)")
                }
                try queue.close()
                guard findings == ["ok"] else {
                    throw StoreError(.incompatible, "\(path) is damaged: \(findings.joined(separator: "; "))")
                }
            } catch {
                throw SQLiteFailure.storeError(error, path)
            }
        }
    }
}
