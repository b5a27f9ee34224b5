import Foundation
import RouterCore
import Testing

@testable import RouterStore

/// What one server knows of a key when another has changed it: the directory looks twice a second, so within one.
@Suite("A change of a key elsewhere") struct KeyChangeTests {
    /// One change, made through another store, and what it must look like here.
    private struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (SQLStore, APIKey) async throws -> Void
        var isSeen: @Sendable (APIKey?) -> Bool

        init(
            _ name: String, _ change: @escaping @Sendable (SQLStore, APIKey) async throws -> Void,
            isSeen: @escaping @Sendable (APIKey?) -> Bool
        ) {
            testDescription = name
            self.change = change
            self.isSeen = isSeen
        }

        /// A change of the key's own members.
        init(
            _ name: String, set: @escaping @Sendable (inout APIKey) -> Void,
            isSeen: @escaping @Sendable (APIKey?) -> Bool
        ) {
            self.init(
                name,
                { store, key in
                    var key = key
                    set(&key)
                    _ = try #require(try await store.update(key))
                }, isSeen: isSeen)
        }
    }

    private static let changes: [Change] = [
        Change("disabled", set: { $0.isDisabled = true }, isSeen: { $0?.isDisabled == true }),
        Change("enabled again", set: { $0.isDisabled = false }, isSeen: { $0?.isDisabled == false }),
        Change(
            "limited", set: { $0.limit = Money(nanoUSD: 5) }, isSeen: { $0?.limit == Money(nanoUSD: 5) }),
        Change("not limited any more", set: { $0.limit = nil }, isSeen: { $0 != nil && $0?.limit == nil }),
        Change("expired", set: { $0.expiresAt = 1 }, isSeen: { $0?.expiresAt == 1 }),
        Change("slower", set: { $0.requestsPerMinute = 3 }, isSeen: { $0?.requestsPerMinute == 3 }),
        Change("bound to a model", set: { $0.models = ["a/b"] }, isSeen: { $0?.models == ["a/b"] }),
        Change("made a management key", set: { $0.isManagement = true }, isSeen: { $0?.isManagement == true }),
        Change(
            "of a suspended account", { store, key in _ = try await store.suspend(key.account, at: 5) },
            isSeen: { $0?.isAccountSuspended == true }),
        Change(
            "of an account that goes on", { store, key in _ = try await store.suspend(key.account, at: nil) },
            isSeen: { $0?.isAccountSuspended == false }),
        Change(
            "revoked", { store, key in _ = try await store.revokeKey(key.id, at: 7) }, isSeen: { $0?.revokedAt == 7 }),
    ]

    @Test("is known after the next look, whatever it is, and not before", arguments: Backend.shared)
    func isSeen(_ backend: Backend) async throws {
        try await backend.withStores(2) { stores in
            let ambient = Ambient.live { Int64(Date().timeIntervalSince1970 * 1000) }
            let here = KeyDirectory(store: stores[0], ambient: ambient)
            let key = APIKey.sample(1)
            let none = try await here.find([key.digest])
            #expect(none == nil)
            try await stores[1].add(key)
            #expect(here.known([key.digest]) == .some(nil))
            try await here.refresh()
            #expect(here.known([key.digest]) == nil)
            for change in Self.changes {
                let before = try await here.find([key.digest])
                #expect(!change.isSeen(before), "\(change.testDescription)")
                let current = try await stores[1].keys()[0]
                try await change.change(stores[1], current)
                let stale = try #require(here.known([key.digest]))
                #expect(!change.isSeen(stale), "\(change.testDescription): nothing was asked")
                try await here.refresh()
                #expect(here.known([key.digest]) == nil, "\(change.testDescription)")
                let after = try await here.find([key.digest])
                #expect(change.isSeen(after), "\(change.testDescription)")
            }
        }
    }

    @Test("to its limit makes other servers give back what they had of it", arguments: Backend.shared)
    func limitIsRecalled(_ backend: Backend) async throws {
        try await backend.withStores(2) { stores in
            var key = APIKey.sample(1)
            key.limit = Money(nanoUSD: 1_000_000_000)
            try await stores[1].add(key)
            let node = NodeID(rawValue: "node-1")
            let epoch = try await stores[0].join(node)
            let lease = LeaseName(account: key.account, key: key.id)
            let answer = try await stores[0].lease(
                LeaseRequest(node: node, epoch: epoch, lease: lease, need: 10, want: 400_000_000))
            guard case .granted = answer else {
                Issue.record("\(answer)")
                return
            }
            func report(_ sequence: Int64) async throws -> Set<Account.ID> {
                try await stores[0].settle(
                    SettlementBatch(node: node, epoch: epoch, sequence: sequence, settlements: [])
                ).recalled
            }
            let before = try await report(1)
            #expect(before.isEmpty)
            key.limit = Money(nanoUSD: 100)
            _ = try await stores[1].update(key)
            let after = try await report(2)
            #expect(after == [key.account])
        }
    }
}
