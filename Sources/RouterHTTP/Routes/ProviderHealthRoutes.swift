import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /health/providers`: how the endpoints are doing on this node. For whoever has a key; it holds no address and no
/// secret. Counts as a request.
struct ProviderHealthRoutes: Sendable {
    let gate: Gate
    let routing: Routing
    let catalog: LiveCatalog

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/health/providers") { request, context in
            let admission = try await gate.admit(request.header(called:), for: .reading)
            context.limitHeaders.set(admission.verdict)
            if let refusal = admission.refusal { throw refusal }
            return .json(ProviderHealth.body(routing.health.standings(of: catalog.current)))
        }
    }
}

/// The answer to `GET /health/providers`.
enum ProviderHealth {
    /// - Returns: `{"data": [{"provider", "status", "endpoints": […]}]}`, providers in the order of the catalogue.
    static func body(_ standings: [Standing]) -> [UInt8] {
        var slugs: [String] = []
        var byProvider: [String: [Standing]] = [:]
        for standing in standings {
            if byProvider[standing.provider] == nil { slugs.append(standing.provider) }
            byProvider[standing.provider, default: []].append(standing)
        }
        var writer = JSONWriter(capacity: 256 * (standings.count + 1))
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for slug in slugs {
            let endpoints = byProvider[slug] ?? []
            writer.beginObject()
            writer.member("provider", slug)
            writer.member("status", status(of: endpoints))
            writer.name("endpoints")
            writer.beginArray()
            for endpoint in endpoints { write(endpoint, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// In one word: whether all, some or none of a provider's endpoints can be asked.
    private static func status(of endpoints: [Standing]) -> String {
        let down = endpoints.count { $0.state == .resting || $0.state == .limited }
        if down == endpoints.count { return "down" }
        return down > 0 || endpoints.contains { $0.state != .well } ? "degraded" : "up"
    }

    private static func write(_ standing: Standing, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("model", standing.model)
        writer.member("upstream_model", standing.upstreamModel)
        writer.member("state", standing.state.rawValue)
        writer.member("rests_ms", Int(standing.restsFor?.wholeMilliseconds ?? 0))
        writer.member("recent_successes", standing.recentSuccesses)
        writer.member("recent_failures", standing.recentFailures)
        writer.member("successes", standing.successes)
        writer.member("failures", standing.failures)
        for (name, value) in [
            ("latency_p50_ms", standing.latencyP50.map { $0 * 1000 }),
            ("latency_p90_ms", standing.latencyP90.map { $0 * 1000 }),
            ("throughput_p50_tokens", standing.throughputP50),
        ] {
            writer.name(escaping: name)
            if let value { writer.integer(Int(value.rounded())) } else { writer.null() }
        }
        writer.endObject()
    }
}
