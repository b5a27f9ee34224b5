import ArgumentParser
import RouterCore
import RouterStore

/// Accounts: who owns keys and pays. What these commands change, a running server takes within a second.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and suspend accounts.", subcommands: [Create.self, List.self, Suspend.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account.", discussion: "routerd users create ana@example.org")

        @Argument(help: "Its email, by which the other commands name it.")
        var email: String

        @Flag(help: "It may manage everything.")
        var admin = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let email = try Email.checked(email)
                let settings = try store.load().settings
                guard let grant = Money(usd: settings.defaults.grant) else {
                    throw CommandFailure(.configuration, "defaults.grant is not an amount of US dollars")
                }
                let now = Ambient.ofSystem.timestamp()
                let entry =
                    grant > .zero
                    ? CreditEntry(
                        id: "grant-\(Ambient.ofSystem.letters(20))", account: .first, kind: .grant, amount: grant,
                        reason: "defaults.grant", createdAt: now) : nil
                let account = try await settings.withStore(creating: true) { open in
                    if try await open.account(named: email) != nil {
                        throw CommandFailure(
                            .failed, "there is an account \(email) already", hint: "All: routerd users list")
                    }
                    return try await open.add(
                        Account(id: .first, email: email, isAdmin: admin, createdAt: now), grant: entry)
                }
                guard !output.json else { return Output.json { account.write(to: &$0) } }
                Output.words(
                    "Made the account \(email) (\(account.id.rawValue)) with \(account.balance). Give it a key: routerd keys create --user \(email) --name first"
                )
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all accounts.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let accounts = try await store.load().settings.withStore(creating: false) { try await $0.accounts() }
                guard !output.json else {
                    return Output.json { writer in
                        writer.name("users")
                        writer.beginArray()
                        for account in accounts {
                            writer.beginObject()
                            account.write(to: &writer)
                            writer.endObject()
                        }
                        writer.endArray()
                    }
                }
                Output.table(
                    ["ID", "EMAIL", "STATE", "BALANCE", "HELD", "CREATED"],
                    accounts.map { account in
                        [
                            "\(account.id.rawValue)", account.email ?? "-",
                            account.suspendedAt == nil ? "active" : "suspended", account.balance.text,
                            account.held.text, Output.time(account.createdAt),
                        ]
                    })
            }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Suspend an account: its keys are refused until it goes on.",
            discussion: """
                routerd users suspend ana@example.org
                routerd users suspend ana@example.org --undo
                """)

        @Argument(help: "The account's email or id.")
        var user: String

        @Flag(help: "Let it go on.")
        var undo = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let account = try await store.load().settings.withStore(creating: false) { open in
                    let id = try await open.requireAccount(user).id
                    return try await open.suspend(id, at: undo ? nil : Ambient.ofSystem.timestamp())
                }
                guard let account else { throw CommandFailure(.failed, "there is no account \(user.prefix(80))") }
                guard !output.json else { return Output.json { account.write(to: &$0) } }
                Output.words(
                    undo ? "\(user) goes on." : "\(user) is suspended. A running server refuses it within a second.")
            }
        }
    }
}

/// What is taken for an email: enough to find slips of the hand.
enum Email {
    /// In lower case.
    static func checked(_ text: String) throws(CommandFailure) -> String {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 254,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else {
            throw CommandFailure(.badInput, "\"\(text.prefix(80))\" is not an email", hint: "Such as ana@example.org")
        }
        return text.lowercased()
    }
}

extension AccountStore {
    /// The account of this email or id.
    func requireAccount(_ name: String) async throws -> Account {
        if let account = try await account(named: name.lowercased()) { return account }
        let like = Spelling.closest(to: name, in: try await accounts().compactMap(\.email))
        throw CommandFailure(
            .failed, "there is no account \(name.prefix(80))",
            hint: (like.map { "Did you mean \($0)? " } ?? "") + "All: routerd users list")
    }
}

extension Account {
    /// Its members, for scripts.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("id", id.rawValue)
        writer.member("email", orNull: email)
        writer.member("admin", isAdmin)
        writer.member("balance", balance.text)
        writer.member("created_at", Output.time(createdAt))
        writer.member("suspended_at", orNull: suspendedAt.map(Output.time))
    }
}
