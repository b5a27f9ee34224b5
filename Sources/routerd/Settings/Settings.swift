import RouterCore
import RouterHTTP

/// What the operator decides, complete and checked. Read once, by ``SettingsReader``.
struct Settings: Sendable {
    var http = HTTP()
    /// Directory of everything that routerd keeps.
    var data = "./data"
    /// `nil`: an SQLite file, `routerd.db` in ``data``.
    var database: Database?
    var defaults = Defaults()
    /// Whether engines on loopback are looked for; `nil`: when no provider is configured.
    var discover: Bool?
    /// How long streams may go on after the signal to stop.
    var drain: Duration = .seconds(30)
    var log = Log()
    /// What is fetched for vendors that want the bytes of what a client names by its address.
    var fetching = Fetching.publicOnly
    /// What images come with that were asked for without `response_format`.
    var imageForm = ImagesFormat.Form.both
    /// How much is kept of what answers give an address of, and how long.
    var mediaFolder = MediaFolder.Limits()
    var timeouts = Timeouts()
    var routing = Routing()
    /// Bytes of memory that may be used; `nil`: what the container or the machine has.
    var memoryBytesMax: Int?
    /// Those that are switched on; slugs differ.
    var providers: [ProviderSettings] = []
    /// What stands under `models:`; `nil`: nothing does.
    var models: ConfiguredModels?

    struct HTTP: Sendable, Hashable {
        /// An address or name of this machine.
        var host = "127.0.0.1"
        /// 0 for a free one.
        var port = 8080
        /// Where clients reach this server, such as `https://ai.example.org`; `nil`: as they address it.
        var publicURL: String?
        /// Addresses and networks whose `X-Forwarded-…` is believed.
        var trustedProxies: [String] = []
        /// The status of a chat request for a model that is not there.
        var unknownModelStatus = UnknownModelStatus.notFound

        enum UnknownModelStatus: String, Sendable, CaseIterable {
            /// As OpenAI has it.
            case notFound = "404"
            /// As OpenRouter has it.
            case badRequest = "400"
        }
    }

    struct Defaults: Sendable, Hashable {
        /// Requests in any 60 seconds, of keys that are made without a limit of their own.
        var requestsPerMinute = 60
        /// US dollars that a new account begins with, as a decimal number.
        var grant = "0"
        /// What clients pay for each dollar of catalogue price.
        var markup = Markup.none
    }

    struct Routing: Sendable, Hashable {
        /// Accounts whose requests for `airouter-cloud/…` may go to a third party.
        var thirdPartyAccounts: [String] = []
    }

    enum Fetching: String, Sendable, CaseIterable {
        /// From addresses of the public internet.
        case publicOnly = "public"
        /// From every address that this machine can reach.
        case everywhere = "any"
        /// Nothing.
        case off
    }

    struct Log: Sendable, Hashable {
        var level = Level.info
        /// `nil`: text on a terminal, JSON otherwise.
        var format: Format?

        enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
        enum Format: String, Sendable, CaseIterable { case text, json }
    }

    /// Where the store keeps its things.
    enum Database: Sendable, Hashable {
        /// The path of a file, as the operator would name it.
        case sqlite(path: String)
        /// As libpq takes it, with the password.
        case postgres(uri: Secret)

        /// What it is called in the greeting.
        var product: String {
            switch self {
            case .sqlite: "SQLite"
            case .postgres: "PostgreSQL"
            }
        }
    }

    /// The database that is used.
    var store: Database { database ?? .sqlite(path: data.hasSuffix("/") ? "\(data)routerd.db" : "\(data)/routerd.db") }

    /// Path of the SQLite file; `nil` for PostgreSQL.
    var storePath: String? {
        if case .sqlite(let path) = store { path } else { nil }
    }
}

/// A provider that is switched on.
struct ProviderSettings: Sendable, Hashable {
    var provider: Provider
    /// They take turns; empty for an engine that asks for none.
    var keys: [Secret] = []
}
