public import RouterCore

/// A store in an SQL database; ``SQLiteStore`` and ``PostgresStore`` open one.
///
/// Several processes may use one database at the same time. A call ends also when the task that waits for it is
/// cancelled; how long it may wait for others is the driver's bound.
public final class SQLStore: Store {
    let driver: any SQLDriver
    private let migrator: Migrator

    init(driver: any SQLDriver, release: String, migrations: [Migration] = Migration.all) {
        self.driver = driver
        migrator = Migrator(driver: driver, release: release, migrations: migrations)
    }

    /// A store on `driver`, which is closed when that fails.
    static func open(
        on driver: some SQLDriver, release: String, migrating: Bool, migrations: [Migration] = Migration.all
    ) async throws(StoreError) -> SQLStore {
        let store = SQLStore(driver: driver, release: release, migrations: migrations)
        do throws(StoreError) {
            if migrating { try await store.migrate() } else { _ = try await store.pendingMigrations() }
            return store
        } catch {
            await driver.close()
            throw error
        }
    }

    /// Whether servers on other machines may use the same database.
    public var isShared: Bool { !(driver is SQLiteDriver) }

    /// The steps that the database lacks before this version can work with it, oldest first: `"1 accounts and API keys"`.
    ///
    /// - Throws: ``StoreError``: `incompatible` when a newer version of the program has written it.
    public func pendingMigrations() async throws(StoreError) -> [String] {
        try await migrator.pending().map { "\($0.number) \($0.name)" }
    }

    /// Applies ``pendingMigrations()``, each in a transaction of its own. Doing it twice, or from two processes at
    /// once, applies each once.
    ///
    /// - Throws: ``StoreError``; the steps before the one that failed stay applied, of that one nothing does.
    public func migrate() async throws(StoreError) {
        try await migrator.migrate()
    }

    public func check() async throws(StoreError) {
        try await driver.check()
        try await migrator.requireMigrated()
    }

    public func close() async {
        await driver.close()
    }
}
