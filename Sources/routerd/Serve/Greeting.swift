import RouterCore

/// What a server says on standard output when it listens: one line that scripts read, and on its first start all that a
/// newcomer needs for a first answer.
struct Greeting {
    var version: String
    var host: String
    var port: Int
    /// Such as `data in ./data, SQLite`.
    var place: String

    /// The line that scripts wait for.
    var line: String { "routerd \(version)  listening on \(url)  (\(place))" }

    private var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The block for the first start.
    ///
    /// - Parameters:
    ///   - key: the text of the first key, shown this once; `nil` when none was made.
    ///   - found: engines that were found on this machine.
    func firstStart(models: [Model], key: String?, found: [EngineDiscovery.Engine]) -> String {
        var lines = ["", "  Models     \(Self.summary(of: models, found: found))"]
        if models.isEmpty {
            lines += [
                "  Get one:   export OPENAI_API_KEY=… and start again   |   start Ollama   |   scripts/demo (downloads 130 MB, tiny model)"
            ]
        }
        if let key {
            lines += ["  API key    \(key)     shown once"]
        } else {
            lines += ["  API key    routerd keys create --name first"]
        }
        if let model = Self.best(of: models) {
            lines += [
                "", "  Try it:", "    curl \(url)/api/v1/chat/completions \\",
                "      -H \"Authorization: Bearer \(key ?? "$ROUTERD_API_KEY")\" \\",
                "      -H \"Content-Type: application/json\" \\",
                "      -d '{\"model\":\"\(model.id)\",\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France? Answer in one sentence.\"}]}'",
            ]
        }
        lines += ["", "  Next: README.md, routerd check, Ctrl-C stops.", ""]
        return lines.joined(separator: "\n")
    }

    /// The model for a first try: one of an engine of one's own, else the cheapest.
    static func best(of models: [Model]) -> Model? {
        models.first { $0.endpoints.contains { $0.provider.location == .local } }
            ?? models.min { ($0.outputPrice, $0.id) < ($1.outputPrice, $1.id) }
    }

    private static func summary(of models: [Model], found: [EngineDiscovery.Engine]) -> String {
        guard !models.isEmpty else { return "none yet." }
        var counts: [(slug: String, count: Int)] = []
        for slug in models.compactMap(\.endpoints.first?.provider.slug) {
            if let index = counts.firstIndex(where: { $0.slug == slug }) {
                counts[index].count += 1
            } else {
                counts.append((slug, 1))
            }
        }
        return counts.map { entry in
            let place = found.first { $0.provider.slug == entry.slug }?.provider.baseURL
            return "\(entry.slug) \(entry.count)" + (place.map { " (found at \($0))" } ?? "")
        }.joined(separator: ", ")
    }
}

extension Model {
    /// Only for choosing: what an answer's token costs, in dollars.
    fileprivate var outputPrice: Double {
        pricing.first { $0.unit == "completion" }.flatMap { Double($0.usd) } ?? .infinity
    }
}
