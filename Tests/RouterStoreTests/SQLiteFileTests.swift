import Dispatch
import Foundation
import RouterCore
import Testing

@testable import RouterStore

@Suite("The file of an SQLite store")
struct SQLiteFileTests {
    @Test("and those beside it are for their owner only, and so are directories that are made")
    func rights() async throws {
        try await withDirectory { directory in
            let path = directory + "/new/data/routerd.db"
            let store = try await SQLiteStore.open(path: path)
            try await closing([store]) { _ in
                try await store.add(.sample(1))
                for file in [path, path + "-wal", path + "-shm"] {
                    let rights = try Self.rights(of: file)
                    #expect(rights == 0o600, "\(file)")
                }
                let made = [try Self.rights(of: directory + "/new"), try Self.rights(of: directory + "/new/data")]
                #expect(made == [0o700, 0o700])
            }
        }
    }

    @Test("is closed to others when they could read it")
    func tightens() async throws {
        try await withDirectory { directory in
            let path = directory + "/routerd.db"
            try #require(FileManager.default.createFile(atPath: path, contents: nil))
            chmod(path, 0o664)
            for _ in 1...2 {
                let store = try await SQLiteStore.open(path: path)
                try await closing([store]) { _ in
                    for file in [path, path + "-wal", path + "-shm"] {
                        let rights = try Self.rights(of: file)
                        #expect(rights == 0o600, "\(file)")
                        chmod(file, 0o644)
                    }
                }
            }
        }
    }

    @Test("is written safely: WAL, FULL, foreign keys, no trust in the schema, a wait of 5 seconds")
    func settings() async throws {
        try await Backend.file.withStore { store in
            @Sendable func settings(_ snapshot: any SQLSnapshot) throws(StoreError) -> [SQLValue] {
                var values: [SQLValue] = []
                for statement: SQLText in [
                    "PRAGMA journal_mode", "PRAGMA foreign_keys", "PRAGMA trusted_schema", "PRAGMA busy_timeout",
                ] {
                    values += try snapshot.rows(statement).flatMap(\.values)
                }
                return values
            }
            let reading = try await store.driver.read { snapshot throws(StoreError) in try settings(snapshot) }
            let writing = try await store.driver.write { transaction throws(StoreError) in
                try settings(transaction) + transaction.rows("PRAGMA synchronous").flatMap(\.values)
            }
            #expect(reading == [.text("wal"), .integer(1), .integer(0), .integer(5000)])
            #expect(writing == reading + [.integer(2)])
        }
    }

    @Test(
        "may be named like something that SQLite takes for no file",
        arguments: [":memory:", "file:x?mode=memory", "a%20?b"])
    func names(_ name: String) async throws {
        try await withDirectory { directory in
            for _ in 1...2 {
                let store = try await SQLiteStore.open(path: directory + "/" + name)
                try await closing([store]) { _ in
                    let keys = try await store.keys()
                    if keys.isEmpty { try await store.add(.sample(1)) } else { #expect(keys == [.sample(1)]) }
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names == [name])
        }
    }

    @Test("is found from the working directory, where nothing else is made of its name")
    func relativeNames() throws {
        let here = FileManager.default.currentDirectoryPath
        let files = [try SQLiteFile(path: ":memory:"), try SQLiteFile(path: "./data/x.db")]
        #expect(files.map(\.absolutePath) == [here + "/:memory:", here + "/./data/x.db"])
    }

    @Test("is neither nothing, nor a directory's name, nor cut at U+0000")
    func impossibleNames() async {
        for path in ["", "/tmp/", "/tmp/a\0b"] {
            let error = await storeError { () throws(StoreError) in try await SQLiteStore.open(path: path) }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.hasSuffix("cannot be the name of a store's file") == true)
        }
    }

    @Test("that is missing is not made for a look only")
    func lookingMakesNothing() async throws {
        try await withDirectory { directory in
            let path = directory + "/new/routerd.db"
            let error = await storeError { () throws(StoreError) in
                try await SQLiteStore.open(path: path, migrating: false)
            }
            #expect(error == StoreError(.unavailable, "\(path) cannot be opened: No such file or directory"))
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.isEmpty)
        }
    }

    @Test("below something that is no directory gives the system's reason")
    func parentIsFile() async throws {
        try await withDirectory { directory in
            try Data("x".utf8).write(to: URL(fileURLWithPath: directory + "/file"))
            for path in [directory + "/file/routerd.db", directory + "/file/deeper/routerd.db"] {
                let error = await storeError { () throws(StoreError) in try await SQLiteStore.open(path: path) }
                #expect(error?.kind == .unavailable)
                #expect(error?.description.hasPrefix(path + " cannot be made: ") == true)
                #expect(error?.description.hasSuffix("Not a directory") == true)
            }
        }
    }

    @Test("that is a directory is refused")
    func directory() async throws {
        try await withDirectory { directory in
            let error = await storeError { () throws(StoreError) in try await SQLiteStore.open(path: directory) }
            #expect(
                error
                    == StoreError(
                        .incompatible, "\(directory) is a directory; it is left as it is. Name a file for the store."))
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.isEmpty)
        }
    }

    @Test(
        "that is no database is refused and left as it is",
        arguments: [Data("hello".utf8), Data(repeating: 0x78, count: 10_000), Data("SQLite format 3\0 it is not".utf8)])
    func noDatabase(_ content: Data) async throws {
        try await withDirectory { directory in
            let path = directory + "/notes.txt"
            try content.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o644)
            for migrating in [true, false] {
                let error = await storeError { () throws(StoreError) in
                    try await SQLiteStore.open(path: path, migrating: migrating)
                }
                #expect(error?.kind == .incompatible)
                #expect(error?.description == "\(path): file is not a database (SQLite error 26)")
                let kept = try Data(contentsOf: URL(fileURLWithPath: path))
                #expect(kept == content)
                let rights = try Self.rights(of: path)
                #expect(rights == 0o644)
                let names = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(names == ["notes.txt"])
            }
        }
    }

    @Test(
        "that is the database of another program is refused and left as it is",
        arguments: [
            "CREATE TABLE moz_places (id INTEGER PRIMARY KEY)", "CREATE TABLE schema_migrations (version TEXT)",
        ] as [SQLText])
    func otherProgram(_ statement: SQLText) async throws {
        try await withDirectory { directory in
            let path = directory + "/places.sqlite"
            try await Self.makeDatabase(path, statement)
            chmod(path, 0o644)
            let content = try Data(contentsOf: URL(fileURLWithPath: path))
            let error = await storeError { () throws(StoreError) in try await SQLiteStore.open(path: path) }
            #expect(error?.kind == .incompatible)
            #expect(error?.description.hasPrefix("\(path) is a database of another program") == true)
            let kept = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(kept == content)
            let rights = try Self.rights(of: path)
            #expect(rights == 0o644)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names == ["places.sqlite"])
        }
    }

    @Test("that is damaged gives an incompatible store with SQLite's words")
    func damaged() async throws {
        try await withDirectory { directory in
            let path = directory + "/routerd.db"
            let store = try await SQLiteStore.open(path: path)
            for number in 1...50 { try await store.add(.sample(number)) }
            await store.close()
            var content = try Data(contentsOf: URL(fileURLWithPath: path))
            content.replaceSubrange(4096..., with: Data(repeating: 0xFF, count: content.count - 4096))
            try content.write(to: URL(fileURLWithPath: path))
            let error = await storeError { () throws(StoreError) in try await SQLiteStore.open(path: path) }
            #expect(error?.kind == .incompatible)
            #expect(error?.description.hasPrefix("\(path): database disk image is malformed") == true)
        }
    }

    @Test("that cannot grow makes the change unavailable and keeps what was there")
    func full() async throws {
        try await Backend.file.withStore { store in
            try await store.add(.sample(1))
            let version = try await store.keysVersion()
            _ = try await store.driver.write { transaction throws(StoreError) in
                try transaction.execute("PRAGMA max_page_count = 20")
            }
            let large = APIKey.sample(2, name: String(repeating: "x", count: 1_000_000))
            let error = await storeError { () throws(StoreError) in try await store.add(large) }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.hasSuffix("database or disk is full (SQLite error 13)") == true)
            let keys = try await store.keys()
            #expect(keys == [.sample(1)])
            let same = try await store.keysVersion()
            #expect(same == version)
            try await store.add(.sample(3))
        }
    }

    @Test("that cannot be written makes the change unavailable and can be read")
    func readOnly() async throws {
        try await Backend.file.withStore { store in
            try await store.add(.sample(1))
            _ = try await store.driver.write { transaction throws(StoreError) in
                try transaction.execute("PRAGMA query_only = ON")
            }
            let error = await storeError { () throws(StoreError) in try await store.add(.sample(2)) }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.hasSuffix("attempt to write a readonly database (SQLite error 8)") == true)
            let keys = try await store.keys()
            #expect(keys == [.sample(1)])
        }
    }

    @Test("that another one is writing makes a second writer wait, and give up in the end; readers do not notice")
    func locked() async throws {
        try await Backend.file.withStores(2) { stores in
            try await stores[1].driver.write { transaction throws(StoreError) in
                _ = try transaction.rows("PRAGMA busy_timeout = 1")
            }
            let isWriting = AsyncStream<Void>.makeStream()
            let mayEnd = DispatchSemaphore(value: 0)
            let first = Task {
                try await stores[0].driver.write { transaction throws(StoreError) in
                    try transaction.execute("UPDATE keys_version SET version = version + 1")
                    isWriting.continuation.finish()
                    _ = mayEnd.wait(timeout: .now() + 20)
                }
            }
            for await _ in isWriting.stream {}
            let error = await storeError { () throws(StoreError) in try await stores[1].add(.sample(1)) }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.hasSuffix("database is locked (SQLite error 5)") == true)
            let keys = try await stores[1].keys()
            #expect(keys.isEmpty)
            mayEnd.signal()
            try await first.value
            try await stores[1].add(.sample(1))
        }
    }

    @Test("that was removed or replaced is noticed")
    func replaced() async throws {
        try await withDirectory { directory in
            let path = directory + "/routerd.db"
            let store = try await SQLiteStore.open(path: path)
            try await closing([store]) { _ in
                try await store.check()
                try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
                let removed = await storeError { () throws(StoreError) in try await store.check() }
                #expect(removed == StoreError(.unavailable, "\(path) cannot be opened: No such file or directory"))
                try #require(FileManager.default.createFile(atPath: path, contents: nil))
                let replaced = await storeError { () throws(StoreError) in try await store.check() }
                #expect(
                    replaced == StoreError(.unavailable, "\(path) was replaced by another file; start routerd again"))
            }
        }
    }

    private static func rights(of path: String) throws -> Int {
        let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        return try #require(rights)
    }

    /// A database that is no store.
    private static func makeDatabase(_ path: String, _ statement: SQLText) async throws {
        let driver = try SQLiteDriver(file: SQLiteFile(path: path), creating: true)
        _ = try await driver.write { transaction throws(StoreError) in try transaction.execute(statement) }
        await driver.close()
    }
}
