import RouterCore
import Testing

@testable import RouterStore

@Suite("Many rows at once")
struct InsertTests {
    private static let things = SQLInsert(
        into: "things", [.text("name"), .integer("part"), .integer("amount"), .bytes("body")],
        unlessThereBy: ["name", "part"])

    /// Gives `body` a store with the empty table `things`.
    private static func withThings<Value>(
        _ backend: Backend, _ body: (SQLStore) async throws -> Value
    ) async throws -> Value {
        try await backend.withStore { store in
            try await store.driver.write { transaction throws(StoreError) in
                _ = try transaction.execute(
                    SQLText(sqlite: "\(table("BLOB"))", postgres: "\(table("BYTEA"))"))
            }
            return try await body(store)
        }
    }

    private static func table(_ bytes: SQLText) -> SQLText {
        """
        CREATE TABLE things (
            name TEXT NOT NULL, part SMALLINT NOT NULL, amount BIGINT CHECK (amount >= 0), body \(bytes),
            PRIMARY KEY (name, part))
        """
    }

    private static func insert(_ rows: [[SQLValue]], into store: SQLStore) async throws(StoreError) -> [Bool] {
        try await store.driver.write { transaction throws(StoreError) in try transaction.insert(things, rows) }
    }

    private static func all(in store: SQLStore) async throws -> [[SQLValue]] {
        try await store.driver.read { snapshot throws(StoreError) in
            try snapshot.rows("SELECT name, part, amount, body FROM things ORDER BY name, part").map(\.values)
        }
    }

    @Test("are kept as they are, and each is new once", arguments: Backend.available)
    func insertsOnce(_ backend: Backend) async throws {
        try await Self.withThings(backend) { store in
            let rows: [[SQLValue]] = [
                [.text("a"), .integer(1), .integer(.max), .bytes([0, 255])],
                [.text("a"), .integer(2), .null, .null],
                [.text("{\"x\",\\N NULL}'"), .integer(1), .integer(0), .bytes([])],
                [.text("鍵"), .integer(-1), .integer(5), .null],
            ]
            let first = try await Self.insert([rows[1], rows[3]], into: store)
            #expect(first == [true, true])
            let second = try await Self.insert(rows, into: store)
            #expect(second == [true, false, true, false])
            let third = try await Self.insert(rows, into: store)
            #expect(third == [false, false, false, false])
            let none = try await Self.insert([], into: store)
            #expect(none.isEmpty)
            let all = try await Self.all(in: store)
            #expect(Set(all) == Set(rows))
            #expect(all.count == rows.count)
        }
    }

    @Test("of the same key in one batch: only the first is new", arguments: Backend.available)
    func sameKey(_ backend: Backend) async throws {
        try await Self.withThings(backend) { store in
            let rows: [[SQLValue]] = (1...6).map { [.text("a"), .integer(1 + $0 % 2), .integer($0), .null] }
            let isNew = try await Self.insert(rows, into: store)
            #expect(isNew == [true, true, false, false, false, false])
            let all = try await Self.all(in: store)
            #expect(all == [rows[1], rows[0]])
        }
    }

    @Test("that break another rule leave nothing behind", arguments: Backend.available)
    func breaksRule(_ backend: Backend) async throws {
        try await Self.withThings(backend) { store in
            let good: [SQLValue] = [.text("a"), .integer(1), .integer(1), .null]
            let cases: [([SQLValue], StoreError.Kind)] = [
                ([.text("b"), .integer(1), .integer(-1), .null], .conflict),
                ([.null, .integer(1), .integer(1), .null], .conflict),
                ([.text("b\0"), .integer(1), .integer(1), .null], .incompatible),
                ([.text("b"), .text("1"), .integer(1), .null], .incompatible),
                ([.text("b"), .integer(1)], .incompatible),
            ]
            for (bad, kind) in cases {
                let error = await storeError { () throws(StoreError) in
                    try await Self.insert([good, bad], into: store)
                }
                #expect(error?.kind == kind, "\(bad)")
            }
            let all = try await Self.all(in: store)
            #expect(all.isEmpty)
        }
    }

    @Test("may be thousands, from several tasks, some of them the same", arguments: Backend.available)
    func thousands(_ backend: Backend) async throws {
        try await Self.withThings(backend) { store in
            let new = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        // Half of the rows are another task's too.
                        let rows: [[SQLValue]] = (0..<2000).map {
                            [.text("row \(task / 2 * 2000 + $0)"), .integer(1), SQLValue($0), .null]
                        }
                        return try await Self.insert(rows, into: store).count { $0 }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(new == 4000)
            let all = try await Self.all(in: store)
            #expect(all.count == 4000)
        }
    }
}
