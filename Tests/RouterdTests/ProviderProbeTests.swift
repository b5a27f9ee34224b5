import RouterCore
import TestSupport
import Testing

@testable import routerd

@Suite("Asking providers") struct ProviderProbeTests {
    static func findings(_ yaml: String, _ scripts: [[ScriptedTransport.Step]]) async throws -> [CheckReport.Finding] {
        let routes = try Routes(SettingsTests.read("providers: [\(yaml)]").settings)
        return await ProviderProbe(transport: ScriptedTransport(scripts)).findings(for: routes)
    }

    static let one = "{ slug: a, kind: openai, key: sk-0123456789abcdef }"
    static let engine = "{ slug: a, kind: openai_compatible, base_url: 'http://h/v1', class: local }"

    @Test(
        "what a provider answers becomes a finding",
        arguments: [
            ([.head(200), .bytes("{\"data\":[{\"id\":\"x\"},{\"id\":\"y\"}]}")], .ok, "answers, with 2 models"),
            ([.head(200), .silence, .bytes("<html>")], .ok, "answers"),
            ([.head(401), .hang], .warning, "refuses the key that ends …cdef (HTTP 401)"),
            ([.head(404)], .ok, "not GET /models"),
            ([.head(500)], .warning, "answers HTTP 500"),
            (
                [.fail(UpstreamFailure(.unreachable, "connection refused"))], .warning,
                "does not answer: connection refused"
            ),
            ([.head(200), .fail(UpstreamFailure(.broken, "cut off"))], .warning, "does not answer: cut off"),
        ] as [([ScriptedTransport.Step], CheckReport.Finding.Level, String)])
    func finds(_ script: [ScriptedTransport.Step], _ level: CheckReport.Finding.Level, _ message: String) async throws {
        let findings = try await Self.findings(Self.one, [script])
        #expect(findings.map(\.level) == [level])
        #expect(findings.first?.message.contains(message) == true, "\(findings)")
        #expect(!"\(findings)".contains("sk-0123456789"))
    }

    @Test("an engine without a key that asks for one is told apart")
    func needsKey() async throws {
        let findings = try await Self.findings(Self.engine, [[.head(401)]])
        #expect(findings.first?.message.contains("asks for a key") == true)
    }

    @Test("the key is shown the way the vendor wants it")
    func shows() async throws {
        let routes = try Routes(SettingsTests.read("providers: [\(Self.one)]").settings)
        let transport = ScriptedTransport([[.head(200)]])
        _ = await ProviderProbe(transport: transport).findings(for: routes)
        #expect(transport.requests.map(\.path) == ["/models"])
        let headers = transport.requests.flatMap(\.headers).map { "\($0.name): \($0.value)" }
        #expect(headers == ["authorization: Bearer sk-0123456789abcdef"])
    }

    @Test("Anthropic wants a header of its own, and its version")
    func showsToAnthropic() async throws {
        let routes = try Routes(
            SettingsTests.read("providers: [{ slug: a, kind: anthropic, key: sk-ant-0123456789 }]").settings)
        let transport = ScriptedTransport([[.head(200)]])
        _ = await ProviderProbe(transport: transport).findings(for: routes)
        #expect(transport.requests.map(\.path) == ["/v1/models"])
        let headers = transport.requests.flatMap(\.headers).map { "\($0.name): \($0.value)" }
        #expect(headers == ["anthropic-version: 2023-06-01", "x-api-key: sk-ant-0123456789"])
    }

    @Test("every key is tried")
    func tries() async throws {
        let findings = try await Self.findings(
            "{ slug: a, kind: openai, keys: [one, two] }", [[.head(200)], [.head(401)]])
        #expect(findings.count == 2)
        #expect(Set(findings.map(\.level)) == [.ok, .warning])
    }
}
