import ArgumentParser

/// The program: one subcommand for each thing an operator does.
@main
struct Routerd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routerd",
        abstract: "One API key for every AI model: an OpenAI-compatible router.",
        discussion: """
            routerd                                  serve on 127.0.0.1:8080, data in ./data
            OPENAI_API_KEY=sk-… routerd              with OpenAI's models
            routerd check -c /etc/routerd/routerd.yaml
            KEY=$(routerd keys create --name laptop)
            """,
        version: Version.text,
        subcommands: [
            Serve.self, Check.self, Config.self, Migrate.self, Backup.self, Restore.self, Users.self, Keys.self,
            Credits.self, Models.self,
            Providers.self, ShowVersion.self,
        ],
        defaultSubcommand: Serve.self)
}
