/// Where API keys are kept.
public protocol KeyStore: Sendable {
    /// The key that any of `digests` belongs to, revoked and expired ones too; `nil` when there is none.
    ///
    /// - Parameter digests: of one text, under each pepper version in use.
    func key(holding digests: [KeyDigest]) async throws(StoreError) -> APIKey?

    /// All keys, revoked ones too, oldest first.
    func keys() async throws(StoreError) -> [APIKey]

    /// Adds a key.
    /// - Throws: ``StoreError`` of kind `conflict` when its id or digest is there already.
    func add(_ key: APIKey) async throws(StoreError)

    /// Revokes the key of this id or digest.
    ///
    /// - Parameters:
    ///   - name: its `id`, or the 64 digits of its digest.
    ///   - time: milliseconds since 1970; kept from the first time when it is revoked twice.
    /// - Returns: the key as it is now; `nil` when there is none.
    func revokeKey(_ name: String, at time: Int64) async throws(StoreError) -> APIKey?

    /// The key of this id or digest, revoked ones too, if it belongs to `account`; `nil` when there is none.
    func key(named name: String, of account: Account.ID) async throws(StoreError) -> APIKey?

    /// Changes what may be changed of a key: name, limits, models, whether it is disabled. What it has spent is counted
    /// anew when its limit changes.
    ///
    /// - Returns: the key as it is now; `nil` when there is none with its id, or it is revoked.
    func update(_ key: APIKey) async throws(StoreError) -> APIKey?

    /// A number that changes with every change to any key, whoever made it: what was read before is still true while
    /// it stays the same. Cheap; meant to be asked a few times a second.
    func keysVersion() async throws(StoreError) -> Int64
}

/// What every store can do, whatever it keeps.
public protocol Store: KeyStore, LedgerStore, AccountStore, RateStore {
    /// Answers whether the store can be used now.
    /// - Throws: ``StoreError`` with the reason when it cannot.
    func check() async throws(StoreError)

    /// Ends its work and closes it. Nothing may be asked of it afterwards.
    func close() async
}
