import CCurl

/// libcurl itself: set up once in a process, and what this build of it can do.
enum CurlLibrary {
    /// Whether it could be set up; the first look does it.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// Such as `libcurl/7.88.1 OpenSSL/3.0.19 …`.
    static let version = String(cString: curl_version())

    static let hasHTTP2 = has(CURL_VERSION_HTTP2)
    static let hasTLS = has(CURL_VERSION_SSL)
    /// Names are looked up by a thread of libcurl's or by c-ares; otherwise a slow look-up stops every transfer.
    static let resolvesAside = has(CURL_VERSION_ASYNCHDNS)

    /// Whether libcurl was built with a file of certificate authorities.
    static let hasAuthorityFile = withAuthorityFile { $0 != nil }

    /// - Parameter body: gets the path as C text that lives as long as the process; `nil` when there is none.
    static func withAuthorityFile<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let facts = ccurl_version_info(), facts.pointee.age.rawValue >= CURLVERSION_SEVENTH.rawValue
        else { return body(nil) }
        return body(facts.pointee.cainfo)
    }

    private static func has(_ feature: Int32) -> Bool {
        guard let facts = ccurl_version_info() else { return false }
        return facts.pointee.features & feature != 0
    }
}

/// What the lanes of one driver have in common: looked-up names and TLS sessions.
///
/// Belongs to the driver's thread, so libcurl needs no locks for it.
final class CurlShare {
    let handle: UnsafeMutableRawPointer

    init?() {
        guard let handle = curl_share_init() else { return nil }
        self.handle = handle
        guard ccurl_share(handle, CURL_LOCK_DATA_DNS) == CURLSHE_OK,
            ccurl_share(handle, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK
        else { return nil }
    }

    /// Every handle that uses it is gone by then.
    deinit { curl_share_cleanup(handle) }
}
