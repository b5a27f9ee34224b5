import Foundation
import TestSupport
import Testing

@testable import routerd

@Suite("Commands, by the executable") struct CommandTests {
    @Test("version names itself, also as JSON and as an option")
    func version() async throws {
        try await TemporaryDirectory.with { directory in
            #expect(try await Executable.run(["version"], in: directory).output == "routerd \(Version.text)\n")
            #expect(try await Executable.run(["--version"], in: directory).output == "\(Version.text)\n")
            let json = try await Executable.run(["version", "--json"], in: directory).json
            #expect(json["version"] as? String == Version.text)
            #expect(json["schema_version"] as? Int == 1)
        }
    }

    @Test("providers are listed without being asked, and tested by being asked")
    func providers() async throws {
        try await TemporaryDirectory.with { directory in
            let server = try LoopbackServer { request in
                request["authorization"] == "Bearer good"
                    ? [.answer(body: #"{"data":[{"id":"m"}]}"#)] : [.answer(401, body: "{}")]
            }
            defer { server.stop() }
            try """
            providers:
              - { slug: gpu1, kind: openai_compatible, class: local, key: good, base_url: "\(server.baseURL)/v1" }
              - { slug: gpu2, kind: openai_compatible, class: local, keys: [good, bad], zdr: false, base_url: "\(server.baseURL)/v1" }
            models:
              - { id: a/b, context_length: 10, endpoints: [{ provider: gpu1, model: m, weight: 2, quantization: fp8 }] }
            """.write(toFile: "\(directory)/routerd.yaml", atomically: true, encoding: .utf8)
            let listed = try await Executable.run(["providers", "list", "--json"], in: directory).json
            let providers = try #require(listed["providers"] as? [[String: Any]])
            #expect(providers.map { $0["slug"] as? String } == ["gpu1", "gpu2"])
            #expect(providers.map { $0["keys"] as? Int } == [1, 2])
            #expect(providers.map { $0["models"] as? Int } == [1, 0])
            #expect(providers.map { $0["zdr"] as? Bool } == [true, false])
            #expect(server.requests.isEmpty)
            let table = try await Executable.run(["providers", "list"], in: directory).output
            #expect(table.contains("gpu1") && !table.contains("good"), "no key")

            let one = try await Executable.run(["providers", "test", "gpu1"], in: directory)
            #expect(one.status == 0 && one.output.contains("answers, with 1 model"))
            let all = try await Executable.run(["providers", "test"], in: directory)
            #expect(all.status == 1 && all.output.contains("refuses the key"))
            let none = try await Executable.run(["providers", "test", "gpu3"], in: directory)
            #expect(none.status == 1 && none.errors.contains("Did you mean"))
        }
    }

    @Test("accounts get credit, keys of theirs, and a ledger that adds up")
    func credits() async throws {
        try await TemporaryDirectory.with { directory in
            func run(_ words: String...) async throws -> Executable.Outcome {
                try await Executable.run(words, in: directory)
            }
            let made = try await run("users", "create", "Ana@example.org", "--json").json
            #expect(made["email"] as? String == "ana@example.org" && made["balance"] as? String == "0.000000000")
            let twice = try await run("users", "create", "ana@example.org")
            #expect(twice.status == 1 && twice.errors.contains("already"))
            for wrong in ["ana", "@", "a b@c", "a@b@c"] {
                let refused = try await run("users", "create", wrong)
                #expect(refused.status == 65, "\(wrong)")
            }
            for _ in 0..<2 {
                let grant = try await run(
                    "credits", "grant", "ana@example.org", "10.000000001", "--reason", "test", "--id", "pay-1", "--json"
                ).json
                #expect(grant["balance"] as? String == "10.000000001")
            }
            for wrong in ["0", "1e3", "1.0000000001", "99999999999", "NaN", "+1", "1,0"] {
                let refused = try await run("credits", "grant", "ana@example.org", wrong, "--reason", "x")
                #expect(refused.status == 65, "\(wrong)")
            }
            let back = try await run(
                "credits", "correct", "ana@example.org", "4", "--take-back", "--reason", "twice", "--json"
            ).json
            #expect(back["balance"] as? String == "6.000000001")
            let tooMuch = try await run("credits", "correct", "ana@example.org", "7", "--take-back", "--reason", "x")
            #expect(tooMuch.status == 1 && tooMuch.errors.contains("6.000000001"))
            let balance = try await run("credits", "balance", "ana@example.org", "--json").json
            #expect(balance["balance"] as? String == "6.000000001" && balance["held"] as? String == "0.000000000")
            #expect(balance["available"] as? String == "6.000000001")
            let ledger = try await run("credits", "ledger", "ana@example.org", "--json").json
            let amounts = (ledger["entries"] as? [[String: Any]])?.map { $0["amount"] as? String }
            #expect(amounts == ["10.000000001", "-4.000000000"])
            let toCome = try await run("credits", "ledger", "ana@example.org", "--since", "2999-01-01", "--json")
            #expect(toCome.status == 0)
            #expect(try (toCome.json["entries"] as? [Any])?.isEmpty == true)
            let verified = try await run("credits", "verify", "--json")
            #expect(verified.status == 0)
            #expect(try verified.json["ok"] as? Bool == true && verified.json["entries"] as? Int == 2)
            #expect(try verified.json["mismatch"] as? String == "0.000000000")
            let key = try await run(
                "keys", "create", "--user", "ana@example.org", "--name", "app", "--limit", "25", "--reset", "monthly",
                "--json"
            ).json
            #expect(key["limit"] as? String == "25.000000000" && key["limit_reset"] as? String == "monthly")
            let reused = try await run(
                "credits", "correct", "ana@example.org", "1", "--reason", "x", "--id", "fix-1", "--json")
            #expect(try reused.json["balance"] as? String == "7.000000001")
            let same = try await run(
                "credits", "correct", "ana@example.org", "1", "--reason", "x", "--id", "fix-1", "--json")
            #expect(try same.json["balance"] as? String == "7.000000001")
            let other = try await run("credits", "correct", "ana@example.org", "2", "--reason", "x", "--id", "fix-1")
            #expect(other.status == 1, "another amount under the same name: \(other)")
            for wrong in [
                ["--reason", ""], ["--reason", "a\u{1}b"], ["--reason", "x", "--id", ""], ["--reason", "x\u{2028}"],
            ] {
                let refused = try await Executable.run(
                    ["credits", "grant", "ana@example.org", "1"] + wrong, in: directory)
                #expect(refused.status == 65, "\(wrong): \(refused)")
            }
            for much in ["1000000000", "9000000000", "9223372036.854775807"] {
                let refused = try await run("credits", "grant", "ana@example.org", much, "--reason", "x")
                #expect(refused.status == 1 && refused.errors.contains("at most 1000000000 USD"), "\(refused)")
            }
            let kept = try await run("credits", "balance", "ana@example.org", "--json").json
            #expect(kept["balance"] as? String == "7.000000001")
            for wrong in [
                ["--limit", "0"], ["--limit", "0.000000000"], ["--limit", "1000000000.000000001"], ["--limit", "NaN"],
                ["--limit=-1"], ["--models", String(repeating: "m,", count: 101)], ["--models", "a\u{7}"],
                ["--limit", "-1"], ["--limit", "1e30"], ["--reset", "daily"], ["--limit", "1", "--reset", "hourly"],
            ] {
                let refused = try await Executable.run(["keys", "create", "--name", "x"] + wrong, in: directory)
                #expect(refused.status == 64, "\(wrong)")
            }
            let listed = try await run("keys", "list")
            #expect(
                listed.output.contains(/active +ana@example.org +60\/min +0 +25 +monthly +20\S+Z +- +app\n/),
                "\(listed)")
            let nobody = try await run("credits", "balance", "anna@example.org")
            #expect(nobody.status == 1 && nobody.errors.contains("Did you mean ana@example.org"))
            let suspended = try await run("users", "suspend", "ana@example.org", "--json").json
            #expect(suspended["suspended_at"] as? String != nil)
            let migrated = try await run("migrate", "--dry-run", "--json").json
            #expect((migrated["migrations"] as? [String])?.isEmpty == true)
        }
    }

    @Test("a key is made, listed and revoked; its text is printed once and stored nowhere")
    func keys() async throws {
        try await TemporaryDirectory.with { directory in
            let made = try await Executable.run(
                ["keys", "create", "--name", "ci", "--rpm", "5", "--expires", "90d", "--json"], in: directory)
            #expect(made.status == 0)
            let key = try made.json
            let text = try #require(key["key"] as? String)
            let id = try #require(key["id"] as? String)
            let hash = try #require(key["hash"] as? String)
            #expect(text.wholeMatch(of: /air_live_[A-Za-z0-9_-]{43}/) != nil)
            #expect(id.wholeMatch(of: /key_[A-Za-z0-9]{16}/) != nil)
            #expect(hash.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(key["name"] as? String == "ci")
            #expect(key["rate_limit"] as? Int == 5)
            #expect(key["expires_at"] as? String != nil)
            let label = try #require(key["label"] as? String)
            #expect(label == "\(text.prefix(13))…\(text.suffix(4))")

            // Without --json the key alone is on standard output.
            let plain = try await Executable.run(["keys", "create", "--name", "two words"], in: directory)
            #expect(plain.output.wholeMatch(of: /air_live_[A-Za-z0-9_-]{43}\n/) != nil)
            #expect(plain.errors.contains("60 requests a minute, good for ever"))

            let list = try await Executable.run(["keys", "list"], in: directory)
            #expect(list.output.split(separator: "\n").count == 3)
            #expect(list.output.contains("two words"))
            let listed = try #require(
                try await Executable.run(["keys", "list", "--json"], in: directory).json["keys"] as? [[String: Any]])
            #expect(listed.map { $0["hash"] as? String }.first == hash)
            #expect(listed.allSatisfy { $0["revoked_at"] is NSNull })

            #expect(try await Executable.run(["keys", "revoke", id], in: directory).status == 0)
            let again = try await Executable.run(["keys", "revoke", hash, "--json"], in: directory)
            #expect(try again.json["revoked_at"] as? String != nil)
            #expect(try await Executable.run(["keys", "list"], in: directory).output.contains("revoked"))

            for file in try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/data") {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/data/\(file)"))
                #expect(bytes.range(of: Data(text.utf8)) == nil, "\(file)")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/data/pepper")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("keys that are made at once in an empty directory share one pepper and one store")
    func parallel() async throws {
        try await TemporaryDirectory.with { directory in
            let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        try await Executable.run(["keys", "create", "--name", "k\(number)"], in: directory).status
                    }
                }
                return try await group.reduce(into: [Int32]()) { $0.append($1) }
            }
            #expect(statuses == [0, 0, 0, 0])
            let listed =
                try await Executable.run(["keys", "list", "--json"], in: directory).json["keys"] as? [[String: Any]]
            #expect(listed?.count == 4)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data")
            #expect(names.filter { $0.hasPrefix("pepper") } == ["pepper"])
        }
    }

    @Test("a key for models that are not there is made with a warning, other names of models become their ids")
    func modelsOfKey() async throws {
        try await TemporaryDirectory.with { directory in
            let made = try await Executable.run(
                ["keys", "create", "--name", "n", "--models", "gpt-5.4, openai/gpt-5.4o", "--json"], in: directory,
                environment: ["OPENAI_API_KEY": "k"])
            #expect(try made.json["models"] as? [String] == ["openai/gpt-5.4", "openai/gpt-5.4o"])
            #expect(made.errors.contains("there is no model openai/gpt-5.4o; close matches: openai/gpt-5.4"), "\(made)")
        }
    }

    @Test(
        "a name is short and plain",
        arguments: [
            String(repeating: "x", count: 10_240), String(repeating: "x", count: 101), "a\nb", "a\u{1B}[31m", "\u{7F}",
            "\u{85}", "\u{202E}gpj", "e" + String(repeating: "\u{301}", count: 300),
        ])
    func names(_ name: String) async throws {
        try await TemporaryDirectory.with { directory in
            let refused = try await Executable.run(["keys", "create", "--name", name], in: directory)
            #expect(refused.status == 64 && refused.errors.contains("--name must have 1 to 100"), "\(refused)")
        }
    }

    @Test("the limit of a key without one of its own comes from the configuration")
    func defaultLimit() async throws {
        try await TemporaryDirectory.with { directory in
            let made = try await Executable.run(
                ["keys", "create", "--name", "n", "--json", "--data", "elsewhere"], in: directory,
                environment: ["ROUTERD_DEFAULTS_RATE_LIMIT": "7/min"])
            #expect(try made.json["rate_limit"] as? Int == 7)
            #expect(FileManager.default.fileExists(atPath: "\(directory)/elsewhere/routerd.db"))
        }
    }

    static let endings: [(arguments: [String], status: Int32, says: String)] = [
        (["keys", "create"], 64, "--name"),
        (["keys", "create", "--name", ""], 64, "1 to 100"),
        (["keys", "create", "--name", "n", "--rpm", "0"], 64, "1 to 1000000"),
        (["keys", "create", "--name", "n", "--expires", "soon"], 64, "--expires"),
        (["keys", "create", "--name", "n", "--expires", "99999999999999999d"], 64, "--expires"),
        (["keys", "create", "--name", "n", "--user", "a@b.c"], 1, "there is no account a@b.c"),
        (["keys", "create", "--name", "n", "--owner", "a@b.c"], 64, "Unknown option '--owner'"),
        (["nonsense"], 64, "nonsense"),
        (["--nonsense"], 64, "--nonsense"),
        (["serve", "--port", "x"], 64, "--port"),
        (["keys", "list"], 69, "there is no store at ./data/routerd.db"),
        (["keys", "revoke", "key_x"], 69, "there is no store"),
        (["keys", "create", "--name", "n", "--data", "/dev/null/x"], 73, "cannot make the data directory /dev/null/x"),
        (["serve", "--data", "/dev/null/x"], 73, "cannot make the data directory /dev/null/x"),
        (["check", "-c", "none.yaml"], 78, "none.yaml: cannot read none.yaml: No such file"),
        (["check", "--port", "65536"], 78, "--port: must be a whole number from 0 to 65535"),
        (["serve", "--log-level", "loud"], 78, "--log-level: must be one of trace"),
        (
            ["keys", "list", "--database-url", "postgres://u:canary@127.0.0.1:1/d"], 69,
            "PostgreSQL at 127.0.0.1:1/d cannot be used"
        ),
        (["keys", "list", "--database-url", "postgres://u:canary%@h/d"], 78, "not one that libpq can read"),
        (["models", "list", "-c", "/dev"], 78, "cannot read /dev"),
    ]

    @Test("every way to fail has its exit code and says what is wrong, on standard error", arguments: endings.indices)
    func fails(_ index: Int) async throws {
        let ending = Self.endings[index]
        try await TemporaryDirectory.with { directory in
            let outcome = try await Executable.run(ending.arguments, in: directory)
            #expect(outcome.status == ending.status, "\(outcome)")
            #expect(outcome.errors.contains(ending.says), "\(outcome)")
            #expect(!outcome.errors.contains("canary"))
            #expect(!outcome.output.contains("error"))
        }
    }

    @Test("an unknown key to revoke: exit 1, what was meant, and no key text in the answer")
    func unknownKey() async throws {
        try await TemporaryDirectory.with { directory in
            let made = try await Executable.run(["keys", "create", "--name", "n", "--json"], in: directory).json
            let id = try #require(made["id"] as? String)
            let typo = try await Executable.run(["keys", "revoke", "\(id.dropLast())"], in: directory)
            #expect(typo.status == 1)
            #expect(typo.errors.contains("Did you mean \(id)?"))
            let text = try #require(made["key"] as? String)
            let pasted = try await Executable.run(["keys", "revoke", text], in: directory)
            #expect(pasted.status == 1)
            #expect(!pasted.errors.contains(text))
        }
    }

    @Test("a file that is no store of ours is left alone: exit 78")
    func otherFile() async throws {
        try await TemporaryDirectory.with { directory in
            try "no database at all, but long enough to be looked at".write(
                toFile: "\(directory)/x.db", atomically: true, encoding: .utf8)
            for arguments in [["keys", "list"], ["keys", "create", "--name", "n"], ["check"]] {
                let outcome = try await Executable.run(
                    arguments + ["--database-url", "sqlite:x.db"], in: directory)
                #expect(outcome.status == 78, "\(outcome)")
            }
        }
    }

    @Test("check of a good configuration: exit 0, with --strict 1 when it warns")
    func check() async throws {
        try await TemporaryDirectory.with { directory in
            let good = try await Executable.run(
                ["check", "--offline", "--json"], in: directory, environment: ["OPENAI_API_KEY": "canary"])
            #expect(good.status == 0)
            #expect(try good.json["status"] as? String == "ok")
            #expect(!good.output.contains("canary"))
            let warned = ["OPENAI_API_KEY": "canary", "BFL_BASE_URL": "https://bfl.example/v1"]
            let loose = try await Executable.run(["check", "--offline"], in: directory, environment: warned)
            #expect(loose.status == 0)
            #expect(loose.output.contains("warning  configuration  -  BFL_BASE_URL has no effect"))
            #expect(loose.errors == "0 errors, 1 warning\n")
            #expect(
                try await Executable.run(["check", "--offline", "--strict"], in: directory, environment: warned).status
                    == 1)
            // Looking changes nothing.
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/data"))
        }
    }

    @Test("check of a bad one: exit 78, every fault in full and in JSON with its place")
    func checkBad() async throws {
        try await TemporaryDirectory.with { directory in
            try "data: x\nprovders: []\nhttp: { port: x }\n".write(
                toFile: "\(directory)/routerd.yaml", atomically: true, encoding: .utf8)
            let text = try await Executable.run(["check"], in: directory)
            #expect(text.status == 78)
            #expect(text.errors.hasPrefix("error: routerd.yaml:2:1: unknown key \"provders\"\n   1 | data: x\n"))
            #expect(text.errors.contains("error: routerd.yaml:3:15: http.port must be"))
            #expect(text.errors.hasSuffix("2 errors, 0 warnings\n"))
            let json = try await Executable.run(["check", "--json"], in: directory)
            #expect(json.status == 78)
            let findings = try #require(json.json["findings"] as? [[String: Any]])
            #expect(findings.compactMap { $0["line"] as? Int } == [2, 3])
            #expect(findings.compactMap { $0["column"] as? Int } == [1, 15])
            // Other commands refuse to go on with it, in the same words.
            let list = try await Executable.run(["models", "list"], in: directory)
            #expect(list.status == 78)
            #expect(list.errors.hasPrefix("error: routerd.yaml:2:1: unknown key \"provders\"\n"))
        }
    }

    @Test("config show says what counts, where it is from, and never a secret")
    func configShow() async throws {
        try await TemporaryDirectory.with { directory in
            try """
            http: { port: 81, trusted_proxies: [127.0.0.1, "::1"] }
            discover: false
            providers: [{ slug: eu, kind: openai, key: "canary-canary-canary" }]
            """.write(toFile: "\(directory)/mine.yaml", atomically: true, encoding: .utf8)
            let set = try await Executable.run(
                ["config", "show", "-c", "mine.yaml", "--port", "82", "--json"], in: directory,
                environment: ["ROUTERD_LOG_LEVEL": "debug"])
            let values = try #require(set.json["values"] as? [[String: Any]])
            func value(_ key: String) -> [String: Any]? { values.first { $0["key"] as? String == key } }
            #expect(try set.json["file"] as? String == "mine.yaml")
            #expect(value("http.port")?["value"] as? Int == 82)
            #expect(value("http.port")?["source"] as? String == "--port")
            #expect(value("http.trusted_proxies")?["value"] as? [String] == ["127.0.0.1", "::1"])
            #expect(value("discover")?["value"] as? Bool == false)
            #expect(value("log.level")?["source"] as? String == "ROUTERD_LOG_LEVEL")
            #expect(value("providers.eu.key")?["value"] as? String == "***")
            #expect(value("providers.eu.kind")?["source"] as? String == "mine.yaml:3")
            #expect(value("data") == nil)
            let all = try await Executable.run(["config", "show", "-c", "mine.yaml", "--effective"], in: directory)
            #expect(all.output.contains(/database +default +sqlite:.\/data\/routerd.db/))
            #expect(all.output.split(separator: "\n").count == 1 + Setting.all.count + 4)
            #expect(!set.output.contains("canary") && !all.output.contains("canary"))
        }
    }

    @Test("models list shows prices for a million tokens, the operator's own machine at zero")
    func modelsList() async throws {
        try await TemporaryDirectory.with { directory in
            try """
            providers: [{ slug: gpu1, kind: openai_compatible, base_url: "http://10.0.0.5:8000/v1", class: local }]
            models:
              - { id: airouter-cloud/llama, endpoints: [{ provider: gpu1, model: llama }] }
              - { id: airouter-cloud/other, context_length: 10, endpoints: [{ provider: openai, model: x }] }
            """.write(toFile: "\(directory)/routerd.yaml", atomically: true, encoding: .utf8)
            let list = try await Executable.run(
                ["models", "list"], in: directory, environment: ["OPENAI_API_KEY": "k"])
            #expect(list.output.contains(/openai\/gpt-5.4 +1048576 +2.5 +20 +openai\n/))
            #expect(list.output.contains(/openai\/gpt-5-nano +400000 +0.05 +0.4 +openai\n/))
            #expect(list.output.contains(/airouter-cloud\/llama +8192 +0 +0 +gpu1\n/))
            #expect(!list.output.contains("airouter-cloud/other"))
            #expect(list.errors.contains("airouter-cloud/other is not served: it has no price"))
            let json = try await Executable.run(["models", "list", "--json"], in: directory)
            let models = try #require(json.json["models"] as? [[String: Any]])
            #expect(models.map { $0["id"] as? String } == ["airouter-cloud/llama"])
            #expect(models.first?["pricing"] as? [String: String] == ["prompt": "0", "completion": "0"])
        }
    }
}
