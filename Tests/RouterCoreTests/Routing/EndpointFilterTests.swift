import TestSupport
import Testing

@testable import RouterCore

@Suite("Conditions on endpoints") struct EndpointFilterTests {
    let models = [
        Sites.model(
            "test/model",
            [
                Endpoint(provider: Sites.provider("trains"), upstreamModel: "m", quantization: .fp8),
                Endpoint(
                    provider: Sites.provider("keeps", dataPolicy: .init(collects: false, retains: true)),
                    upstreamModel: "m", quantization: .bf16),
                Endpoint(
                    provider: Sites.provider("own", location: .local), upstreamModel: "m", quantization: .int4),
            ])
    ]

    @Test(
        "leave only those that meet them",
        arguments: [
            (#""data_collection":"deny""#, ["keeps", "own"]), (#""zdr":true"#, ["own"]),
            (#""quantizations":["fp8","int4"]"#, ["trains", "own"]),
            (#""quantizations":[]"#, ["trains", "keeps", "own"]),
            (#""max_price":{"prompt":1,"completion":"2"}"#, ["trains", "keeps", "own"]),
            (#""require_parameters":true"#, ["trains", "keeps", "own"]),
            (#""ignore":["somebody-unheard-of"]"#, ["trains", "keeps", "own"]),
        ])
    func leave(_ preference: String, _ slugs: [String]) throws {
        let plan = try Sites.plan(#","temperature":1,"provider":{\#(preference)}"#, in: models)
        #expect(plan.slugs == slugs)
    }

    @Test(
        "that nobody meets are named in the error, with whom they excluded",
        arguments: [
            (#""max_price":{"prompt":0.99}"#, "max_price", "provider.max_price"),
            (#""max_price":{"completion":"1.999999"}"#, "max_price", "provider.max_price"),
            (#""quantizations":["fp32"]"#, "quantization", "provider.quantizations"),
            (#""require_parameters":true"#, "require_parameters", "provider.require_parameters"),
            (#""only":["own"],"ignore":["own"]"#, "allowed_providers", "provider.only"),
        ])
    func namesConstraint(_ preference: String, _ constraint: String, _ member: String) {
        let error = Sites.refusal(#","seed":1,"provider":{\#(preference)}"#, in: models)
        #expect(error?.kind == .notFound && error?.parameter == member)
        #expect(error?.message.contains("trains") == true)
        #expect(error?.availability?.code == "constraint_filtered")
        #expect(Set(error?.availability?.exclusions.map(\.constraint.rawValue) ?? []) == [constraint])
        #expect(error?.availability?.exclusions.map(\.provider) == ["trains", "keeps", "own"])
    }

    @Test(
        "bound the price of an image: of one that is made, by the dearest, where the model makes them",
        arguments: [
            (["image"], "0.08", true), (["image"], "0.07", false), (["text"], "0.01", true), (["text"], "0.009", false),
        ])
    func boundImages(_ outputs: [String], _ most: String, _ isAllowed: Bool) throws {
        var model = Model(
            id: "test/model", name: "M", contextLength: 0, outputModalities: outputs,
            pricing: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"), .init(unit: "image", usd: "0.01"),
                .init(unit: "image_output", usd: "0.04"),
            ], endpoints: Sites.endpoints("one"))
        model.pricingVariants.images = [.init(size: nil, quality: "high", usd: "0.08")]
        let preference = #","provider":{"max_price":{"image":\#(most)}}"#
        if isAllowed {
            #expect(try Sites.plan(preference, in: [model]).slugs == ["one"])
        } else {
            #expect(Sites.refusal(preference, in: [model])?.parameter == "provider.max_price")
        }
    }

    @Test("that only together exclude everybody are all named")
    func severalConstraints() throws {
        let error = try #require(
            Sites.refusal(#","provider":{"zdr":true,"ignore":["own"]}"#, in: models))
        let text = String(decoding: error.body, as: UTF8.self)
        #expect(
            text.contains(
                #""availability":{"code":"constraint_filtered","retryable":false,"requested_models":["test/model"],"affected_providers":["trains","keeps","own"],"excluded_by":["data_policy:zdr","allowed_providers"],"excluded":[{"model":"test/model","provider":"trains","by":"data_policy:zdr"}"#
            ), "\(text)")
        #expect(error.message.contains("`provider.zdr`") && error.message.contains("`provider.ignore`"))
    }

    @Test("say which parameter is missing where all are required")
    func missingParameter() {
        let error = Sites.refusal(
            #","logprobs":true,"seed":4,"provider":{"require_parameters":true}"#, in: models)
        #expect(error?.message.contains("logprobs, seed") == true)
    }

    @Test("take max_tokens and max_completion_tokens for one, and the words for reasoning too")
    func synonyms() throws {
        let models = [Sites.model("test/model", Sites.endpoints("a"), parameters: ["max_tokens", "reasoning"])]
        _ = try Sites.plan(
            #","max_completion_tokens":5,"reasoning_effort":"low","provider":{"require_parameters":true}"#, in: models)
    }

    // MARK: The operator's own machines

    let own = [
        Sites.model(
            "airouter-cloud/llama",
            [
                Endpoint(provider: Sites.provider("gpu1", location: .local), upstreamModel: "llama"),
                Endpoint(provider: Sites.provider("vendor"), upstreamModel: "llama"),
            ]), Sites.model("other/llama", Sites.endpoints("vendor")),
    ]

    @Test("A request for airouter-cloud never has a third party in its plan, whatever it asks for")
    func staysLocal() throws {
        for members in [
            "", #","provider":{"order":["vendor"]}"#, #","provider":{"sort":"price"}"#, #","models":["other/llama"]"#,
            #","provider":{"sort":{"by":"price","partition":"none"}},"models":["other/llama"]"#,
        ] {
            let plan = try Sites.plan(members, model: "airouter-cloud/llama", in: own)
            #expect(plan.endpoints.allSatisfy { $0.provider.location == .local }, "\(members)")
        }
        let resting = try Sites.plan(
            model: "airouter-cloud/llama", in: own,
            reports: { _ in [EndpointReport(state: .resting(until: 9999)), EndpointReport()] })
        #expect(resting.slugs == ["gpu1"])
    }

    @Test("A request for airouter-cloud that could only leave is refused, and says why")
    func refusesToLeave() {
        let error = Sites.refusal(
            #","provider":{"only":["vendor"]}"#, model: "airouter-cloud/llama", in: own)
        #expect(error?.kind == .notFound && error?.availability?.code == "constraint_filtered")
        let alone = Sites.refusal(
            model: "airouter-cloud/llama", in: [Sites.model("airouter-cloud/llama", Sites.endpoints("vendor"))])
        #expect(alone?.availability?.code == "privacy_restricted")
        #expect(alone?.availability?.exclusions.map(\.constraint) == [.local])
        #expect(alone?.message.contains("own machines") == true)
    }

    @Test("An account that allows it lets a request for airouter-cloud go to a third party, last")
    func mayLeave() throws {
        let caller = Caller(account: .first, key: "k", allowsThirdParties: true)
        let plan = try Sites.plan(
            model: "airouter-cloud/llama", in: own,
            reports: { _ in [EndpointReport(state: .resting(until: 9999)), EndpointReport()] }, caller: caller)
        #expect(plan.slugs == ["vendor", "gpu1"])
    }
}
