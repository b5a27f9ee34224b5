import CPostgres
import RouterCore

/// What went wrong on a connection: what the store says of it, and what may be done about it.
struct PostgresFailure: Error, Sendable {
    /// What the driver may do when this ended a transaction before its COMMIT was sent.
    enum Remedy: Sendable, Hashable {
        /// The same would fail again.
        case none
        /// Another transaction was in the way: the same may go through now.
        case again
        /// The connection is gone: the same may go through on another.
        case reconnect
    }

    var error: StoreError
    var remedy: Remedy
    /// Whether the database itself refused the statement on a connection that still works. Otherwise what became of the
    /// statement is not known.
    var isAnswer = true

    /// What the database answered in `result`.
    ///
    /// Its primary message is passed on, its details are not: they repeat values. So do the messages of class 22, "data
    /// exception". Source: PostgreSQL 15 documentation, appendix A, "PostgreSQL Error Codes".
    init(_ result: OpaquePointer?, _ address: PostgresAddress, connectionIsGone: Bool) {
        let state = cpostgres_sqlstate(result).map { String(cString: $0) } ?? ""
        let said = cpostgres_message(result).map { String(cString: $0) } ?? "no reason given"
        let message = state.hasPrefix("22") ? "a value does not fit its column or statement" : said
        error = StoreError(
            Self.kind(state),
            "\(address.name): \(address.redacted(message)) (SQLSTATE \(state.isEmpty ? "none" : state))")
        switch state {
        case "40001", "40P01": remedy = .again
        // Others went away, or a plan is of an older schema: a new connection knows neither.
        case _ where connectionIsGone, "0A000", "26000": remedy = .reconnect
        default: remedy = .none
        }
        isAnswer = !connectionIsGone
    }

    /// A connection that was lost, as far as this side can tell.
    init(lost address: PostgresAddress, _ reason: String) {
        error = StoreError(
            .unavailable, "\(address.name): the connection was lost: \(Self.line(address.redacted(reason)))")
        remedy = .reconnect
        isAnswer = false
    }

    init(_ error: StoreError, remedy: Remedy = .none, isAnswer: Bool = true) {
        self.error = error
        self.remedy = remedy
        self.isAnswer = isAnswer
    }

    /// libpq's messages have several lines and end with one.
    static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
    }

    private static func kind(_ state: String) -> StoreError.Kind {
        switch state.prefix(2) {
        case "23": .conflict
        // What was asked does not fit the schema or the rights of the role: a data exception, a feature that is
        // missing, a database or schema that is not there, a name that is not.
        case "22", "0A", "3D", "3F", "42": .incompatible
        default: .unavailable
        }
    }
}
