import ArgumentParser
import RouterCore
import RouterProviders

/// The catalogue.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the models, and change the catalogue.",
        subcommands: [List.self, Show.self, Import.self, UpdatePrices.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models that are served, with prices in US dollars for a million tokens.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let routes = try await store.routes(notingModels: true)
                let models = routes.catalog.models
                guard !output.json else {
                    return Output.json { writer in
                        writer.name("models")
                        writer.beginArray()
                        for model in models { model.write(to: &writer) }
                        writer.endArray()
                    }
                }
                if models.isEmpty {
                    Output.words("No models. Set OPENAI_API_KEY, start an engine, or configure providers and models.")
                }
                Output.table(
                    ["ID", "CONTEXT", "PROMPT", "COMPLETION", "PROVIDERS"],
                    models.map { model in
                        [
                            model.id, "\(model.contextLength)", model.usdPerMillion("prompt"),
                            model.usdPerMillion("completion"), model.providerSlugs.joined(separator: ","),
                        ]
                    })
            }
        }
    }
}

extension Model {
    var providerSlugs: [String] {
        endpoints.map(\.provider.slug).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// What a million tokens cost.
    fileprivate func usdPerMillion(_ unit: String) -> String {
        pricing.first { $0.unit == unit }?.usdPerMillion ?? "-"
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
    }

    /// Its members, for scripts.
    func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("name", name)
        writer.member("context_length", contextLength)
        writer.name("max_completion_tokens")
        if let maxCompletionTokens { writer.integer(maxCompletionTokens) } else { writer.null() }
        writer.name("pricing")
        writer.beginObject()
        for price in pricing {
            writer.name(escaping: price.unit)
            writer.string(price.usd)
        }
        writer.endObject()
        for (name, texts) in [("aliases", aliases), ("providers", providerSlugs)] {
            writer.name(escaping: name)
            writer.beginArray()
            for text in texts { writer.string(text) }
            writer.endArray()
        }
    }
}
