/// What a client is told when a request fails.
public struct APIError: Error, Sendable, Hashable {
    public var kind: Kind
    /// For the client: what is wrong and what to do about it.
    public var message: String
    /// The member of the body at fault, such as `messages[1].role`.
    public var parameter: String?
    /// For the log only: never sent.
    public var detail: String?
    /// How long to wait before the same request may go through.
    public var retryAfter: Duration?
    /// What each endpoint that was tried answered, in order.
    public var attempts: [UpstreamFailure]
    /// Why no endpoint could be asked, when that is what is wrong.
    public var availability: Availability?

    public init(
        _ kind: Kind, _ message: String, parameter: String? = nil, detail: String? = nil, retryAfter: Duration? = nil,
        attempts: [UpstreamFailure] = []
    ) {
        self.kind = kind
        self.message = message
        self.parameter = parameter
        self.detail = detail
        self.retryAfter = retryAfter
        self.attempts = attempts
    }

    /// The closed set of ways to fail; each has one HTTP status, one `type` and one `metadata.error_type`.
    ///
    /// Source: the contract, "Error Handling"; OpenRouter's `apierrortype`.
    public enum Kind: Sendable, Hashable, CaseIterable {
        case invalidRequest, authentication, paymentRequired, permissionDenied, notFound, modelNotFound
        /// An unknown model, told as OpenRouter does: 400 instead of ``modelNotFound``'s 404.
        case modelInvalid
        case methodNotAllowed, requestTimeout, payloadTooLarge, unsupportedMediaType, headersTooLarge
        case rateLimited, internalError, providerError, providerUnavailable, unavailable

        public var status: Int {
            switch self {
            case .invalidRequest, .modelInvalid: 400
            case .authentication: 401
            case .paymentRequired: 402
            case .permissionDenied: 403
            case .notFound, .modelNotFound: 404
            case .methodNotAllowed: 405
            case .requestTimeout: 408
            case .payloadTooLarge: 413
            case .unsupportedMediaType: 415
            case .rateLimited: 429
            case .headersTooLarge: 431
            case .internalError: 500
            case .providerError: 502
            case .providerUnavailable, .unavailable: 503
            }
        }

        /// The contract's `error.type`.
        public var type: String {
            switch self {
            case .invalidRequest, .modelInvalid, .methodNotAllowed, .requestTimeout, .payloadTooLarge,
                .unsupportedMediaType, .headersTooLarge:
                "invalid_request_error"
            case .authentication: "authentication_error"
            case .paymentRequired: "insufficient_credits"
            case .permissionDenied: "permission_error"
            case .notFound, .modelNotFound: "not_found"
            case .rateLimited: "rate_limit_exceeded"
            case .internalError: "internal_error"
            case .providerError: "provider_error"
            case .providerUnavailable, .unavailable: "provider_unavailable"
            }
        }

        /// OpenRouter's `error.metadata.error_type`, for an error that is the whole answer.
        public var errorType: String {
            switch self {
            case .invalidRequest, .modelInvalid, .methodNotAllowed, .unsupportedMediaType, .headersTooLarge:
                "invalid_request"
            case .authentication: "authentication"
            case .paymentRequired: "payment_required"
            case .permissionDenied: "permission_denied"
            case .notFound, .modelNotFound: "not_found"
            case .requestTimeout: "timeout"
            case .payloadTooLarge: "payload_too_large"
            case .rateLimited: "rate_limit_exceeded"
            case .internalError: "server"
            case .providerError: "provider_unavailable"
            case .providerUnavailable, .unavailable: "provider_overloaded"
            }
        }

        /// The smaller set of `error_type` that an error inside a stream has.
        public var streamErrorType: String {
            switch self {
            case .invalidRequest: "invalid_request"
            case .rateLimited: "rate_limit_exceeded"
            case .providerUnavailable, .unavailable: "provider_unavailable"
            default: "server"
            }
        }
    }
}

extension APIError {
    /// Which condition left out which endpoint: `error.availability`.
    ///
    /// Source: OpenRouter's `error.availability`; `excluded` is ours.
    public struct Availability: Sendable, Hashable {
        /// OpenRouter's word: `constraint_filtered`, `privacy_restricted`, `capacity_exhausted`.
        var code: String
        /// As the client wrote them.
        var requestedModels: [String]
        var exclusions: [Exclusion]

        struct Exclusion: Sendable, Hashable {
            var model: String
            var provider: String
            var constraint: EndpointFilter.Constraint
        }

        /// Exclusions that are listed, at most.
        static let listedMax = 20
    }

    /// What a client is told of one failed try: the vendor's words where they can help, never our own troubles there.
    public init(_ failure: UpstreamFailure) {
        switch failure.kind {
        case .refused, .unsupported:
            self.init(.invalidRequest, failure.message, parameter: failure.parameter)
        case .unauthorized:
            self.init(
                .providerError,
                failure.status == 402
                    ? "The provider refused the request for billing reasons."
                    : "The provider refused this server's own credentials. Its operator has been told.",
                detail: failure.message)
        case .rateLimited:
            self.init(.rateLimited, failure.message, retryAfter: failure.retryAfter ?? .seconds(1))
        case .notFound, .failed, .broken:
            self.init(.providerError, failure.message)
        case .overloaded, .timedOut, .unreachable, .cancelled:
            self.init(.providerUnavailable, failure.message, retryAfter: failure.retryAfter)
        }
        attempts = [failure]
    }

    /// What a client is told when every endpoint that could be tried has failed: the last one's reason, all beside it.
    ///
    /// When all were rate limited, the shortest wait counts.
    public init(exhausting failures: [UpstreamFailure]) {
        guard let last = failures.last else {
            self.init(.providerUnavailable, "No provider of this model can be reached now. Try again later.")
            return
        }
        self.init(last)
        attempts = failures
        if failures.allSatisfy({ $0.kind == .rateLimited }) {
            retryAfter = failures.compactMap(\.retryAfter).min() ?? retryAfter
        }
    }
}
