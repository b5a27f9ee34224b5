public import RouterCore

/// Adds the provider's key, in the header that its vendor wants it in.
public struct KeyAuthorizer: Authorizer {
    private let keys: [String: [Credentials]]
    private let vendors: [Dialect: Vendor]

    /// - Parameters:
    ///   - keys: by the provider's slug. The first of several is used.
    ///   - vendors: say how a key is shown; `Authorization: Bearer` for a dialect that is not among them.
    public init(keys: [String: [Credentials]], vendors: [Dialect: Vendor] = Vendors.all) {
        self.keys = keys
        self.vendors = vendors
    }

    /// An engine of the operator's own without a key gets no header; a vendor without one is not asked at all.
    public func authorize(
        _ request: inout UpstreamRequest, for provider: Provider
    ) async throws(UpstreamFailure) {
        if let key = keys[provider.slug]?.first {
            let access = vendors[provider.dialect]?.access ?? .bearer
            request.headers.append(access.header(for: key.secret))
        } else if provider.location != .local {
            throw UpstreamFailure(.unauthorized, "No key is configured for the provider `\(provider.slug)`.")
        }
    }
}
