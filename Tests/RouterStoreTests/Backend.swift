import Foundation
import RouterCore
import Testing

@testable import RouterStore

/// Where a store can keep its things. Tests of the suite "A store" run on each that is there.
enum Backend: String, Sendable, CustomTestStringConvertible {
    case memory = "SQLite in memory"
    case file = "SQLite on disk"
    case postgres = "PostgreSQL"

    static var available: [Backend] { [.memory] + shared }
    /// Those that several stores can share, as processes do.
    static var shared: [Backend] { [.file] + (isPostgresMissing ? [] : [.postgres]) }

    /// Without `scripts/postgres` its tests are skipped; where it must be there, they fail.
    static var isPostgresMissing: Bool { PostgresServer.uri == nil && !PostgresServer.isRequired }

    var testDescription: String { rawValue }

    /// Gives `body` an empty store, and closes and removes it afterwards.
    func withStore<Value>(_ body: (SQLStore) async throws -> Value) async throws -> Value {
        switch self {
        case .memory:
            return try await closing([try await SQLiteStore.inMemory()]) { try await body($0[0]) }
        case .file, .postgres:
            return try await withStores(1) { try await body($0[0]) }
        }
    }

    /// Gives `body` several stores on the same database.
    func withStores<Value>(_ count: Int, _ body: ([SQLStore]) async throws -> Value) async throws -> Value {
        try await withPlace { place in
            var stores: [SQLStore] = []
            for _ in 0..<count { stores.append(try await place.open()) }
            return try await closing(stores, body)
        }
    }

    /// An empty database that stores can be opened on.
    enum Place: Sendable {
        case file(String)
        case postgres(uri: String)

        /// What messages call it.
        var name: String {
            get throws {
                switch self {
                case .file(let path): path
                case .postgres(let uri): try PostgresStore.name(of: uri)
                }
            }
        }

        func open(
            release: String = "unreleased", migrating: Bool = true, migrations: [Migration] = Migration.all
        ) async throws(StoreError) -> SQLStore {
            switch self {
            case .file(let path):
                try await SQLiteStore.open(path: path, release: release, migrating: migrating, migrations: migrations)
            case .postgres(let uri):
                try await PostgresStore.open(
                    uri: uri, release: release, migrating: migrating, limits: PostgresServer.limits,
                    migrations: migrations)
            }
        }
    }

    /// Gives `body` an empty database, and removes it afterwards.
    func withPlace<Value>(_ body: (Place) async throws -> Value) async throws -> Value {
        switch self {
        case .memory: throw StoreError(.incompatible, "Nobody else can open a store in memory")
        case .file: try await withDirectory { try await body(.file($0 + "/routerd.db")) }
        case .postgres: try await PostgresServer.withSchema { try await body(.postgres(uri: $0)) }
        }
    }
}

/// Gives `body` an empty directory and removes it afterwards.
func withDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.path + "/routerd-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}

/// Gives `stores` to `body` and closes them, however it ends.
func closing<Value>(_ stores: [SQLStore], _ body: ([SQLStore]) async throws -> Value) async throws -> Value {
    let result: Result<Value, any Error>
    do { result = .success(try await body(stores)) } catch { result = .failure(error) }
    for store in stores { await store.close() }
    return try result.get()
}

/// The error that `body` throws; an issue when it throws none.
func storeError(_ body: () async throws(StoreError) -> some Any) async -> StoreError? {
    do throws(StoreError) {
        _ = try await body()
        Issue.record("nothing was thrown")
        return nil
    } catch {
        return error
    }
}

extension APIKey {
    /// A key whose id and digest come from `number`.
    static func sample(
        _ number: Int, name: String = "a key", pepperVersion: Int = 1, createdAt: Int64 = 1_700_000_000_000,
        expiresAt: Int64? = nil, revokedAt: Int64? = nil
    ) -> APIKey {
        let digits = String(number, radix: 16)
        return APIKey(
            id: "key_" + String(repeating: "0", count: 16 - digits.count) + digits, account: .first, name: name,
            label: "air_live_q3Xv…oPq1",
            digest: KeyDigest(
                hex: "abc" + String(repeating: "0", count: 61 - digits.count) + digits, pepperVersion: pepperVersion),
            requestsPerMinute: 60, createdAt: createdAt, expiresAt: expiresAt, revokedAt: revokedAt)
    }
}
