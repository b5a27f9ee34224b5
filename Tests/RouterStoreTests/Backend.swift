import Foundation
import RouterCore
import Testing

@testable import RouterStore

/// Where a store can keep its things. Tests of the suite "A store" run on each that is there.
enum Backend: String, Sendable, CustomTestStringConvertible {
    case memory = "SQLite in memory"
    case file = "SQLite on disk"

    static var available: [Backend] { [.memory, .file] }
    /// Those that several stores can share, as processes do.
    static var shared: [Backend] { [.file] }

    var testDescription: String { rawValue }

    /// Gives `body` an empty store, and closes and removes it afterwards.
    func withStore<Value>(_ body: (SQLStore) async throws -> Value) async throws -> Value {
        switch self {
        case .memory:
            return try await closing([try await SQLiteStore.inMemory()]) { try await body($0[0]) }
        case .file:
            return try await withStores(1) { try await body($0[0]) }
        }
    }

    /// Gives `body` several stores on the same database.
    func withStores<Value>(_ count: Int, _ body: ([SQLStore]) async throws -> Value) async throws -> Value {
        try #require(count == 1 || Self.shared.contains(self))
        return try await withDirectory { directory in
            var stores: [SQLStore] = []
            for _ in 0..<count { stores.append(try await SQLiteStore.open(path: directory + "/routerd.db")) }
            return try await closing(stores, body)
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
