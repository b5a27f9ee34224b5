import CCurl
import RouterCore

/// How libcurl's results become failures: the one place where a `CURLcode` is read.
enum CurlFailure {
    /// - Parameters:
    ///   - code: not `CURLE_OK`.
    ///   - detail: libcurl's own sentence, from the error buffer; empty where it had none.
    ///   - hasHead: the response's head had come: what fails then broke an answer, not a connection.
    static func failure(
        _ code: CURLcode, detail: String, hasHead: Bool, limits: ExchangeLimits
    ) -> UpstreamFailure {
        let cause = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            return limits.connectFailure  // The only limit that libcurl was given.
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            return hasHead
                ? UpstreamFailure(.broken, "The provider's answer ended early: \(cause).")
                : UpstreamFailure(.unreachable, "The provider closed the connection without an answer: \(cause).")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR:
            return UpstreamFailure(.broken, "What the provider sent is not an HTTP response: \(cause).")
        case CURLE_OUT_OF_MEMORY where !hasHead:
            // What libcurl 7.88 says of a single header line above 100 KiB, too.
            return UpstreamFailure(.broken, "The provider's response headers are too long, or memory is out.")
        case CURLE_UNSUPPORTED_PROTOCOL where detail.hasPrefix("Received HTTP/0.9"):
            return UpstreamFailure(.broken, "What the provider sent is not an HTTP response: \(cause).")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return UpstreamFailure(.unreachable, "The provider's TLS certificate was not accepted: \(cause).")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            // libcurl's sentence may quote the URL, and a URL may hold a password.
            return UpstreamFailure(.unreachable, "The provider's base URL is not an http or https URL.")
        default:
            return UpstreamFailure(.unreachable, "No connection to the provider: \(cause).")
        }
    }

    /// For what libcurl refuses before anything is sent.
    static func setUp(_ code: CURLcode) -> UpstreamFailure {
        UpstreamFailure(
            .unreachable, "The request could not be prepared: \(String(cString: curl_easy_strerror(code))).")
    }
}
