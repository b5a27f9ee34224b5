import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

/// Prices of a model, what is asked of it, and what it makes.
struct ImageSale: Sendable, CustomTestStringConvertible {
    var model: String
    var dialect: Dialect = .openAI
    /// US dollars a token: of text in, of text out, of images in, of images out.
    var tokens: (String, String, String, String)
    var members: String
    /// Tokens of one image, and of text beside it.
    var made: (image: Int, text: Int)

    var testDescription: String { "\(model), \(members)" }

    static let gptImage1 = ("0.000005", "0.00004", "0.00001", "0.00004")
    static let gptImage15 = ("0.000005", "0.00001", "0.000008", "0.000032")
    static let gptImage2 = ("0.000005", "0.00003", "0.000008", "0.00003")
    static let gemini25 = ("0.0000003", "0.0000025", "0.0000003", "0.00003")
    static let gemini3 = ("0.000002", "0.000012", "0.000002", "0.00012")

    /// Tokens as the vendors publish them.
    static let all: [ImageSale] = [
        ImageSale(
            model: "gpt-image-1", tokens: gptImage1, members: #""quality":"low","size":"1024x1024","n":10"#,
            made: (272, 0)),
        ImageSale(model: "gpt-image-1", tokens: gptImage1, members: #""quality":"low","n":10"#, made: (408, 0)),
        ImageSale(model: "gpt-image-1-mini", tokens: gptImage1, members: #""quality":"standard""#, made: (1584, 0)),
        ImageSale(
            model: "gpt-image-1", tokens: gptImage1, members: #""quality":"hd","size":"1792x1024""#, made: (6208, 0)),
        ImageSale(model: "gpt-image-1", tokens: gptImage1, members: #""n":10"#, made: (6240, 0)),
        ImageSale(
            model: "gpt-image-1", tokens: gptImage1, members: #""resolution":"1K","aspect_ratio":"1:1""#,
            made: (4160, 0)),
        ImageSale(
            model: "gpt-image-1.5", tokens: gptImage15, members: #""quality":"medium","size":"1024x1024""#,
            made: (1056, 300)),
        ImageSale(
            model: "gpt-image-2", tokens: gptImage2, members: #""quality":"high","size":"1024x1024""#, made: (7024, 0)),
        ImageSale(
            model: "gpt-image-2", tokens: gptImage2, members: #""quality":"high","size":"1536x1024""#, made: (5488, 0)),
        ImageSale(model: "gpt-image-2", tokens: gptImage2, members: #""size":"3584x2048","n":3"#, made: (12_329, 0)),
        ImageSale(
            model: "gpt-image-2", tokens: gptImage2, members: #""quality":"medium","size":"1024x1024""#, made: (1756, 0)
        ),
        ImageSale(model: "gpt-image-2", tokens: gptImage2, members: "", made: (7024, 0)),
        ImageSale(
            model: "gemini-2.5-flash-image", dialect: .gemini, tokens: gemini25, members: #""n":10"#, made: (1290, 20)),
        ImageSale(
            model: "gemini-3-pro-image-preview", dialect: .gemini, tokens: gemini3, members: #""n":10"#,
            made: (1120, 1500)),
        ImageSale(
            model: "gemini-3-pro-image-preview", dialect: .gemini, tokens: gemini3,
            members: #""resolution":"4K","n":2"#,
            made: (2000, 1500)),
        ImageSale(
            model: "gemini-3.1-flash-image", dialect: .vertex, tokens: gemini3, members: #""size":"2048x2048""#,
            made: (1680, 500)),
    ]

    var endpoint: Endpoint {
        let base = dialect == .openAI ? Endpoints.openAI : Endpoints.gemini
        let provider = Provider(slug: "seller", name: "Seller", dialect: dialect, baseURL: base.baseURL)
        return Endpoint(
            provider: provider, upstreamModel: model,
            pricing: Pricing(prices: [
                .init(unit: "prompt", usd: tokens.0), .init(unit: "completion", usd: tokens.1),
                .init(unit: "image_token", usd: tokens.2), .init(unit: "image_output_token", usd: tokens.3),
            ]))
    }
}

@Suite("Prices and holds of images", .timeLimit(.minutes(1))) struct ImagePricesTests {
    private static func request(_ members: String) throws -> OperationRequest {
        let more = members.isEmpty ? "" : "," + members
        return try OperationRequest(Array(#"{"model":"a/b","prompt":"a yurt at dawn"\#(more)}"#.utf8), for: .images)
    }

    private static func model(_ endpoint: Endpoint, _ pricing: [Model.Price] = []) -> Model {
        Model(
            id: "a/b", name: "B", contextLength: 0, outputModalities: ["image"],
            pricing: pricing.isEmpty
                ? [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")] : pricing,
            endpoints: [endpoint])
    }

    @Test("what is held pays for what a vendor makes, and is not much more", arguments: ImageSale.all)
    func holds(_ sale: ImageSale) throws {
        let request = try Self.request(sale.members)
        let model = try #require(Catalog([Self.model(sale.endpoint)]).models.first)
        let candidates = Candidates(model, providers: ["seller": 0])
        let target = Plan.Target(candidates: candidates, index: 0)
        let estimate = HoldEstimate(for: request, size: request.size, targets: [target], vendors: Vendors.all)
        let held = try #require(estimate.amount(outputTokens: 0)?.nanoUSD)
        var usage = Usage()
        usage.images = request.root["n"]?.integer ?? 1
        usage.prompt = usage.images * 8
        usage.completionImage = usage.images * sale.made.image
        usage.completion = usage.completionImage + usage.images * sale.made.text
        let charge = try target.endpoint.prices.charge(for: usage).total.nanoUSD
        #expect(charge > 0 && held >= charge && held <= 2 * charge, "\(held) is held for \(charge)")
        let size = try #require(Vendors.all[sale.dialect]?.operations[.images]).size(
            request.size, of: request, at: target.endpoint)
        #expect(size.atLeast.completion <= size.atMost.completion)
    }

    @Test("an engine's images are held for as ever, with what goes with the prompt")
    func holdsForEngine() throws {
        let request = try Self.request(#""quality":"low","input_references":[{},{}]"#)
        let endpoint = Endpoint(provider: Endpoints.engine, upstreamModel: "flux")
        let translator = try #require(Vendors.all[.openAICompatible]?.operations[.images])
        let size = translator.size(request.size, of: request, at: endpoint)
        #expect(size.atMost.completion == 6600 && size.atMost.promptImage == 10_000 && size.atMost.prompt > 10_000)
    }

    /// What is charged for an answer, or for leaving before it.
    private static func charge(
        _ endpoint: Endpoint, _ images: [Pricing.Image], _ members: String, answer: String?
    ) async throws -> (record: Generation?, held: Int64?) {
        var model = model(
            endpoint,
            [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "image_output", usd: "0.04"),
            ])
        model.pricingVariants.images = images
        let catalog = Catalog([model])
        let ledger = ScriptedLedger()
        let slug = endpoint.provider.slug
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all,
            transport: ScriptedTransport([[.head(200), answer.map { .bytes($0) } ?? .hang]]),
            authorizer: KeyAuthorizer(keys: [slug: [Credentials("secret")].compactMap(\.self)]), ledger: ledger,
            ambient: .manual(), sleep: { _ in })
        let request = try request(members)
        let plan = try engine.routing.plan(
            for: request, session: nil, caller: Samples.caller, in: catalog, attemptsMax: 3)
        let estimate = HoldEstimate(for: request, size: request.size, targets: plan.targets, vendors: Vendors.all)
        let task = Task {
            let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
            return try await answer.forward { _ in }
        }
        if answer == nil { task.cancel() }
        _ = await task.result
        return (ledger.settled.first, estimate.amount(outputTokens: 0)?.nanoUSD)
    }

    private static let prediction = #"{"predictions":[{"mimeType":"image/png","bytesBase64Encoded":"AQID"}]}"#
    private static let candidate =
        #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AQID"}}]}}]}"#
    private static let data = #"{"created":1,"data":[{"b64_json":"AQID"}]}"#

    @Test(
        "an image costs what it is made as, whole or left, and no more than is held",
        arguments: [
            (Endpoints.gemini, "imagen-4.0-generate-001", prediction, nil, "high", #""quality":"hd""#),
            (Endpoints.gemini, "imagen-4.0-generate-001", prediction, "2K", nil, #""quality":"hd""#),
            (
                Endpoints.gemini, "imagen-4.0-generate-001", prediction, "2K", nil,
                #""size":"1024x1024","quality":"high""#
            ),
            (Endpoints.gemini, "imagen-4.0-generate-001", prediction, "1K", nil, #""size":"1536x1024""#),
            (Endpoints.gemini, "gemini-2.5-flash-image", candidate, "1024x1024", nil, #""size":"1024x1024""#),
            (Endpoints.gemini, "gemini-3-pro-image-preview", candidate, "4K", nil, #""resolution":"4K""#),
            (Endpoints.gemini, "gemini-3-pro-image-preview", candidate, "2K", nil, #""size":"2048x2048""#),
            (Endpoints.gemini, "gemini-3-pro-image-preview", candidate, "2048x2048", nil, #""size":"2048x2048""#),
            (Endpoints.gemini, "gemini-3-pro-image-preview", candidate, "1K", nil, ""),
            (Endpoints.openAI, "gpt-image-1", data, "1536x1024", nil, #""size":"1792x1024""#),
            (Endpoints.openAI, "gpt-image-1", data, nil, "high", #""quality":"hd""#),
            (Endpoints.openAI, "gpt-image-2", data, "2048x2048", nil, #""resolution":"2K""#),
            (Endpoints.openAI, "gpt-image-2", data, "2K", nil, #""resolution":"2K""#),
            (Endpoints.engine, "flux", data, "2K", nil, #""resolution":"2K""#),
            (Endpoints.engine, "flux", data, nil, "high", #""quality":"hd""#),
        ] as [(Provider, String, String, String?, String?, String)])
    func charges(
        _ provider: Provider, _ model: String, _ answer: String, _ size: String?, _ quality: String?, _ members: String
    ) async throws {
        var provider = provider
        provider.location = .vendor
        let endpoint = Endpoint(provider: provider, upstreamModel: model)
        let images = [Pricing.Image(size: size, quality: quality, usd: "0.08")]
        let whole = try await Self.charge(endpoint, images, members, answer: answer)
        #expect(whole.record?.cost.nanoUSD == 80_000_000 && whole.held == 80_000_000)
        let left = try await Self.charge(endpoint, images, members, answer: nil)
        #expect(left.record?.cost.nanoUSD == 80_000_000 && left.record?.outcome == .cancelled)
    }

    @Test(
        "FLUX's images cost what is asked for, by a tier or by a size",
        arguments: [
            ("1K", #""resolution":"1K""#), ("512", #""size":"512""#), ("768x768", #""size":"768x768""#),
            ("1024x1024", #""size":"1024x1024","resolution":"1K""#), ("1024x1024", ""),
            ("1K", #""aspect_ratio":"16:9""#),
        ])
    func chargesFlux(_ size: String, _ members: String) throws {
        let provider = Provider(
            slug: "bfl", name: "BFL", dialect: .bfl, baseURL: "https://api.bfl.ai/v1", location: .vendor)
        let pricing = Pricing(
            prices: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "image_output", usd: "0.04"),
            ], images: [.init(size: size, quality: nil, usd: "0.08")])
        let endpoint = try #require(
            Catalog([Self.model(Endpoint(provider: provider, upstreamModel: "flux-pro-1.1", pricing: pricing))])
                .models.first?.endpoints.first)
        let request = try Self.request(members)
        var decoder = FluxImages().makeDecoder(for: request, from: endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        try decoder.decode(Array(#"{"parts":[{"b64_json":"AQID"}]}"#.utf8), into: &events)
        try decoder.finish(into: &events)
        let counted = FluxImages().size(request.size, of: request, at: endpoint)
        let said = events.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }
        for usage in said + [counted.atMost, counted.atLeast] {
            #expect(try endpoint.prices.charge(for: usage).total.nanoUSD == 80_000_000)
        }
        #expect(said.count == 1)
    }

    @Test("a redirect of Imagen's is not followed")
    func refusesRedirect() async throws {
        let server = try LoopbackServer { _ in [.answer(302, headers: ["location": "/elsewhere"])] }
        defer { server.stop() }
        var provider = Endpoints.gemini
        provider.baseURL = server.baseURL
        let catalog = Catalog([Self.model(Endpoint(provider: provider, upstreamModel: "imagen-4.0-generate-001"))])
        let transport = try CurlTransport()
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport,
            authorizer: KeyAuthorizer(keys: [provider.slug: [Credentials("secret")].compactMap(\.self)]),
            ambient: .manual(), sleep: { _ in })
        let request = try Self.request("")
        let error = await #expect(throws: APIError.self) {
            _ = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
        }
        #expect(error.map { $0.kind.status >= 500 } == true, "\(String(describing: error))")
        #expect(Set(server.requests.map(\.target)) == ["/models/imagen-4.0-generate-001:predict"])
        await transport.shutdown()
    }
}
