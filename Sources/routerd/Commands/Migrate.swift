import ArgumentParser
import RouterCore
import RouterStore

/// Brings the store up to date.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the store up to date; the start of a server does it too.",
        discussion: "routerd migrate --dry-run")

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let settings = try store.load().settings
            let isMissing = settings.storePath.map { !SmallFile.exists($0) } ?? false
            let pending: [String]
            if isMissing, dryRun {
                pending = ["all: there is no store yet"]
            } else {
                if isMissing { _ = try DataDirectory(making: settings.data) }
                let open = try await settings.openStore(migrating: isMissing)
                do {
                    pending = try await open.pendingMigrations()
                    if !dryRun { try await open.migrate() }
                } catch {
                    await open.close()
                    throw error
                }
                await open.close()
            }
            guard !output.json else {
                return Output.json { writer in
                    writer.member("applied", !dryRun)
                    writer.name("migrations")
                    writer.beginArray()
                    for migration in pending { writer.string(migration) }
                    writer.endArray()
                }
            }
            for migration in pending { Output.data(migration) }
            Output.words(
                pending.isEmpty
                    ? "The store is up to date." : dryRun ? "\(pending.count) to apply." : "\(pending.count) applied.")
        }
    }
}
