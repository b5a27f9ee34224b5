import Foundation
import RouterCore
import RouterHTTP
import Testing

@testable import routerd

@Suite("Settings") struct SettingsTests {
    static func read(
        _ yaml: String?, _ variables: [String: String] = [:], options: [SettingsReader.Option] = []
    ) throws -> LoadedSettings {
        try SettingsReader.read(
            yaml.map { .init(path: "routerd.yaml", text: $0) }, environment: Environment(variables), options: options)
    }

    @Test("without a file, variables or options everything is at its default")
    func defaults() throws {
        let loaded = try Self.read(nil)
        #expect(loaded.settings.http == Settings().http)
        #expect(loaded.settings.storePath == "./data/routerd.db")
        #expect(loaded.settings.providers.isEmpty)
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.values.allSatisfy { $0.origin == .standard })
        #expect(loaded.values.map(\.key) == Setting.all.map(\.key))
    }

    @Test("the default that a setting names is the one it has", arguments: Setting.all.map(\.key))
    func standards(_ key: String) throws {
        let setting = try #require(Setting.all.first { $0.key == key })
        guard !setting.standard.isEmpty else { return }
        var settings = Settings()
        try setting.read(setting.standard, &settings)
        #expect("\(settings)" == "\(Settings())")
    }

    @Test("an option comes before the environment, that before the file, that before the default")
    func precedence() throws {
        let yaml = "http: { port: 1, host: file }\nlog: { level: error }\n"
        let option = SettingsReader.Option(key: "http.port", name: "--port", text: "4")
        let all = try Self.read(yaml, ["ROUTERD_HTTP_PORT": "3", "PORT": "2"], options: [option])
        #expect(all.settings.http.port == 4)
        #expect(all.settings.http.host == "file")
        #expect(try Self.read(yaml, ["ROUTERD_HTTP_PORT": "3", "PORT": "2"]).settings.http.port == 3)
        #expect(try Self.read(yaml, ["PORT": "2"]).settings.http.port == 2)
        #expect(try Self.read(yaml).settings.http.port == 1)
        #expect(try Self.read("log: { level: error }").settings.http.port == 8080)
        let origins = Dictionary(uniqueKeysWithValues: all.values.map { ($0.key, $0.origin.description) })
        #expect(origins["http.port"] == "--port")
        #expect(origins["http.host"] == "routerd.yaml:1")
        #expect(origins["log.level"] == "routerd.yaml:2")
        #expect(origins["data"] == "default")
    }

    @Test("every setting can be set by its variable", arguments: Setting.all.map(\.variable))
    func variables(_ name: String) throws {
        let texts = [
            "ROUTERD_HTTP_PORT": "1", "ROUTERD_HTTP_PUBLIC_URL": "https://a.b",
            "ROUTERD_HTTP_TRUSTED_PROXIES": "::1, 10.0.0.0/8", "ROUTERD_HTTP_UNKNOWN_MODEL_STATUS": "400",
            "ROUTERD_DATABASE": "sqlite:/x/y.db", "ROUTERD_DEFAULTS_RATE_LIMIT": "7/min", "ROUTERD_DEFAULTS_GRANT": "2",
            "ROUTERD_DEFAULTS_MARKUP": "1.5", "ROUTERD_DISCOVER": "false", "ROUTERD_DRAIN_SECONDS": "1.5",
            "ROUTERD_LOG_LEVEL": "debug", "ROUTERD_LIMITS_MEMORY_MB": "512", "ROUTERD_LOG_FORMAT": "json",
            "ROUTERD_IMAGES_DEFAULT_FORM": "url", "ROUTERD_MEDIA_FETCH": "off", "ROUTERD_MEDIA_TOTAL_MB": "2",
            "ROUTERD_MEDIA_FILE_MB": "2", "ROUTERD_MEDIA_KEEP_SECONDS": "60",
            "ROUTERD_ROUTING_THIRD_PARTY_ACCOUNTS": "1, 2",
            "ROUTERD_TIMEOUTS_CONNECT": "9",
            "ROUTERD_TIMEOUTS_FIRST_BYTE": "9", "ROUTERD_TIMEOUTS_IDLE": "9", "ROUTERD_TIMEOUTS_TOTAL": "9",
            "ROUTERD_TIMEOUTS_TASK": "9",
        ]
        let loaded = try Self.read(nil, [name: texts[name] ?? "somewhere"])
        #expect("\(loaded.settings)" != "\(Settings())")
        #expect(loaded.values.filter { $0.origin == .variable(name) }.count == 1)
    }

    @Test("values become what they say")
    func values() throws {
        let settings = try Self.read(
            """
            http:
              host: 0.0.0.0
              public_url: https://ai.example.org/
              trusted_proxies: [127.0.0.1, "::1", 10.0.0.0/8]
            data: /var/lib/routerd/
            defaults: { rate_limit: 100/min }
            discover: true
            drain_seconds: 2.5
            images: { default_form: b64_json }
            log: { format: json }
            media: { total_mb: 100, file_mb: 5, keep_seconds: 90.5 }
            """
        ).settings
        #expect(settings.http.publicURL == "https://ai.example.org")
        #expect(settings.http.trustedProxies == ["127.0.0.1", "::1", "10.0.0.0/8"])
        #expect(settings.storePath == "/var/lib/routerd/routerd.db")
        #expect(settings.defaults.requestsPerMinute == 100)
        #expect(settings.discover == true)
        #expect(settings.drain == .milliseconds(2500))
        #expect(settings.imageForm == .base64)
        #expect(settings.log.format == .json)
        #expect(settings.mediaFolder.bytesMax == 104_857_600 && settings.mediaFolder.fileBytesMax == 5_242_880)
        #expect(settings.mediaFolder.lifetime == .milliseconds(90_500))
    }

    @Test(
        "a database is a path in several spellings",
        arguments: [
            ("sqlite:./a.db", "./a.db"), ("sqlite:/a/b.db", "/a/b.db"), ("sqlite:///a/b.db", "/a/b.db"),
        ])
    func database(_ text: String, _ path: String) throws {
        #expect(try Self.read(nil, ["DATABASE_URL": text]).settings.storePath == path)
    }

    @Test(
        "an empty file, a comment alone and null sections are no mistake",
        arguments: ["", "# hello\n", "http:\nproviders:\n", "---\n", "{}", "~"])
    func empty(_ yaml: String) throws {
        #expect(try Self.read(yaml).settings.http.port == 8080)
    }

    @Test("JSON is YAML")
    func json() throws {
        #expect(try Self.read(#"{"http": {"port": 81}}"#).settings.http.port == 81)
    }

    @Test("references are replaced, also inside braces, by what is never read as YAML")
    func references() throws {
        let variables = ["HOST": "a: {b", "EMPTY": "", "PORT_": "82"]
        let settings = try Self.read(
            """
            http: { host: ${HOST}, port: ${PORT_} }
            data: x-${EMPTY:-y}-${NONE:-./z}-$${HOST}
            """, variables
        ).settings
        #expect(settings.http.host == "a: {b")
        #expect(settings.http.port == 82)
        #expect(settings.data == "x-y-./z-${HOST}")
    }

    @Test("a mistake in a variable or an option is named by it")
    func namesSource() {
        #expect(throws: ConfigurationFaults.self) { try Self.read(nil, ["PORT": "x"]) }
        do {
            _ = try Self.read(
                nil, ["PORT": "x", "ROUTERD_LOG_LEVEL": "loud"], options: [.init(key: "data", name: "--data", text: "")]
            )
        } catch {
            let text = "\(error)"
            #expect(text.contains("PORT: must be a whole number from 0 to 65535, not \"x\""))
            #expect(text.contains("ROUTERD_LOG_LEVEL: must be one of"))
            #expect(text.contains("--data: must not be empty"))
        }
    }

    @Test("a variable that nearly is one of ours is pointed out")
    func unknownVariables() throws {
        let loaded = try Self.read(nil, ["ROUTERD_HTTP_PROT": "1", "ROUTERD_ELSEWHERE_ENTIRELY": "1"])
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.contains("Did you mean ROUTERD_HTTP_PORT?") == true)
    }

    @Test("NAME_FILE gives the value of any variable; both at once, and a file that is not there, are mistakes")
    func files() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory)/secret"
            try "  sk-from-file \n".write(toFile: path, atomically: true, encoding: .utf8)
            let loaded = try Self.read(nil, ["OPENAI_API_KEY_FILE": path])
            #expect(loaded.settings.providers.first?.keys == [Secret("sk-from-file")])
            #expect(throws: ConfigurationFaults.self) {
                try Self.read(nil, ["OPENAI_API_KEY_FILE": path, "OPENAI_API_KEY": "x"])
            }
            #expect(throws: ConfigurationFaults.self) { try Self.read(nil, ["DATABASE_URL_FILE": "\(directory)/none"]) }
            try "".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: ConfigurationFaults.self) { try Self.read(nil, ["OPENAI_API_KEY_FILE": path]) }
            try "./elsewhere\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try Self.read("data: ${X}", ["X_FILE": path]).settings.data == "./elsewhere")
        }
    }

    @Test("a secret is never printed")
    func secrets() throws {
        let loaded = try Self.read(
            "providers: [{ slug: a, kind: openai, keys: [canary-one-1, canary-two-2] }]",
            ["OPENAI_API_KEY": "canary-three-3"])
        var dumped = ""
        dump(loaded, to: &dumped)
        #expect(!"\(loaded)\(String(reflecting: loaded))\(dumped)".contains("canary"))
        #expect(loaded.settings.providers.first?.keys.map(\.revealed) == ["canary-one-1", "canary-two-2"])
        #expect(Secret("0123456789abcdef").ending == "…cdef")
        #expect(Secret("short").ending == "***")
    }
}

@Suite("Providers") struct ProviderSettingsTests {
    @Test("a vendor's variable alone switches it on")
    func environment() throws {
        let loaded = try SettingsTests.read(nil, ["OPENAI_API_KEY": "sk-1"])
        let provider = try #require(loaded.settings.providers.first)
        #expect(
            provider.provider
                == Provider(slug: "openai", name: "OpenAI", dialect: .openAI, baseURL: "https://api.openai.com/v1"))
        #expect(loaded.warnings.isEmpty)
        let routes = try Routes(loaded.settings)
        #expect(routes.catalog.model(named: "gpt-5.4")?.endpoints.map(\.provider.slug) == ["openai"])
        #expect(routes.keys == ["openai": [Secret("sk-1")]])
    }

    @Test("its base URL comes from a variable too, in a private network with a warning only")
    func baseURLVariable() throws {
        let loaded = try SettingsTests.read(
            nil, ["OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1/"])
        #expect(loaded.settings.providers.first?.provider.baseURL == "http://127.0.0.1:9/v1")
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.contains("OPENAI_BASE_URL") == true)
        #expect(throws: ConfigurationFaults.self) {
            try SettingsTests.read(nil, ["OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "api.openai.com"])
        }
    }

    @Test("Anthropic's key switches Anthropic on, at the bare host")
    func anthropic() throws {
        let provider = try #require(
            SettingsTests.read(nil, ["ANTHROPIC_API_KEY": "sk-ant-1"]).settings.providers.first?.provider)
        #expect(provider.dialect == .anthropic)
        #expect(provider.baseURL == "https://api.anthropic.com")
        let moved = try SettingsTests.read(
            nil, ["ANTHROPIC_API_KEY": "sk-ant-1", "ANTHROPIC_BASE_URL": "https://claude.example"])
        #expect(moved.settings.providers.map(\.provider.baseURL) == ["https://claude.example"])
    }

    @Test("a base URL without a key switches nothing on and is pointed out")
    func loneBaseURL() throws {
        let loaded = try SettingsTests.read(nil, ["OPENAI_BASE_URL": "https://x.example/v1"])
        #expect(loaded.settings.providers.isEmpty)
        #expect(loaded.warnings.first?.contains("without OPENAI_API_KEY") == true)
    }

    @Test(
        "the variable of a vendor switches it on, at its own address",
        arguments: [
            ("GEMINI_API_KEY", "gemini", "https://generativelanguage.googleapis.com/v1beta"),
            ("GOOGLE_API_KEY", "gemini", "https://generativelanguage.googleapis.com/v1beta"),
            ("MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1"),
            ("DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com"),
            ("XAI_API_KEY", "xai", "https://api.x.ai/v1"), ("BFL_API_KEY", "bfl", "https://api.bfl.ai/v1"),
        ])
    func switchedOn(_ variable: String, _ slug: String, _ baseURL: String) throws {
        let loaded = try SettingsTests.read(nil, [variable: "k"])
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.settings.providers.map(\.provider.slug) == [slug])
        #expect(loaded.settings.providers.map(\.provider.dialect.rawValue) == [slug])
        #expect(loaded.settings.providers.map(\.provider.baseURL) == [baseURL])
    }

    @Test("variables fill in what an entry of the file leaves out, and add no second one")
    func fills() throws {
        let variables = ["OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "https://proxy.example/v1"]
        let filled = try SettingsTests.read("providers: [{ slug: eu, kind: openai }]", variables).settings.providers
        #expect(filled.map(\.provider.slug) == ["eu"])
        #expect(filled.map(\.provider.baseURL) == ["https://proxy.example/v1"])
        #expect(filled.first?.keys == [Secret("sk-1")])
        let written = try SettingsTests.read(
            "providers: [{ slug: eu, kind: openai, key: mine, base_url: 'https://eu.example/v1' }]", variables)
        #expect(written.settings.providers.first?.keys == [Secret("mine")])
        #expect(written.settings.providers.first?.provider.baseURL == "https://eu.example/v1")
    }

    @Test("the example of the interface's description is read, with a key in braces")
    func example() throws {
        let loaded = try SettingsTests.read(
            """
            providers:
              - { slug: openai, kind: openai, key: ${OPENAI_API_KEY} }
              - { slug: gpu1, kind: openai_compatible, base_url: http://10.0.0.5:8000/v1, class: local }
            models:
              - id: airouter-cloud/llama-4-maverick
                name: Llama 4 Maverick
                context_length: 1048576
                max_completion_tokens: 32768
                aliases: [llama-4-maverick]
                endpoints:
                  - { provider: gpu1, model: llama-4-maverick, weight: 1 }
                pricing: { prompt: "0.0000002", completion: "0.0000008" }
            """, ["OPENAI_API_KEY": "sk-1"])
        let routes = try Routes(loaded.settings)
        let model = try #require(routes.catalog.model(named: "llama-4-maverick"))
        #expect(model.pricing.map(\.usd) == ["0.0000002", "0.0000008"])
        #expect(model.endpoints.first?.provider.location == .local)
        #expect(routes.notes.isEmpty)
        #expect(routes.catalog.model(named: "openai/gpt-5.4") != nil)
    }

    @Test("plain http to a public address of a vendor is pointed out")
    func plainHTTP() throws {
        let loaded = try SettingsTests.read(
            "providers: [{ slug: a, kind: openai_compatible, key: k, base_url: 'http://api.example.org/v1' }]")
        #expect(loaded.warnings.first?.contains("without https") == true)
    }

    @Test(
        "addresses of this machine and of private networks are recognised, whatever their form",
        arguments: [
            "http://localhost", "http://LOCALHOST:1", "http://127.8.8.8", "http://10.1.1.1/v1", "http://172.16.0.1",
            "http://192.168.1.1", "http://169.254.169.254", "http://100.64.0.1", "http://0.0.0.0", "http://[::1]:80",
            "http://[::]", "http://[fd00::1]", "http://[fe80::1]", "http://[::ffff:127.0.0.1]", "http://vllm:8000",
            "http://gpu.local", "http://gpu.internal.", "http://a.localhost",
        ])
    func privateAddresses(_ text: String) throws {
        #expect(try BaseURL(text).isPrivate)
    }

    @Test(
        "public ones are not",
        arguments: [
            "https://api.openai.com/v1", "http://8.8.8.8", "http://172.32.0.1", "http://[2001:db9::1]",
            "https://local.example",
        ])
    func publicAddresses(_ text: String) throws {
        #expect(try !BaseURL(text).isPrivate)
    }

    @Test(
        "addresses in disguise are refused",
        arguments: [
            "http://2130706433", "http://0x7f.1", "http://127.1", "http://1.2.3.4.5", "http://[::1", "http://",
            "http://x:0", "http://x:99999", "http://a b", "http://x?y", "http://x#y", "http://é",
        ])
    func disguised(_ text: String) {
        #expect(throws: ValueFault.self) { try BaseURL(text) }
    }
}

@Suite("The bundled catalogue") struct BundledCatalogTests {
    @Test("every model of it is whole: priced with a source, in a context that holds its answer, with a short name")
    func isWhole() throws {
        let document = try #require(Routes.bundled)
        let vendors = VendorKind.all.map { kind in
            Provider(
                slug: kind.name, name: kind.displayName, dialect: Dialect(rawValue: kind.name),
                baseURL: kind.baseURL ?? "")
        }
        let models = try CatalogReader.read(bundled: document, providers: vendors).models
        #expect(models.count >= 20)
        #expect(Catalog(models).models.count == models.count)
        for (model, entry) in zip(models, try #require(document.root["models"]).elements) {
            // Only what writes text has a bound of tokens.
            if model.outputModalities.contains("text") {
                #expect(model.maxCompletionTokens.map { $0 < model.contextLength } == true, "\(model.id)")
            }
            #expect(model.aliases == [String(model.id.dropFirst(model.author.count + 1))])
            #expect(model.created > 1_600_000_000, "\(model.id)")
            #expect(!model.description.isEmpty)
            #expect(entry["pricing"]?["source"]?.string?.isEmpty == false, "\(model.id)")
            #expect(entry["pricing"]?["date"]?.string?.wholeMatch(of: /20\d\d-\d\d-\d\d/) != nil, "\(model.id)")
        }
    }

    @Test("every model of it is found by its id in the spelling of OpenRouter too, and by its bare name")
    func spellings() throws {
        let loaded = try SettingsTests.read(
            nil,
            Dictionary(VendorKind.all.flatMap(\.keyVariables).map { ($0, "k") }, uniquingKeysWith: { one, _ in one }))
        let catalog = try Routes(loaded.settings).catalog
        for (name, id) in [
            ("anthropic/claude-opus-4.7", "anthropic/claude-opus-4-7"),
            ("claude-sonnet-4.6", "anthropic/claude-sonnet-4-6"),
            ("mistralai/mistral-large-3", "mistral/mistral-large-3"), ("x-ai/grok-4", "xai/grok-4"),
            ("GPT-5.4", "openai/gpt-5.4"), ("deepseek/deepseek-v3-2", "deepseek/deepseek-v3.2"),
            ("gemini-2-5-pro", "google/gemini-2.5-pro"),
        ] {
            #expect(catalog.model(named: name)?.id == id, "\(name)")
        }
        for model in catalog.models {
            let dashed = String(model.id.map { $0 == "." ? "-" : $0 })
            #expect(catalog.model(named: dashed)?.id == model.id)
        }
    }

    @Test("long prompts and service tiers cost what their vendor charges")
    func tiers() throws {
        let loaded = try SettingsTests.read(
            nil, ["GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"])
        let catalog = try Routes(loaded.settings).catalog
        func cost(_ model: String, _ prompt: Int, _ service: String? = nil, audio: Int = 0) throws -> Int64 {
            var usage = Usage()
            usage.prompt = prompt
            usage.promptAudio = audio
            usage.serviceTier = service
            return try #require(catalog.model(named: model)?.endpoints.first).prices.charge(for: usage).total.nanoUSD
        }
        #expect(try cost("google/gemini-2.5-pro", 200_000) == 250_000_000)
        #expect(try cost("google/gemini-2.5-pro", 200_001) == 500_002_500)
        #expect(try cost("google/gemini-2.5-pro", 200_001, "priority") == 900_004_500)
        #expect(try cost("google/gemini-3-pro", 200_001) == 800_004_000)
        #expect(try cost("google/gemini-2.5-flash", 1000, audio: 400) == 600 * 300 + 400 * 1000)
        #expect(try cost("openai/gpt-5.4", 272_001) == 1_360_005_000)
        #expect(try cost("openai/gpt-5-mini", 1000, "flex") == 125_000)
        var searches = Usage()
        searches.webSearches = 3
        let claude = try #require(catalog.model(named: "anthropic/claude-haiku-4-5")?.endpoints.first)
        #expect(try claude.prices.charge(for: searches).total.nanoUSD == 30_000_000)
    }

    @Test("the model that the documentation shows costs and holds what it says")
    func contract() throws {
        let loaded = try SettingsTests.read(nil, ["OPENAI_API_KEY": "k"])
        let model = try #require(Routes(loaded.settings).catalog.model(named: "openai/gpt-5.4"))
        #expect(model.pricing.prefix(2).map(\.usd) == ["0.0000025", "0.000020"])
        #expect(model.contextLength == 1_048_576)
        #expect(model.maxCompletionTokens == 131_072)
        #expect(model.created == 1_713_200_000)
    }

    @Test("Claude's models say how they think and what they refuse")
    func claude() throws {
        let loaded = try SettingsTests.read(nil, ["ANTHROPIC_API_KEY": "k"])
        let catalog = try Routes(loaded.settings).catalog
        let opus = try #require(catalog.model(named: "anthropic/claude-opus-4-7")?.endpoints.first?.traits)
        #expect(opus.reasoning == .adaptive(efforts: [.low, .medium, .high, .xhigh, .max]))
        #expect(!opus.takesSampling)
        #expect(opus.answerTokensMax == 128_000)
        let haiku = try #require(catalog.model(named: "anthropic/claude-haiku-4-5")?.endpoints.first?.traits)
        #expect(haiku.reasoning == .budget)
        #expect(haiku.takesSampling)
    }

    @Test("the markup is put on what clients see and on what they are charged")
    func markup() throws {
        let loaded = try SettingsTests.read("defaults: { markup: 1.05 }", ["OPENAI_API_KEY": "k"])
        let model = try #require(Routes(loaded.settings).catalog.model(named: "openai/gpt-5.4"))
        #expect(model.pricing.prefix(2).map(\.usd) == ["0.000002625", "0.000021"])
        #expect(model.endpoints.first?.prices.rates[.prompt] == 2_625_000)
        #expect(model.endpoints.first?.prices.rates[.completion] == 21_000_000)
    }

    @Test(
        "a markup that is no factor, or would make everything free, is refused",
        arguments: [
            "0", "0.000000", "-1", "+1", "1e2", "1.0000001", "1000.000001", "NaN", "1.", ".5",
            "1111111111111111111111111111111111111111",
        ])
    func wrongMarkup(_ text: String) {
        let error = #expect(throws: ConfigurationFaults.self) {
            try SettingsTests.read("defaults: { markup: '\(text)' }")
        }
        #expect(error?.faults.first?.message.contains("factor above 0") == true)
    }

    @Test("without a key nothing of it is served")
    func isDormant() throws {
        #expect(try Routes(SettingsTests.read(nil).settings).catalog.models.isEmpty)
    }
}
