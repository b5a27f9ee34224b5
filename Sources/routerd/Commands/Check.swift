import ArgumentParser
import RouterCore
import RouterProviders
import RouterStore

/// Looks at everything that a start would: configuration, secrets, store, providers. Changes nothing, opens no port.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration, the store and the providers; open no port.",
        discussion: """
            routerd check -c /etc/routerd/routerd.yaml
            Exit codes: 0 good, perhaps with warnings; 78 the configuration is wrong; 1 something else is.
            """)

    @Flag(help: "Ask nobody: look for no engine, try no key.")
    var offline = false

    @Flag(help: "Exit 1 also for warnings.")
    var strict = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        var report = CheckReport()
        do {
            let loaded = try store.load(server.settings)
            report.note(loaded)
            if offline {
                report.note(try Routes(loaded.settings))
            } else {
                let transport = try Assembly.transport()
                let found = await loaded.settings.engines(over: transport)
                let routes = try Routes(loaded.settings, found: found.map { ($0.provider, $0.catalogueModels) })
                report.note(routes)
                for finding in await ProviderProbe(transport: transport).findings(for: routes) { report.note(finding) }
                await transport.shutdown()
            }
            report.note(await storeState(loaded.settings))
        } catch let faults as ConfigurationFaults {
            report.note(faults)
        } catch let failure as CommandFailure {
            throw failure.report()
        }
        if output.json { report.printJSON() } else { report.printText() }
        let code = report.exitCode(isStrict: strict)
        if code != 0 { throw ExitCode(code) }
    }

    private func storeState(_ settings: Settings) async -> CheckReport.Finding {
        var subject = settings.store.product
        if let path = settings.storePath {
            subject = path
            guard SmallFile.exists(path) else {
                return .init(.ok, "store", path, "is not there yet; the first start makes it")
            }
        }
        do throws(StoreError) {
            let store = try await settings.openStore(migrating: false)
            let pending: [String]
            do throws(StoreError) {
                pending = try await store.pendingMigrations()
            } catch {
                await store.close()
                throw error
            }
            await store.close()
            guard !pending.isEmpty else { return .init(.ok, "store", subject, "\(settings.store.product), up to date") }
            return .init(
                .ok, "store", subject, "the next start brings it up to date: \(pending.joined(separator: ", "))")
        } catch {
            return .init(
                .error, "store", subject, error.description, isConfiguration: error.kind == .incompatible)
        }
    }
}
