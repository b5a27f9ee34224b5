import RouterCore
import Testing

@testable import RouterStore

@Suite("A store")
struct StoreConformanceTests {
    @Test("gives a key back as it was added", arguments: Backend.available)
    func addsKeys(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let plain = APIKey.sample(1)
            var full = APIKey.sample(2, expiresAt: 1_800_000_000_000, revokedAt: 1_750_000_000_000)
            full.requestsPerMinute = Int.max
            try await store.add(plain)
            try await store.add(full)
            let found = try await [store.key(holding: [plain.digest]), store.key(holding: [full.digest])]
            #expect(found == [plain, full])
        }
    }

    @Test("finds a key by any of several digests", arguments: Backend.available)
    func findsByAnyDigest(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let old = APIKey.sample(1, pepperVersion: 1)
            let new = APIKey.sample(2, pepperVersion: 2)
            try await store.add(old)
            try await store.add(new)
            let other = APIKey.sample(3).digest
            let foundOld = try await store.key(holding: [other, old.digest])
            let foundNew = try await store.key(holding: [new.digest, other])
            #expect(foundOld == old)
            #expect(foundNew == new)
        }
    }

    @Test(
        "knows no key for a digest that is unknown, of another pepper, or in other letters",
        arguments: Backend.available)
    func unknownDigests(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let key = APIKey.sample(1)
            try await store.add(key)
            let otherPepper = KeyDigest(hex: key.digest.hex, pepperVersion: 2)
            let otherLetters = KeyDigest(hex: key.digest.hex.uppercased(), pepperVersion: 1)
            for digests in [[], [APIKey.sample(2).digest], [otherPepper], [otherLetters]] {
                let found = try await store.key(holding: digests)
                #expect(found == nil)
            }
        }
    }

    @Test("lists keys by age, revoked ones too", arguments: Backend.available)
    func listsKeys(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let none = try await store.keys()
            #expect(none.isEmpty)
            let keys = [
                APIKey.sample(9, createdAt: 1), .sample(1, createdAt: 2), .sample(5, createdAt: 2, revokedAt: 7),
                .sample(3, createdAt: 3),
            ]
            for index in [2, 0, 3, 1] { try await store.add(keys[index]) }
            let all = try await store.keys()
            #expect(all == keys)
        }
    }

    @Test("revokes a key by its id or its digest", arguments: Backend.available)
    func revokesKeys(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let keys = [APIKey.sample(1), .sample(2), .sample(3)]
            for key in keys { try await store.add(key) }
            var byID = keys[0]
            byID.revokedAt = 5
            var byDigest = keys[1]
            byDigest.revokedAt = 6
            let answers = try await [
                store.revokeKey(keys[0].id, at: 5), store.revokeKey(keys[1].digest.hex, at: 6),
            ]
            #expect(answers == [byID, byDigest])
            let all = try await store.keys()
            #expect(all == [byID, byDigest, keys[2]])
            let found = try await store.key(holding: [keys[0].digest])
            #expect(found == byID)
        }
    }

    @Test("keeps the first time when a key is revoked twice", arguments: Backend.available)
    func revokesOnce(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let key = APIKey.sample(1)
            try await store.add(key)
            _ = try await store.revokeKey(key.id, at: 5)
            let second = try await store.revokeKey(key.digest.hex, at: 9)
            #expect(second?.revokedAt == 5)
            let found = try await store.key(holding: [key.digest])
            #expect(found?.revokedAt == 5)
        }
    }

    @Test("revokes nothing under a name that no key has", arguments: Backend.available)
    func revokesNothing(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let key = APIKey.sample(1)
            try await store.add(key)
            for name in ["", "key_", key.name, key.label, "%", key.id + "\0", key.id + " ", key.id.uppercased()] {
                let answer = try await store.revokeKey(name, at: 5)
                #expect(answer == nil, "\(name)")
            }
            let all = try await store.keys()
            #expect(all == [key])
        }
    }

    @Test("refuses a second key of the same id or digest, and keeps the first", arguments: Backend.available)
    func refusesDuplicates(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let key = APIKey.sample(1)
            try await store.add(key)
            var sameID = APIKey.sample(2)
            sameID.id = key.id
            var sameDigest = APIKey.sample(3)
            sameDigest.digest = key.digest
            for duplicate in [key, sameID, sameDigest] {
                let error = await storeError { () throws(StoreError) in try await store.add(duplicate) }
                #expect(error?.kind == .conflict)
                #expect(error?.description.contains(key.digest.hex) == false)
            }
            let all = try await store.keys()
            #expect(all == [key])
        }
    }

    @Test("refuses a key of an account that does not exist, and one without requests", arguments: Backend.available)
    func refusesImpossibleKeys(_ backend: Backend) async throws {
        try await backend.withStore { store in
            var foreign = APIKey.sample(1)
            foreign.account = Account.ID(rawValue: 99)
            var silent = APIKey.sample(2)
            silent.requestsPerMinute = 0
            for key in [foreign, silent] {
                let error = await storeError { () throws(StoreError) in try await store.add(key) }
                #expect(error?.kind == .conflict)
            }
            let all = try await store.keys()
            #expect(all.isEmpty)
        }
    }

    @Test("changes the version with each change of a key, and only then", arguments: Backend.available)
    func countsChanges(_ backend: Backend) async throws {
        try await backend.withStore { store in
            var versions: [Int64] = [try await store.keysVersion()]
            let key = APIKey.sample(1)
            func expectChange(_ isExpected: Bool, _ what: Comment) async throws {
                let version = try await store.keysVersion()
                #expect(versions.contains(version) != isExpected, what)
                #expect((version == versions.last) != isExpected, what)
                versions.append(version)
            }
            try await expectChange(false, "asking twice")
            try await store.add(key)
            try await expectChange(true, "adding")
            _ = await storeError { () throws(StoreError) in try await store.add(key) }
            try await expectChange(false, "adding what is there")
            _ = try await store.key(holding: [key.digest])
            _ = try await store.keys()
            try await store.check()
            try await expectChange(false, "reading")
            _ = try await store.revokeKey("key_nobody", at: 1)
            try await expectChange(false, "revoking nobody's")
            _ = try await store.revokeKey(key.id, at: 1)
            try await expectChange(true, "revoking")
            _ = try await store.revokeKey(key.id, at: 2)
            try await expectChange(false, "revoking again")
        }
    }

    @Test("sees at once what another handle on the same database changes", arguments: Backend.shared)
    func sharesChanges(_ backend: Backend) async throws {
        try await backend.withStores(2) { stores in
            let key = APIKey.sample(1)
            for (writer, reader) in [(stores[0], stores[1]), (stores[1], stores[0])] {
                let before = try await reader.keysVersion()
                if writer === stores[0] {
                    try await writer.add(key)
                } else {
                    _ = try await writer.revokeKey(key.id, at: 5)
                }
                let after = try await reader.keysVersion()
                #expect(after != before)
                let same = try await writer.keysVersion()
                #expect(after == same)
                let found = try await reader.key(holding: [key.digest])
                #expect(found?.revokedAt == (writer === stores[0] ? nil : 5))
            }
        }
    }

    @Test(
        "keeps every text as it is",
        arguments: Backend.available,
        [
            "", " ", "'; DROP TABLE api_keys; --", "\"x\" OR 1=1", "$1 ?1 :name @p %s \\ % _", "/* -- */",
            "line\r\nline\t",
            "\u{1}\u{7F}\u{FEFF}\u{FFFD}\u{10FFFF}", "e\u{301} is not \u{E9}", "مفتاح 鍵 🔑🏳️‍🌈 Ключ",
        ])
    func keepsText(_ backend: Backend, _ text: String) async throws {
        try await backend.withStore { store in try await Self.expectKept(text, by: store) }
    }

    @Test("keeps a text of a megabyte", arguments: Backend.available)
    func keepsLongText(_ backend: Backend) async throws {
        try await backend.withStore { store in
            try await Self.expectKept(String(repeating: "鍵\u{1F511}", count: 150_000), by: store)
        }
    }

    private static func expectKept(_ text: String, by store: SQLStore) async throws {
        var key = APIKey.sample(1, name: text)
        key.label = text
        // PostgreSQL has an index for ids, which takes 2,700 bytes.
        key.id = "id" + text.prefix(100)
        try await store.add(key)
        try await store.add(.sample(2))
        let found = try #require(try await store.key(holding: [key.digest]))
        // Strings are equal when they look the same: compare what they are made of.
        for (found, expected) in [(found.name, key.name), (found.label, key.label), (found.id, key.id)] {
            #expect(found.utf8.elementsEqual(expected.utf8))
        }
        let revoked = try await store.revokeKey(key.id, at: 5)
        #expect(revoked?.revokedAt == 5)
        let all = try await store.keys()
        #expect(all.count == 2)
    }

    @Test("refuses text with U+0000 instead of cutting it", arguments: Backend.available)
    func refusesNUL(_ backend: Backend) async throws {
        try await backend.withStore { store in
            let error = await storeError { () throws(StoreError) in try await store.add(.sample(1, name: "a\0b")) }
            #expect(error?.kind == .incompatible)
            let all = try await store.keys()
            #expect(all.isEmpty)
        }
    }

    @Test("takes a hundred additions, look-ups and revocations at once", arguments: Backend.available)
    func concurrent(_ backend: Backend) async throws {
        try await backend.withStore { store in
            try await Self.addHundred(to: [store])
        }
    }

    @Test("takes them from several handles at once", arguments: Backend.shared)
    func concurrentHandles(_ backend: Backend) async throws {
        try await backend.withStores(3) { stores in
            try await Self.addHundred(to: stores)
        }
    }

    private static func addHundred(to stores: [SQLStore]) async throws {
        let before = try await stores[0].keysVersion()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...100 {
                let store = stores[number % stores.count]
                let other = stores[(number + 1) % stores.count]
                group.addTask {
                    let key = APIKey.sample(number, createdAt: Int64(number))
                    let missing = try await other.key(holding: [key.digest])
                    #expect(missing == nil)
                    try await store.add(key)
                    let found = try await other.key(holding: [key.digest])
                    #expect(found == key)
                    if number.isMultiple(of: 2) { _ = try await other.revokeKey(key.id, at: 7) }
                }
            }
            try await group.waitForAll()
        }
        let keys = try await stores[0].keys()
        #expect(keys.map(\.createdAt) == (1...100).map(Int64.init))
        #expect(keys.allSatisfy { ($0.revokedAt == 7) == $0.createdAt.isMultiple(of: 2) })
        let after = try await stores[0].keysVersion()
        #expect(after == before + 150)
    }
}
