import CCurl
import RouterCore

extension CurlTransfer {
    /// What is the same for every request.
    func setConstants(share: CurlShare, settings: CurlTransport.Settings) throws(UpstreamFailure) {
        try set(CURLOPT_SHARE, share.handle)

        // Without it libcurl sets and restores the process's SIGPIPE handler around every call; the thread blocks it.
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Ending a request while its name is looked up would otherwise wait for the resolver, and all others with it.
        try set(CURLOPT_QUICK_EXIT, 1)

        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // libcurl 7.88 reads and parses the file of authorities once a day instead of once a connection, but only when
        // there is no directory of them as well.
        if CurlLibrary.hasAuthorityFile { try check(ccurl_setopt_string(easy, CURLOPT_CAPATH, nil)) }
    }

    /// What is the same for every request to one provider.
    ///
    /// - Parameter earlier: whose options the handle has had.
    func setOptions(of origin: CurlOrigin, after earlier: CurlOrigin?) throws(UpstreamFailure) {
        try set(
            CURLOPT_HTTP_VERSION, origin.isHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // Rather a stream on a connection that is being made than a connection each.
        try set(CURLOPT_PIPEWAIT, origin.isHTTP2 ? 1 : 0)
        if let caFile = origin.caFile {
            try set(CURLOPT_CAINFO, caFile)
        } else if earlier?.caFile != nil {
            try check(CurlLibrary.withAuthorityFile { ccurl_setopt_string(easy, CURLOPT_CAINFO, $0) })
        }
        // An empty proxy keeps libcurl from looking at the environment itself.
        try set(CURLOPT_PROXY, origin.proxy ?? "")
        try set(CURLOPT_NOPROXY, origin.proxyExceptions)
    }

    /// - Parameter body: the channel's own array: libcurl reads from where it is.
    func setMethod(of request: UpstreamRequest, body: [UInt8]) throws(UpstreamFailure) {
        let hasBody = request.method == .post || !body.isEmpty || request.upload != nil
        try set(hasBody ? CURLOPT_POST : CURLOPT_HTTPGET, 1)
        let isSaidByOption = request.method == (hasBody ? .post : .get)
        if isSaidByOption {
            try check(ccurl_setopt_string(easy, CURLOPT_CUSTOMREQUEST, nil))
        } else {
            try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        guard hasBody else { return }
        if let upload = request.upload {
            try check(ccurl_setopt_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count + upload.byteCount)))
            try set(CURLOPT_UPLOAD_BUFFERSIZE, Self.uploadBufferBytes)
            // Without it the body is read by `CURLOPT_READFUNCTION`.
            return try check(ccurl_setopt_pointer(easy, CURLOPT_POSTFIELDS, nil))
        }
        try check(ccurl_setopt_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // One piece where that is allowed; libcurl allocates it only for large bodies, and for TLS.
        try set(CURLOPT_UPLOAD_BUFFERSIZE, min(body.count + Self.headBytes, sendBufferBytes))
        guard !body.isEmpty else { return try set(CURLOPT_POSTFIELDS, "") }
        // Not copied: an array's storage stays where it is while somebody holds the array unchanged. The channel does,
        // until the handle was taken from libcurl or all of it was sent (`wasSent`).
        let start = body.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
        try check(ccurl_setopt_pointer(easy, CURLOPT_POSTFIELDS, start))
    }

    func set(_ option: CURLoption, _ value: Int) throws(UpstreamFailure) {
        try check(ccurl_setopt_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(UpstreamFailure) {
        try check(ccurl_setopt_string(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) throws(UpstreamFailure) {
        try check(ccurl_setopt_pointer(easy, option, value))
    }

    func check(_ status: CURLcode) throws(UpstreamFailure) {
        guard status != CURLE_OK else { return }
        throw CurlFailure.setUp(status)
    }
}
