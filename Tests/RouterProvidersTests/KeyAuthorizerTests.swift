import RouterCore
import TestSupport
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

    @Test("several keys take turns, and one that is refused or at its limit rests")
    func turns() async throws {
        let clock = ManualClock()
        let keys = try ["openai": ["a", "b", "c"].map { try #require(Credentials($0)) }]
        let authorizer = KeyAuthorizer(keys: keys, now: clock.ambient.now)
        func next() async throws(UpstreamFailure) -> Int? {
            var request = UpstreamRequest(path: "/")
            try await authorizer.authorize(&request, for: Endpoints.openAI)
            return request.key
        }
        #expect(try await [next(), next(), next(), next()] == [0, 1, 2, 0])
        let limit = UpstreamFailure(.rateLimited, "slow down", status: 429, retryAfter: .seconds(5))
        #expect(authorizer.failed(limit, key: 1, of: Endpoints.openAI))
        #expect(try await [next(), next(), next()] == [2, 0, 2])
        #expect(!authorizer.failed(UpstreamFailure(.failed, "500"), key: 2, of: Endpoints.openAI))
        #expect(authorizer.failed(UpstreamFailure(.unauthorized, "no", status: 401), key: 2, of: Endpoints.openAI))
        #expect(!authorizer.failed(limit, key: 0, of: Endpoints.openAI), "there is no other")
        let all = await #expect(throws: UpstreamFailure.self) { try await next() }
        #expect(all?.kind == .rateLimited && all?.retryAfter == .seconds(5))
        clock.advance(by: .seconds(5))
        #expect(try await [next(), next()] == [0, 1])
        clock.advance(by: .seconds(600))
        #expect(try await [next(), next(), next()] == [2, 0, 1])
    }

    @Test("a key at its limit rests twice as long each time when nobody says how long")
    func backsOff() throws {
        let start = ContinuousClock.now
        var pool = KeyPool(count: 1)
        var now = start
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            _ = pool.failed(UpstreamFailure(.rateLimited, "x"), key: 0, at: now)
            let early = pool.take(at: now + .seconds(wait) - .milliseconds(1))
            now += .seconds(wait)
            let onTime = pool.take(at: now)
            #expect(early == nil && onTime == 0)
        }
    }

    @Test("keys that nobody accepts are said to be that")
    func refused() throws {
        var pool = KeyPool(count: 2)
        let now = ContinuousClock.now
        let hasOther = pool.failed(UpstreamFailure(.unauthorized, "x", status: 402), key: 0, at: now)
        let hasNone = !pool.failed(UpstreamFailure(.unauthorized, "x", status: 401), key: 1, at: now)
        let next = pool.take(at: now)
        #expect(hasOther && hasNone && next == nil)
        #expect(pool.refusal(of: Endpoints.openAI, at: now).kind == .unauthorized)
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
