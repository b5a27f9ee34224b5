import RouterCore
import Testing

@Suite("Reading models") struct CatalogReaderTests {
    static let bundled = """
        {"models": [
            {"id": "openai/gpt-5.4", "name": "OpenAI: GPT-5.4", "context_length": 1048576,
             "pricing": {"prompt": "0.0000025", "completion": "0.000020", "source": "a page", "date": "2026-04-15"},
             "aliases": ["gpt-5.4"], "token_limit": "max_completion_tokens",
             "reasoning": {"efforts": ["high", "low"], "default": "none"},
             "endpoints": [{"provider": "openai", "model": "gpt-5.4"}]},
            {"id": "openai/gpt-4o", "context_length": 128000,
             "pricing": {"prompt": "0.0000025", "completion": "0.00001"},
             "endpoints": [{"provider": "openai", "model": "gpt-4o"}]}
        ]}
        """
    static let openAI = Provider(
        slug: "openai", name: "OpenAI", dialect: .openAI, baseURL: "https://api.openai.com/v1")
    static let gpu = Provider(
        slug: "gpu1", name: "gpu1", dialect: .openAICompatible, baseURL: "http://10.0.0.5/v1", location: .local)

    static func read(
        _ configured: String?, providers: [Provider] = [openAI, gpu], dormant: Set<String> = ["mistral"]
    ) throws -> CatalogReader.Reading {
        try CatalogReader.read(
            bundled: JSONDocument(Array(bundled.utf8)),
            configured: configured.map { try JSONDocument(Array("{\"models\": \($0)}".utf8)) },
            providers: providers, dormant: dormant)
    }

    static func faults(_ configured: String) -> [CatalogFault] {
        do {
            _ = try read(configured)
            return []
        } catch {
            return (error as? CatalogFaults)?.faults ?? [CatalogFault(path: "", message: "\(error)")]
        }
    }

    @Test("what a bundled model says is there, prices in the text they were written in")
    func readsBundled() throws {
        let reading = try Self.read(nil)
        let model = try #require(reading.models.first)
        #expect(reading.models.map(\.id) == ["openai/gpt-5.4", "openai/gpt-4o"])
        #expect(model.name == "OpenAI: GPT-5.4")
        #expect(
            model.pricing == [
                .init(unit: "prompt", usd: "0.0000025"), .init(unit: "completion", usd: "0.000020"),
            ])
        #expect(
            model.endpoints == [
                Endpoint(
                    provider: Self.openAI, upstreamModel: "gpt-5.4",
                    traits: ChatTraits(
                        tokenLimit: .maxCompletionTokens, reasoning: .effort(efforts: [.low, .high], standard: .none)))
            ])
        #expect(reading.notes.isEmpty)
    }

    @Test("a model whose provider is not switched on is not listed")
    func hidesDormant() throws {
        let reading = try Self.read(nil, providers: [Self.gpu])
        #expect(reading.models.allSatisfy { $0.endpoints.isEmpty })
        #expect(Catalog(reading.models).models.isEmpty)
        #expect(reading.notes.isEmpty)
    }

    @Test("a configured model replaces the members it has and keeps the others")
    func overrides() throws {
        let reading = try Self.read(
            """
            [{"id": "openai/gpt-5.4", "name": "Ours", "pricing": {"prompt": "0.000003", "completion": 0.00003},
              "aliases": ["best"]}]
            """)
        let model = try #require(Catalog(reading.models).model(named: "best"))
        #expect(reading.models.count == 2)
        #expect(model.id == "openai/gpt-5.4")
        #expect(model.name == "Ours")
        #expect(model.contextLength == 1_048_576)
        #expect(model.pricing.map(\.usd) == ["0.000003", "0.00003"])
        #expect(model.endpoints.first?.traits.tokenLimit == .maxCompletionTokens)
    }

    @Test("a price list of one's own replaces the whole bundled one, so half of one is no price")
    func replacesWholePricing() throws {
        let reading = try Self.read(#"[{"id": "openai/gpt-4o", "context_length": 1, "pricing": {"prompt": "0"}}]"#)
        #expect(reading.notes.map(\.kind) == [.unpriced])
        #expect(Catalog(reading.models).models.map(\.id) == ["openai/gpt-5.4"])
    }

    @Test("a model of the operator's own engine without prices costs nothing, and the note says so")
    func localIsFree() throws {
        let reading = try Self.read(
            #"[{"id": "airouter-cloud/llama", "endpoints": [{"provider": "gpu1", "model": "llama"}]}]"#)
        let model = try #require(Catalog(reading.models).model(named: "airouter-cloud/llama"))
        #expect(model.pricing == [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")])
        #expect(model.contextLength == 8192)
        #expect(reading.notes.map(\.kind) == [.free, .contextAssumed])
    }

    @Test(
        "a model without prices is not served when any of its endpoints is a vendor's, switched on or not",
        arguments: ["openai", "mistral"])
    func unpriced(_ vendor: String) throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "context_length": 1, "endpoints": [{"provider": "gpu1", "model": "b"},
              {"provider": "\(vendor)", "model": "b"}]}]
            """)
        #expect(Catalog(reading.models).model(named: "a/b") == nil)
        #expect(reading.notes.map(\.kind) == [.unpriced])
        #expect(reading.notes.first?.message.contains("a/b is not served: it has no price") == true)
    }

    @Test("a configured model none of whose providers is switched on is noted")
    func unreachable() throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "context_length": 1, "pricing": {"prompt": "0", "completion": "0"},
              "endpoints": [{"provider": "mistral", "model": "b"}]}]
            """)
        #expect(reading.notes.map(\.kind) == [.unreachable])
    }

    @Test("traits of a model hold for its endpoints; an endpoint's own come first")
    func traits() throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "token_limit": "max_tokens", "mistral_rules": true, "reasoning": {"switch": "think"},
              "endpoints": [{"provider": "gpu1", "model": "x"},
                {"provider": "gpu1", "model": "y", "token_limit": "either", "reasoning": "none",
                 "one_system_message": true, "weight": 3, "quantization": "fp8"}]}]
            """)
        let endpoints = try #require(reading.models.last?.endpoints)
        #expect(
            endpoints.map(\.traits) == [
                ChatTraits(tokenLimit: .maxTokens, reasoning: .templateSwitch("think"), mistralRules: true),
                ChatTraits(tokenLimit: .either, mistralRules: true, oneSystemMessage: true),
            ])
        #expect(endpoints.map(\.weight) == [1, 3] && endpoints.map(\.quantization) == [.unknown, .fp8])
    }

    @Test("an alias that finds another model is noted")
    func takenAlias() throws {
        let reading = try Self.read(
            #"[{"id": "a/b", "context_length": 1, "aliases": ["GPT-5.4"], "endpoints": [{"provider": "gpu1", "model": "b"}]}]"#
        )
        #expect(reading.notes.map(\.kind) == [.free, .aliasTaken])
    }

    @Test(
        "an endpoint may cost other than its model, in tiers too; one without prices of its own costs what the model does"
    )
    func endpointPrices() throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "context_length": 1, "pricing": {"prompt": "0.000001", "completion": "0.000002"},
              "endpoints": [{"provider": "gpu1", "model": "x"}, {"provider": "openai", "model": "y",
                "pricing": {"prompt": "0.000003", "completion": "0.000004", "tiers": [{"above": 10, "prompt": "0.000006"}]}}]}]
            """)
        let markup = try #require(Markup("1.5"))
        let model = try #require(Catalog(reading.models, markup: markup).model(named: "a/b"))
        #expect(model.endpoints.map { $0.prices.rates[.prompt] } == [1_500_000, 4_500_000])
        #expect(model.endpoints.map { $0.prices.rates[.completion] } == [3_000_000, 6_000_000])
        #expect(model.endpoints.last?.prices.tiers.first?.rates[.prompt] == 9_000_000)
        #expect(model.endpoints.last?.pricing?.prices.map(\.usd) == ["0.0000045", "0.000006"])
        #expect(model.pricing.map(\.usd) == ["0.0000015", "0.000003"])
    }

    @Test("half a price list of an endpoint is none: it is left out, and the note says so")
    func halfEndpointPrice() throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "context_length": 1, "pricing": {"prompt": "0.000001", "completion": "0.000002"},
              "endpoints": [{"provider": "gpu1", "model": "x"}, {"provider": "openai", "model": "y",
                "pricing": {"prompt": "0.000003"}}]}]
            """)
        #expect(reading.models.last?.endpoints.map(\.upstreamModel) == ["x"])
        #expect(reading.notes.map(\.kind) == [.unpriced])
    }

    @Test("a model whose endpoints alone have prices is served by those, at theirs")
    func endpointsOnly() throws {
        let reading = try Self.read(
            """
            [{"id": "a/b", "context_length": 1, "endpoints": [{"provider": "gpu1", "model": "x"},
              {"provider": "openai", "model": "y", "pricing": {"prompt": "0.000003", "completion": "0.000004"}}]}]
            """)
        let model = try #require(Catalog(reading.models).model(named: "a/b"))
        #expect(model.endpoints.map(\.upstreamModel) == ["y"])
        #expect(model.pricing.map(\.usd) == ["0.000003", "0.000004"])
    }

    @Test("prices that lie above the endpoints hold for all of them")
    func pricesAbove() throws {
        let own = """
            {"models": [{"id": "openai/gpt-4o", "endpoints": [{"provider": "openai", "model": "y",
              "pricing": {"prompt": "0.000009", "completion": "0.000009"}}]}]}
            """
        func rate(_ configured: String?) throws -> Int64? {
            let reading = try CatalogReader.read(
                bundled: JSONDocument(Array(Self.bundled.utf8)), own: JSONDocument(Array(own.utf8)),
                configured: configured.map { try JSONDocument(Array($0.utf8)) }, providers: [Self.openAI])
            return Catalog(reading.models).model(named: "openai/gpt-4o")?.endpoints.first?.prices.rates[.prompt]
        }
        #expect(try rate(nil) == 9_000_000)
        #expect(
            try rate(
                #"{"models": [{"id": "openai/gpt-4o", "pricing": {"prompt": "0.000001", "completion": "0.000001"}}]}"#)
                == 1_000_000)
    }

    @Test("the operator's catalogue lies above the bundled one and below what is configured")
    func layers() throws {
        let own = """
            {"models": [{"id": "openai/gpt-4o", "name": "Own", "context_length": 7}, {"id": "a/own",
              "endpoints": [{"provider": "nobody", "model": "x"}]}]}
            """
        let reading = try CatalogReader.read(
            bundled: JSONDocument(Array(Self.bundled.utf8)), own: JSONDocument(Array(own.utf8)),
            configured: JSONDocument(Array(#"{"models": [{"id": "openai/gpt-4o", "context_length": 9}]}"#.utf8)),
            providers: [Self.openAI])
        #expect(reading.models.map(\.id) == ["openai/gpt-5.4", "openai/gpt-4o", "a/own"])
        #expect(reading.models[1].name == "Own" && reading.models[1].contextLength == 9)
        #expect(reading.notes.isEmpty)
    }

    @Test("of a catalogue by itself everything that is wrong is named")
    func check() throws {
        do {
            try CatalogReader.check(
                JSONDocument(
                    Array(#"{"models": [{"id": "a/b"}, {"id": "a/b"}, {"id": "c/d", "pricing": {"promt": "1"}}]}"#.utf8)
                ))
            Issue.record("accepted")
        } catch let faults as CatalogFaults {
            #expect(faults.faults.map(\.path) == ["models[1].id", "models[2].pricing.promt"])
        }
        #expect(throws: CatalogFaults.self) { try CatalogReader.check(JSONDocument(Array("[]".utf8))) }
    }

    static let mistakes: [(String, path: String, message: String, hint: String?)] = [
        (#"{}"#, "models", "must be a list", nil),
        (#"[1]"#, "models[0]", "must have members", nil),
        (#"[{"name": "x"}]"#, "models[0]", "needs an id", nil),
        (#"[{"id": 4}]"#, "models[0].id", "must be text", "put it in quotes"),
        (#"[{"id": ""}]"#, "models[0].id", "must not be empty", nil),
        (#"[{"id": "plain"}]"#, "models[0].id", "cannot be the id", "author/name"),
        (#"[{"id": "a/b c"}]"#, "models[0].id", "cannot be the id", "author/name"),
        (#"[{"id": "a//b"}]"#, "models[0].id", "cannot be the id", "author/name"),
        (#"[{"id": "a/b"}, {"id": "a/b"}]"#, "models[1].id", "stands above already", nil),
        (#"[{"id": "a/b", "prices": {}}]"#, "models[0].prices", "unknown key \"prices\"", "did you mean \"pricing\"?"),
        (#"[{"id": "a/b", "zzzzzz": 1}]"#, "models[0].zzzzzz", "unknown key", "known are id, name"),
        (#"[{"id": "a/b", "context_length": "8k"}]"#, "models[0].context_length", "whole number from 1", nil),
        (#"[{"id": "a/b", "context_length": 0}]"#, "models[0].context_length", "whole number from 1", nil),
        (#"[{"id": "a/b", "max_completion_tokens": 1.5}]"#, "models[0].max_completion_tokens", "whole number", nil),
        (
            #"[{"id": "a/b", "input_modalities": ["txt"]}]"#, "models[0].input_modalities[0]", "unknown value",
            "\"text\""
        ),
        (#"[{"id": "a/b", "aliases": "b"}]"#, "models[0].aliases", "must be a list", nil),
        (#"[{"id": "a/b", "aliases": [4]}]"#, "models[0].aliases[0]", "must be text", "quotes"),
        (#"[{"id": "a/b", "pricing": "0"}]"#, "models[0].pricing", "must have members", nil),
        (#"[{"id": "a/b", "pricing": {"promt": "0"}}]"#, "models[0].pricing.promt", "unknown key", "\"prompt\""),
        (#"[{"id": "a/b", "pricing": {"prompt": "-1"}}]"#, "models[0].pricing.prompt", "cannot be negative", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": -0.1}}]"#, "models[0].pricing.prompt", "cannot be negative", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": "2.5e-6"}}]"#, "models[0].pricing.prompt", "is not a price", "decimal"),
        (#"[{"id": "a/b", "pricing": {"prompt": 2.5e-6}}]"#, "models[0].pricing.prompt", "is not a price", "decimal"),
        (#"[{"id": "a/b", "pricing": {"prompt": ""}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": "1."}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": null}}]"#, "models[0].pricing.prompt", "must be a decimal", nil),
        (
            #"[{"id": "a/b", "pricing": {"prompt": "0.0000000000001"}}]"#, "models[0].pricing.prompt", "is not a price",
            "12 digits"
        ),
        (
            #"[{"id": "a/b", "pricing": {"prompt": "0.25"}}]"#, "models[0].pricing.prompt",
            "0.25 USD a token is 250000 USD for a million tokens", "0.25 USD for a million is \"0.00000025\" a token"
        ),
        (
            #"[{"id": "a/b", "pricing": {"prompt": "0.010000000001"}}]"#, "models[0].pricing.prompt",
            "10000.000001 USD for a million", nil
        ),
        (
            #"[{"id": "a/b", "pricing": {"prompt": "999999999999999999999"}}]"#, "models[0].pricing.prompt",
            "is not a price", nil
        ),
        (#"[{"id": "a/b", "pricing": {"prompt": "+1"}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": "NaN"}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": "Infinity"}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"prompt": true}}]"#, "models[0].pricing.prompt", "must be a decimal", nil),
        (
            #"[{"id": "a/b", "pricing": {"prompt": "0.0000000000000000000000000000000000000025"}}]"#,
            "models[0].pricing.prompt", "is not a price", "12 digits"
        ),
        (
            #"[{"id": "a/b", "pricing": {"prompt": 1111111111111111111111111111111111111111}}]"#,
            "models[0].pricing.prompt", "is not a price", "12 digits"
        ),
        (#"[{"id": "a/b", "pricing": {"prompt": "1e30"}}]"#, "models[0].pricing.prompt", "is not a price", nil),
        (#"[{"id": "a/b", "pricing": {"tiers": [1]}}]"#, "models[0].pricing.tiers[0]", "must have members", nil),
        (
            #"[{"id": "a/b", "pricing": {"tiers": [{"above": 5, "prompt": "-1"}]}}]"#,
            "models[0].pricing.tiers[0].prompt", "cannot be negative", nil
        ),
        (
            #"[{"id": "a/b", "pricing": {"services": {"flex": 1}}}]"#, "models[0].pricing.services.flex",
            "must have members", nil
        ),
        (
            #"[{"id": "a/b", "pricing": {"services": {"flex": {"prompt": null}}}}]"#,
            "models[0].pricing.services.flex.prompt", "must be a decimal", nil
        ),
        (#"[{"id": "a/b", "pricing": {"images": [1]}}]"#, "models[0].pricing.images[0]", "must have members", nil),
        (
            #"[{"id": "a/b", "endpoints": [{"provider": "gpu1", "model": "b", "pricing": {"prompt": "1e-6"}}]}]"#,
            "models[0].endpoints[0].pricing.prompt", "is not a price", "decimal"
        ),
        (#"[{"id": "a/b", "pricing": {"image": "100.1"}}]"#, "models[0].pricing.image", "not plausible", nil),
        (#"[{"id": "a/b", "endpoints": {}}]"#, "models[0].endpoints", "must be a list", nil),
        (#"[{"id": "a/b", "endpoints": ["x"]}]"#, "models[0].endpoints[0]", "provider and model", nil),
        (#"[{"id": "a/b", "endpoints": [{"model": "b"}]}]"#, "models[0].endpoints[0]", "needs provider", nil),
        (#"[{"id": "a/b", "endpoints": [{"provider": "gpu1"}]}]"#, "models[0].endpoints[0]", "needs model", nil),
        (
            #"[{"id": "a/b", "endpoints": [{"provider": "gpu2", "model": "b"}]}]"#, "models[0].endpoints[0].provider",
            "no provider \"gpu2\"", "did you mean \"gpu1\"?"
        ),
        (
            #"[{"id": "a/b", "endpoints": [{"provider": "gpu1", "model": "b", "wieght": 1}]}]"#,
            "models[0].endpoints[0].wieght", "unknown key", "\"weight\""
        ),
        (#"[{"id": "a/b", "token_limit": "max_token"}]"#, "models[0].token_limit", "unknown value", "\"max_tokens\""),
        (#"[{"id": "a/b", "mistral_rules": "yes"}]"#, "models[0].mistral_rules", "true or false", nil),
        (#"[{"id": "a/b", "reasoning": "high"}]"#, "models[0].reasoning", "must be none", "efforts"),
        (#"[{"id": "a/b", "reasoning": {"efforts": []}}]"#, "models[0].reasoning.efforts", "at least one", nil),
        (
            #"[{"id": "a/b", "reasoning": {"efforts": ["lo"]}}]"#, "models[0].reasoning.efforts[0]", "unknown value",
            "\"low\""
        ),
        (
            #"[{"id": "a/b", "reasoning": {"efforts": ["low"], "default": "high"}}]"#, "models[0].reasoning.default",
            "must be none or one of efforts", nil
        ),
    ]

    @Test("a mistake is named by its path, with what to do", arguments: mistakes.indices)
    func names(_ index: Int) throws {
        let mistake = Self.mistakes[index]
        let configured =
            mistake.0.hasPrefix("[{") && !mistake.0.contains("endpoints")
            ? mistake.0.replacing(suffix: "}]", with: #", "endpoints": []}]"#) : mistake.0
        let fault = try #require(Self.faults(configured).first, "\(configured) has no fault")
        #expect(fault.path == mistake.path)
        #expect(fault.message.contains(mistake.message))
        if let hint = mistake.hint { #expect(fault.hint?.contains(hint) == true, "\(fault)") }
    }

    @Test("prices at the edge are taken as they stand", arguments: ["0", "0.01", "0.010", "0.000000000001", "00.005"])
    func takesEdges(_ price: String) throws {
        let reading = try Self.read(
            #"[{"id": "openai/gpt-4o", "pricing": {"prompt": "\#(price)", "completion": "\#(price)"}}]"#)
        #expect(reading.models.last?.pricing.first?.usd == price)
    }

    @Test("all faults of a text are reported at once")
    func collects() {
        let faults = Self.faults(#"[{"id": "a/b", "nmae": "x", "pricing": {"prompt": "-1"}}, {"name": "y"}]"#)
        #expect(faults.map(\.path) == ["models[0].nmae", "models[1]", "models[0].pricing.prompt"])
    }
}

@Suite("Guessing what was meant") struct SpellingTests {
    @Test(
        "the nearest word is found, and none when none is near",
        arguments: [
            ("provders", "providers"), ("pricing", "pricing"), ("PRICNG", "pricing"), ("rpicing", "pricing"),
            ("x", nil), ("", nil), ("completely", nil), (String(repeating: "p", count: 10_000), nil),
        ])
    func finds(_ word: String, _ meant: String?) {
        #expect(Spelling.closest(to: word, in: ["providers", "pricing", "models"]) == meant)
    }
}

extension String {
    fileprivate func replacing(suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
