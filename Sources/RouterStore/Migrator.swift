import RouterCore

/// Brings the schema of a database to the one that this version works with.
///
/// What was applied stands in the table `routerd_migrations`, with the release that applied it, so that an older
/// release can say which one it would take.
struct Migrator: Sendable {
    let driver: any SQLDriver
    /// The version of this program, for people.
    let release: String
    /// Numbered from 1, in order.
    let migrations: [Migration]

    /// The newest step that a database has, and who applied it.
    private struct Applied: Sendable {
        var number: Int64
        var release: String
    }

    /// The steps that the database lacks, oldest first; changes nothing.
    /// - Throws: ``StoreError`` of kind `incompatible` when a newer release has written it.
    func pending() async throws(StoreError) -> [Migration] {
        let newest = try await newest()
        try refuseNewer(newest)
        return migrations.filter { $0.number > newest?.number ?? 0 }
    }

    /// Applies what is pending, each step in a transaction of its own; a step that fails leaves nothing behind.
    ///
    /// Others may do the same at the same time: whoever comes second finds the step applied and goes on.
    func migrate() async throws(StoreError) {
        for migration in try await pending() {
            try await driver.migrate { transaction throws(StoreError) in
                try transaction.execute(Self.createTable)
                let newest = try Self.newest(in: transaction)
                try refuseNewer(newest)
                guard migration.number > newest?.number ?? 0 else { return }
                for statement in migration.statements { try transaction.execute(statement) }
                try transaction.execute(
                    Self.record, [SQLValue(migration.number), .text(migration.name), .text(release)])
            }
        }
    }

    /// Lets a schema pass that a newer release has migrated since this one opened it: steps are made so that the
    /// release before goes on working until it is stopped.
    ///
    /// - Throws: ``StoreError`` of kind `incompatible` when the database lacks a step.
    func requireMigrated() async throws(StoreError) {
        let number = try await newest()?.number ?? 0
        guard number < latest else { return }
        throw StoreError(
            .incompatible,
            """
            \(driver.name) has schema \(number); this is routerd \(release) (schema \(latest)). \
            Bring it up to date with `routerd migrate`.
            """)
    }

    private var latest: Int { migrations.last?.number ?? 0 }

    private func refuseNewer(_ newest: Applied?) throws(StoreError) {
        guard let newest, newest.number > latest else { return }
        throw StoreError(
            .incompatible,
            """
            \(driver.name) was written by routerd \(newest.release) (schema \(newest.number)); \
            this is routerd \(release) (schema \(latest)). \
            Run \(newest.release) or newer, or restore a backup with schema \(latest).
            """)
    }

    private func newest() async throws(StoreError) -> Applied? {
        try await driver.read { snapshot throws(StoreError) in try Self.newest(in: snapshot) }
    }

    private static func newest(in snapshot: any SQLSnapshot) throws(StoreError) -> Applied? {
        guard let count = try snapshot.rows(tableCount).first, try count.integer("count") > 0,
            let row = try snapshot.rows(newestRow).first
        else { return nil }
        return Applied(number: try row.integer("number"), release: try row.text("routerd"))
    }

    private static let tableCount = SQLText(
        sqlite: "SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name = 'routerd_migrations'",
        postgres: """
            SELECT count(*) AS count FROM pg_catalog.pg_tables
            WHERE schemaname = current_schema() AND tablename = 'routerd_migrations'
            """)

    private static let newestRow: SQLText =
        "SELECT number, routerd FROM routerd_migrations ORDER BY number DESC LIMIT 1"

    private static let createTable: SQLText = """
        CREATE TABLE IF NOT EXISTS routerd_migrations (
            number BIGINT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            routerd TEXT NOT NULL,
            applied_ms BIGINT NOT NULL)
        """

    private static let record: SQLText =
        "INSERT INTO routerd_migrations (number, name, routerd, applied_ms) VALUES ($1, $2, $3, \(.nowMilliseconds))"
}
