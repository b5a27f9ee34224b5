public import RouterCore

/// Lets requests in: finds who asks, and counts.
public final class Gate: Sendable {
    private let directory: KeyDirectory
    private let limiter: any RequestLimiter
    private let digests: @Sendable (_ text: String) -> [KeyDigest]?
    private let timestamp: @Sendable () -> Int64
    private let thirdPartyAccounts: Set<Account.ID>
    private let waits: StoreWaits

    /// - Parameters:
    ///   - digests: of a key's text under each pepper; `nil` for a text that is too long to be a key.
    ///   - thirdPartyAccounts: whose requests for the operator's own models may be answered by others.
    ///   - waits: counts requests for answers, and those that wait for a store here.
    public init(
        directory: KeyDirectory, limiter: any RequestLimiter,
        digests: @escaping @Sendable (_ text: String) -> [KeyDigest]?,
        timestamp: @escaping @Sendable () -> Int64, thirdPartyAccounts: Set<Account.ID> = [],
        waits: StoreWaits = StoreWaits()
    ) {
        self.directory = directory
        self.limiter = limiter
        self.digests = digests
        self.timestamp = timestamp
        self.thirdPartyAccounts = thirdPartyAccounts
        self.waits = waits
    }

    /// What a key must be good for.
    enum Purpose: Sendable {
        /// Asking models: any key but those for management.
        case inference
        /// Making and changing keys: only those for management.
        case management
        /// Looking at what is the account's own: any key.
        case reading
    }

    /// Someone who showed a key.
    struct Admission: Sendable {
        var key: APIKey
        var verdict: RateLimiter.Verdict
        var purpose: Purpose
        var allowsThirdParties: Bool
        var app = RequestApp()

        var caller: Caller {
            Caller(
                account: key.account, key: key.id, hasSpendingLimit: key.limit != nil,
                allowsThirdParties: allowsThirdParties, models: key.models, app: app)
        }

        /// Why the request may not pass although its key is good.
        var refusal: APIError? {
            if key.isAccountSuspended {
                return APIError(
                    .permissionDenied, "This account is suspended. Ask whoever runs this server.")
            }
            switch purpose {
            case .inference where key.isManagement:
                return APIError(
                    .permissionDenied, "This is a management key: it manages keys and cannot ask models.")
            case .management where !key.isManagement:
                return APIError(
                    .permissionDenied,
                    "This key cannot manage keys. Make one that can: `routerd keys create --management`.")
            case .inference, .management, .reading: break
            }
            guard !verdict.isAdmitted else { return nil }
            return APIError(
                .rateLimited,
                "Rate limit exceeded: \(verdict.limit) requests a minute for this key. Wait as long as Retry-After says.",
                retryAfter: verdict.retryAfter)
        }
    }

    /// Finds the key that a request shows, and counts the request.
    ///
    /// - Parameter header: header fields by lower-case name. `Authorization: Bearer` counts before `x-api-key` and that
    ///   before `api-key`.
    /// - Throws: ``APIError`` of kind `authentication` for no key or a wrong one; `unavailable`, never `authentication`,
    ///   when the store cannot be asked.
    ///
    /// Whether the key is good for `purpose` is said by ``Admission/refusal``, so that the answer has the headers of
    /// its limit.
    func admit(_ header: (String) -> String?, for purpose: Purpose) async throws(APIError) -> Admission {
        guard let text = Self.keyText(header) else {
            throw APIError(
                .authentication, "No API key. Send it in the header `Authorization: Bearer air_live_…`.")
        }
        guard let digests = digests(text) else { throw Self.wrongKey }
        let found: APIKey?
        if let known = directory.known(digests) {
            found = known
        } else if KeyText.isMistyped(text) {
            throw Self.wrongKey
        } else {
            if purpose == .inference { waits.wait(for: .key) }
            do throws(StoreError) {
                found = try await directory.find(digests)
            } catch {
                throw APIError(
                    .unavailable, "The key cannot be checked now: the key store does not answer. Try again.",
                    detail: error.description, retryAfter: .seconds(1))
            }
        }
        guard let key = found, key.revokedAt == nil, !key.isDisabled, key.expiresAt ?? .max > timestamp() else {
            throw Self.wrongKey
        }
        if purpose == .inference { waits.begin() }
        return Admission(
            key: key, verdict: try await count(key, for: purpose), purpose: purpose,
            allowsThirdParties: thirdPartyAccounts.contains(key.account),
            app: purpose == .inference ? RequestApp(header) : RequestApp())
    }

    private func count(_ key: APIKey, for purpose: Purpose) async throws(APIError) -> RateLimiter.Verdict {
        if let verdict = limiter.admit(key.id, limit: key.requestsPerMinute) { return verdict }
        if purpose == .inference { waits.wait(for: .rate) }
        do throws(StoreError) {
            return try await limiter.ask(key.id, limit: key.requestsPerMinute)
        } catch {
            throw APIError(
                .unavailable, "The rate limit of this key cannot be checked now. Try again.",
                detail: error.description, retryAfter: .seconds(1))
        }
    }

    /// Gives back the place of a request that was refused before anything was done for it.
    func giveBack(_ admission: Admission) { limiter.giveBack(admission.key.id, admission.verdict) }

    private static var wrongKey: APIError {
        APIError(
            .authentication,
            "This API key is not valid: it is mistyped, disabled, revoked or expired. Make one with `routerd keys create`."
        )
    }

    private static func keyText(_ header: (String) -> String?) -> String? {
        if let authorization = header("authorization") {
            let trimmed = authorization.utf8.drop { $0 == UInt8(ascii: " ") }
            let (word, rest) = (trimmed.prefix(6), trimmed.dropFirst(6))
            // Letters only are told apart by the bit that is set here.
            if word.elementsEqual("bearer".utf8, by: { $0 | 0x20 == $1 }), rest.first == UInt8(ascii: " ") {
                let text = rest.drop { $0 == UInt8(ascii: " ") }
                if !text.isEmpty { return String(Substring(text)) }
            }
        }
        return [header("x-api-key"), header("api-key")].compactMap { $0 }.first { !$0.isEmpty }
    }
}
