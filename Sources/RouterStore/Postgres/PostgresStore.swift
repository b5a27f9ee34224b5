public import RouterCore

/// Opens stores in PostgreSQL, which several nodes can share.
///
/// Calls wait at most 5 seconds for a connection and 15 for an answer; a database that is gone is told at once and
/// found again within about a second of its return.
public enum PostgresStore {
    /// Whether a text is meant as the address of a PostgreSQL database: `postgres://…` or `postgresql://…`.
    public static func isAddress(_ text: String) -> Bool { PostgresAddress.isOne(text) }

    /// What messages call the database at `uri`: `PostgreSQL at db.example.org:5432/routerd`, without user and password.
    ///
    /// - Throws: ``StoreError`` of kind `incompatible` when libpq cannot read `uri`.
    public static func name(of uri: String) throws(StoreError) -> String { try PostgresAddress(uri: uri).name }

    /// Opens the store in the database at `uri`.
    ///
    /// - Parameters:
    ///   - uri: as libpq takes it: `postgres://user:password@host:5432/name?sslmode=verify-full`. The password is in no
    ///     message.
    ///   - release: the version of this program, kept with each migration.
    ///   - migrating: applies pending migrations, which needs a role that owns the schema; without it, nothing changes.
    /// - Throws: ``StoreError``: `unavailable` when it cannot be reached or lets nobody in; `incompatible` when the
    ///   address is none, or a newer version has written the database.
    public static func open(
        uri: String, release: String = "unreleased", migrating: Bool = true
    ) async throws(StoreError) -> SQLStore {
        try await open(uri: uri, release: release, migrating: migrating, limits: PostgresDriver.Limits())
    }

    /// ``open(uri:release:migrating:)`` with other bounds and steps, for tests.
    static func open(
        uri: String, release: String = "unreleased", migrating: Bool = true, limits: PostgresDriver.Limits,
        migrations: [Migration] = Migration.all
    ) async throws(StoreError) -> SQLStore {
        let driver = PostgresDriver(try PostgresAddress(uri: uri), limits: limits)
        return try await SQLStore.open(on: driver, release: release, migrating: migrating, migrations: migrations)
    }
}
