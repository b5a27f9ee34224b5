import Testing

@testable import RouterCore

@Suite("LiteLLM's price file") struct LiteLLMPricesTests {
    static let catalog = """
        {"models": [
            {"id": "openai/gpt-5.4", "pricing": {"prompt": "0.0000025", "completion": "0.000020"},
             "endpoints": [{"provider": "openai", "model": "gpt-5.4"}]},
            {"id": "openai/gpt-4o-mini-tts", "pricing": {"prompt": "0.0000006", "completion": "0", "audio_output": "0.000012"},
             "endpoints": [{"provider": "openai", "model": "gpt-4o-mini-tts"}]}
        ]}
        """

    static func read(_ text: String) throws -> LiteLLMPrices {
        try LiteLLMPrices(
            JSONDocument(Array(text.utf8), limits: .response), catalogs: [JSONDocument(Array(catalog.utf8))],
            date: "2026-04-15")
    }

    static func chat(_ prices: String, name: String = "gpt-5.4") -> String {
        "{\"\(name)\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\", \(prices)}}"
    }

    @Test(
        "a number is read by its digits, to a pico-dollar",
        arguments: [
            ("2.5e-06", "0.0000025"), ("1E-6", "0.000001"), ("1e-12", "0.000000000001"), ("0.0", "0"), ("0e5", "0"),
            ("2e+00", "2"), ("3.0000000000000004e-07", nil), ("1.6666666666666667e-06", "0.000001666667"),
            ("0.00000150000000000000000000000000000001", "0.0000015"), ("0.0000000000025", nil), ("1e-13", nil),
            ("5.5e-13", nil), ("999999.999999999999", "999999.999999999999"), ("1e6", nil), ("1e40", nil),
            ("1e999999999999999999999", nil), ("1e-41", nil), ("-1e-6", nil), ("+1", nil), ("1e", nil), ("e1", nil),
            (".5", nil), ("1.", nil), ("", nil), ("NaN", nil), ("Infinity", nil), ("0x10", nil), ("1_0", nil),
            ("0.00000000000000000000000000000000000000001", nil),
        ])
    func numbers(_ text: String, _ price: String?) {
        #expect(PriceText(number: text)?.text == price)
    }

    @Test("prices of a known model are taken in all their kinds: tiers, service tiers, tiers of service tiers")
    func known() throws {
        let prices = try Self.read(
            Self.chat(
                """
                "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 2.5e-07,
                "cache_creation_input_token_cost": 0.0, "cache_creation_input_token_cost_above_1hr": 5e-06,
                "input_cost_per_audio_token": 4e-05, "output_cost_per_reasoning_token": 1.6e-05,
                "input_cost_per_token_above_272k_tokens": 5e-06, "output_cost_per_token_above_272k_tokens": 2.25e-05,
                "input_cost_per_token_above_272k_tokens_flex": 2.5e-06, "input_cost_per_token_flex": 1.25e-06,
                "output_cost_per_token_priority": 3e-05, "input_cost_per_token_batches": 1.25e-06,
                "search_context_cost_per_query": {"search_context_size_medium": 0.01},
                "max_input_tokens": 1050000, "supports_vision": true
                """))
        #expect(prices.refused.isEmpty)
        #expect(prices.skipped.prices == ["input_cost_per_token_batches": 1])
        let reading = try CatalogReader.read(
            bundled: JSONDocument(Array(Self.catalog.utf8)), own: prices.models, providers: [CatalogReaderTests.openAI])
        let pricing = try #require(reading.models.first?.allPricing)
        #expect(
            pricing.prices.map { "\($0.unit) \($0.usd)" } == [
                "prompt 0.0000025", "completion 0.000015", "input_cache_read 0.00000025",
                "input_cache_write_1h 0.000005",
                "internal_reasoning 0.000016", "audio 0.00004", "web_search 0.01",
            ])
        #expect(
            pricing.tiers == [
                .init(
                    above: 272_000,
                    prices: [.init(unit: "prompt", usd: "0.000005"), .init(unit: "completion", usd: "0.0000225")]),
                .init(above: 272_000, service: "flex", prices: [.init(unit: "prompt", usd: "0.0000025")]),
            ])
        #expect(pricing.services["flex"] == [.init(unit: "prompt", usd: "0.00000125")])
        #expect(pricing.services["priority"] == [.init(unit: "completion", usd: "0.00003")])
        #expect(pricing.source == "LiteLLM's price file" && pricing.date == "2026-04-15")
    }

    @Test("a chat model that is new comes with what the file says of it")
    func new() throws {
        let prices = try Self.read(
            """
            {"gemini/gemini-9-pro": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1e-06,
             "output_cost_per_token": 2e-06, "max_input_tokens": 1000, "max_output_tokens": 100,
             "supports_vision": true, "supports_function_calling": true}}
            """)
        let gemini = Provider(slug: "gemini", name: "Gemini", dialect: .gemini, baseURL: "https://x")
        let model = try #require(CatalogReader.read(bundled: nil, own: prices.models, providers: [gemini]).models.first)
        #expect(model.id == "google/gemini-9-pro" && model.contextLength == 1000 && model.maxCompletionTokens == 100)
        #expect(model.inputModalities == ["text", "image"] && model.supportedParameters.contains("tools"))
        #expect(model.endpoints.map(\.upstreamModel) == ["gemini-9-pro"] && model.isPriced)
    }

    @Test("of a model that makes sound only those prices are taken that the catalogue has already")
    func media() throws {
        let prices = try Self.read(
            """
            {"gpt-4o-mini-tts": {"litellm_provider": "openai", "mode": "audio_speech", "input_cost_per_token": 7e-07,
             "output_cost_per_audio_token": 1.5e-05, "output_cost_per_second": 0.00025, "output_cost_per_token": 1e-05},
             "tts-9": {"litellm_provider": "openai", "mode": "audio_speech", "input_cost_per_character": 1.5e-05}}
            """)
        let pricing = try #require(prices.models.root["models"].flatMap { Array($0.elements).first }?["pricing"])
        #expect(pricing["prompt"]?.string == "0.0000007" && pricing["audio_output"]?.string == "0.000015")
        #expect(pricing["completion"]?.string == "0.00001" && pricing["audio_output_second"] == nil)
        #expect(prices.skipped.modes == ["audio_speech": 1])
    }

    @Test("what is not known here is passed over and counted")
    func counts() throws {
        let prices = try Self.read(
            """
            {"sample_spec": {"litellm_provider": "one of …", "mode": "one of …"},
             "azure/gpt-5.4": {"litellm_provider": "azure", "mode": "chat"},
             "azure/gpt-4o": {"litellm_provider": "azure", "mode": "chat"}, "x": {},
             "sora": {"litellm_provider": "openai", "mode": "video_generation"},
             "ft:gpt-4o": {"litellm_provider": "openai", "mode": "chat"},
             "gpt-5.4": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06}}
            """)
        #expect(prices.skipped.providers == ["azure": 2, "none": 1])
        #expect(prices.skipped.modes == ["video_generation": 1, "fine-tuned": 1])
        #expect(prices.skipped.unpriced == 1)
        #expect(prices.models.root["models"]?.count == 0)
    }

    @Test(
        "an entry with a price that cannot be meant is named by its path, and the others are taken",
        arguments: [
            ("-1e-06", "negative"), ("1.5", "not plausible"), ("\"NaN\"", "is not a price"), ("true", "is not a price"),
            ("1e-13", "is not a price"), ("1e999", "is not a price"), ("[]", "is not a price"),
            ("1111111111111111111111111111111111111111111", "is not a price"),
        ])
    func refuses(_ price: String, _ message: String) throws {
        let prices = try Self.read(
            """
            {"gpt-6": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": \(price),
             "output_cost_per_token": 1e-06},
             "gpt-5.4": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06,
             "output_cost_per_token": 1e-06}}
            """)
        #expect(prices.refused.map(\.path) == ["gpt-6.input_cost_per_token"])
        #expect(prices.refused.first?.message.contains(message) == true, "\(prices.refused)")
        #expect(prices.models.root["models"]?.elements.map { $0["id"]?.string } == ["openai/gpt-5.4"])
    }

    @Test("a chat model at a price of zero is not free by accident: it is passed over")
    func zero() throws {
        let prices = try Self.read(Self.chat(#""input_cost_per_token": 0.0, "output_cost_per_token": 1e-06"#))
        #expect(prices.skipped.unpriced == 1 && prices.models.root["models"]?.count == 0)
    }

    @Test(
        "what is no price file is refused as a whole", arguments: ["{}", "[]", "1", #"{"models": []}"#, #"{"a": {}}"#])
    func otherFiles(_ text: String) {
        #expect(throws: CatalogFaults.self) { try Self.read(text) }
    }
}
