import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterStore

@Suite(
    "The roles of docs/postgres.md", .enabled(if: !Backend.isPostgresMissing, "no PostgreSQL: scripts/postgres run"))
struct PostgresRoleTests {
    /// The statements of the page, block by block.
    private static func blocks() throws -> [[String]] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/postgres.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        return text.split(separator: "```sql\n").dropFirst().map { block in
            let statements = block.prefix(upTo: block.firstRange(of: "```")?.lowerBound ?? block.endIndex)
            return statements.replacing("'…'", with: "'secret'").replacing("\\c routerd", with: ";\\c;")
                .split(separator: ";").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
        }
    }

    /// Makes database, roles and schema as the page says.
    /// - Returns: the URI of the role that servers have.
    private func prepare(_ server: OwnPostgresServer) async throws -> String {
        let blocks = try Self.blocks()
        try #require(blocks.count == 2 && blocks[0].contains("\\c"))
        let uri = server.uri.replacing("/postgres", with: "/routerd").replacing("postgres:/routerd", with: "postgres:/")
        var isThere = false
        for statement in blocks[0] {
            if statement == "\\c" {
                isThere = true
            } else {
                try await PostgresServer.run(statement, on: isThere ? uri : server.uri)
            }
        }
        func role(_ name: String) -> String { uri.replacing("routerd:routerd-test@", with: "\(name):secret@") }
        let owner = try await PostgresStore.open(uri: role("routerd_owner"), limits: PostgresServer.limits)
        await owner.close()
        for statement in blocks[1] { try await PostgresServer.run(statement, on: role("routerd_owner")) }
        return role("routerd_app")
    }

    @Test("let a server do all that it does, and nothing to what is only ever added to")
    func roles() async throws {
        try await OwnPostgresServer.with { server in
            let store = try await PostgresStore.open(uri: try await prepare(server), limits: PostgresServer.limits)
            try await withDirectory { directory in
                try await closing([store]) { stores in
                    try await serve(stores[0], directory)
                    try await refuses(stores[0])
                }
            }
        }
    }

    /// What `routerd serve` and the commands beside it ask of a store.
    private func serve(_ store: SQLStore, _ directory: String) async throws {
        try await store.migrate()
        try await store.check()
        try await store.keep([FeeRequest.prices])
        let grant = CreditEntry(
            id: "grant-1", account: .first, kind: .grant, amount: Money(nanoUSD: 50 * FeeRequest.fee), reason: "test",
            createdAt: 1_776_249_000_000)
        let account = try await store.add(
            Account(id: .first, email: "a@example.org", createdAt: 1_776_249_000_000), grant: grant
        ).id
        var key = APIKey.sample(1)
        key.account = account
        key.limit = Money(nanoUSD: 20 * FeeRequest.fee)
        key.limitReset = .daily
        try await store.add(key)
        key.limit = Money(nanoUSD: 30 * FeeRequest.fee)
        let changed = try await store.update(key)
        #expect(changed?.limit == key.limit)
        let node = try await LedgerNode.start(1, on: store, in: directory)
        let limiter = SharedRateLimiter(
            store: store, ambient: .live { Int64(Date().timeIntervalSince1970 * 1000) })
        for number in 0..<10 {
            let verdict =
                if let known = limiter.admit(key.id, limit: 60) {
                    known
                } else {
                    try await limiter.ask(key.id, limit: 60)
                }
            #expect(verdict.isAdmitted)
            let isPaid = try await FeeRequest.run(number, at: node, account: account, key: key.id, limited: true)
            #expect(isPaid)
            try await node.ledger.report()
        }
        _ = try await store.reclaim(after: .seconds(-10))
        try await node.ledger.report()
        try await node.ledger.stop()
        await limiter.stop()
        _ = try await store.permits([])
        let version = try await store.keysVersion()
        _ = try await store.suspend(account, at: 5)
        _ = try await store.suspend(account, at: nil)
        let found = try await store.key(holding: [key.digest])
        #expect(found?.id == key.id)
        _ = try await store.revokeKey(key.id, at: 6)
        let later = try await store.keysVersion()
        #expect(later == version + 3)
        let reads = (
            try await store.keys().count, try await store.key(named: key.id, of: account),
            try await store.accounts().count, try await store.entries(of: account, since: 0).count,
            try await store.generations(of: account, since: 0, count: 100).count,
            try await store.activity(of: account, key: nil, days: 0...100_000).count,
            try await store.spending(of: account, at: 1_776_249_000_000).count
        )
        #expect(reads.0 == 1 && reads.1?.id == key.id && reads.2 == 2 && reads.3 == 1 && reads.4 == 10)
        #expect(reads.5 == 1 && reads.6 == 1)
        let verification = try await store.verify()
        #expect(verification.isExact && verification.entries == 11, "\(verification.findings)")
    }

    private func refuses(_ store: SQLStore) async throws {
        for statement: SQLText in [
            "UPDATE entries SET amount_n = 0", "DELETE FROM entries", "UPDATE generations SET cost_n = 0",
            "DELETE FROM generations", "UPDATE price_lists SET body = ''", "DELETE FROM price_lists",
            "DELETE FROM accounts", "DELETE FROM api_keys", "DELETE FROM usage_days", "DELETE FROM nodes",
            "DELETE FROM rate_windows", "DELETE FROM keys_version",
            "INSERT INTO keys_version (only_row, version) VALUES (2, 2)", "DELETE FROM routerd_migrations",
            "UPDATE routerd_migrations SET number = 1", "TRUNCATE generations", "TRUNCATE rate_windows",
            "DROP TABLE leases", "CREATE TABLE mine (a BIGINT)", "ALTER TABLE accounts ADD COLUMN b BIGINT",
        ] {
            let error = await storeError { () throws(StoreError) in
                try await store.driver.write { transaction throws(StoreError) in try transaction.execute(statement) }
            }
            #expect(error?.kind == .incompatible, "\(statement.postgres): \(error as Any)")
            #expect(error?.description.contains("SQLSTATE 42501") == true, "\(statement.postgres): \(error as Any)")
        }
    }
}
