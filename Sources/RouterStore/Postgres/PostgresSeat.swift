import Foundation
import RouterCore
import Synchronization

/// What one thread has: a connection, opened when it is needed first and again when it was lost.
final class PostgresSeat {
    /// What a transaction is for.
    enum Purpose: Sendable { case reading, writing, migrating }

    private let address: PostgresAddress
    /// Shared by all threads of a driver.
    private let gate: Reconnection
    private var connection: PostgresConnection?

    /// When to try again, for several threads.
    final class Reconnection: Sendable {
        let gate = Mutex(ReconnectGate())
    }

    /// How often a transaction is begun again before its error is told.
    private static let attemptsMax = 3
    /// How long a step of the schema may take, and how long it waits for another process that takes one.
    private static let migrationWait: Duration = .seconds(3600)
    /// Any number; all processes that migrate take the same lock.
    private static let migrationLock = 7_236_501_183

    init(_ address: PostgresAddress, _ gate: Reconnection) {
        self.address = address
        self.gate = gate
    }

    func leave() { connection = nil }

    /// One transaction, begun again where it is certain that it has not happened and another attempt may help.
    func transaction<Value>(
        for purpose: Purpose, _ body: (PostgresTransaction) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        var attempt = 1
        while true {
            do throws(PostgresFailure) {
                return try once(purpose, body)
            } catch {
                if connection?.isGone == true || !error.isAnswer || error.remedy == .reconnect { connection = nil }
                guard error.remedy != .none, attempt < Self.attemptsMax else { throw error.error }
                // Two that are in each other's way would meet again.
                if error.remedy == .again { usleep(UInt32.random(in: 1_000...10_000) * UInt32(attempt)) }
                attempt += 1
            }
        }
    }

    private func once<Value>(
        _ purpose: Purpose, _ body: (PostgresTransaction) throws(StoreError) -> Value
    ) throws(PostgresFailure) -> Value {
        let connection = try connected()
        let result = try connection.waiting(purpose == .migrating ? Self.migrationWait : nil) {
            () throws(PostgresFailure) in try run(purpose, on: connection, body)
        }
        return result
    }

    private func run<Value>(
        _ purpose: Purpose, on connection: PostgresConnection,
        _ body: (PostgresTransaction) throws(StoreError) -> Value
    ) throws(PostgresFailure) -> Value {
        switch purpose {
        case .reading: try connection.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        case .writing: try connection.command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        case .migrating:
            try connection.command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            try connection.command("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            try connection.command("SELECT pg_advisory_xact_lock(\(Self.migrationLock))")
        }
        let transaction = PostgresTransaction(connection)
        let value: Value
        do throws(StoreError) {
            value = try body(transaction)
        } catch {
            let failure = transaction.failure ?? PostgresFailure(error)
            undo(on: connection)
            throw failure
        }
        if let failure = transaction.failure {
            undo(on: connection)
            throw failure
        }
        do throws(PostgresFailure) {
            try connection.command("COMMIT")
        } catch {
            // What was read is read.
            if purpose == .reading {
                self.connection = nil
                return value
            }
            guard !error.isAnswer || !connection.isIdle else { throw error }
            throw PostgresFailure(
                StoreError(
                    .unavailable, "\(error.error.description); whether the transaction was committed is not known"),
                isAnswer: false)
        }
        return value
    }

    /// A connection that cannot even do this is given up.
    private func undo(on connection: PostgresConnection) {
        do throws(PostgresFailure) { try connection.command("ROLLBACK") } catch { self.connection = nil }
    }

    private func connected() throws(PostgresFailure) -> PostgresConnection {
        if let connection { return connection }
        if let refusal = gate.gate.withLock({ $0.refusal(at: .now) }) { throw PostgresFailure(refusal) }
        do throws(StoreError) {
            let made = try PostgresConnection(address)
            gate.gate.withLock { $0.succeeded() }
            connection = made
            return made
        } catch {
            gate.gate.withLock { $0.failed(error, at: .now) }
            throw PostgresFailure(error)
        }
    }
}
