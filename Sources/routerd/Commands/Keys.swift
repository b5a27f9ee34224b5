import ArgumentParser
import RouterCore
import RouterHTTP
import RouterProviders
import RouterStore

/// API keys. What these commands change, a running server takes within a second.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke API keys.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API key and print it. It is shown this once.",
            discussion: """
                routerd keys create --name laptop
                routerd keys create --name ci --rpm 600 --expires 90d --json
                routerd keys create --user ana@example.org --name app --limit 25 --reset monthly
                """)

        @Option(help: .init("Whose key it is: an email or id; the operator's own unless given.", valueName: "email"))
        var user: String?

        @Option(help: .init("US dollars that it may spend, in all or between resets.", valueName: "amount"))
        var limit: String?

        @Option(
            help: .init("When its limit begins anew: daily, weekly or monthly, at midnight UTC.", valueName: "period"))
        var reset: String?

        @Option(help: .init("Ids of the only models that it may ask, with commas between them.", valueName: "ids"))
        var models: String?

        @Flag(help: "It manages keys by the API, and asks no models.")
        var management = false

        @Option(help: .init("What you call it.", valueName: "text"))
        var name: String

        @Option(
            help: .init(
                "Requests in any 60 seconds; defaults.rate_limit of the configuration unless given.",
                valueName: "number"))
        var rpm: Int?

        @Option(
            help: .init("How long it is good for, such as 90d, 12h or 30m; for ever unless given.", valueName: "time"))
        var expires: Lifetime?

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func validate() throws {
            guard PlainName.isValid(name) else { throw ValidationError("--name must have \(PlainName.rule).") }
            guard rpm.map({ (1...1_000_000).contains($0) }) ?? true else {
                throw ValidationError("--rpm must be from 1 to 1000000.")
            }
            guard limit.map({ Money(usd: $0).map { $0 > .zero && $0 <= APIKey.limitMax } ?? false }) ?? true else {
                throw ValidationError(
                    "--limit must be US dollars above 0 and at most 1000000000, with at most nine digits after the point, such as 25."
                )
            }
            guard modelIDs.count <= 100,
                modelIDs.allSatisfy({ PlainName.isPlain($0) && (1...200).contains($0.utf8.count) })
            else { throw ValidationError("--models must be at most 100 ids of models, with commas between them.") }
            guard reset.map({ LimitReset(rawValue: $0) != nil }) ?? true, reset == nil || limit != nil else {
                throw ValidationError("--reset must be daily, weekly or monthly, and needs --limit.")
            }
        }

        func run() async throws {
            try await reporting {
                let settings = try store.load().settings
                let pepper = try Environment().pepper()
                try await settings.withStore(creating: true) { open in
                    let peppers = try DataDirectory(making: settings.data).peppers(pepper)
                    var (key, text) = NewKey.make(
                        name: name, requestsPerMinute: rpm ?? settings.defaults.requestsPerMinute, lifetime: expires,
                        peppers: peppers, ambient: .ofSystem)
                    if let user { key.account = try await open.requireAccount(user).id }
                    key.limit = limit.flatMap { Money(usd: $0) }
                    key.limitReset = reset.flatMap(LimitReset.init)
                    key.models = try await known(modelIDs, settings)
                    key.isManagement = management
                    try await open.add(key)
                    print(key, text: text)
                }
            }
        }

        private var modelIDs: [String] {
            models?.split(separator: ",").map {
                String($0.trimmingPrefix(" ").reversed().drop { $0 == " " }.reversed())
            } ?? []
        }

        /// Other names of models as their ids, which is what a key is checked by; warns of models that are not there.
        private func known(_ names: [String], _ settings: Settings) async throws -> [String] {
            guard !names.isEmpty else { return [] }
            let transport = try Assembly.transport()
            let found = await settings.engines(over: transport)
            await transport.shutdown()
            let catalog = try Assembly.routes(settings, found: found).catalog
            return names.map { name in
                if let model = catalog.model(named: name) { return model.id }
                let like = catalog.names(like: name)
                Output.warning(
                    "there is no model \(name)\(like.isEmpty ? "" : "; close matches: \(like.joined(separator: ", "))")"
                )
                return name
            }
        }

        private func print(_ key: APIKey, text: String) {
            guard !output.json else {
                return Output.json { writer in
                    key.write(to: &writer)
                    writer.member("key", text)
                }
            }
            let limit = "\(key.requestsPerMinute) requests a minute"
            let end = key.expiresAt.map { "good until \(Output.time($0))" } ?? "good for ever"
            Output.words("Made \(key.id) (\(key.name)): \(limit), \(end). The key is shown this once:")
            Output.data(text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all API keys, without their texts.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let now = Ambient.ofSystem.timestamp()
                let (keys, owners, spent) = try await store.load().settings.withStore(creating: false) { open in
                    let keys = try await open.keys()
                    var spent: [String: KeySpending] = [:]
                    for account in Set(keys.map(\.account)) {
                        spent.merge(try await open.spending(of: account, at: now)) { one, _ in one }
                    }
                    let owners = try await open.accounts().map { ($0.id, $0.email ?? "\($0.id.rawValue)") }
                    return (keys, Dictionary(owners, uniquingKeysWith: { one, _ in one }), spent)
                }
                guard !output.json else {
                    return Output.json { writer in
                        writer.name("keys")
                        writer.beginArray()
                        for key in keys {
                            writer.beginObject()
                            key.write(to: &writer)
                            let spent = spent[key.id] ?? KeySpending()
                            writer.member("user_email", owners[key.account] ?? "-")
                            writer.member("state", key.state(at: now))
                            writer.member("spent", spent.since(key.limitReset).text)
                            writer.member("spent_total", spent.total.text)
                            writer.endObject()
                        }
                        writer.endArray()
                    }
                }
                Output.table(
                    ["ID", "KEY", "STATE", "USER", "RATE", "SPENT", "LIMIT", "RESET", "CREATED", "EXPIRES", "NAME"],
                    keys.map { key in
                        [
                            key.id, key.label, key.state(at: now), owners[key.account] ?? "-",
                            "\(key.requestsPerMinute)/min",
                            (spent[key.id] ?? KeySpending()).since(key.limitReset).shortText,
                            key.limit?.shortText ?? "-", key.limitReset?.rawValue ?? "-", Output.time(key.createdAt),
                            key.expiresAt.map(Output.time) ?? "-", key.name,
                        ]
                    })
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke an API key, for good.", discussion: "routerd keys revoke key_AbCdEfGhIjKlMnOp")

        @Argument(help: "The id or hash that keys list shows.")
        var id: String

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let (revoked, known) = try await store.load().settings.withStore(creating: false) { store in
                    let key = try await store.revokeKey(id, at: Ambient.ofSystem.timestamp())
                    return (key, key == nil ? try await store.keys().map(\.id) : [])
                }
                guard let key = revoked else {
                    // Whoever pastes the key itself must not find it in a log.
                    let shown = id.hasPrefix("air_live_") ? "air_live_…" : "\(id.prefix(80))"
                    let like = Spelling.closest(to: id, in: known)
                    throw CommandFailure(
                        .failed, "there is no key \(shown)",
                        hint: (like.map { "Did you mean \($0)? " } ?? "") + "All: routerd keys list")
                }
                guard !output.json else { return Output.json { key.write(to: &$0) } }
                Output.words("Revoked \(key.id) (\(key.name)). A running server refuses it within a second.")
            }
        }
    }
}

/// How long a key is good for: `90d`, `12h`, `30m`, `2w`.
struct Lifetime: ExpressibleByArgument, Sendable, Hashable {
    let milliseconds: Int64

    init?(argument: String) {
        let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
        // A hundred years is for ever; it also keeps the product in range.
        guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()), count > 0,
            count <= 100 * 366 * 86_400_000 / unit
        else { return nil }
        milliseconds = count * unit
    }
}

/// A key that is about to be stored.
enum NewKey {
    /// - Parameter lifetime: `nil` for a key that does not expire.
    /// - Returns: what is stored, and the text to show once.
    static func make(
        name: String, requestsPerMinute: Int, lifetime: Lifetime?, peppers: Peppers, ambient: Ambient
    ) -> (key: APIKey, text: String) {
        let (text, label) = KeyText.make()
        let now = ambient.timestamp()
        let key = APIKey(
            id: "key_\(ambient.letters(16))", account: .first, name: name, label: label,
            digest: peppers.digest(of: text), requestsPerMinute: requestsPerMinute, createdAt: now,
            expiresAt: lifetime.map { now + $0.milliseconds })
        return (key, text)
    }
}

extension APIKey {
    /// `active`, `disabled`, `revoked` or `expired`.
    fileprivate func state(at now: Int64) -> String {
        if revokedAt != nil { return "revoked" }
        if expiresAt.map({ $0 <= now }) == true { return "expired" }
        return isDisabled ? "disabled" : "active"
    }

    /// Its members, for scripts.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("hash", digest.hex)
        writer.member("name", name)
        writer.member("label", label)
        writer.member("user", account.rawValue)
        writer.member("rate_limit", requestsPerMinute)
        writer.member("limit", orNull: limit?.text)
        writer.member("limit_reset", orNull: limitReset?.rawValue)
        writer.member("management", isManagement)
        writer.name("models")
        writer.beginArray()
        for model in models { writer.string(model) }
        writer.endArray()
        writer.member("created_at", Output.time(createdAt))
        writer.member("expires_at", orNull: expiresAt.map(Output.time))
        writer.member("revoked_at", orNull: revokedAt.map(Output.time))
    }
}

extension Environment {
    /// The secret under which keys are digested, from `ROUTERD_PEPPER` or its file; `nil` when neither is set.
    func pepper() throws(ConfigurationFaults) -> String? {
        do throws(ConfigurationFault) {
            return try value("ROUTERD_PEPPER")?.text
        } catch {
            throw ConfigurationFaults([error])
        }
    }
}
