import RouterCore

/// PostgreSQL by libpq: blocking calls on a few threads of our own, each with its connection.
///
/// Writing is READ COMMITTED, where a statement that must not be overtaken says so by a lock (`FOR UPDATE`). Reading is
/// one snapshot, REPEATABLE READ READ ONLY. A transaction that the database ended for another's sake, or whose
/// connection was lost before its COMMIT was sent, is begun again; one whose COMMIT was sent and not answered is
/// `unavailable` (docs/decisions/0010-postgresql-binding.md).
final class PostgresDriver: SQLDriver {
    let name: String
    private let threads: PostgresThreads

    /// What a driver may use.
    struct Limits: Sendable {
        /// Threads, each with a connection.
        var connections = 8
        /// Calls that may wait for one.
        var queueMax = 1_000
        /// How long each may wait.
        var queueWait: Duration = .seconds(5)
    }

    /// Connects when it is asked first.
    init(_ address: PostgresAddress, limits: Limits = Limits()) {
        name = address.name
        let gate = PostgresSeat.Reconnection()
        threads = PostgresThreads(
            name: address.name, count: limits.connections, queueMax: limits.queueMax, queueWait: limits.queueWait
        ) { PostgresSeat(address, gate) }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSnapshot) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run(for: .reading) { transaction throws(StoreError) in try body(transaction) }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run(for: .writing) { transaction throws(StoreError) in try body(transaction) }
    }

    func migrate(_ body: @escaping @Sendable (any SQLTransaction) throws(StoreError) -> Void) async throws(StoreError) {
        try await run(for: .migrating) { transaction throws(StoreError) in try body(transaction) }
    }

    func check() async throws(StoreError) {
        let isCopy = try await read { [name] snapshot throws(StoreError) in
            guard let row = try snapshot.rows("SELECT pg_is_in_recovery() AS is_copy").first else {
                throw StoreError(.unavailable, "\(name) does not say whether it can be written to")
            }
            return try row.integer("is_copy") != 0
        }
        if isCopy { throw StoreError(.unavailable, "\(name) is a copy that cannot be written to; name the primary") }
    }

    func close() async {
        await withCheckedContinuation { continuation in threads.close { continuation.resume() } }
    }

    /// Hands a transaction to a thread and waits for it, also when the task that waits is cancelled.
    private func run<Value: Sendable>(
        for purpose: PostgresSeat.Purpose,
        _ body: @escaping @Sendable (PostgresTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, StoreError>, _>) in
            threads.submit(
                PostgresThreads.Job(
                    run: { seat in
                        continuation.resume(
                            returning: Result { () throws(StoreError) in try seat.transaction(for: purpose, body) })
                    }, refuse: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }
}
