import RouterCore
import RouterHTTP

/// One value that an operator can set: where it is read, what it means, what it is when nobody sets it.
///
/// ``all`` is the only list of them; reading, `config show` and `docs/configuration.md` follow it.
struct Setting: Sendable {
    /// Its place in the file: `http.port`.
    let key: String
    /// For people: `whole number from 0 to 65535`.
    let type: String
    let shape: ValueShape
    /// As one would write it; empty when there is none.
    let standard: String
    /// The default in words, where ``standard`` is not all of it.
    let standardNote: String?
    /// Variables besides ``variable`` that set it, such as `PORT`.
    let otherVariables: [String]
    /// A change counts when the configuration is read again; otherwise at the next start.
    let isReloaded: Bool
    /// A sentence for the documentation.
    let meaning: String
    /// A text as it may be shown: without a password.
    let shown: @Sendable (String) -> String
    /// Puts the value that a text stands for into settings.
    let read: @Sendable (String, inout Settings) throws(ValueFault) -> Void

    /// The variable that sets it: `ROUTERD_HTTP_PORT`.
    var variable: String { "ROUTERD_" + key.uppercased().replacing(".", with: "_") }

    private init<Value>(
        _ key: String, _ member: any WritableKeyPath<Settings, Value> & Sendable, _ type: ValueType<Value>,
        standard: String, other: [String] = [], isReloaded: Bool = false, _ meaning: String
    ) {
        self.init(
            key, type, standard: standard, note: nil, other: other, isReloaded: isReloaded, meaning
        ) { text, settings throws(ValueFault) in settings[keyPath: member] = try type.parse(text) }
    }

    /// - Parameter note: what holds when nobody sets it.
    private init<Value>(
        _ key: String, _ member: any WritableKeyPath<Settings, Value?> & Sendable, _ type: ValueType<Value>,
        note: String, other: [String] = [], isReloaded: Bool = false, _ meaning: String
    ) {
        self.init(
            key, type, standard: "", note: note, other: other, isReloaded: isReloaded, meaning
        ) { text, settings throws(ValueFault) in settings[keyPath: member] = try type.parse(text) }
    }

    private init<Value>(
        _ key: String, _ type: ValueType<Value>, standard: String, note: String?, other: [String], isReloaded: Bool,
        _ meaning: String, read: @escaping @Sendable (String, inout Settings) throws(ValueFault) -> Void
    ) {
        self.key = key
        self.type = type.name
        shape = type.shape
        shown = type.shown
        self.standard = standard
        standardNote = note
        otherVariables = other
        self.isReloaded = isReloaded
        self.meaning = meaning
        self.read = read
    }

    static let all: [Setting] = [
        Setting(
            "http.host", \.http.host, .text, standard: "127.0.0.1",
            "Address or name to listen on; `0.0.0.0` for every network of the machine."),
        Setting(
            "http.port", \.http.port, .whole(0...65535), standard: "8080", other: ["PORT"],
            "Port to listen on; 0 takes a free one and prints it."),
        Setting(
            "http.public_url", \.http.publicURL, .webAddress, note: "as clients address it",
            "Where clients reach this server, for addresses of media."),
        Setting(
            "http.trusted_proxies", \.http.trustedProxies, .networks, standard: "",
            "Addresses and networks of your proxies, whose `X-Forwarded-…` is to be believed. "
                + "Checked, without effect in this version."),
        Setting(
            "http.unknown_model_status", \.http.unknownModelStatus, .choice, standard: "404",
            "The status of a chat request for a model that is not there: 404 as OpenAI has it, 400 as OpenRouter has it."
        ),
        Setting(
            "data", \.data, .text, standard: "./data",
            "Directory of everything that routerd keeps, from where it is started; made when missing."),
        Setting(
            "database", \.database, .database, note: "`routerd.db` in `data`",
            other: ["DATABASE_URL"],
            "Where everything but media is kept: an SQLite file, or a PostgreSQL database that several nodes share (docs/postgres.md)."
        ),
        Setting(
            "defaults.rate_limit", \.defaults.requestsPerMinute, .rate, standard: "60/min", isReloaded: true,
            "Requests in any 60 seconds, for keys that are made from then on without a limit of their own."),
        Setting(
            "defaults.grant", \.defaults.grant, .decimal, standard: "0", isReloaded: true,
            "US dollars that a new account begins with."),
        Setting(
            "defaults.markup", \.defaults.markup, .markup, standard: "1.00", isReloaded: true,
            "What clients pay for each dollar of catalogue price: `1.05` is 5 % more. `GET /models` shows what they pay."
        ),
        Setting(
            "discover", \.discover, .bool, note: "when no provider is configured",
            "Whether engines on this machine are looked for: Ollama, LM Studio, llama.cpp and vLLM at their usual ports."
        ),
        Setting(
            "drain_seconds", \.drain, .seconds(0...3600), standard: "30",
            "How long running answers may go on after the signal to stop."),
        Setting(
            "images.default_form", \.imageForm, .choice, standard: "both",
            "What images come with when a request has no `response_format`: their bytes, their address, or both."),
        Setting(
            "limits.memory_mb", \.memoryBytesMax, .megabytes(from: 32), note: "what the container or the machine has",
            "Memory that may be used. From 85 % of it on new answers that are not streamed are refused with 503, from "
                + "92 % on all new ones."),
        Setting(
            "log.level", \.log.level, .choice, standard: "info",
            "The least important records that are written."),
        Setting(
            "log.format", \.log.format, .choice, note: "text on a terminal, JSON otherwise",
            "The form of the records, one a line on standard error."
        ),
        Setting(
            "media.fetch", \.fetching, .choice, standard: "public",
            "From where images and files are fetched that a request names by an address and a vendor wants as bytes, "
                + "and images that a vendor gives the address of: `public` from the public internet, `any` from "
                + "wherever this machine can reach, `off` from nowhere."),
        Setting(
            "media.total_mb", \.mediaFolder.bytesMax, .megabytes(from: 1), standard: "1024",
            "Megabytes of all files that answers give an address of; the oldest make room for new ones."),
        Setting(
            "media.file_mb", \.mediaFolder.fileBytesMax, .megabytes(from: 1), standard: "64",
            "Megabytes of one such file, never more than `media.total_mb`; of a larger one the answer has the bytes."),
        Setting(
            "media.keep_seconds", \.mediaFolder.lifetime, .seconds(60...31_536_000), standard: "3600",
            "How long such a file can be fetched."),
        Setting(
            "routing.third_party_accounts", \.routing.thirdPartyAccounts, .accounts, standard: "",
            "Numbers of accounts whose requests for `airouter-cloud/…` may go to a third party, when such a model has an "
                + "endpoint there."),
        Setting(
            "timeouts.connect", \.timeouts.connect, .seconds(1...600), standard: "5",
            "How long reaching a provider may take, with name look-up and TLS."),
        Setting(
            "timeouts.first_byte", \.timeouts.firstByte, .seconds(1...3600), standard: "120",
            "How long a provider may take to begin a streamed answer."),
        Setting(
            "timeouts.idle", \.timeouts.idle, .seconds(1...3600), standard: "60",
            "How long a provider may fall silent within a streamed answer."),
        Setting(
            "timeouts.total", \.timeouts.total, .seconds(1...86400), standard: "600",
            "How long an answer may take in all."),
        Setting(
            "timeouts.task", \.timeouts.task, .seconds(1...86400), standard: "120",
            "How long a provider may take for what it makes as a task, such as an image of FLUX, or one of several images of "
                + "Gemini's; never longer than `timeouts.total`."),
    ]
}
