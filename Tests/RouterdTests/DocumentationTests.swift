import Foundation
import RouterCore
import Testing

@testable import routerd

@Suite("What the documentation says") struct DocumentationTests {
    static func page(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs")
        return try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }

    /// The part of a page below a heading, up to the next one of its level.
    static func section(_ heading: String, of page: String) throws -> String {
        let level = heading.prefix { $0 == "#" }
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == heading }, "no heading \(heading)")
        let rest = lines[(start + 1)...]
        let end =
            rest.firstIndex { $0.hasPrefix("\(level) ") || $0.hasPrefix("\(level.dropFirst()) ") } ?? rest.endIndex
        return rest[..<end].joined(separator: "\n")
    }

    /// Rows of the tables in a text, without heads.
    static func rows(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") }
    }

    static func row(_ setting: Setting) -> String {
        let standard = setting.standardNote ?? (setting.standard.isEmpty ? "none" : "`\(setting.standard)`")
        let variables = ([setting.variable] + setting.otherVariables).map { "`\($0)`" }.joined(separator: ", ")
        let effect = setting.isReloaded ? "reload" : "restart"
        return "| `\(setting.key)` | \(setting.type) | \(standard) | \(variables) | \(effect) | \(setting.meaning) |"
    }

    @Test("each setting stands in configuration.md as it is in the code, and no other does")
    func settings() throws {
        let rows = try Self.rows(Self.section("## Settings", of: Self.page("configuration.md")))
        let expected = Setting.all.map(Self.row)
        for row in expected { #expect(rows.contains(row), "missing:\n\(row)") }
        for row in rows { #expect(expected.contains(row), "not in the code:\n\(row)") }
    }

    @Test("so does each key of a provider")
    func providers() throws {
        let rows = try Self.rows(Self.section("## Providers", of: Self.page("configuration.md")))
        let keys = ProviderReader.fields.map { "| `\($0.name)` | \($0.type) | \($0.standard) | \($0.meaning) |" }
        let vendors = VendorKind.all.filter { !$0.keyVariables.isEmpty }.map { kind in
            let variables = kind.keyVariables.map { "`\($0)`" }.joined(separator: ", ")
            return
                "| `\(kind.name)` | \(kind.displayName) | \(variables) | `\(kind.baseURLVariable ?? "")` | `\(kind.baseURL ?? "")` |"
        }
        for row in keys + vendors { #expect(rows.contains(row), "missing:\n\(row)") }
        for row in rows { #expect((keys + vendors).contains(row), "not in the code:\n\(row)") }
    }

    @Test("so does each key of a model, of its endpoints and prices")
    func models() throws {
        let text = try Self.section("## Models", of: Self.page("configuration.md"))
        for (heading, names) in [
            ("### A model", CatalogReader.memberNames), ("### An endpoint", CatalogReader.endpointMemberNames),
            ("### Prices", CatalogReader.priceNames),
        ] {
            let rows = try Self.rows(Self.section(heading, of: text))
            let documented = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
            #expect(Set(documented) == Set(names), "\(heading)")
        }
    }

    @Test("the pages that error messages point to have those headings")
    func anchors() throws {
        let page = try Self.page("configuration.md")
        for heading in ["## Settings", "## Providers", "## Models"] { _ = try Self.section(heading, of: page) }
    }

    @Test("every YAML example of configuration.md is read without a fault")
    func examples() throws {
        let blocks = try Self.page("configuration.md").split(separator: "```yaml\n").dropFirst().compactMap {
            $0.split(separator: "```").first.map(String.init)
        }
        #expect(blocks.count >= 3)
        for block in blocks {
            let loaded = try SettingsTests.read(block, ["OPENAI_API_KEY": "k"])
            let routes = try Routes(loaded.settings)
            #expect(!routes.catalog.models.isEmpty, "\(block)")
        }
    }

    /// A command as `--experimental-dump-help` of swift-argument-parser describes it.
    struct Help: Decodable {
        struct Root: Decodable { var command: Help }
        struct Argument: Decodable {
            struct Name: Decodable { var kind: String, name: String }
            var names: [Name]?
            var kind: String
            var shouldDisplay: Bool
        }
        var superCommands: [String]?
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Help]?

        var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
        var options: Set<String> {
            Set(
                (arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map {
                    "--\($0.name)"
                })
        }
        var leaves: [Help] {
            let inner = (subcommands ?? []).filter { $0.commandName != "help" }
            return inner.isEmpty ? [self] : inner.flatMap(\.leaves)
        }
    }

    @Test("cli.md has each command with each of its options, and none besides")
    func commands() async throws {
        let outcome = try await TemporaryDirectory.with { directory in
            try await Executable.run(["--experimental-dump-help"], in: directory)
        }
        let root = try JSONDecoder().decode(Help.Root.self, from: Data(outcome.output.utf8)).command
        let page = try Self.page("cli.md")
        let common = Set(["--help", "--version"])
        #expect(root.leaves.count >= 8)
        for command in root.leaves {
            let text = try Self.section("### \(command.path)", of: page)
            let documented = Set(text.matches(of: /--[a-z][a-z-]*/).map { String($0.output) })
            #expect(documented.subtracting(common) == command.options.subtracting(common), "\(command.path)")
        }
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("### routerd") }
        #expect(headings.count == root.leaves.count)
    }

    @Test("cli.md has each exit code")
    func exitCodes() throws {
        let text = try Self.section("## Exit codes", of: Self.page("cli.md"))
        let documented = Set(
            Self.rows(text).compactMap { $0.split(separator: "`").dropFirst().first.flatMap { Int32($0) } })
        let kinds: [CommandFailure.Kind] = [
            .failed, .badInput, .unreachable, .cannotCreate, .tryAgain, .notAllowed, .configuration,
        ]
        #expect(documented == Set(kinds.map(\.rawValue) + [0, 64, 130]))
    }
}
