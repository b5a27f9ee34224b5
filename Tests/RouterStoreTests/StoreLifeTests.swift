import Dispatch
import RouterCore
import Testing

@testable import RouterStore

@Suite("The life of a store")
struct StoreLifeTests {
    @Test("an open store can be used, a closed one says that it is closed", arguments: Backend.available)
    func closes(_ backend: Backend) async throws {
        try await backend.withStore { store in
            try await store.check()
            await store.close()
            await store.close()
            let errors = await [
                storeError { () throws(StoreError) in try await store.check() },
                storeError { () throws(StoreError) in try await store.keysVersion() },
                storeError { () throws(StoreError) in try await store.add(.sample(1)) },
            ]
            for error in errors {
                #expect(error?.kind == .unavailable)
                #expect(error?.description.hasSuffix("is closed") == true)
            }
        }
    }

    @Test("closing while it is asked lets each call end, done or refused", arguments: Backend.available)
    func closesInUse(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let kinds = await withTaskGroup(of: StoreError.Kind?.self) { group in
                for number in 1...60 {
                    group.addTask {
                        do throws(StoreError) {
                            if number == 20 {
                                await store.close()
                            } else if number.isMultiple(of: 2) {
                                try await store.add(.sample(number))
                            } else {
                                _ = try await store.keysVersion()
                            }
                            return nil
                        } catch {
                            return error.kind
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(kinds.count == 60)
            #expect(kinds.allSatisfy { $0 == nil || $0 == .unavailable })
        }
    }

    @Test("what was asked for is done also when nobody waits for it any more", arguments: Backend.available)
    func outlivesCancelling(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await store.add(.sample(1))
                return try await store.keys()
            }
            task.cancel()
            let keys = try await task.value
            #expect(keys == [.sample(1)])
        }
    }

    @Test("a transaction that throws leaves nothing behind", arguments: Backend.available)
    func rollsBack(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let before = try await store.keysVersion()
            let error = await storeError { () throws(StoreError) in
                try await store.driver.write { transaction throws(StoreError) in
                    try transaction.execute("UPDATE keys_version SET version = 1000")
                    throw StoreError(.conflict, "stop")
                }
            }
            #expect(error == StoreError(.conflict, "stop"))
            let after = try await store.keysVersion()
            #expect(after == before)
        }
    }

    @Test("a statement that fails undoes its transaction, also when the body goes on", arguments: Backend.available)
    func failureEndsTransaction(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let error = await storeError { () throws(StoreError) in
                try await store.driver.write { transaction throws(StoreError) in
                    try transaction.execute("UPDATE keys_version SET version = 1000")
                    for _ in 1...2 {
                        let error = #expect(throws: StoreError.self) {
                            try transaction.execute("INSERT INTO keys_version (only_row, version) VALUES (1, 2)")
                        }
                        #expect(error?.kind == .conflict)
                    }
                }
            }
            #expect(error?.kind == .conflict)
            let version = try await store.keysVersion()
            #expect(version != 1000)
        }
    }

    @Test("every kind of value survives the database", arguments: Backend.available)
    func keepsValues(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let kept = SQLText(
                sqlite: "SELECT $1 AS i, $2 AS t, $3 AS b, $4 AS n",
                postgres: "SELECT CAST($1 AS BIGINT) AS i, $2 AS t, CAST($3 AS BYTEA) AS b, CAST($4 AS TEXT) AS n")
            let cases: [[SQLValue]] = [
                [.integer(.min), .text(""), .bytes([]), .null],
                [.integer(.max), .text("é"), .bytes([0, 255, 0]), .null],
            ]
            for values in cases {
                let rows = try await store.driver.read { snapshot throws(StoreError) in try snapshot.rows(kept, values)
                }
                #expect(rows == [SQLRow(columns: ["i", "t", "b", "n"], values: values)])
            }
        }
    }

    @Test("a row that is not what it should be is an incompatible store", arguments: Backend.available)
    func readsColumnsStrictly(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let rows = try await store.driver.read { snapshot throws(StoreError) in
                try snapshot.rows("SELECT CAST(NULL AS BIGINT) AS empty, 'x' AS word")
            }
            let row = try #require(rows.first)
            let errors = await [
                storeError { () throws(StoreError) in try row.integer("empty") },
                storeError { () throws(StoreError) in try row.integer("word") },
                storeError { () throws(StoreError) in try row.text("absent") },
            ]
            #expect(errors.map(\.?.kind) == [.incompatible, .incompatible, .incompatible])
            #expect(errors[0]?.description == "The column empty holds null, which does not belong there")
            #expect(errors[1]?.description == "The column word holds text, which does not belong there")
            let none = try row.integerOrNull("empty")
            #expect(none == nil)
        }
    }
}

@Suite("SQL text")
struct SQLTextTests {
    @Test("numbers stay numbers in both databases")
    func translates() {
        let text: SQLText = "SELECT $2, $1, $10, '$', $a FROM t WHERE x = $2"
        #expect(text.postgres == "SELECT $2, $1, $10, '$', $a FROM t WHERE x = $2")
        #expect(text.sqlite == "SELECT ?2, ?1, ?10, '$', $a FROM t WHERE x = ?2")
    }

    @Test("a part that differs differs in the whole")
    func interpolates() {
        let part = SQLText(sqlite: "a($1)", postgres: "b($1)")
        let text: SQLText = "SELECT \(part) WHERE \(part) = $2"
        #expect(text.sqlite == "SELECT a(?1) WHERE a(?1) = ?2")
        #expect(text.postgres == "SELECT b($1) WHERE b($1) = $2")
    }

    @Test("parameters are bound by their number, however often and in whatever order they occur")
    func bindsByNumber() async throws {
        try await Backend.memory.withStore { store in
            let rows = try await store.driver.read { snapshot throws(StoreError) in
                try snapshot.rows("SELECT $2 AS x, $1 AS y, $2 AS z", [.integer(1), .integer(2)])
            }
            #expect(rows.map(\.values) == [[.integer(2), .integer(1), .integer(2)]])
        }
    }
}
