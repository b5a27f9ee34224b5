public import RouterCore

/// Adds `Authorization: Bearer` with the provider's key.
public struct KeyAuthorizer: Authorizer {
    private let keys: [String: [Credentials]]

    /// - Parameter keys: by the provider's slug. The first of several is used.
    public init(keys: [String: [Credentials]]) {
        self.keys = keys
    }

    /// An engine of the operator's own without a key gets no header; a vendor without one is not asked at all.
    public func authorize(
        _ request: inout UpstreamRequest, for provider: Provider
    ) async throws(UpstreamFailure) {
        if let key = keys[provider.slug]?.first {
            request.headers.append(UpstreamRequest.Header("authorization", "Bearer \(key.secret)"))
        } else if provider.location != .local {
            throw UpstreamFailure(.unauthorized, "No key is configured for the provider `\(provider.slug)`.")
        }
    }
}
