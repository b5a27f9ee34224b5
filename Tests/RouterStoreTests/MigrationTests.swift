import RouterCore
import Testing

@testable import RouterStore

@Suite("Migrations")
struct MigrationTests {
    /// A step that only tests have, after all others.
    private static func extra(_ statements: SQLText...) -> [Migration] {
        Migration.all + [Migration(number: Migration.all.count + 1, name: "extra", statements: statements)]
    }

    private static let latest = Migration.all.count

    @Test("are numbered from 1 without gaps")
    func areNumbered() {
        #expect(Migration.all.map(\.number) == Array(1...Self.latest))
    }

    @Test("make an empty database a store with the first account", arguments: Backend.shared)
    func fromEmpty(_ backend: Backend) async throws {
        try await backend.withPlace { place in
            let store = try await place.open(release: "1.2")
            try await closing([store]) { _ in
                let pending = try await store.pendingMigrations()
                #expect(pending.isEmpty)
                let rows = try await Self.rows(
                    "SELECT id, kind, email, created_ms > 1700000000000 AS is_dated FROM accounts", in: store)
                #expect(rows.map(\.values) == [[.integer(1), .integer(1), .null, .integer(1)]])
                let steps = try await Self.rows(
                    "SELECT number, routerd, applied_ms > 1700000000000 AS is_dated FROM routerd_migrations", in: store)
                #expect(steps.map(\.values) == Migration.all.map { [SQLValue($0.number), .text("1.2"), .integer(1)] })
            }
        }
    }

    @Test("bring a store of each earlier version up to date", arguments: Backend.shared, 0..<latest)
    func fromEarlier(_ backend: Backend, _ version: Int) async throws {
        try await backend.withPlace { place in
            let name = try place.name
            let old = try await place.open(
                release: "1.0", migrating: true, migrations: Array(Migration.all.prefix(version)))
            await old.close()

            let unchanged = try await place.open(release: "1.2", migrating: false)
            try await closing([unchanged]) { _ in
                let pending = try await unchanged.pendingMigrations()
                #expect(pending == Migration.all.dropFirst(version).map { "\($0.number) \($0.name)" })
                let error = await storeError { () throws(StoreError) in try await unchanged.check() }
                #expect(error?.kind == .incompatible)
                #expect(
                    error?.description
                        == "\(name) has schema \(version); this is routerd 1.2 (schema \(Self.latest)). "
                        + "Bring it up to date with `routerd migrate`.")
                let unread = await storeError { () throws(StoreError) in
                    try await unchanged.permits([PermitRequest(key: "key_a", limit: 1, need: 1)])
                }
                #expect(unread?.kind == .incompatible)
                try await unchanged.migrate()
                try await unchanged.check()
            }

            let new = try await place.open()
            try await closing([new]) { _ in
                try await new.check()
                try await new.add(.sample(1))
                let keys = try await new.keys()
                #expect(keys == [.sample(1)])
            }
        }
    }

    @Test("done twice are done once", arguments: Backend.shared)
    func twice(_ backend: Backend) async throws {
        try await backend.withPlace { place in
            let first = try await place.open(release: "1.2")
            try await first.add(.sample(1))
            let version = try await first.keysVersion()
            try await first.migrate()
            await first.close()
            let second = try await place.open(release: "1.3")
            try await closing([second]) { _ in
                let keys = try await second.keys()
                #expect(keys == [.sample(1)])
                let same = try await second.keysVersion()
                #expect(same == version)
                let releases = try await Self.rows("SELECT DISTINCT routerd FROM routerd_migrations", in: second)
                #expect(releases.map(\.values) == [[.text("1.2")]])
            }
        }
    }

    @Test("done by several at once are done once", arguments: Backend.shared)
    func atOnce(_ backend: Backend) async throws {
        try await backend.withPlace { place in
            let stores = try await withThrowingTaskGroup(of: SQLStore.self) { group in
                for _ in 1...8 {
                    group.addTask { try await place.open() }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await closing(stores) { stores in
                for store in stores { try await store.check() }
                let counts = try await Self.rows(
                    """
                    SELECT (SELECT count(*) FROM routerd_migrations) AS steps, (SELECT count(*) FROM accounts) AS accounts
                    """, in: stores[0])
                #expect(counts.map(\.values) == [[SQLValue(Self.latest), .integer(1)]])
            }
        }
    }

    @Test("of a newer version are refused, with both numbers and what to do", arguments: Backend.shared, [true, false])
    func newer(_ backend: Backend, _ migrating: Bool) async throws {
        try await backend.withPlace { place in
            let name = try place.name
            let newer = try await place.open(
                release: "1.4", migrating: true, migrations: Self.extra("CREATE TABLE extra (id BIGINT)"))
            try await newer.add(.sample(1))
            await newer.close()

            let error = await storeError { () throws(StoreError) in
                try await place.open(release: "1.2", migrating: migrating)
            }
            #expect(error?.kind == .incompatible)
            #expect(
                error?.description == """
                    \(name) was written by routerd 1.4 (schema \(Self.latest + 1)); \
                    this is routerd 1.2 (schema \(Self.latest)). \
                    Run 1.4 or newer, or restore a backup with schema \(Self.latest).
                    """)

            let again = try await place.open(
                release: "1.5", migrating: true, migrations: Self.extra())
            try await closing([again]) { _ in
                let keys = try await again.keys()
                #expect(keys == [.sample(1)])
            }
        }
    }

    @Test("of a newer version that come while a store is open leave it in use", arguments: Backend.shared)
    func newerMeanwhile(_ backend: Backend) async throws {
        try await backend.withPlace { place in
            let old = try await place.open(release: "1.2")
            try await closing([old]) { _ in
                let newer = try await place.open(
                    release: "1.4", migrating: true,
                    migrations: Self.extra("ALTER TABLE api_keys ADD COLUMN extra BIGINT"))
                try await newer.add(.sample(1))
                await newer.close()
                try await old.check()
                try await old.add(.sample(2))
                let keys = try await old.keys()
                #expect(keys == [.sample(1), .sample(2)])
            }
        }
    }

    @Test("leave nothing of a step that fails", arguments: Backend.shared, [0, latest])
    func failing(_ backend: Backend, _ applied: Int) async throws {
        try await backend.withPlace { place in
            let failing =
                Array(Migration.all.prefix(applied)) + [
                    Migration(
                        number: applied + 1, name: "failing",
                        statements: [
                            "CREATE TABLE extra (id BIGINT)", "INSERT INTO extra (id) VALUES (1)",
                            "INSERT INTO nowhere (id) VALUES (1)",
                        ])
                ]
            let error = await storeError { () throws(StoreError) in
                try await place.open(release: "1.2", migrating: true, migrations: failing)
            }
            #expect(error?.kind == .incompatible)
            #expect(error?.description.contains("nowhere") == true)

            let store = try await place.open(release: "1.2", migrating: false)
            try await closing([store]) { _ in
                let pending = try await store.pendingMigrations()
                #expect(pending.count == Self.latest - applied)
                let tables = try await Self.rows(
                    SQLText(
                        sqlite: "SELECT name FROM sqlite_schema WHERE name IN ('extra', 'routerd_migrations')",
                        postgres: """
                            SELECT tablename AS name FROM pg_tables
                            WHERE schemaname = current_schema() AND tablename IN ('extra', 'routerd_migrations')
                            """), in: store)
                #expect(tables.map(\.values) == (applied == 0 ? [] : [[.text("routerd_migrations")]]))
                try await store.migrate()
                try await store.add(.sample(1))
            }
        }
    }

    private static func rows(_ statement: SQLText, in store: SQLStore) async throws -> [SQLRow] {
        try await store.driver.read { snapshot throws(StoreError) in try snapshot.rows(statement) }
    }
}
