import ArgumentParser

/// Where the configuration and the data are: every command that looks at them takes these.
struct StoreOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: .init(
            "Configuration file; without it ./routerd.yaml, then /etc/routerd/routerd.yaml, else defaults.",
            valueName: "file"))
    var config: String?

    @Option(help: .init("Data directory; ./data unless configured.", valueName: "dir"))
    var data: String?

    @Option(name: .customLong("database-url"), help: .init("The store: sqlite:PATH or postgres://….", valueName: "url"))
    var database: String?

    /// Reads the configuration with these options, and `more`, before everything else.
    func load(_ more: [SettingsReader.Option?] = []) throws(ConfigurationFaults) -> LoadedSettings {
        let own: [SettingsReader.Option?] = [
            .option("data", "--data", data), .option("database", "--database-url", database),
        ]
        return try SettingsReader.load(
            path: config, environment: Environment(), options: (own + more).compactMap { $0 })
    }
}

/// What `serve` takes besides; `check` and `config show` too, so that they can be asked about the same server.
struct ServerOptions: ParsableArguments {
    @Option(help: .init("Address to listen on; 127.0.0.1 unless configured.", valueName: "address"))
    var host: String?

    @Option(help: .init("Port to listen on, 0 for a free one; 8080 unless configured.", valueName: "number"))
    var port: Int?

    @Option(name: .customLong("log-level"), help: .init("The least important records to write.", valueName: "level"))
    var logLevel: String?

    @Option(name: .customLong("log-format"), help: .init("text or json.", valueName: "format"))
    var logFormat: String?

    var settings: [SettingsReader.Option?] {
        [
            .option("http.host", "--host", host), .option("http.port", "--port", port.map { "\($0)" }),
            .option("log.level", "--log-level", logLevel), .option("log.format", "--log-format", logFormat),
        ]
    }
}

/// Whether a command answers as JSON.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print one JSON object.")
    var json = false
}

extension SettingsReader.Option? {
    /// - Returns: `nil` when the option was not given.
    static func option(_ key: String, _ name: String, _ text: String?) -> Self {
        text.map { SettingsReader.Option(key: key, name: name, text: $0) }
    }
}
