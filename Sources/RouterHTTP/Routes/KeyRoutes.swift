import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /api/v1/key`: what the key that asks may do. `/api/v1/keys`: all keys of its account, for management keys. Each
/// counts as a request.
struct KeyRoutes: Sendable {
    let gate: Gate
    /// `nil` for a server that keeps no books.
    let books: Books?

    /// Keys in one list.
    private static let pageSize = 100
    private static let bodyBytesMax = 64 * 1024

    func add(to router: some RouterMethods<RouterContext>) {
        for path: RouterPath in ["/api/v1/key", "/api/v1/auth/key"] {
            router.read(path) { request, context in
                let key = try await gate.key(of: request, context, for: .reading)
                return .json(
                    KeyRecord.current(key, spent: try await spending(of: key.account)[key.id] ?? KeySpending()))
            }
        }
        guard let books else { return }
        router.get("/api/v1/keys") { request, context -> Response in
            let key = try await gate.key(of: request, context, for: .management)
            let includesDisabled = request.uri.queryParameters["include_disabled"] == "true"
            let offset = request.uri.queryParameters["offset"].flatMap { Int($0) } ?? 0
            let all = try await books.asking { () throws(StoreError) in try await books.store.keys() }
            let spent = try await spending(of: key.account)
            let shown = all.filter {
                $0.account == key.account && $0.revokedAt == nil && (includesDisabled || !$0.isDisabled)
            }
            return .json(KeyRecord.list(shown.dropFirst(max(0, offset)).prefix(Self.pageSize), spent: spent))
        }
        router.post("/api/v1/keys") { request, context -> Response in
            let asking = try await gate.key(of: request, context, for: .management)
            let change = try KeyChange(try await Self.body(of: request))
            try change.requireName()
            let (text, label) = KeyText.make()
            var key = APIKey(
                id: "key_\(books.ambient.letters(16))", account: asking.account, name: "", label: label,
                digest: books.peppers.digest(of: text), requestsPerMinute: books.requestsPerMinute,
                createdAt: books.ambient.timestamp())
            try change.apply(to: &key)
            try await books.changing { [key] () throws(StoreError) in try await books.store.add(key) }
            return .json(KeyRecord.body(key, spent: KeySpending(), text: text), status: .created)
        }
        router.refuse([.put, .patch, .delete], at: "/api/v1/keys", allowed: "GET, HEAD, POST")
        addOne(books, to: router)
    }

    /// `/api/v1/keys/{id or hash}`.
    private func addOne(_ books: Books, to router: some RouterMethods<RouterContext>) {
        let path: RouterPath = "/api/v1/keys/:id"
        router.get(path) { request, context -> Response in
            let key = try await named(request, context, books)
            return .json(KeyRecord.body(key, spent: try await spending(of: key.account)[key.id] ?? KeySpending()))
        }
        router.patch(path) { request, context -> Response in
            var key = try await named(request, context, books)
            let change = try KeyChange(try await Self.body(of: request))
            guard !change.isEmpty else { throw APIError(.invalidRequest, "No update fields provided.") }
            try change.apply(to: &key)
            key.updatedAt = books.ambient.timestamp()
            let changed = try await books.changing { [key] () throws(StoreError) in try await books.store.update(key) }
            guard let changed else { throw Self.notFound }
            return .json(
                KeyRecord.body(changed, spent: try await spending(of: key.account)[key.id] ?? KeySpending()))
        }
        router.delete(path) { request, context -> Response in
            let key = try await named(request, context, books)
            _ = try await books.changing { () throws(StoreError) in
                try await books.store.revokeKey(key.id, at: books.ambient.timestamp())
            }
            return .json(KeyRecord.deleted(key))
        }
        router.refuse([.post, .put], at: path, allowed: "GET, HEAD, PATCH, DELETE")
    }

    /// The key in the path, if it is the account's and not revoked.
    private func named(_ request: Request, _ context: RouterContext, _ books: Books) async throws -> APIKey {
        let asking = try await gate.key(of: request, context, for: .management)
        let name = context.parameters.get("id") ?? ""
        let key = try await books.asking { () throws(StoreError) in
            try await books.store.key(named: name, of: asking.account)
        }
        guard let key, key.revokedAt == nil else { throw Self.notFound }
        return key
    }

    private func spending(of account: Account.ID) async throws(APIError) -> [String: KeySpending] {
        guard let books else { return [:] }
        return try await books.settled { () throws(StoreError) in
            try await books.store.spending(of: account, at: books.ambient.timestamp())
        }
    }

    private static func body(of request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= bodyBytesMax else {
                throw APIError(.payloadTooLarge, "The body is too large: at most 64 KiB are taken.")
            }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    private static var notFound: APIError { APIError(.notFound, "There is no such key in this account.") }
}
