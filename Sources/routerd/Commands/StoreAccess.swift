import Foundation
import RouterCore
import RouterStore

extension Settings {
    /// Opens the store wherever it is.
    /// - Parameter migrating: makes a file that is missing, and brings the schema up to date.
    func openStore(migrating: Bool) async throws(StoreError) -> SQLStore {
        switch store {
        case .sqlite(let path):
            try await SQLiteStore.open(path: path, release: Version.text, migrating: migrating)
        case .postgres(let uri):
            try await PostgresStore.open(uri: uri.revealed, release: Version.text, migrating: migrating)
        }
    }

    /// Opens the store, and closes it when `body` is done. A server may be running on it.
    ///
    /// - Parameter creating: makes the data directory and the store when they are missing, and brings its schema up to
    ///   date. Without it they must be there.
    func withStore<Result>(
        creating: Bool, _ body: (SQLStore) async throws -> Result
    ) async throws -> Result {
        if creating {
            _ = try DataDirectory(making: data)
        } else if let storePath, !SmallFile.exists(storePath) {
            throw CommandFailure(
                .unreachable, "there is no store at \(storePath)",
                hint: "Say where it is with -c or --data. routerd serve makes one, and so does routerd keys create.")
        }
        let store = try await openStore(migrating: creating)
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}

extension Ambient {
    /// The clocks of this machine.
    static let ofSystem = Ambient.live {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
