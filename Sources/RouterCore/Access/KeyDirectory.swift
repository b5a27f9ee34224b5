import Synchronization

/// Finds keys by digest without asking the store each time.
///
/// What was read stays true until the store's ``KeyStore/keysVersion()`` changes, which ``refresh()`` looks for: run
/// twice a second, a key that was revoked elsewhere is refused within one. While the store cannot be asked, keys that
/// were seen before are honoured for ``staleMax``.
public final class KeyDirectory: Sendable {
    private struct State {
        var version: Int64?
        /// By digest; `nil` for a digest that no key has.
        var keys: [String: APIKey?] = [:]
        var readAt: ContinuousClock.Instant
    }

    private let store: any KeyStore
    private let ambient: Ambient
    private let state: Mutex<State>

    /// How long keys are honoured while the store does not answer.
    private static let staleMax: Duration = .seconds(900)
    /// Digests that are remembered; beyond it all are forgotten and read again.
    private static let digestsMax = 100_000

    public init(store: any KeyStore, ambient: Ambient) {
        self.store = store
        self.ambient = ambient
        state = Mutex(State(readAt: ambient.now()))
    }

    /// The key that is known under any of `digests`, without asking the store; `nil` in both levels apart: not known
    /// yet, and known not to exist.
    public func known(_ digests: [KeyDigest]) -> APIKey?? {
        state.withLock { state in
            guard state.version != nil, state.readAt.duration(to: ambient.now()) < Self.staleMax else { return nil }
            var isKnown = true
            for digest in digests {
                guard let entry = state.keys[digest.hex] else {
                    isKnown = false
                    continue
                }
                if let key = entry { return key }
            }
            return isKnown ? .some(nil) : nil
        }
    }

    /// The key of any of `digests`, from the store.
    /// - Throws: ``StoreError`` when it cannot be asked: that says nothing about the key.
    public func find(_ digests: [KeyDigest]) async throws(StoreError) -> APIKey? {
        let version = state.withLock(\.version)
        if version == nil { try await refresh() }
        let before = state.withLock(\.version)
        let key = try await store.key(holding: digests)
        state.withLock { state in
            guard state.version == before else { return }  // Changed meanwhile: what was read may be old already.
            if state.keys.count >= Self.digestsMax { state.keys = [:] }
            for digest in digests { state.keys[digest.hex] = .some(digest == key?.digest ? key : nil) }
        }
        return key
    }

    /// Forgets everything if any key has changed since the last time.
    public func refresh() async throws(StoreError) {
        let version = try await store.keysVersion()
        state.withLock { state in
            if state.version != version { state.keys = [:] }
            state.version = version
            state.readAt = ambient.now()
        }
    }
}
