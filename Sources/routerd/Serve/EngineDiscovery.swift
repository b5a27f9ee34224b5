import RouterCore

/// Looks for engines on this machine, at the ports where they usually are. Asks for their models, nothing else.
struct EngineDiscovery: Sendable {
    let transport: any Transport

    /// An engine that answered.
    struct Engine: Sendable, Hashable {
        var provider: Provider
        /// What it calls its models.
        var models: [String]
    }

    /// Where people run engines, and what they are then.
    static let usual: [(slug: String, name: String, port: Int)] = [
        ("ollama", "Ollama", 11434), ("lmstudio", "LM Studio", 1234), ("llamacpp", "llama.cpp", 8080),
        ("vllm", "vLLM", 8000),
    ]

    /// - Parameter ownPort: where this server listens itself; not asked.
    /// - Returns: those that answered within 300 ms with at least one model, in the order of ``usual``.
    func find(ownPort: Int) async -> [Engine] {
        await withTaskGroup(of: (Int, Engine?).self) { group in
            for (index, place) in Self.usual.enumerated() where place.port != ownPort {
                group.addTask {
                    let provider = Provider(
                        slug: place.slug, name: place.name, dialect: .openAICompatible,
                        baseURL: "http://127.0.0.1:\(place.port)/v1", location: .local)
                    return (index, await ask(provider))
                }
            }
            var found: [(Int, Engine)] = []
            for await case (let index, let engine?) in group { found.append((index, engine)) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func ask(_ provider: Provider) async -> Engine? {
        var timeouts = Timeouts()
        timeouts.connect = .milliseconds(300)
        timeouts.firstByte = .milliseconds(300)
        timeouts.total = .milliseconds(300)
        let exchange = transport.open(
            UpstreamRequest(method: .get, path: "/models", headers: []), to: provider, timeouts: timeouts)
        defer { exchange.cancel() }
        var body: [UInt8] = []
        // Whatever goes wrong means that no engine is there.
        while body.count < 1_048_576, let event = try? await exchange.next() {
            switch event {
            case .head(let head) where head.status != 200: return nil
            case .bytes(let bytes): body += bytes
            case .head, .silence: break
            }
        }
        guard let document = try? JSONDocument(body, limits: .response) else { return nil }
        let models = document.root["data"]?.elements.compactMap { $0["id"]?.string } ?? []
        return models.isEmpty ? nil : Engine(provider: provider, models: models)
    }
}

extension EngineDiscovery.Engine {
    /// Its models as clients can ask for them, at no price: the machine is the operator's own.
    var catalogueModels: [Model] {
        models.map { name in
            Model(
                id: "airouter-cloud/\(Self.slug(of: name))", name: "\(provider.name): \(name)",
                description: "Found on this machine.", contextLength: 8192,
                supportedParameters: ["temperature", "top_p", "max_tokens", "stop", "seed"],
                pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")], aliases: [name],
                endpoints: [
                    Endpoint(provider: provider, upstreamModel: name, traits: ChatTraits(tokenLimit: .maxTokens))
                ])
        }
    }

    /// `name` with only what belongs into an id: `llama3.2:latest` becomes `llama3.2-latest`.
    private static func slug(of name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return String(last.lowercased().map { $0.isLetter || $0.isNumber || ".-_".contains($0) ? $0 : "-" })
    }
}
