import CPostgres
import Foundation
import RouterCore

/// One connection to PostgreSQL, used by one thread; blocks, never longer than ``answerWait``.
final class PostgresConnection {
    private let address: PostgresAddress
    private let handle: OpaquePointer
    /// Names of the statements that are prepared on this connection, by text. Texts are constants of this program, so
    /// there are never more than it has.
    private var prepared: [String: String] = [:]
    /// How long an answer may take. The database gives up before, by its `statement_timeout`; this is for one that is
    /// gone without a word.
    private var answerWait: Duration

    /// What libpq is told unless the URI says otherwise. Source: PostgreSQL 15 documentation, 34.1.2.
    private static let standards = [
        ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "15000"), ("application_name", "routerd"),
    ]

    /// What a session is told unless the URI's `options` say otherwise, in milliseconds. The last keeps a node that
    /// stands still from holding its locks.
    private static let limits = [
        ("statement_timeout", 10_000), ("lock_timeout", 5_000), ("idle_in_transaction_session_timeout", 15_000),
    ]

    /// Beyond the time that the database gives a statement.
    private static let answerMargin: Duration = .seconds(5)

    /// - Throws: ``StoreError``: `unavailable` when it cannot be reached or lets nobody in, with libpq's reason;
    ///   `incompatible` when its letters are not UTF-8.
    init(_ address: PostgresAddress) throws(StoreError) {
        self.address = address
        answerWait = .seconds(15)
        // Later ones count; `dbname` is the whole URI, as `expand_dbname` says.
        let parameters = Self.standards + [("dbname", address.uri), ("client_encoding", "UTF8")]
        let connected = Self.withStrings(parameters.map(\.0)) { names in
            Self.withStrings(parameters.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
        }
        guard let connected else { throw StoreError(.unavailable, "\(address.name): no memory for a connection") }
        handle = connected
        guard PQstatus(handle) == CONNECTION_OK else {
            throw StoreError(.unavailable, "\(address.name) cannot be used: \(address.redacted(words))")
        }
        cpostgres_ignore_notices(handle)
        PQsetnonblocking(handle, 1)
        guard PQparameterStatus(handle, "server_encoding").map({ String(cString: $0) }) == "UTF8" else {
            throw StoreError(
                .incompatible, "\(address.name) does not keep text as UTF-8. Make it with ENCODING 'UTF8'.")
        }
        do throws(PostgresFailure) { try setLimits() } catch { throw error.error }
    }

    deinit { PQfinish(handle) }

    /// Whether nothing more can be asked of it.
    var isGone: Bool { PQstatus(handle) != CONNECTION_OK }

    /// Whether no transaction is open.
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Runs statements without parameters, such as `BEGIN`.
    @discardableResult
    func command(_ text: String) throws(PostgresFailure) -> PostgresResult {
        guard PQsendQuery(handle, text) == 1 else { throw lost() }
        return try answer()
    }

    /// Runs a statement, which is prepared when it is run first.
    func run(_ text: String, _ parameters: PostgresParameters) throws(PostgresFailure) -> PostgresResult {
        let name: String
        if let known = prepared[text] {
            name = known
        } else {
            name = "routerd_\(prepared.count + 1)"
            guard PQsendPrepare(handle, name, text, 0, nil) == 1 else { throw lost() }
            _ = try answer()
            prepared[text] = name
        }
        let sent = parameters.withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
        }
        guard sent == 1 else { throw lost() }
        return try answer()
    }

    /// Lets `body` wait longer for answers, for what takes long by its nature; `nil`: as usual.
    func waiting<Value>(
        _ wait: Duration?, _ body: () throws(PostgresFailure) -> Value
    ) throws(PostgresFailure) -> Value {
        let usual = answerWait
        answerWait = wait ?? usual
        defer { answerWait = usual }
        return try body()
    }

    private func setLimits() throws(PostgresFailure) {
        // Settings of the URI's `options` have the source 'client'.
        let settings = Self.limits.map { "('\($0.0)', '\($0.1)')" }.joined(separator: ", ")
        try command(
            """
            SELECT set_config(l.name, l.value, false) FROM (VALUES \(settings)) AS l (name, value)
            JOIN pg_catalog.pg_settings AS s ON s.name = l.name WHERE s.source <> 'client'
            """)
        // An answer of COMMIT is a promise here.
        try command(
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') IN ('off', 'local')
            """)
        let row = try command(
            "SELECT setting::bigint AS limit FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'")
        let limit: Int64
        do throws(StoreError) {
            limit = try row.rows().first?.integer("limit") ?? 0
        } catch {
            throw PostgresFailure(error)
        }
        // 0 stands for none; then only this side gives up.
        answerWait = (limit > 0 ? .milliseconds(limit) : .seconds(600)) + Self.answerMargin
    }

    /// Waits for the answer to what was sent.
    private func answer() throws(PostgresFailure) -> PostgresResult {
        let deadline = ContinuousClock.now + answerWait
        while true {
            let flushed = PQflush(handle)
            guard flushed >= 0 else { throw lost() }
            if flushed == 0 { break }
            try wait(for: POLLIN | POLLOUT, until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
        // The end is a nil; a connection that breaks in between has an error before it.
        var last: PostgresResult?
        var failure: PostgresFailure?
        while true {
            while PQisBusy(handle) == 1 {
                try wait(for: POLLIN, until: deadline)
                guard PQconsumeInput(handle) == 1 else { throw lost() }
            }
            guard let result = PQgetResult(handle) else { break }
            let kept = PostgresResult(result)
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: last = kept
            default:
                failure = failure ?? PostgresFailure(result, address, connectionIsGone: isGone)
            }
        }
        if let failure {
            guard isGone, failure.isAnswer else { throw failure }
            throw PostgresFailure(failure.error, remedy: .reconnect, isAnswer: false)
        }
        guard let last else { throw lost() }
        return last
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws(PostgresFailure) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                throw PostgresFailure(
                    StoreError(.unavailable, "\(address.name) did not answer in time"), remedy: .none, isAnswer: false)
            }
            let (seconds, attoseconds) = left.components
            let milliseconds = min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
            var poller = pollfd(fd: PQsocket(handle), events: Int16(truncatingIfNeeded: events), revents: 0)
            let ready = poll(&poller, 1, Int32(clamping: milliseconds))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw lost() }
        }
    }

    private func lost() -> PostgresFailure { PostgresFailure(lost: address, words) }

    /// What libpq said last.
    private var words: String {
        let text = PQerrorMessage(handle).map { PostgresFailure.line(String(cString: $0)) } ?? ""
        return text.isEmpty ? "no reason given" : text
    }

    /// Gives `body` the texts as libpq takes them: an array that ends with a nil.
    private static func withStrings<Value>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value?
    ) -> Value? {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { copy in copy.map { UnsafePointer($0) } } + [nil]
        return pointers.withUnsafeBufferPointer { pointers in pointers.baseAddress.flatMap(body) }
    }
}
