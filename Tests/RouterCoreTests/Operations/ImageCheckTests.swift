import TestSupport
import Testing

@testable import RouterCore

@Suite("A request for images") struct ImageCheckTests {
    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .images)
    }

    @Test(
        "names the member that is wrong",
        arguments: [
            (#""n":1"#, "prompt"), (#""prompt":"""#, "prompt"), (#""prompt":7"#, "prompt"),
            (#""prompt":"p","n":0"#, "n"), (#""prompt":"p","n":11"#, "n"), (#""prompt":"p","n":"1""#, "n"),
            (#""prompt":"p","size":"big""#, "size"), (#""prompt":"p","size":"3K""#, "size"),
            (#""prompt":"p","size":"0x10""#, "size"),
            (#""prompt":"p","size":"10x99999999999999999999""#, "size"), (#""prompt":"p","size":"+1x1""#, "size"),
            (#""prompt":"p","size":7"#, "size"), (#""prompt":"p","quality":"best""#, "quality"),
            (#""prompt":"p","background":"red""#, "background"),
            (#""prompt":"p","output_format":"gif""#, "output_format"),
            (#""prompt":"p","resolution":2"#, "resolution"), (#""prompt":"p","resolution":"""#, "resolution"),
            (#""prompt":"p","input_references":{"a":1}"#, "input_references"),
            (#""prompt":"p","aspect_ratio":1.5"#, "aspect_ratio"),
            (#""prompt":"p","size":"1024x1024","aspect_ratio":"16:9""#, "aspect_ratio"),
            (#""prompt":"p","size":"1024x1024","resolution":"2K""#, "resolution"),
            (#""prompt":"p","size":"4K","resolution":"2K""#, "resolution"),
            (#""prompt":"p","response_format":"png""#, "response_format"),
            (#""prompt":"p","output_compression":101"#, "output_compression"),
            (#""prompt":"p","stream":1"#, "stream"), (#""prompt":"p","partial_images":4"#, "partial_images"),
            (#""prompt":"p","partial_images":-1"#, "partial_images"),
            (#""prompt":"p","partial_images":"1""#, "partial_images"),
        ])
    func refuses(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: APIError.self) { try request(members) }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter)
    }

    @Test(
        "has a shape, by whatever words it says it",
        arguments: [
            (#""size":"auto","resolution":"auto","aspect_ratio":"auto""#, nil, "1024x1024"),
            (#""size":"1792x1024","resolution":"1.5K","aspect_ratio":"16:9""#, "1.5K", "1792x1024"),
            (#""size":"2K","resolution":"2K","aspect_ratio":"1:4""#, "2K", "1024x4096"),
            (#""size":"3840x2160","resolution":"4K""#, "4K", "3840x2160"),
            (#""size":"2880x2880","resolution":"4K""#, "4K", "2880x2880"),
            (#""aspect_ratio":"16:9""#, nil, "1365x768"), (#""resolution":"512""#, "512", "512x512"),
            (#""aspect_ratio":"19.5:9""#, nil, "1507x696"), (#""aspect_ratio":"16/9""#, nil, nil),
            (#""aspect_ratio":"0:9""#, nil, nil), (#""aspect_ratio":"16:999""#, nil, nil),
            (#""aspect_ratio":"16:9.55""#, nil, nil), (#""aspect_ratio":"0.0:1""#, nil, nil),
            (#""aspect_ratio":":""#, nil, nil), (#""resolution":"720p""#, "720p", nil),
        ] as [(String, String?, String?)])
    func shapes(_ members: String, _ name: String?, _ sides: String?) throws {
        let request = try request(#""prompt":"p",\#(members)"#)
        let shape = ImageShape(request.root)
        #expect(shape.name == name && shape.sides.map { "\($0.width)x\($0.height)" } == sides)
    }

    @Test(
        "of a resolution is held for at the dearest size: it leaves that to the vendor", arguments: ["1K", "2K", "4K"])
    func holdsForResolution(_ resolution: String) async throws {
        let images: [Pricing.Image] = [.init(size: "1024x1024", usd: "0.04"), .init(size: "2K", usd: "0.2")]
        let model = Self.model([.init(unit: "image_output", usd: "0.01")], images: images)
        #expect(try await amounts(model, #""resolution":"\#(resolution)""#).held == 200_000_000)
        let few = Self.model([.init(unit: "image_output", usd: "0.01")], images: [.init(size: "2K", usd: "0.005")])
        #expect(try await amounts(few, #""resolution":"\#(resolution)""#).held == 10_000_000)
    }

    @Test("takes a prompt of 32,000 characters and not one more")
    func bounds() throws {
        _ = try request(#""prompt":"\#(String(repeating: "ö", count: 32_000))""#)
        let error = #expect(throws: APIError.self) {
            try request(#""prompt":"\#(String(repeating: "ö", count: 32_001))""#)
        }
        #expect(error?.parameter == "prompt")
    }

    private static func model(_ prices: [Model.Price], images: [Pricing.Image] = []) -> Model {
        var model = Model(
            id: "a/b", name: "B", contextLength: 8192, outputModalities: ["image"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")] + prices,
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "i")])
        model.pricingVariants.images = images
        return model
    }

    /// What is held for a request and what it costs when the vendor says nothing of tokens.
    private func amounts(
        _ model: Model, _ members: String, script: [ScriptedTransport.Step] = [.head(200), .bytes("whole x\nend\n")]
    ) async throws -> (held: Int64?, record: Generation) {
        let request = try request(#""prompt":"p",\#(members)"#)
        let engine = Samples.engine(
            ScriptedTransport([script]), models: [model], ledger: ScriptedLedger())
        let catalog = Catalog([model])
        let plan = try engine.routing.plan(
            for: request, session: nil, caller: Samples.caller, in: catalog, attemptsMax: 3)
        let estimate = HoldEstimate(for: request, size: request.size, targets: plan.targets)
        let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
        return (estimate.amount(outputTokens: 0)?.nanoUSD, try await answer.forward { _ in })
    }

    @Test("images are charged by size and quality, and held for exactly where both are named, else at the dearest")
    func chargesImages() async throws {
        let images: [Pricing.Image] = [
            .init(size: "1024x1024", quality: "high", usd: "0.17"), .init(size: "1024x1024", quality: nil, usd: "0.04"),
            .init(size: nil, quality: nil, usd: "0.25"),
        ]
        for (members, most, nano): (String, Int64, Int64) in [
            (#""size":"1024x1024","quality":"high""#, 170_000_000, 170_000_000),
            (#""size":"1024x1024","quality":"low","n":3"#, 120_000_000, 120_000_000),
            (#""size":"1024x1024","n":3"#, 510_000_000, 120_000_000),
            (#""size":"1024x1024","quality":"auto""#, 170_000_000, 40_000_000),
            (#""size":"1024x1024","quality":"hd""#, 170_000_000, 170_000_000),
            (#""size":"1024x1024","quality":"standard""#, 40_000_000, 40_000_000),
            (#""size":"1536x1024","quality":"high""#, 250_000_000, 250_000_000), (#""n":2"#, 500_000_000, 500_000_000),
        ] {
            let (held, record) = try await amounts(Self.model([], images: images), members)
            #expect(held == most && record.cost.nanoUSD == nano && record.kind == .image, "\(members)")
        }
    }

    @Test("a model that charges by token is held for at its dearest")
    func chargesTokens() async throws {
        let (held, record) = try await amounts(
            Self.model([.init(unit: "image_output_token", usd: "0.00004")]), #""n":2"#)
        #expect(held == 2 * 6600 * 40_000 && record.basis == .counted && record.cost.nanoUSD == 2 * 272 * 40_000)
    }

    @Test(
        "partial images are held for and charged as a hundred tokens each, those that came and were asked for",
        arguments: [("", 0), ("heard a\nheard b\n", 2), ("heard a\nheard b\nheard c\nheard d\n", 2)])
    func chargesPartials(_ said: String, _ partials: Int64) async throws {
        let (held, record) = try await amounts(
            Self.model([.init(unit: "image_output_token", usd: "0.00004")]), #""stream":true,"partial_images":2"#,
            script: [.head(200), .bytes(said + "image AQID\nend\n")])
        #expect(held == Int64((6600 + 200) * 40_000))
        #expect(record.basis == .counted && record.cost.nanoUSD == (272 + partials * 100) * 40_000)
    }

    @Test("larger images are held for by their pixels")
    func holdsByPixels() async throws {
        let (held, _) = try await amounts(
            Self.model([.init(unit: "image_output_token", usd: "0.00004")]), #""size":"3072x2048""#)
        #expect(held == Int64(4 * 6600 * 40_000))
    }

    @Test("images that nobody asked for are not charged")
    func ignoresMore() async throws {
        let model = Self.model([], images: [.init(size: nil, quality: nil, usd: "0.25")])
        var (reported, counted): (Usage?, Usage) = (Usage(), Usage())
        reported?.images = 4
        ImageCount(of: try request(#""prompt":"p","n":2"#).root).complete(
            &reported, &counted, .completed, prices: model.endpoints[0].prices)
        #expect(reported?.images == 2)
    }

    @Test("nor are their tokens, where the vendor counts these for all")
    func ignoresTokensOfMore() async throws {
        let model = Self.model([.init(unit: "image_output_token", usd: "0.00004")])
        for (asked, images, tokens, charged) in [
            (1, 3, 12_480, 4160), (2, 3, 12_481, 8320), (3, 3, 10, 10), (3, 2, 10, 10),
        ] {
            var (reported, counted): (Usage?, Usage) = (Usage(), Usage())
            reported?.images = images
            reported?.completion = tokens
            reported?.completionImage = tokens
            reported?.prompt = 7
            ImageCount(of: try request(#""prompt":"p","n":\#(asked)"#).root).complete(
                &reported, &counted, .completed, prices: model.endpoints[0].prices)
            #expect(reported?.completion == charged && reported?.completionImage == charged && reported?.prompt == 7)
        }
        var (most, counted): (Usage?, Usage) = (Usage(), Usage())
        most?.images = 11
        most?.completion = .max
        ImageCount(of: try request(#""prompt":"p","n":10"#).root).complete(
            &most, &counted, .completed, prices: model.endpoints[0].prices)
        #expect(most?.completion == .max / 11 * 10 + .max % 11 * 10 / 11)
    }

    @Test("an older word for a quality is charged as the newer one, where it has no price of its own")
    func chargesOlderWords() {
        func prices(_ images: [PriceList.ImageRate]) -> PriceList {
            var rates = Rates()
            rates[.imageOutput] = 1
            return PriceList(rates: rates, images: images)
        }
        func rate(_ images: [PriceList.ImageRate], _ size: String?, _ quality: String?) -> Int64 {
            let prices = prices(images)
            return prices.imageRate(size: size, quality: quality, in: prices.rates)
        }
        let high = PriceList.ImageRate(size: nil, quality: "high", picoUSD: 8)
        let own = PriceList.ImageRate(size: nil, quality: "hd", picoUSD: 5)
        let ownLarge = PriceList.ImageRate(size: "2K", quality: "hd", picoUSD: 9)
        #expect(rate([high], nil, "hd") == 8 && rate([high], nil, "high") == 8 && rate([high], nil, "low") == 1)
        #expect(rate([high, own], nil, "hd") == 5 && rate([high, own], nil, "high") == 8)
        #expect(rate([high, ownLarge], "1K", "hd") == 8 && rate([high, ownLarge], "2K", "hd") == 9)
        #expect(rate([ownLarge, high], "2K", "hd") == 9)
    }

    @Test("the size of an image is the first of its names that has a price")
    func namesSize() {
        let prices = PriceList(images: [.init(size: "2K", quality: nil, picoUSD: 1)])
        #expect(prices.imageSize(named: ["2048x2048", "2K"]) == "2K" && prices.imageSize(named: ["4K", "8K"]) == "4K")
        #expect(prices.imageSize(named: []) == nil)
    }

    @Test("images and texts that go with the prompt are held for, with each image that is asked for")
    func holdsForReferences() throws {
        let references =
            #""input_references":[{"type":"image_url","image_url":{"url":"\#(String(repeating: "A", count: 9000))"}},{}]"#
        let two = try request(#""prompt":"p","n":2,\#(references)"#).size
        #expect(two.atMost.prompt == 2 * (16 + 1 + 10_000) && two.atMost.promptImage == 20_000)
        #expect(two.atLeast.prompt == 500 && two.atLeast.promptImage == 500)
        let none = try request(#""prompt":"p","n":2,"provider":{"sort":"price"},"seed":123456"#).size
        #expect(none.atMost.prompt == 34 && none.atMost.promptImage == 0)
        let text = try request(
            #""prompt":"p","extra":{"negative_prompt":["\#(String(repeating: "bad ", count: 1000))"]}"#)
        #expect(text.size.atMost.prompt == 16 + (3 + 4002) / 2 && text.size.atMost.promptImage == 0)
        let file = try request(#""prompt":"p","image":["\#(String(repeating: "A", count: 5000))"]"#).size
        #expect(file.atMost.prompt == 16 + 1 + 5000 && file.atMost.promptImage == 5000 && file.atLeast.promptImage == 0)
        let words = try request(#""prompt":"p","extra":"\#(String(repeating: #"\u4e00"#, count: 1000))""#).size
        #expect(words.atMost.prompt == 16 + (3 + 6002) / 2 && words.atMost.promptImage == 0)
    }

    @Test("a dearer price of the tokens of images is held for where images go with the prompt")
    func holdsForDearReferences() async throws {
        let model = Self.model([.init(unit: "image_token", usd: "0.00001"), .init(unit: "image_output", usd: "0")])
        let (held, _) = try await amounts(model, #""input_references":[{}]"#)
        #expect(held == Int64(5000 * 10_000))
    }

    @Test("a size in pixels is of the tier that it is about as large as")
    func tiers() {
        func tier(_ size: String, _ tiers: String...) -> String? {
            ImageSize(size).flatMap { ImageShape.tier(of: $0, among: tiers) }
        }
        #expect(tier("1024x1024", "1K", "2K", "4K") == "1K" && tier("1536x1024", "1K", "2K") == "1K")
        #expect(tier("2048x2048", "1K", "2K", "4K") == "2K" && tier("2752x1536", "1K", "2K", "4K") == "2K")
        #expect(tier("4096x4096", "1K", "2K", "4K") == "4K" && tier("5504x3072", "1K", "2K", "4K") == "4K")
        #expect(tier("1920x1080", "1K", "2K", "4K") == "2K" && tier("1080x1920", "1K", "2K", "4K") == "2K")
        #expect(tier("3840x2160", "1K", "2K", "4K") == "4K" && tier("1440x1440", "1K", "2K", "4K") == "2K")
        #expect(tier("512x512", "512", "1K") == "512" && tier("512x512", "1K") == nil && tier("64x64", "512") == nil)
        #expect(tier("4096x4096", "1K") == nil && tier("1024x1024") == nil)
    }

    @Test("a vendor that knows its images holds for their tokens, and charges no more than that")
    func takesTokens() throws {
        let asked = try request(#""prompt":"p","n":2,"stream":true,"partial_images":1"#)
        var size = asked.size
        size.take(imageTokens: 1000, textTokens: 50, of: asked)
        #expect(size.atMost.completionImage == 2200 && size.atMost.completion == 2300 && size.atLeast.completion == 544)
        size.take(imageTokens: 60, textTokens: 0, of: asked)
        #expect(size.atMost.completion == 320 && size.atLeast.completion == 120 && size.atLeast.completionImage == 120)
    }

    @Test("without a stream there is nothing partial")
    func wholeHasNoPartials() async throws {
        let (held, _) = try await amounts(
            Self.model([.init(unit: "image_output_token", usd: "0.00004")]), #""partial_images":3"#)
        #expect(held == Int64(6600 * 40_000))
    }

    @Test("the vendor's count is all that is charged, where it has one")
    func believesVendor() async throws {
        let (_, record) = try await amounts(
            Self.model([.init(unit: "image_output_token", usd: "0.00004")]), #""stream":true,"partial_images":3"#,
            script: [.head(200), .bytes("heard a\nusage 0 5\nimage AQID\nend\n")])
        #expect(record.basis == .vendor && record.usage.completion == 5)
    }
}
