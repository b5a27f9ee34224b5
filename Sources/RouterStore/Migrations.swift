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
            ]),
        Migration(number: 2, name: "credit, keys with limits, generations", statements: credit),
        Migration(
            number: 3, name: "rate limits that several servers share",
            statements: [
                // One row a key. counts: permits that were given out in the second latest_s, in the one before it, and so
                // on. A crash of PostgreSQL empties it, which lets a limit's worth through once more; so it costs no disk.
                SQLText(
                    sqlite: "CREATE TABLE \(rateWindows)",
                    postgres: "CREATE UNLOGGED TABLE \(rateWindows) WITH (fillfactor = 50)")
            ]),
    ]

    private static let rateWindows: SQLText = """
        rate_windows (key_id TEXT NOT NULL PRIMARY KEY, latest_s BIGINT NOT NULL, counts TEXT NOT NULL)
        """

    /// Money in the columns `…_n` is in nano-dollars.
    private static let credit: [SQLText] = [
        // Balance: credited_n - charged_n, which are the sums of entries and of generations. Of it reserved_n is set aside
        // for leases; overdraft_n may be spent below zero. recall_ms: when a node last needed credit that others had.
        "ALTER TABLE accounts ADD COLUMN credited_n BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN charged_n BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN reserved_n BIGINT NOT NULL DEFAULT 0 CHECK (reserved_n >= 0)",
        "ALTER TABLE accounts ADD COLUMN overdraft_n BIGINT NOT NULL DEFAULT 0 CHECK (overdraft_n >= 0)",
        "ALTER TABLE accounts ADD COLUMN recall_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN suspended_ms BIGINT",
        "ALTER TABLE accounts ADD COLUMN is_admin SMALLINT NOT NULL DEFAULT 0",
        "CREATE UNIQUE INDEX accounts_email ON accounts (email)",
        // The account that was there from the start is the operator's own: nobody prepays for it.
        "UPDATE accounts SET overdraft_n = \(houseOverdraft) WHERE id = 1",
        // limit_n: what may be spent in the period that began at period_ms; used_n: what was, in that period.
        "ALTER TABLE api_keys ADD COLUMN limit_n BIGINT CHECK (limit_n >= 0)",
        "ALTER TABLE api_keys ADD COLUMN limit_reset TEXT",
        "ALTER TABLE api_keys ADD COLUMN period_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE api_keys ADD COLUMN used_n BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE api_keys ADD COLUMN reserved_n BIGINT NOT NULL DEFAULT 0 CHECK (reserved_n >= 0)",
        "ALTER TABLE api_keys ADD COLUMN management SMALLINT NOT NULL DEFAULT 0",
        "ALTER TABLE api_keys ADD COLUMN disabled SMALLINT NOT NULL DEFAULT 0",
        "ALTER TABLE api_keys ADD COLUMN models TEXT",
        "ALTER TABLE api_keys ADD COLUMN updated_ms BIGINT",
        "ALTER TABLE api_keys ADD COLUMN last_used_ms BIGINT",
        // Credit that came in or was taken back: append-only.
        """
        CREATE TABLE entries (
            id TEXT NOT NULL PRIMARY KEY,
            account_id BIGINT NOT NULL REFERENCES accounts (id),
            kind TEXT NOT NULL,
            amount_n BIGINT NOT NULL,
            reason TEXT NOT NULL,
            created_ms BIGINT NOT NULL)
        """,
        "CREATE INDEX entries_account ON entries (account_id, created_ms)",
        // What was charged at: see PriceList. Append-only.
        """
        CREATE TABLE price_lists (
            id TEXT NOT NULL PRIMARY KEY,
            body TEXT NOT NULL,
            created_ms BIGINT NOT NULL)
        """,
        // One row a request, append-only: its record, and what is looked for in it. cost_n is a charge to the account.
        """
        CREATE TABLE generations (
            id TEXT NOT NULL PRIMARY KEY,
            account_id BIGINT NOT NULL,
            key_id TEXT NOT NULL,
            cost_n BIGINT NOT NULL CHECK (cost_n >= 0),
            created_ms BIGINT NOT NULL,
            record TEXT NOT NULL)
        """,
        "CREATE INDEX generations_account ON generations (account_id, created_ms)",
        // Sums of generations by day (UTC, since 1970), key, model and provider.
        """
        CREATE TABLE usage_days (
            account_id BIGINT NOT NULL,
            day BIGINT NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            requests BIGINT NOT NULL,
            cost_n BIGINT NOT NULL,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            reasoning_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            PRIMARY KEY (account_id, day, key_id, model, provider))
        """,
        "CREATE INDEX usage_days_key ON usage_days (key_id, day)",
        // epoch: the node's lives; reported: batches of this life; heartbeat_ms: when it was last heard of.
        """
        CREATE TABLE nodes (
            id TEXT NOT NULL PRIMARY KEY,
            epoch BIGINT NOT NULL,
            reported BIGINT NOT NULL,
            heartbeat_ms BIGINT NOT NULL)
        """,
        // What is set aside for a node's life: granted_n, of which used_n is settled. key_id is empty for what the keys
        // without a limit share.
        """
        CREATE TABLE leases (
            node_id TEXT NOT NULL REFERENCES nodes (id),
            epoch BIGINT NOT NULL,
            account_id BIGINT NOT NULL REFERENCES accounts (id),
            key_id TEXT NOT NULL,
            granted_n BIGINT NOT NULL CHECK (granted_n >= 0),
            used_n BIGINT NOT NULL DEFAULT 0 CHECK (used_n >= 0),
            PRIMARY KEY (node_id, epoch, account_id, key_id))
        """,
        "CREATE INDEX leases_account ON leases (account_id)",
    ]

    /// Ten million dollars: as good as no limit, and far from what can be counted.
    private static let houseOverdraft: SQLText = "10000000000000000"
}

extension SQLText {
    /// Milliseconds since 1970 by the clock of the database.
    static let nowMilliseconds = SQLText(
        sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        postgres: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")
}
