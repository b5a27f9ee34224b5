import TestSupport

@testable import RouterCore

/// Catalogues, requests and plans for tests of routing.
enum Sites {
    static func provider(
        _ slug: String, location: Provider.Location = .vendor, dataPolicy: Provider.DataPolicy? = nil
    ) -> Provider {
        Provider(
            slug: slug, name: slug.uppercased(), dialect: ScriptedTranslator.dialect, baseURL: "http://\(slug).example",
            location: location, dataPolicy: dataPolicy)
    }

    static func model(
        _ id: String = "test/model", _ endpoints: [Endpoint], parameters: [String] = ["temperature", "tools"],
        price: (prompt: String, completion: String) = ("0.000001", "0.000002"), cacheRead: String? = nil
    ) -> Model {
        Model(
            id: id, name: id, contextLength: 8192, supportedParameters: parameters,
            pricing: [.init(unit: "prompt", usd: price.prompt), .init(unit: "completion", usd: price.completion)]
                + (cacheRead.map { [.init(unit: "input_cache_read", usd: $0)] } ?? []),
            endpoints: endpoints)
    }

    static func endpoints(_ slugs: String...) -> [Endpoint] {
        slugs.map { Endpoint(provider: provider($0), upstreamModel: "m") }
    }

    static func request(_ members: String = "", model: String = "test/model") throws(APIError) -> ChatRequest {
        try ChatRequest(
            Array(#"{"model":"\#(model)","messages":[{"role":"user","content":"Hi"}]\#(members)}"#.utf8))
    }

    /// Slugs in the order in which they would be asked, nothing being known of anybody unless `reports` says so.
    static func plan(
        _ members: String = "", model: String = "test/model", in models: [Model],
        reports: @escaping (Candidates) -> [EndpointReport] = { _ in [] }, sticky: String? = nil,
        session: String? = nil, caller: Caller = Samples.caller, attemptsMax: Int = 3,
        random: @escaping () -> UInt64 = { 0 }
    ) throws -> Plan {
        let policy = RoutingPolicy(
            catalog: Catalog(models), attemptsMax: attemptsMax, now: 1000, reports: reports, sticky: { _ in sticky },
            random: random)
        return try policy.plan(for: try request(members, model: model), session: session, caller: caller)
    }

    /// What the plan's error is.
    static func refusal(
        _ members: String = "", model: String = "test/model", in models: [Model], caller: Caller = Samples.caller,
        reports: @escaping (Candidates) -> [EndpointReport] = { _ in [] }
    ) -> APIError? {
        do {
            _ = try plan(members, model: model, in: models, reports: reports, caller: caller)
            return nil
        } catch {
            return error as? APIError
        }
    }
}

extension Plan {
    var slugs: [String] { endpoints.map(\.provider.slug) }
    var modelIDs: [String] { targets.map(\.model.id) }
}
