import Testing

@testable import routerd

@Suite("Mistakes in the configuration") struct SettingsMistakesTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var yaml: String
        /// Of the first fault.
        var at: String
        var message: String
        var hint: String?
        var testDescription: String { yaml.replacing("\n", with: "⏎") }

        init(_ yaml: String, _ at: String, _ message: String, _ hint: String? = nil) {
            self.yaml = yaml
            self.at = at
            self.message = message
            self.hint = hint
        }
    }

    static let mistakes = [
        // Keys.
        Mistake("provders:\n", "1:1", "unknown key \"provders\"", "did you mean \"providers\"?"),
        Mistake("# note\nprovders: []\n", "2:1", "unknown key \"provders\"", "did you mean \"providers\"?"),
        Mistake("data: x\n\nlisten: 80\n", "3:1", "unknown key \"listen\"", "known are http, data, database"),
        Mistake("http:\n  prot: 80\n", "2:3", "unknown key \"prot\"", "did you mean \"port\"?"),
        Mistake("http: { host: x, hots: x }\n", "1:18", "unknown key \"hots\"", "did you mean \"host\"?"),
        Mistake("log: debug\n", "1:6", "log must have keys of its own", "{ level: … }"),
        Mistake("- a\n- b\n", "1:1", "a configuration has keys"),
        Mistake("just words\n", "1:1", "a configuration has keys"),
        Mistake("data: a\ndata: b\n", "1:1", "the key \"data\" is there twice", "this is the first one"),
        Mistake("? [a]\n: b\n", "1:3", "a key must be a word"),
        // Values.
        Mistake("http:\n  port: 80a\n", "2:9", "http.port must be a whole number from 0 to 65535, not \"80a\""),
        Mistake("http: { port: 65536 }\n", "1:15", "http.port must be a whole number"),
        Mistake("http: { port: [80] }\n", "1:15", "http.port must be whole number"),
        Mistake("http: { host: { a: b } }\n", "1:15", "http.host must be text"),
        Mistake("http: { public_url: ai.example.org }\n", "1:21", "must begin with https://", "such as https://"),
        Mistake("http: { public_url: 'https://u:p@x' }\n", "1:21", "must not hold a name or password"),
        Mistake("http:\n  trusted_proxies: [127.0.0.1, 10.0.0.0/33]\n", "2:20", "\"10.0.0.0/33\" is no address"),
        Mistake("data: \"\"\n", "1:7", "data must not be empty"),
        Mistake("database: mysql://h\n", "1:11", "is no database that routerd knows", "sqlite:PATH"),
        Mistake("database: 'sqlite:'\n", "1:11", "needs a path"),
        Mistake("defaults: { rate_limit: 60/s }\n", "1:25", "must be requests a minute, not \"60/s\"", "60/min"),
        Mistake("defaults: { rate_limit: 0 }\n", "1:25", "must be requests a minute"),
        Mistake("defaults: { grant: -1 }\n", "1:20", "must be a decimal number, not \"-1\""),
        Mistake("discover: maybe\n", "1:11", "must be true or false, not \"maybe\""),
        Mistake("drain_seconds: 30s\n", "1:16", "must be seconds from 0 to 3600", "without a unit"),
        Mistake("drain_seconds: nan\n", "1:16", "must be seconds from 0 to 3600"),
        Mistake("images: { default_form: base64 }\n", "1:25", "must be one of both, url, b64_json, not \"base64\""),
        Mistake("limits: { memory_mb: 31 }\n", "1:22", "must be a whole number from 32 to 16777216", "megabytes"),
        Mistake("media: { total_mb: 0 }\n", "1:20", "must be a whole number from 1 to 16777216", "megabytes"),
        Mistake("media: { file_mb: 64MB }\n", "1:19", "media.file_mb must be a whole number", "megabytes"),
        Mistake("media: { keep_seconds: 59 }\n", "1:24", "must be seconds from 60 to 31536000"),
        Mistake("log: { level: loud }\n", "1:15", "must be one of trace, debug, info"),
        Mistake("timeouts:\n    total: 0\n", "2:12", "must be seconds from 1 to 86400"),
        // References and YAML itself.
        Mistake(
            "data: ${NO_SUCH_VARIABLE}\n", "1:7", "the environment variable NO_SUCH_VARIABLE is not set", "default"),
        Mistake("http: { host: ${A-b} }\n", "1:15", "is no reference to a variable", "${NAME:-default}"),
        Mistake("http: [\n", "2:1", "this is not YAML"),
        Mistake("\thttp: x\n", "1:1", "this is not YAML"),
        Mistake("data: *nowhere\n", "1:7", "this is not YAML"),
        Mistake("data: a\n---\ndata: b\n", "2:1", "this is not YAML"),
        // Providers.
        Mistake("providers: openai\n", "1:12", "must be a list"),
        Mistake("providers: [openai]\n", "1:13", "a provider must have slug and kind"),
        Mistake("providers:\n  - kind: openai\n", "2:5", "a provider needs slug"),
        Mistake("providers:\n  - slug: openai\n", "2:5", "a provider needs kind"),
        Mistake(
            "providers:\n  - { slug: openai, kind: opnai, key: x }\n", "2:27", "unknown kind \"opnai\"",
            "did you mean \"openai\"?"),
        Mistake("providers:\n  - { slug: openai, kind: openai }\n", "2:5", "has no key", "OPENAI_API_KEY"),
        Mistake(
            "providers:\n  - { slug: openai, kind: openai, kye: x }\n", "2:35", "unknown key \"kye\"",
            "did you mean \"key\"?"),
        Mistake("providers:\n  - { slug: Open AI, kind: openai, key: x }\n", "2:13", "cannot be a slug"),
        Mistake(
            """
            providers:
              - { slug: a, kind: openai, key: x }
              - { slug: a, kind: openai, key: y }
            """, "3:13", "a provider \"a\" stands above already"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai, key: x, keys: [y] }\n", "2:44", "key and keys are both there"),
        Mistake("providers:\n  - { slug: a, kind: openai, keys: [] }\n", "2:36", "must be a list of keys"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai, key_file: /no/such/file }\n", "2:40", "cannot read /no/such/file"),
        Mistake("providers:\n  - { slug: a, kind: openai, key: 'a b' }\n", "2:35", "key holds a space"),
        Mistake("providers:\n  - { slug: a, kind: openai, keys: [ok, é] }\n", "2:41", "a key holds a space"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai_compatible, base_url: 'https://x.y/v1' }\n", "2:5",
            "provider \"a\" has no key, and class is vendor", "class: local"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai_compatible, class: local }\n", "2:5", "needs base_url", "http://"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai_compatible, base_url: ftp://x }\n", "2:51",
            "must begin with https://"),
        Mistake(
            "providers:\n  - slug: a\n    kind: openai_compatible\n    base_url: http://127.0.0.1:8000/v1\n", "4:15",
            "127.0.0.1 is this machine or a private network, and class is vendor", "allow_private_network: true"),
        Mistake(
            "providers:\n  - { slug: a, kind: openai_compatible, base_url: 'http://h/v1', class: mine }\n", "2:73",
            "must be vendor or local, not \"mine\""),
        // Models.
        Mistake("models: { id: a/b }\n", "1:9", "models: must be a list of models"),
        Mistake("models:\n  - id: a/b\n    pricng: {}\n", "3:5", "unknown key \"pricng\"", "did you mean \"pricing\"?"),
        Mistake(
            "models:\n  - id: a/b\n    pricing: { prompt: 0.25 }\n", "3:24",
            "models[0].pricing.prompt: 0.25 USD a token is 250000 USD for a million", "\"0.00000025\""),
        Mistake(
            "models:\n  - id: a/b\n    endpoints:\n      - { provider: gpu1, model: b }\n", "4:21",
            "models[0].endpoints[0].provider: no provider \"gpu1\""),
        Mistake("models:\n  - &a { id: a/b }\n  - *a\n", "2:14", "stands above already"),
    ]

    static func faults(_ yaml: String) -> [ConfigurationFault] {
        do throws(ConfigurationFaults) {
            let loaded = try SettingsReader.read(.init(path: "routerd.yaml", text: yaml), environment: Environment([:]))
            _ = try Routes(loaded.settings)
            return []
        } catch {
            return error.faults
        }
    }

    @Test("a mistake is found with its line, its column and what to do", arguments: mistakes)
    func finds(_ mistake: Mistake) throws {
        let fault = try #require(Self.faults(mistake.yaml).first)
        let text = fault.description
        #expect(text.hasPrefix("routerd.yaml:\(mistake.at): "), "\(text)")
        #expect(fault.message.contains(mistake.message), "\(text)")
        if let hint = mistake.hint { #expect(fault.hint?.contains(hint) == true, "\(text)") }
    }

    @Test("the message shows the lines, a mark under the word, and the page that explains")
    func shows() {
        let faults = Self.faults("defaults: { rate_limit: 60/min }\nprovders:\n  - { slug: a }\n")
        #expect(
            faults.first?.description == """
                routerd.yaml:2:1: unknown key "provders"
                   1 | defaults: { rate_limit: 60/min }
                   2 | provders:
                     | ^^^^^^^^ did you mean "providers"?
                  See docs/configuration.md#providers.
                """)
    }

    @Test("all mistakes are reported, not only the first")
    func collects() {
        let faults = Self.faults("http: { prot: 1, port: x }\nmodls: []\nlog: { level: x }\nproviders: [{}]\n")
        #expect(faults.count == 5)
    }

    @Test(
        "a line that is shown does not show its secrets",
        arguments: [
            "providers:\n  - { slug: a, kind: openai, key: abcdef, nope: 1 }\n",
            "providers:\n  - slug: a\n    kye: sk-live0123456789abcdef\n    kind: openai\n    key: ${OPENAI}\n",
            "database: postgres://user:abcdef@host/name\nnope: 1\n",
            "data: {}\nkeys: [abcdef, abcdef]\n",
            "password: abcdef\n",
        ])
    func masks(_ yaml: String) {
        let text = Self.faults(yaml).map(\.description).joined()
        #expect(!text.isEmpty)
        #expect(!text.contains("abcdef"), "\(text)")
    }

    @Test("what repeats itself without end is refused, not followed")
    func aliasBomb() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            yaml += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
        }
        #expect(Self.faults(yaml).contains { $0.message.contains("too deep or too large") })
        let deep = "data: " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(Self.faults(deep).contains { $0.message.contains("too deep or too large") })
    }

    @Test("no text crashes the reader")
    func survives() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab:{}[],'\"#&*!|>%@`$-? \n\t\u{0}\u{E000}é\u{FEFF}providersmodelskey")
        for _ in 0..<2000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &generator)).map { _ in alphabet.randomElement() ?? "a" })
            _ = Self.faults(text)
        }
    }
}
