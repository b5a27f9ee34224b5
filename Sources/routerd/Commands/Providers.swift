import ArgumentParser
import RouterCore
import RouterProviders

/// Who serves models.
struct Providers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the providers.", subcommands: [List.self, Test.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the providers that are switched on; ask none of them.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let routes = try await store.routes()
                guard !output.json else {
                    return Output.json { writer in
                        writer.name("providers")
                        writer.beginArray()
                        for provider in routes.providers { write(provider, routes, to: &writer) }
                        writer.endArray()
                    }
                }
                Output.table(
                    ["SLUG", "KIND", "CLASS", "KEYS", "MODELS", "BASE URL"],
                    routes.providers.map { provider in
                        [
                            provider.slug, provider.dialect.rawValue, provider.location.rawValue,
                            "\(routes.keys[provider.slug]?.count ?? 0)", "\(routes.modelCount(of: provider))",
                            provider.baseURL,
                        ]
                    })
            }
        }

        private func write(_ provider: Provider, _ routes: Routes, to writer: inout JSONWriter) {
            writer.beginObject()
            writer.member("slug", provider.slug)
            writer.member("name", provider.name)
            writer.member("kind", provider.dialect.rawValue)
            writer.member("class", provider.location.rawValue)
            writer.member("base_url", provider.baseURL)
            writer.member("keys", routes.keys[provider.slug]?.count ?? 0)
            writer.member("models", routes.modelCount(of: provider))
            writer.member("data_collection", provider.dataPolicy.collects ? "allow" : "deny")
            writer.member("zdr", !provider.dataPolicy.retains)
            writer.endObject()
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask each provider, with each of its keys, for its list of models. It costs nothing.",
            discussion: "Exit codes: 0 all answer and take their keys; 1 one does not, or there is no such provider.")

        @Argument(help: .init("Only this one.", valueName: "slug"))
        var slug: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                var routes = try await store.routes()
                if let slug {
                    let slugs = routes.providers.map(\.slug)
                    routes.providers.removeAll { $0.slug != slug }
                    guard !routes.providers.isEmpty else {
                        let like = Spelling.closest(to: slug, in: slugs).map { "Did you mean \"\($0)\"?" }
                        throw CommandFailure(
                            .failed, "no provider \"\(slug)\"",
                            hint: like ?? "There are: \(slugs.joined(separator: ", "))")
                    }
                }
                let transport = try Assembly.transport()
                let findings = await ProviderProbe(transport: transport).findings(for: routes)
                await transport.shutdown()
                var report = CheckReport()
                for finding in findings { report.note(finding) }
                if output.json { report.printJSON() } else { report.printText() }
                let code = report.exitCode(isStrict: true)
                if code != 0 { throw ExitCode(code) }
            }
        }
    }
}

extension StoreOptions {
    /// What the configuration leads to, engines on this machine included; warnings go to standard error.
    /// - Parameter notingModels: what may not be meant of configured models is such a warning too.
    func routes(notingModels: Bool = false) async throws -> Routes {
        let loaded = try load()
        let transport = try Assembly.transport()
        let found = await loaded.settings.engines(over: transport)
        await transport.shutdown()
        let routes = try Assembly.routes(loaded.settings, found: found)
        let notes = notingModels ? routes.notes.map(\.message) : []
        for warning in loaded.warnings + notes { Output.warning(warning) }
        return routes
    }
}

extension Routes {
    /// Models that are served there.
    fileprivate func modelCount(of provider: Provider) -> Int {
        catalog.models.count { $0.endpoints.contains { $0.provider.slug == provider.slug } }
    }
}
