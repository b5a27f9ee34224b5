public import RouterCore
import Synchronization

/// Adds one of the provider's keys, in the header that its vendor wants it in. Several take turns; one that is refused or
/// at its limit rests.
public final class KeyAuthorizer: Authorizer {
    private let keys: [String: [Credentials]]
    private let vendors: [Dialect: Vendor]
    private let now: @Sendable () -> ContinuousClock.Instant
    /// By the provider's slug.
    private let pools: Mutex<[String: KeyPool]>

    /// - Parameters:
    ///   - keys: by the provider's slug.
    ///   - vendors: say how a key is shown; `Authorization: Bearer` for a dialect that is not among them.
    ///   - now: a clock that never goes back.
    public init(
        keys: [String: [Credentials]], vendors: [Dialect: Vendor] = Vendors.all,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.keys = keys
        self.vendors = vendors
        self.now = now
        pools = Mutex(keys.mapValues { KeyPool(count: $0.count) })
    }

    /// An engine of the operator's own without a key gets no header; a vendor without one is not asked at all.
    public func authorize(
        _ request: inout UpstreamRequest, for provider: Provider
    ) async throws(UpstreamFailure) {
        guard let keys = keys[provider.slug], !keys.isEmpty else {
            guard provider.location == .local else {
                throw UpstreamFailure(.unauthorized, "No key is configured for the provider `\(provider.slug)`.")
            }
            return
        }
        let now = now()
        let (index, refusal) = pools.withLock { pools in
            let index = pools[provider.slug]?.take(at: now)
            return (index, index == nil ? pools[provider.slug]?.refusal(of: provider, at: now) : nil)
        }
        if let refusal { throw refusal }
        guard let index, keys.indices.contains(index) else { return }
        let access = vendors[provider.dialect]?.access ?? .bearer
        request.headers.append(access.header(for: keys[index].secret))
        request.key = index
    }

    public func failed(_ failure: UpstreamFailure, key: Int, of provider: Provider) -> Bool {
        let now = now()
        return pools.withLock { $0[provider.slug]?.failed(failure, key: key, at: now) } ?? false
    }
}
