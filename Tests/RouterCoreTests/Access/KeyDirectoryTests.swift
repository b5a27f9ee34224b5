import RouterCore
import Synchronization
import TestSupport
import Testing

@Suite("The key directory") struct KeyDirectoryTests {
    /// One key, which can be changed; counts what it is asked.
    final class Store: KeyStore {
        let state = Mutex<(key: APIKey, version: Int64, asked: Int, isDown: Bool)>(
            (
                APIKey(
                    id: "key_1", account: .first, name: "n", label: "l", digest: KeyDigest(hex: "aa", pepperVersion: 1),
                    requestsPerMinute: 60, createdAt: 0), 1, 0, false
            ))

        func key(holding digests: [KeyDigest]) async throws(StoreError) -> APIKey? {
            let (key, isDown) = state.withLock { state in
                state.asked += 1
                return (state.key, state.isDown)
            }
            if isDown { throw StoreError(.unavailable, "down") }
            return digests.contains(key.digest) ? key : nil
        }
        func keys() async throws(StoreError) -> [APIKey] { [] }
        func add(_ key: APIKey) async throws(StoreError) {}
        func key(named name: String, of account: Account.ID) async throws(StoreError) -> APIKey? { nil }
        func update(_ key: APIKey) async throws(StoreError) -> APIKey? { nil }
        func revokeKey(_ name: String, at time: Int64) async throws(StoreError) -> APIKey? { nil }
        func keysVersion() async throws(StoreError) -> Int64 {
            let (version, isDown) = state.withLock { ($0.version, $0.isDown) }
            if isDown { throw StoreError(.unavailable, "down") }
            return version
        }
    }

    private let digests = [KeyDigest(hex: "bb", pepperVersion: 2), KeyDigest(hex: "aa", pepperVersion: 1)]

    @Test("asks the store once for a key, and once for one that is not there")
    func remembers() async throws {
        let store = Store()
        let directory = KeyDirectory(store: store, ambient: .manual())
        #expect(directory.known(digests) == nil)
        #expect(try await directory.find(digests)?.id == "key_1")
        #expect(directory.known(digests)??.id == "key_1")
        let none = [KeyDigest(hex: "cc", pepperVersion: 1)]
        #expect(try await directory.find(none) == nil)
        #expect(directory.known(none) == .some(nil))
        #expect(store.state.withLock(\.asked) == 2)
    }

    @Test("forgets when a key was changed elsewhere, and only then")
    func refreshes() async throws {
        let store = Store()
        let directory = KeyDirectory(store: store, ambient: .manual())
        _ = try await directory.find(digests)
        try await directory.refresh()
        #expect(directory.known(digests) != nil)
        store.state.withLock { state in
            state.version = 2
            state.key.revokedAt = 5
        }
        try await directory.refresh()
        #expect(directory.known(digests) == nil)
        #expect(try await directory.find(digests)?.revokedAt == 5)
    }

    @Test("says that the store is down, and honours what it knows meanwhile for a quarter of an hour")
    func survivesOutage() async throws {
        let store = Store()
        let time = Mutex(ContinuousClock.now)
        var ambient = Ambient.manual()
        ambient.now = { time.withLock { $0 } }
        let directory = KeyDirectory(store: store, ambient: ambient)
        _ = try await directory.find(digests)
        store.state.withLock { $0.isDown = true }
        await #expect(throws: StoreError.self) { try await directory.refresh() }
        await #expect(throws: StoreError.self) {
            _ = try await directory.find([KeyDigest(hex: "cc", pepperVersion: 1)])
        }
        #expect(directory.known(digests)??.id == "key_1")
        time.withLock { $0 += .seconds(901) }
        #expect(directory.known(digests) == nil)
    }
}
