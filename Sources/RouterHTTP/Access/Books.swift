public import RouterCore

/// Accounts, keys and records, for the routes that show and change them.
public struct Books: Sendable {
    let store: any AccountStore & KeyStore
    let directory: KeyDirectory
    let peppers: Peppers
    let ambient: Ambient
    /// Requests in any 60 seconds of a key that is made without a limit of its own.
    let requestsPerMinute: Int
    private let pending: @Sendable (Generation.ID) -> Generation?
    private let report: @Sendable () async -> Void

    /// - Parameters:
    ///   - directory: looks at the store again after each change.
    ///   - pending: the record of a request that has ended and may not be in the store yet.
    ///   - report: brings what has ended into the store, so that sums are those of this moment.
    public init(
        store: any AccountStore & KeyStore, directory: KeyDirectory, peppers: Peppers, ambient: Ambient,
        requestsPerMinute: Int = 60, pending: @escaping @Sendable (Generation.ID) -> Generation? = { _ in nil },
        report: @escaping @Sendable () async -> Void = {}
    ) {
        self.store = store
        self.directory = directory
        self.peppers = peppers
        self.ambient = ambient
        self.requestsPerMinute = requestsPerMinute
        self.pending = pending
        self.report = report
    }

    /// The record of a request of this account, the moment its answer has ended.
    func generation(_ id: Generation.ID, of account: Account.ID) async throws(APIError) -> Generation? {
        if let record = pending(id) { return record.account == account ? record : nil }
        return try await asking { () throws(StoreError) in try await store.generation(id, of: account) }
    }

    /// Asks the store when everything that has ended is in it.
    func settled<Value>(_ body: () async throws(StoreError) -> Value) async throws(APIError) -> Value {
        await report()
        return try await asking(body)
    }

    func asking<Value>(_ body: () async throws(StoreError) -> Value) async throws(APIError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw APIError(
                .unavailable, "The store does not answer now. Try again.", detail: error.description,
                retryAfter: .seconds(1))
        }
    }

    /// Changes keys, and lets this server know at once.
    func changing<Value>(_ body: () async throws(StoreError) -> Value) async throws(APIError) -> Value {
        try await asking { () throws(StoreError) in
            let value = try await body()
            try await directory.refresh()
            return value
        }
    }
}
