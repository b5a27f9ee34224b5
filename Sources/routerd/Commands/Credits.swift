import ArgumentParser
import Foundation
import RouterCore
import RouterStore

/// Prepaid credit.
struct Credits: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Grant credit, look at it, and check that everything adds up.",
        subcommands: [Grant.self, Correct.self, Balance.self, Entries.self, Verify.self])

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give credit to an account.",
            discussion: "routerd credits grant ana@example.org 10.00 --reason \"invoice 17\"")

        @Argument(help: "The account's email or id.")
        var user: String

        @Argument(help: "US dollars, with at most nine digits after the point.")
        var amount: String

        @Option(help: .init("Why, for the ledger.", valueName: "text"))
        var reason: String

        @Option(
            help: .init(
                "A name for this grant: the same one counts once, however often it is given.", valueName: "text"))
        var id: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                guard let money = Money(usd: amount), money > .zero else {
                    throw CommandFailure(
                        .badInput, "\"\(amount.prefix(40))\" is not an amount of credit",
                        hint: "US dollars above zero with at most nine digits after the point, such as 10.00")
                }
                try await CreditsEntry.add(
                    money, .grant, to: user, reason: reason, id: id, settings: store.load().settings, output: output)
            }
        }
    }

    struct Correct: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put right what was wrong: add credit or, with --take-back, take it back.",
            discussion: "routerd credits correct ana@example.org 2.50 --take-back --reason \"granted twice\"")

        @Argument(help: "The account's email or id.")
        var user: String

        @Argument(help: "US dollars, with at most nine digits after the point.")
        var amount: String

        @Flag(help: "Take it back: no more than is there and not set aside.")
        var takeBack = false

        @Option(help: .init("Why, for the ledger.", valueName: "text"))
        var reason: String

        @Option(
            help: .init(
                "A name for this correction: the same one counts once, however often it is given.", valueName: "text"))
        var id: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                guard let money = Money(usd: amount), money > .zero else {
                    throw CommandFailure(
                        .badInput, "\"\(amount.prefix(40))\" is not an amount of credit",
                        hint: "US dollars above zero with at most nine digits after the point, such as 2.50")
                }
                try await CreditsEntry.add(
                    Money(nanoUSD: takeBack ? -money.nanoUSD : money.nanoUSD), .correction, to: user, reason: reason,
                    id: id, settings: store.load().settings, output: output)
            }
        }
    }

    struct Balance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what an account has left.")

        @Argument(help: "The account's email or id.")
        var user: String

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let account = try await store.load().settings.withStore(creating: false) {
                    try await $0.requireAccount(user)
                }
                guard !output.json else {
                    return Output.json { writer in
                        writer.member("balance", account.balance.text)
                        writer.member("held", account.held.text)
                        writer.member("available", account.available.text)
                    }
                }
                Output.table(
                    ["BALANCE", "HELD", "AVAILABLE"],
                    [[account.balance.text, account.held.text, account.available.text]])
            }
        }
    }

    struct Entries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ledger", abstract: "List what came in and what was spent, day by day.")

        @Argument(help: "The account's email or id.")
        var user: String

        @Option(help: .init("The first day, such as 2026-04-01; all unless given.", valueName: "date"))
        var since: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let start = try since.map(Self.milliseconds) ?? 0
                let (entries, items) = try await store.load().settings.withStore(creating: false) { open in
                    let account = try await open.requireAccount(user).id
                    let entries = try await open.entries(of: account, since: start)
                    let first = LimitReset.day(of: start)
                    let today = LimitReset.day(of: Ambient.ofSystem.timestamp())
                    // Nothing is spent yet on a day that is to come.
                    let items: [ActivityItem] =
                        try await first <= today
                        ? open.activity(of: account, key: nil, days: first...today) : []
                    return (entries, items)
                }
                var lines = entries.map { entry in
                    (entry.createdAt, entry.kind.rawValue, entry.amount, entry.reason)
                }
                for (day, items) in Dictionary(grouping: items, by: \.day) {
                    let cost = items.reduce(Int64(0)) { $0 &+ $1.cost.nanoUSD }
                    let requests = items.reduce(Int64(0)) { $0 &+ $1.requests }
                    lines.append((day * 86_400_000, "usage", Money(nanoUSD: -cost), "\(requests) requests"))
                }
                lines.sort { $0.0 < $1.0 }
                guard !output.json else {
                    return Output.json { [lines] writer in
                        writer.name("entries")
                        writer.beginArray()
                        for (time, kind, amount, reason) in lines {
                            writer.beginObject()
                            writer.member("time", Output.time(time))
                            writer.member("kind", kind)
                            writer.member("amount", amount.text)
                            writer.member("reason", reason)
                            writer.endObject()
                        }
                        writer.endArray()
                    }
                }
                Output.table(
                    ["TIME", "KIND", "AMOUNT", "REASON"],
                    lines.map { [Output.time($0.0), $0.1, $0.2.text, $0.3] })
            }
        }

        private static func milliseconds(_ text: String) throws(CommandFailure) -> Int64 {
            guard let date = try? Date(text + "T00:00:00Z", strategy: .iso8601) else {
                throw CommandFailure(.badInput, "\"\(text.prefix(40))\" is not a day", hint: "Such as 2026-04-01")
            }
            return Int64(date.timeIntervalSince1970) * 1000
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every balance and every bill again; exit 1 when anything is off.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let verification = try await store.load().settings.withStore(creating: false) {
                    try await $0.verify()
                }
                if output.json {
                    Output.json { writer in
                        writer.member("ok", verification.isExact)
                        writer.member("accounts", verification.accounts)
                        writer.member("entries", verification.entries)
                        writer.member("mismatch", verification.mismatch.text)
                        writer.name("findings")
                        writer.beginArray()
                        for finding in verification.findings { writer.string(finding) }
                        writer.endArray()
                    }
                } else {
                    for finding in verification.findings { Output.data(finding) }
                    Output.words(
                        verification.isExact
                            ? "\(verification.entries) entries of \(verification.accounts) accounts add up exactly."
                            : "\(verification.mismatch) are off.")
                }
                if !verification.isExact { throw ExitCode(1) }
            }
        }
    }
}

/// What grant and correct share.
private enum CreditsEntry {
    static func add(
        _ amount: Money, _ kind: CreditEntry.Kind, to user: String, reason: String, id: String?, settings: Settings,
        output: JSONOption
    ) async throws {
        guard !reason.isEmpty, reason.utf8.count <= 500,
            (1...100).contains(id?.utf8.count ?? 1), PlainName.isPlain(reason), PlainName.isPlain(id ?? "")
        else {
            throw CommandFailure(
                .badInput, "--reason must have 1 to 500 bytes and --id 1 to 100, without control characters")
        }
        let account = try await settings.withStore(creating: false) { open in
            try await open.credit(
                CreditEntry(
                    id: id ?? "\(kind.rawValue)-\(Ambient.ofSystem.letters(20))",
                    account: open.requireAccount(user).id, kind: kind, amount: amount, reason: reason,
                    createdAt: Ambient.ofSystem.timestamp()))
        }
        guard !output.json else { return Output.json { $0.member("balance", account.balance.text) } }
        Output.words("\(user) has \(account.balance) now.")
    }
}
