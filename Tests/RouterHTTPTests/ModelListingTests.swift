import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("The answers about models")
struct ModelListingTests {
    private static let models = ["a/one", "a/two", "b/three"].map { id in
        var model = Samples.model(["one", "two"])
        model.id = id
        model.aliases = []
        return model
    }

    private let listing = ModelListing(Catalog(Self.models))

    private func ids(_ body: [UInt8]) throws -> [String] {
        try JSONDocument(body).root["data"]?.elements.compactMap { $0["id"]?.string } ?? []
    }

    private func list(_ members: [(name: String, value: String)]) throws -> ModelListing.Prepared {
        listing.list(try ModelQuery(members), path: "/api/v1/models", members: members)
    }

    @Test("are prepared once for whoever wants everything")
    func whole() throws {
        #expect(try ids(listing.whole.body) == ["a/one", "a/two", "b/three"])
        #expect(try list([]).tag == listing.whole.tag)
        #expect(try list([("category", "legal")]).tag == listing.whole.tag)
        #expect(try list([("offset", "0"), ("limit", "3")]).tag == listing.whole.tag)
        #expect(try list([("limit", "2")]).tag != listing.whole.tag)
        #expect(try list([("limit", "500"), ("sort", "newest"), ("q", "one")]).tag != listing.whole.tag)
    }

    @Test("have a tag of their own for each query")
    func tags() throws {
        let filtered = try list([("model_authors", "a")])
        #expect(try ids(filtered.body) == ["a/one", "a/two"])
        #expect(filtered.tag != listing.whole.tag)
        #expect(try list([("q", "a/")]).tag == filtered.tag)
    }

    @Test("are held by a client that shows their tag, weak, in a list, or any at all")
    func held() throws {
        let (whole, other) = (listing.whole, try list([("q", "two")]))
        for header in [
            whole.tag, "W/\(whole.tag)", "\(other.tag), \(whole.tag)", "\"x\",\tW/\(whole.tag) , \"y\"", "*",
        ] {
            #expect(whole.isHeld(by: header), "\(header)")
        }
        for header in [other.tag, "", "W/", "x\(whole.tag)", String(whole.tag.dropFirst())] {
            #expect(!whole.isHeld(by: header), "\(header)")
        }
    }

    @Test("tell what long prompts cost, and what an endpoint costs where it is other than its model")
    func prices() throws {
        var model = Samples.model(["one", "two"])
        model.pricing = [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002")]
        model.pricingVariants.tiers = [
            .init(above: 300, prices: [.init(unit: "prompt", usd: "0.000003")]),
            .init(above: 200, prices: [.init(unit: "prompt", usd: "0.000002")]),
            .init(above: 200, service: "flex", prices: [.init(unit: "prompt", usd: "0.000009")]),
        ]
        model.endpoints[1].pricing = Pricing(prices: [
            .init(unit: "prompt", usd: "0.000007"), .init(unit: "completion", usd: "0.000008"),
        ])
        let own =
            #""pricing":{"prompt":"0.000001","completion":"0.000002","overrides":[{"min_prompt_tokens":200,"prompt":"0.000002"},{"min_prompt_tokens":300,"prompt":"0.000003"}]}"#
        #expect(String(decoding: ModelListing.object(of: model), as: UTF8.self).contains(own))
        let endpoints = String(decoding: EndpointListing.body(of: model), as: UTF8.self)
        #expect(endpoints.contains(own))
        #expect(endpoints.contains(#""pricing":{"prompt":"0.000007","completion":"0.000008"}"#))
    }

    @Test("lead from page to page until all was seen")
    func pages() throws {
        let first = try JSONDocument(try list([("q", "a/"), ("limit", "1")]).body).root
        #expect(first["total_count"]?.integer == 2)
        #expect(first["links"]?["next"]?.string == "/api/v1/models?q=a%2F&offset=1&limit=1")
        let page = try JSONDocument(try list([("sort", "newest"), ("limit", "2")]).body).root
        #expect(page["total_count"]?.integer == 3)
        #expect(page["has_more"]?.bool == true)
        #expect(page["links"]?["next"]?.string == "/api/v1/models?sort=newest&offset=2&limit=2")
        let last = try JSONDocument(try list([("sort", "newest"), ("limit", "2"), ("offset", "2")]).body).root
        #expect(last["links"]?["next"]?.isNull == true)
        #expect(last["first_id"]?.string == "b/three")
    }

    @Test("count what a query finds")
    func counts() throws {
        #expect(listing.count(try ModelQuery([("model_authors", "a")])) == Array(#"{"data":{"count":2}}"#.utf8))
    }

    @Test("tell each endpoint of a model, and who serves")
    func endpoints() throws {
        let data = try #require(JSONDocument(EndpointListing.body(of: Self.models[0])).root["data"])
        #expect(data["id"]?.string == "a/one")
        #expect(data["endpoints"]?.elements.compactMap { $0["tag"]?.string } == ["one", "two"])
        let first = try #require(data["endpoints"]?.elements.first { _ in true })
        #expect(first["name"]?.string == "One | a/one")
        #expect(first["pricing"]?["prompt"]?.string == "0.000001")
        #expect(first["quantization"]?.isNull == true)
        let providers = try JSONDocument(EndpointListing.providers(of: Catalog(Self.models))).root["data"]
        #expect(providers?.elements.compactMap { $0["slug"]?.string } == ["one", "two"])
    }

    @Test(
        "tell caching that needs no asking from caching that does",
        arguments: [([], false), (["input_cache_read"], true), (["input_cache_read", "input_cache_write"], false)])
    func caching(_ units: [String], _ isImplicit: Bool) throws {
        var model = Self.models[0]
        model.pricing += units.map { Model.Price(unit: $0, usd: "0.0000001") }
        let data = try JSONDocument(EndpointListing.body(of: model)).root["data"]
        let endpoint = try #require(data?["endpoints"]?.elements.first { _ in true })
        #expect(endpoint["supports_implicit_caching"]?.bool == isImplicit)
    }

    @Test("list endpoints that keep nothing")
    func retainingNothing() throws {
        var models = Self.models
        models[1].endpoints[1].provider.dataPolicy = .none
        let body = EndpointListing.retainingNothing(in: Catalog(models))
        let data = try #require(JSONDocument(body).root["data"])
        #expect(data.elements.compactMap { $0["model_id"]?.string } == ["a/two"])
    }

    @Test("escape what a link must not hold", arguments: [("a b&c=d", "a%20b%26c%3Dd"), ("é\u{7}", "%C3%A9%07")])
    func escapes(_ text: String, _ escaped: String) { #expect(text.queryEscaped == escaped) }
}

@Suite("The routes of models", .serialized) struct ModelRouteTests {
    @Test(
        "answer with what is asked for",
        arguments: [
            ("/api/v1/models?q=nothing", "200", #""total_count":0"#), ("/api/v1/models/count", "200", #"{"count":1}"#),
            ("/v1/models/count?max_price=0.5", "200", #"{"count":0}"#),
            ("/api/v1/models?supported_parameters=temperature&sort=newest", "200", #""id":"test/model""#),
            ("/api/v1/models?q=%74est", "200", #""total_count":1"#),
            ("/api/v1/models?limit=0", "400", "`limit` must be a whole number from 1 to 1000."),
            ("/api/v1/models?max_price=-1", "400", #""param":"max_price""#),
            ("/api/v1/models/test/model/endpoints", "200", #""model_id":"test/model""#),
            ("/api/v1/models/test%2Fmodel/endpoints", "200", #""model_id":"test/model""#),
            ("/api/v1/models/test/nothing/endpoints", "404", "test/nothing is not a valid model ID"),
            ("/api/v1/model/test/model", "200", #"{"data":{"id":"test/model""#),
            ("/api/v1/model/test/nothing", "404", "model_not_found"),
            ("/api/v1/providers", "200", #"{"data":[{"name":"One","slug":"one""#),
            ("/api/v1/endpoints/zdr", "200", #"{"data":[]}"#),
            ("/api/v1/images/models", "200", #""total_count":0"#),
            ("/api/v1/embeddings/models", "200", #""data":[]"#), ("/api/v1/videos/models", "200", #""data":[]"#),
        ])
    func answers(_ path: String, _ status: String, _ content: String) async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get(path, headers: "Connection: close\r\n"))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 \(status) ") && text.contains(content), "\(text)")
        }
    }
}
