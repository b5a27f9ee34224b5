import GRDB
import RouterCore

/// Where an error of SQLite becomes one of the store.
enum SQLiteFailure {
    /// `error` as a ``StoreError`` that names the database and has SQLite's words; one that is a `StoreError` already
    /// stays as it is. Parameters are not in it.
    static func storeError(_ error: any Error, _ name: String) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as DatabaseError:
            StoreError(
                kind(error.resultCode),
                "\(name): \(error.message ?? "no reason given") (SQLite error \(error.extendedResultCode.rawValue))")
        default: StoreError(.unavailable, "\(name): \(error)")
        }
    }

    private static func kind(_ code: ResultCode) -> StoreError.Kind {
        switch code {
        case .SQLITE_CONSTRAINT: .conflict
        // An SQLITE_ERROR is a statement that does not fit the schema: somebody else has changed it.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR, .SQLITE_MISMATCH: .incompatible
        default: .unavailable
        }
    }
}
