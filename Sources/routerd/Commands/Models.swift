import ArgumentParser
import RouterCore
import RouterProviders

/// The catalogue.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Look at the models.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models that are served, with prices in US dollars for a million tokens.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let loaded = try store.load()
                let transport = try Assembly.transport()
                let found = await loaded.settings.engines(over: transport)
                await transport.shutdown()
                let routes = try Assembly.routes(loaded.settings, found: found)
                for warning in loaded.warnings + routes.notes.map(\.message) { Output.warning(warning) }
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
    fileprivate var providerSlugs: [String] {
        endpoints.map(\.provider.slug).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// What a million tokens cost: the decimal point of a token's price, six places to the right.
    fileprivate func usdPerMillion(_ unit: String) -> String {
        guard let price = pricing.first(where: { $0.unit == unit }) else { return "-" }
        let parts = price.usd.split(separator: ".", omittingEmptySubsequences: false)
        var fraction = parts.count == 2 ? String(parts[1]) : ""
        fraction += String(repeating: "0", count: max(0, 6 - fraction.count))
        let whole = (parts[0] + fraction.prefix(6)).drop { $0 == "0" }
        var rest = fraction.dropFirst(6)
        while rest.last == "0" { rest.removeLast() }
        return (whole.isEmpty ? "0" : whole) + (rest.isEmpty ? "" : "." + rest)
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
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
        writer.endObject()
    }
}
