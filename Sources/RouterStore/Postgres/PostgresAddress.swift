import CPostgres
import RouterCore

/// Where a PostgreSQL database is, as libpq reads it: `postgres://user:password@host:5432/name?sslmode=verify-full`.
struct PostgresAddress: Sendable {
    /// With the password; for libpq only.
    let uri: String
    /// For messages: `PostgreSQL at db.example.org:5432/routerd`; without user and password.
    let name: String
    /// So that it can be taken out of what libpq says; `nil` when it is not in the URI.
    private let password: String?

    /// - Throws: ``StoreError`` of kind `incompatible` when libpq cannot read it. What libpq says of it is left out: it
    ///   repeats pieces of the URI, and a password with a letter that should have been escaped is one.
    init(uri: String) throws(StoreError) {
        guard Self.isOne(uri), !uri.utf8.contains(0), let options = Self.options(of: uri) else {
            throw StoreError(
                .incompatible,
                """
                The address of the database is not one that libpq can read. It looks like \
                postgres://user:password@host:5432/name?sslmode=verify-full, where letters such as @ / ? % in a password \
                are written as %40 %2F %3F %25.
                """)
        }
        self.uri = uri
        password = options["password"]
        let host = options["host"] ?? options["hostaddr"] ?? "localhost"
        let place = host.hasPrefix("/") ? host : host + ":" + (options["port"] ?? "5432")
        name = "PostgreSQL at \(place)/\(options["dbname"] ?? options["user"] ?? "")"
    }

    /// Whether a text is meant as the address of a PostgreSQL database.
    static func isOne(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    /// `text` without the password.
    func redacted(_ text: String) -> String {
        guard let password, !password.isEmpty else { return text }
        return text.replacing(password, with: "***")
    }

    private static func options(of uri: String) -> [String: String]? {
        // libpq allocates what it says; nobody reads it, see above.
        var message: UnsafeMutablePointer<CChar>?
        defer { PQfreemem(message) }
        guard let first = PQconninfoParse(uri, &message) else { return nil }
        defer { PQconninfoFree(first) }
        var options: [String: String] = [:]
        var option = first
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return options
    }
}
