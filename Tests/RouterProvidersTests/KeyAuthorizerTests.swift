import RouterCore
import Testing

@testable import RouterProviders

@Suite("Credentials for providers")
struct KeyAuthorizerTests {
    private func headers(_ keys: [String: [Credentials]], for provider: Provider) async throws -> [String] {
        var request = UpstreamRequest(path: "/chat/completions")
        try await KeyAuthorizer(keys: keys).authorize(&request, for: provider)
        return request.headers.map { "\($0.name): \($0.value)" }
    }

    @Test("a provider gets its own key, the first of several")
    func ownKey() async throws {
        let keys = try [
            "openai": [#require(Credentials("sk-1")), #require(Credentials("sk-2"))],
            "x": [#require(Credentials("sk-3"))],
        ]
        let headers = try await headers(keys, for: Endpoints.openAI)
        #expect(headers == ["content-type: application/json", "authorization: Bearer sk-1"])
    }

    @Test("a vendor that wants its key in a header of its own gets it there, and nowhere else")
    func ownHeader() async throws {
        let vendor = Vendor(chat: OpenAIChat(), access: VendorAccess(keyHeader: "x-key"))
        let authorizer = KeyAuthorizer(
            keys: ["openai": [try #require(Credentials("k-1"))]], vendors: [.openAI: vendor])
        var request = UpstreamRequest(path: "/x", headers: [])
        try await authorizer.authorize(&request, for: Endpoints.openAI)
        #expect(request.headers.map { "\($0.name): \($0.value)" } == ["x-key: k-1"])
    }

    @Test("an engine of the operator's own may do without a key")
    func localWithoutKey() async throws {
        let headers = try await headers([:], for: Endpoints.engine)
        #expect(headers == ["content-type: application/json"])
    }

    @Test("a vendor without a key is not asked")
    func vendorWithoutKey() async throws {
        for keys in [[:], ["openai": []]] as [[String: [Credentials]]] {
            let failure = await #expect(throws: UpstreamFailure.self) { try await headers(keys, for: Endpoints.openAI) }
            #expect(failure?.kind == .unauthorized)
            #expect(failure?.message.contains("`openai`") == true)
        }
    }

    @Test("a key is never printed")
    func neverPrinted() throws {
        let key = try #require(Credentials("sk-secret"))
        var dumped = ""
        dump(["openai": [key]], to: &dumped)
        dump(KeyAuthorizer(keys: ["openai": [key]]), to: &dumped)
        for text in [
            "\(key)", String(reflecting: key), "\([key])", "\(KeyAuthorizer(keys: ["openai": [key]]))", dumped,
        ] {
            #expect(!text.contains("secret"))
        }
        #expect("\(key)" == "***")
    }

    @Test(
        "a key that could not stand in a header is none",
        arguments: ["", "  ", "\n", "a b", "a\r\nx: y", "sk-é", "a\u{0}b"])
    func invalid(_ text: String) {
        #expect(Credentials(text) == nil)
    }

    @Test("space around a key, as files have it, is no part of it")
    func trimmed() {
        #expect(Credentials(" sk-1\r\n")?.secret == "sk-1")
    }
}
