import Foundation
import Testing

@testable import routerd

@Suite("routerd models", .timeLimit(.minutes(2))) struct ModelCommandTests {
    private static let environment = ["OPENAI_API_KEY": "k"]

    private static func run(_ words: String..., in directory: String) async throws -> Executable.Outcome {
        try await Executable.run(["models"] + words, in: directory, environment: environment)
    }

    private static func write(_ text: String, _ name: String, in directory: String) throws {
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }

    @Test("show says what a model costs, where each price is from and where it is served, by any of its names")
    func show() async throws {
        try await TemporaryDirectory.with { directory in
            let shown = try await Self.run("show", "GPT-5.4", in: directory)
            #expect(shown.status == 0, "\(shown)")
            #expect(shown.output.contains(/id +openai\/gpt-5.4\n/))
            #expect(shown.output.contains(/pricing.prompt +2.5 USD for a million\n/))
            #expect(shown.output.contains(/pricing.tiers.272000.prompt +5 USD for a million\n/))
            #expect(shown.output.contains(/pricing.services.flex.prompt +1.25 USD for a million\n/))
            #expect(shown.output.contains(/endpoints\[0\] +openai: gpt-5.4, weight 1\n/))
            #expect(shown.output.contains(/pricing.source +\w/))
            let json = try await Self.run("show", "openai/gpt-5.4", "--json", in: directory).json
            #expect(json["served"] as? Bool == true)
            #expect((json["price_list"] as? [String: Any])?["prompt"] as? String == "0.0000025")
            let hidden = try await Self.run("show", "mistralai/mistral-large-3", "--json", in: directory)
            #expect(hidden.status == 1, "not served, so found by its own names only: \(hidden)")
            let named = try await Self.run("show", "mistral/mistral-large-3", in: directory)
            #expect(named.errors.contains("is not served: none of its providers is switched on"))
            let unknown = try await Self.run("show", "openai/gpt-5.4o", in: directory)
            #expect(unknown.status == 1 && unknown.errors.contains("openai/gpt-5.4,"), "\(unknown)")
        }
    }

    @Test("import shows what would change and writes only when it is told to")
    func importing() async throws {
        try await TemporaryDirectory.with { directory in
            try Self.write(
                """
                {"models": [{"id": "openai/gpt-5.4", "pricing": {"prompt": "0.000003", "completion": "0.000020"}},
                  {"id": "openai/own", "endpoints": [{"provider": "openai", "model": "own"}],
                   "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]}
                """, "new.json", in: directory)
            let dry = try await Self.run("import", "new.json", in: directory)
            #expect(dry.status == 0, "\(dry)")
            #expect(dry.output.contains(/openai\/gpt-5.4 +changed +pricing.prompt +\+20.0% +2.5 +3\n/))
            #expect(dry.output.contains(/openai\/gpt-5.4 +changed +pricing.input_cache_read +- +0.25 +-\n/))
            #expect(dry.output.contains(/openai\/own +added +pricing.prompt +- +- +1\n/))
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/data/catalog.json"))
            let json = try await Self.run("import", "new.json", "--apply", "--json", in: directory).json
            #expect(json["applied"] as? Bool == true && (json["changes"] as? [Any])?.count == 2)
            let list = try await Self.run("list", in: directory)
            #expect(list.output.contains(/openai\/gpt-5.4 +1048576 +3 +20 +openai\n/))
            #expect(list.output.contains(/openai\/own +8192 +1 +2 +openai\n/))
            let again = try await Self.run("import", "new.json", "--apply", in: directory)
            #expect(again.output.isEmpty && again.errors.contains("Nothing changes."))
            try Self.write(#"{"models": []}"#, "empty.json", in: directory)
            let removed = try await Self.run("import", "empty.json", "--replace", "--apply", in: directory)
            #expect(removed.output.contains(/openai\/own +removed +pricing.prompt +- +1 +-\n/))
            #expect(removed.output.contains(/openai\/gpt-5.4 +changed +pricing.prompt +-16.6% +3 +2.5\n/))
            #expect(try await !Self.run("list", in: directory).output.contains("openai/own"))
        }
    }

    @Test("prices are taken from LiteLLM's file, also from standard input; the rest of it is counted")
    func litellm() async throws {
        try await TemporaryDirectory.with { directory in
            try Self.write(
                """
                {"gpt-5-mini": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 5e-07,
                  "output_cost_per_token": 4.0e-06, "cache_read_input_token_cost": 5e-08},
                 "gpt-99": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 5e-07,
                  "output_cost_per_token": 4.0e-06},
                 "azure/x": {"litellm_provider": "azure", "mode": "chat"},
                 "bad": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": -1,
                  "output_cost_per_token": 4.0e-06}}
                """, "prices.json", in: directory)
            let updated = try await Self.run("update-prices", "prices.json", "--apply", in: directory)
            #expect(updated.status == 0, "\(updated)")
            #expect(updated.output.contains(/openai\/gpt-5-mini +changed +pricing.prompt +\+100.0% +0.25 +0.5\n/))
            #expect(!updated.output.contains("gpt-99"))
            #expect(updated.errors.contains("Not in the catalogue, so passed over: openai/gpt-99."))
            #expect(updated.errors.contains("unknown providers: azure (1)"))
            #expect(updated.errors.contains("bad.input_cost_per_token: a price cannot be negative: -1"))
            #expect(
                try await Self.run("list", in: directory).output.contains(/openai\/gpt-5-mini +400000 +0.5 +4 +openai/))
            let imported = try await Self.run("import", "prices.json", "--json", in: directory).json
            #expect(imported["applied"] as? Bool == false)
            #expect((imported["changes"] as? [[String: Any]])?.map { $0["id"] as? String } == ["openai/gpt-99"])
            // The tests' standard input is empty.
            let empty = try await Self.run("update-prices", "-", in: directory)
            #expect(empty.status == 65 && empty.errors.contains("-: "), "\(empty)")
        }
    }

    @Test("a price that becomes 0 or changes more than tenfold is not applied unless it is accepted")
    func implausible() async throws {
        try await TemporaryDirectory.with { directory in
            try Self.write(
                #"{"models": [{"id": "openai/gpt-5.4", "pricing": {"prompt": "0", "completion": "0.000020"}}]}"#,
                "free.json", in: directory)
            let refused = try await Self.run("update-prices", "free.json", "--apply", in: directory)
            #expect(refused.status == 65 && refused.errors.contains("--accept-implausible"), "\(refused)")
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/data/catalog.json"))
            let accepted = try await Self.run(
                "update-prices", "free.json", "--apply", "--accept-implausible", in: directory)
            #expect(accepted.status == 0)
            #expect(
                try await Self.run("list", in: directory).output.contains(/openai\/gpt-5.4 +1048576 +0 +20 +openai/))
        }
    }

    @Test("one bad entry is named with its path and nothing is changed: exit 65; in the data directory: exit 78")
    func badEntry() async throws {
        try await TemporaryDirectory.with { directory in
            for (text, message) in [
                (
                    #"{"models": [{"id": "a/b"}, {"id": "a/c", "pricing": {"prompt": "NaN"}}]}"#,
                    "models[1].pricing.prompt"
                ),
                (#"{"models": [{"id": "a/b", "endpoints": [{"provider": "x"}]}]}"#, "models[0].endpoints[0]"),
                (#"{"models": [{"id": "a/b"}, {"id": "a/b"}]}"#, "stands above already"),
                (#"{"models": 1}"#, "must be a list"), (#"{"models": [}"#, "bad.json: "), ("[]", "is no catalogue"),
                (#"{"models": [{"id": "a/b", "id": "a/c"}]}"#, "models[0]"),
            ] {
                try Self.write(text, "bad.json", in: directory)
                let outcome = try await Self.run("import", "bad.json", "--apply", in: directory)
                #expect(outcome.status == 65 && outcome.errors.contains(message), "\(outcome)")
                #expect(!FileManager.default.fileExists(atPath: "\(directory)/data"))
            }
            try FileManager.default.createDirectory(atPath: "\(directory)/data", withIntermediateDirectories: false)
            try Self.write(
                #"{"models": [{"id": "a/b", "pricing": {"prompt": "-1"}}]}"#, "data/catalog.json", in: directory)
            let list = try await Self.run("list", in: directory)
            #expect(list.status == 78 && list.errors.contains("catalog.json: models[0].pricing.prompt"), "\(list)")
        }
    }
}
