/// A statement, or a part of one, as both databases take it: constant text with parameters `$1`, `$2`, …
///
/// It is written as a literal, so that nothing that came in can become part of it; only another `SQLText` may be
/// interpolated. Each number may occur several times and in any order. What the databases write differently is given
/// for each by ``init(sqlite:postgres:)``.
struct SQLText: Sendable, Hashable {
    /// With parameters `?1`: in SQLite `$1` is a name, counted by where it first occurs, and not a number.
    let sqlite: String
    /// With parameters `$1`.
    let postgres: String

    /// A statement for whose meaning the databases have different words.
    init(sqlite: SQLText, postgres: SQLText) {
        self.sqlite = sqlite.sqlite
        self.postgres = postgres.postgres
    }

    private init(numbered text: String) {
        postgres = text
        var translated = ""
        translated.reserveCapacity(text.utf8.count)
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            let after = rest.index(after: dollar)
            let isParameter = after < rest.endIndex && ("1"..."9").contains(rest[after])
            translated += rest[..<dollar]
            translated += isParameter ? "?" : "$"
            rest = rest[after...]
        }
        sqlite = translated + rest
    }
}

extension SQLText: ExpressibleByStringInterpolation {
    init(stringLiteral text: String) { self.init(numbered: text) }

    init(stringInterpolation pieces: StringInterpolation) {
        sqlite = pieces.sqlite
        postgres = pieces.postgres
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sqlite = ""
        fileprivate var postgres = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { appendInterpolation(SQLText(numbered: literal)) }

        mutating func appendInterpolation(_ part: SQLText) {
            sqlite += part.sqlite
            postgres += part.postgres
        }
    }
}
