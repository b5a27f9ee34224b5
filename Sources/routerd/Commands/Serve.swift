import ArgumentParser

/// Runs the server in the foreground: what `routerd` does when no subcommand is named.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve in the foreground until SIGTERM or Ctrl-C.",
        discussion: """
            routerd serve -c /etc/routerd/routerd.yaml
            SIGHUP reads the configuration again; SIGTERM and Ctrl-C let running answers finish.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await reporting {
            let read = { @Sendable [store, server] () throws(ConfigurationFaults) in try store.load(server.settings) }
            let loaded = try read()
            for warning in loaded.warnings { Output.warning(warning) }
            try await Server(settings: loaded.settings, read: read).run()
        }
    }
}
