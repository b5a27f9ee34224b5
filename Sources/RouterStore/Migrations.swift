/// One numbered step of the schema, as data.
///
/// A step that has been released is never changed: what comes after it is a new step. Money is `BIGINT` in nano-dollars,
/// time `BIGINT` in milliseconds since 1970, a choice `SMALLINT`; every column that may not be null says so, primary
/// keys too, where SQLite would allow it.
struct Migration: Sendable {
    /// From 1, without gaps.
    let number: Int
    /// What it brings, for people.
    let name: String
    /// In order, in one transaction.
    let statements: [SQLText]
}

extension Migration {
    /// All steps, oldest first.
    static let all: [Migration] = [
        Migration(
            number: 1, name: "accounts and API keys",
            statements: [
                // kind: 1 customer.
                """
                CREATE TABLE accounts (
                    id BIGINT NOT NULL PRIMARY KEY,
                    kind SMALLINT NOT NULL,
                    email TEXT,
                    created_ms BIGINT NOT NULL)
                """,
                "INSERT INTO accounts (id, kind, created_ms) VALUES (1, 1, \(.nowMilliseconds))",
                // hash: 64 hexadecimal digits, see KeyDigest; hash_v: the version of its pepper.
                """
                CREATE TABLE api_keys (
                    id TEXT NOT NULL PRIMARY KEY,
                    account_id BIGINT NOT NULL REFERENCES accounts (id),
                    hash TEXT NOT NULL UNIQUE,
                    hash_v BIGINT NOT NULL,
                    label TEXT NOT NULL,
                    name TEXT NOT NULL,
                    rpm BIGINT NOT NULL CHECK (rpm > 0),
                    created_ms BIGINT NOT NULL,
                    expires_ms BIGINT,
                    revoked_ms BIGINT)
                """,
                "CREATE INDEX api_keys_account ON api_keys (account_id)",
                // One row: every transaction that changes a key adds 1.
                """
                CREATE TABLE keys_version (
                    only_row SMALLINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
                    version BIGINT NOT NULL)
                """,
                "INSERT INTO keys_version (only_row, version) VALUES (1, 1)",
            ])
    ]
}

extension SQLText {
    /// Milliseconds since 1970 by the clock of the database.
    static let nowMilliseconds = SQLText(
        sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        postgres: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")
}
