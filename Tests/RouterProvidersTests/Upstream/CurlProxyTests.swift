import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Proxies", .timeLimit(.minutes(1)))
struct CurlProxyTests {
    private static func settings(_ environment: [String: String]) -> CurlTransport.Settings {
        var settings = CurlTransport.Settings()
        settings.readProxy { environment[$0] }
        return settings
    }

    @Test("HTTPS_PROXY and NO_PROXY are read, in lower case first, and an empty one is none")
    func readsEnvironment() {
        #expect(Self.settings([:]).httpsProxy == nil)
        #expect(Self.settings(["HTTPS_PROXY": "http://a"]).httpsProxy == "http://a")
        #expect(Self.settings(["HTTPS_PROXY": "http://a", "https_proxy": "http://b"]).httpsProxy == "http://b")
        #expect(Self.settings(["HTTPS_PROXY": ""]).httpsProxy == nil)
        #expect(Self.settings(["HTTP_PROXY": "http://a", "ALL_PROXY": "http://a"]).httpsProxy == nil)
        #expect(Self.settings(["NO_PROXY": "a,b"]).proxyExceptions == "a,b")
    }

    @Test("an https vendor is reached through the proxy, which learns its name and not the request")
    func goesThroughProxy() async throws {
        let proxy = try LoopbackServer(steps: [.answer(403, body: "no"), .close])
        defer { proxy.stop() }
        let transport = try CurlTransport(Self.settings(["HTTPS_PROXY": proxy.baseURL]))
        let reading = await Reading(transport.post(at: "https://vendor.invalid/v1"))
        #expect(reading.failure?.kind == .unreachable)
        #expect(reading.head == nil)
        let request = try #require(proxy.requests.first)
        #expect(request.method == "CONNECT")
        #expect(request.target == "vendor.invalid:443")
        await transport.shutdown()
    }

    @Test(
        "an http vendor, one on this machine and one in NO_PROXY are reached directly",
        arguments: ["http://vendor.invalid", "https://127.0.0.1:1", "https://localhost:1", "https://own.invalid"])
    func goesDirectly(url: String) async throws {
        let proxy = try LoopbackServer(steps: [.answer(403), .close])
        defer { proxy.stop() }
        let transport = try CurlTransport(
            Self.settings([
                "HTTPS_PROXY": proxy.baseURL, "http_proxy": proxy.baseURL, "NO_PROXY": "own.invalid",
            ]))
        let reading = await Reading(transport.post(at: url))
        #expect(reading.failure?.kind == .unreachable)
        #expect(proxy.connectionCount == 0)
        await transport.shutdown()
    }

    @Test(
        "this machine is known by its names and numbers",
        arguments: [
            ("https://127.0.0.1", true), ("https://127.9.9.9:8/x", true), ("https://LocalHost/", true),
            ("https://a.localhost", true), ("https://[::1]:80/", true), ("https://u:p@localhost", true),
            ("https://localhost.example", false), ("https://10.0.0.1", false), ("https://localhost@example.org", false),
            ("localhost", false), ("", false),
        ])
    func knowsLoopback(url: String, isLoopback: Bool) {
        #expect(CurlOrigin.isLoopback(url) == isLoopback)
    }
}
