public import RouterCore

extension SQLStore {
    public func add(_ account: Account, grant: CreditEntry?) async throws(StoreError) -> Account {
        try await driver.write { transaction throws(StoreError) in
            // Whoever comes second finds the number taken and is told of a conflict.
            let next = try transaction.rows(nextAccount).first?.integer("id") ?? 1
            try transaction.execute(
                insertAccount,
                [
                    .integer(next), account.email.map { .text($0) } ?? .null, SQLValue(account.isAdmin ? 1 : 0),
                    .integer(account.createdAt),
                ])
            if var grant {
                grant.account = Account.ID(rawValue: next)
                _ = try Self.credit(grant, in: transaction)
            }
            return try Self.account(Account.ID(rawValue: next), in: transaction)
        }
    }

    public func account(named name: String) async throws(StoreError) -> Account? {
        guard !name.utf8.contains(0) else { return nil }
        return try await driver.read { snapshot throws(StoreError) in
            let number = Int64(name) ?? 0
            guard let row = try snapshot.rows(accountByName, [.text(name), .integer(number)]).first else {
                return nil
            }
            return try Account(row: row)
        }
    }

    public func accounts() async throws(StoreError) -> [Account] {
        try await driver.read { snapshot throws(StoreError) in
            var accounts: [Account] = []
            for row in try snapshot.rows(allAccounts) { accounts.append(try Account(row: row)) }
            return accounts
        }
    }

    public func suspend(_ account: Account.ID, at time: Int64?) async throws(StoreError) -> Account? {
        try await driver.write { transaction throws(StoreError) in
            guard
                try transaction.execute(suspendAccount, [.integer(account.rawValue), SQLValue(time)]) == 1
            else { return nil }
            try transaction.execute(bumpKeysVersion)
            return try Self.account(account, in: transaction)
        }
    }

    public func credit(_ entry: CreditEntry) async throws(StoreError) -> Account {
        try await driver.write { transaction throws(StoreError) in try Self.credit(entry, in: transaction) }
    }

    public func entries(of account: Account.ID, since time: Int64) async throws(StoreError) -> [CreditEntry] {
        try await driver.read { snapshot throws(StoreError) in
            var entries: [CreditEntry] = []
            for row in try snapshot.rows(entriesOfAccount, [.integer(account.rawValue), .integer(time)]) {
                entries.append(try CreditEntry(row: row))
            }
            return entries
        }
    }

    /// In a transaction: the balance changes with the entry, or neither does.
    private static func credit(
        _ entry: CreditEntry, in transaction: any SQLTransaction
    ) throws(StoreError) -> Account {
        guard let row = try transaction.rows(lockAccount, [.integer(entry.account.rawValue)]).first else {
            throw StoreError(.conflict, "There is no account \(entry.account.rawValue)")
        }
        let account = try Account(row: row)
        if let known = try transaction.rows(entryByID, [.text(entry.id)]).first {
            let known = try CreditEntry(row: known)
            guard known.account == entry.account, known.amount == entry.amount else {
                throw StoreError(.conflict, "Another entry has the id \(entry.id)")
            }
            return account
        }
        guard let credited = account.credited.adding(entry.amount),
            (-creditMax...creditMax).contains(credited.nanoUSD)
        else { throw StoreError(.conflict, "The credit of an account is at most 1000000000 USD") }
        guard entry.amount >= .zero || account.available.nanoUSD + entry.amount.nanoUSD >= 0 else {
            throw StoreError(.conflict, "Only \(account.available) of this account can be taken back")
        }
        try transaction.execute(insertEntry, entry.columnValues)
        try transaction.execute(
            addCredit, [.integer(entry.account.rawValue), .integer(entry.amount.nanoUSD)])
        return try Self.account(entry.account, in: transaction)
    }

    private static func account(
        _ id: Account.ID, in transaction: any SQLTransaction
    ) throws(StoreError) -> Account {
        guard let row = try transaction.rows(accountByID, [.integer(id.rawValue)]).first else {
            throw StoreError(.incompatible, "The account that was just written is not there")
        }
        return try Account(row: row)
    }
}

/// A thousand million dollars: far from what can be counted, whatever is added.
private let creditMax: Int64 = 1_000_000_000_000_000_000

private let nextAccount: SQLText = "SELECT max(id) + 1 AS id FROM accounts"

private let insertAccount: SQLText = """
    INSERT INTO accounts (id, kind, email, is_admin, created_ms) VALUES ($1, 1, $2, $3, $4)
    """

private let accountByID: SQLText = "SELECT \(Account.columns) FROM accounts WHERE id = $1"

private let lockAccount = SQLText(sqlite: "\(accountByID)", postgres: "\(accountByID) FOR UPDATE")

/// An email comes before a number.
private let accountByName: SQLText = """
    SELECT \(Account.columns) FROM accounts WHERE email = $1 OR id = $2
    ORDER BY CASE WHEN email = $1 THEN 0 ELSE 1 END LIMIT 1
    """

private let allAccounts: SQLText = "SELECT \(Account.columns) FROM accounts ORDER BY id"

private let suspendAccount: SQLText = "UPDATE accounts SET suspended_ms = $2 WHERE id = $1"

private let entryByID: SQLText = "SELECT \(CreditEntry.columns) FROM entries WHERE id = $1"

private let insertEntry: SQLText = """
    INSERT INTO entries (\(CreditEntry.columns)) VALUES ($1, $2, $3, $4, $5, $6)
    """

private let addCredit: SQLText = "UPDATE accounts SET credited_n = credited_n + $2 WHERE id = $1"

private let entriesOfAccount: SQLText = """
    SELECT \(CreditEntry.columns) FROM entries WHERE account_id = $1 AND created_ms >= $2 ORDER BY created_ms, id
    """
