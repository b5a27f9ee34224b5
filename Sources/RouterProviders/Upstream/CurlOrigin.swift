import RouterCore
import Synchronization

/// What is the same for every request to one provider: where it is, how it is reached, how many requests are open.
final class CurlOrigin: Sendable {
    let baseURL: String
    let isHTTP2: Bool
    let caFile: String?
    /// `nil`: a direct connection.
    let proxy: String?
    /// `NO_PROXY`; libcurl compares it with the host.
    let proxyExceptions: String
    private let openCount = Atomic<Int>(0)

    init(_ provider: Provider, settings: CurlTransport.Settings) {
        baseURL = provider.baseURL
        let options = settings.providers[provider.slug] ?? CurlTransport.ProviderSettings()
        let isHTTPS = Self.scheme(of: provider.baseURL) == "https"
        isHTTP2 = options.http2 && isHTTPS
        caFile = options.caFile
        proxy = isHTTPS && !Self.isLoopback(provider.baseURL) ? settings.httpsProxy : nil
        proxyExceptions = settings.proxyExceptions ?? ""
    }

    /// Counts one more open request, unless there are `max` already.
    func enter(max: Int) -> Bool {
        guard openCount.wrappingAdd(1, ordering: .relaxed).newValue > max else { return true }
        leave()
        return false
    }

    func leave() { openCount.wrappingSubtract(1, ordering: .relaxed) }

    private static func scheme(of url: String) -> String {
        url.prefix { $0 != ":" }.lowercased()
    }

    /// Whether the host is this machine by its name or number; what a name server says is not asked.
    static func isLoopback(_ url: String) -> Bool {
        guard let slashes = url.firstRange(of: "//") else { return false }
        let authority = url[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.hasPrefix("[") { return host.hasPrefix("[::1]") }
        let name = host.prefix { $0 != ":" }.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("127.")
    }
}
