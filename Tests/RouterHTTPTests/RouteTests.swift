import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("The routes", .serialized) struct RouteTests {
    private func answer(
        _ request: String, keys: TestServer.Keys = TestServer.Keys(), scripts: [[ScriptedTransport.Step]] = []
    ) async throws -> String {
        var answer = ""
        let box = Box()
        try await TestServer.run(scripts, keys: keys) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(request)
            box.value = await client.read()
        }
        answer = box.value
        return answer
    }

    /// What a test's server body found out.
    private final class Box: @unchecked Sendable {  // Written before the server ends, read after it.
        var value = ""
    }

    private static let close = "Connection: close\r\n"

    @Test(
        "list models for every kind of client, by any spelling of the path",
        arguments: ["/api/v1/models", "/v1/models", "//api/v1//models/", "/v1//models?limit=500&offset=0"])
    func listsModels(_ path: String) async throws {
        let text = try await answer(TestServer.get(path, headers: Self.close))
        #expect(text.hasPrefix("HTTP/1.1 200 OK"))
        for member in [
            #""object":"list""#, #""total_count":1"#, #""links":{"next":null}"#, #""has_more":false"#,
            #""first_id":"test/model""#, #""type":"model""#, #""display_name":"Test""#, #""context_length":8192"#,
            #""pricing":{"prompt":"0.000001","completion":"0.000002"}"#, #""created_at":"1970-01-01T00:00:00Z""#,
            #""per_request_limits":null"#, "etag: \"",
        ] {
            #expect(text.contains(member) || text.lowercased().contains(member), "\(member)")
        }
    }

    @Test(
        "find one model with a slash, with %2F, by alias, in any case and with a suffix that chooses endpoints",
        arguments: [
            "test/model", "test%2Fmodel", "test%2fmodel", "model", "TEST/Model", "test/model:nitro",
            "test%2Fmodel%3Afloor",
        ])
    func findsModel(_ id: String) async throws {
        let text = try await answer(TestServer.get("/api/v1/models/\(id)", headers: Self.close))
        #expect(text.hasPrefix("HTTP/1.1 200 OK") && text.contains(#"{"id":"test/model","object":"model""#))
    }

    @Test("list to a key the models that it may ask, by whatever name it has them; to nobody without one")
    func listsOwnModels() async throws {
        let bearer = "Authorization: Bearer \(TestServer.key)\r\n" + Self.close
        let keys = TestServer.Keys()
        let all = try await answer(TestServer.get("/api/v1/models/user", headers: bearer), keys: keys)
        #expect(all.hasPrefix("HTTP/1.1 200 OK") && all.contains(#""total_count":1"#))
        for (name, count) in [("test/model", 1), ("model", 1), ("test/other", 0)] {
            keys.change { $0.models = [name] }
            let own = try await answer(TestServer.get("/api/v1/models/user", headers: bearer), keys: keys)
            #expect(own.contains("\"total_count\":\(count)"), "\(name): \(own)")
        }
        let without = try await answer(TestServer.get("/api/v1/models/user", headers: Self.close))
        #expect(without.hasPrefix("HTTP/1.1 401 "))
    }

    @Test("say which models look like one that is not there")
    func missesModel() async throws {
        let text = try await answer(TestServer.get("/api/v1/models/test/modell", headers: Self.close))
        #expect(text.hasPrefix("HTTP/1.1 404 ") && text.contains("Close matches: test/model"))
        #expect(text.contains(#""availability":{"code":"model_not_found","retryable":false}"#))
    }

    @Test("answer HEAD as GET without a body", arguments: ["/", "/api/v1/models", "/healthz"])
    func answersHead(_ path: String) async throws {
        let text = try await answer(TestServer.get(path, method: "HEAD", headers: Self.close))
        #expect(text.hasPrefix("HTTP/1.1 200 OK") && text.hasSuffix("\r\n\r\n"))
    }

    @Test("answer nothing new to a client that has the listing")
    func answersNotModified() async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get("/api/v1/models"))
            let first = await client.read(until: #""last_id":"test/model"}"#)
            let tag = try #require(first.split(separator: "\r\n").first { $0.lowercased().hasPrefix("etag: ") })
                .dropFirst(6)
            await client.send(
                TestServer.get("/api/v1/models", headers: "If-None-Match: \(tag)\r\nConnection: close\r\n"))
            #expect(await client.read().hasPrefix("HTTP/1.1 304 "))
        }
    }

    @Test(
        "say what a path does not take",
        arguments: [
            ("GET", "/api/v1/chat/completions", "405", "POST"), ("POST", "/api/v1/models", "405", "GET, HEAD"),
            ("DELETE", "/api/v1/key", "405", "GET, HEAD"),
        ])
    func refusesMethods(_ method: String, _ path: String, _ status: String, _ allowed: String) async throws {
        let text = try await answer(TestServer.get(path, method: method, headers: "Content-Length: 0\r\n" + Self.close))
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
        #expect(text.contains("allow: \(allowed)\r\n") || text.contains("Allow: \(allowed)\r\n"))
        #expect(text.contains(#""type":"invalid_request_error""#))
    }

    @Test(
        "answer an unknown path in the API's own form",
        arguments: ["/nowhere", "/api/v1/nowhere", "/api/v1/", "/%00", "/api/v1/models%2F"])
    func missesPath(_ path: String) async throws {
        let text = try await answer(TestServer.get(path, headers: Self.close))
        #expect(text.hasPrefix("HTTP/1.1 404 ") && text.contains(#""type":"not_found""#), "\(text)")
    }

    @Test("let a browser's page call the API with whatever headers it names")
    func answersPreflight() async throws {
        let text = try await answer(
            TestServer.get(
                "/v1/chat/completions", method: "OPTIONS",
                headers:
                    "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization, content-type, x-stainless-helper-method\r\n"
                    + Self.close))
        #expect(text.hasPrefix("HTTP/1.1 204 "))
        let lower = text.lowercased()
        #expect(lower.contains("access-control-allow-origin: *\r\n"))
        #expect(
            lower.contains("access-control-allow-headers: authorization, content-type, x-stainless-helper-method\r\n"))
        #expect(lower.contains("access-control-allow-methods: get, post, patch, delete\r\n"))
        #expect(!lower.contains("access-control-allow-credentials"))
    }

    @Test("let a browser read the limits of a chat answer")
    func exposesHeaders() async throws {
        let text = try await answer(
            TestServer.chat(headers: "Origin: https://app.example\r\n" + Self.close), scripts: [TestServer.whole])
        #expect(text.contains("access-control-allow-origin: *") && text.contains("X-RateLimit-Remaining"))
    }

    @Test(
        "take the key from any of three headers, and Bearer before the others",
        arguments: [
            ("Authorization: Bearer \(TestServer.key)", "200"), ("authorization: bearer   \(TestServer.key)", "200"),
            ("x-api-key: \(TestServer.key)", "200"), ("api-key: \(TestServer.key)", "200"),
            ("Authorization: Bearer \(TestServer.key)\r\nx-api-key: other", "200"),
            ("Authorization: Bearer other\r\nx-api-key: \(TestServer.key)", "401"),
            ("Authorization: Basic \(TestServer.key)", "401"), ("x-api-key: ", "401"), ("X-None: 1", "401"),
        ])
    func takesKeys(_ header: String, _ status: String) async throws {
        let text = try await answer(TestServer.get("/api/v1/key", headers: header + "\r\n" + Self.close))
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
        if status == "401" {
            #expect(text.contains("authentication_error") && text.lowercased().contains("www-authenticate: bearer"))
            #expect(!text.lowercased().contains("x-ratelimit"))
        } else {
            #expect(text.lowercased().contains("x-ratelimit-limit: 1000"))
            #expect(text.contains(#""rate_limit":{"requests":1000,"interval":"60s""#))
        }
    }

    @Test("answer 503, never 401, when the store cannot be asked")
    func saysStoreIsDown() async throws {
        let keys = TestServer.Keys()
        keys.goDown()
        let text = try await answer(TestServer.chat(headers: Self.close), keys: keys)
        #expect(
            text.hasPrefix("HTTP/1.1 503 ") && text.contains("provider_unavailable") && text.contains("retry-after: 1"))
    }

    @Test("refuse a key that is revoked or expired")
    func refusesOldKeys() async throws {
        for change in [
            { @Sendable (key: inout APIKey) in key.revokedAt = 1 },
            { @Sendable (key: inout APIKey) in key.expiresAt = 1_776_249_000_000 },
        ] {
            let keys = TestServer.Keys()
            keys.change(change)
            #expect(try await answer(TestServer.chat(headers: Self.close), keys: keys).hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test("let the limit pass and refuse the next with how long to wait; a bad request does not count")
    func limits() async throws {
        let scripts = Array(repeating: TestServer.whole, count: 3)
        try await TestServer.run(scripts, keys: TestServer.Keys(requestsPerMinute: 3)) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: "{}"))
            _ = await client.read(until: "}}")
            for remaining in [2, 1, 0] {
                await client.send(TestServer.chat())
                #expect(await client.read(until: "}}}").contains("x-ratelimit-remaining: \(remaining)\r\n"))
            }
            await client.send(TestServer.chat(stream: true))
            let refused = await client.read(until: "}}")
            #expect(refused.hasPrefix("HTTP/1.1 429 ") && refused.contains("rate_limit_exceeded"))
            #expect(refused.contains("retry-after: 60\r\n") && refused.contains("retry-after-ms: 60000\r\n"))
            #expect(
                refused.contains("x-ratelimit-remaining: 0\r\n") && refused.contains("x-ratelimit-reset: 1776249061000")
            )
            await client.send(TestServer.get("/api/v1/key", headers: "api-key: \(TestServer.key)\r\n" + Self.close))
            #expect(await client.read().hasPrefix("HTTP/1.1 429 "))
        }
    }

    @Test("say whether the process lives and whether it can serve")
    func tellsHealth() async throws {
        try await TestServer.run(readiness: { "the store does not answer." }) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get("/healthz"))
            #expect(await client.read(until: "ok").contains("200 OK"))
            await client.send(TestServer.get("/readyz", headers: Self.close))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 503 ") && text.contains("the store does not answer"))
        }
    }

    @Test("tell a vendor's failure after content inside the stream, and end without [DONE]")
    func tellsFailureInStream() async throws {
        let text = try await answer(
            TestServer.chat(stream: true, headers: Self.close),
            scripts: [[.head(200), .bytes("open\ncontent a\nerror it broke\n")]])
        #expect(text.contains("200 OK") && text.contains(#""content":"a""#) && !text.contains("[DONE]"))
        #expect(
            text.contains(
                #""finish_reason":"error"}],"error":{"message":"it broke","type":"provider_error","param":null,"code":502,"metadata":{"error_type":"server","provider":"one","provider_name":"One"}}}"#
            ))
        #expect(text.hasSuffix("0\r\n\r\n"), "the body ends cleanly")
    }

    @Test("tell a vendor's refusal with its status and provider")
    func tellsRefusal() async throws {
        let text = try await answer(
            TestServer.chat(stream: true, headers: Self.close), scripts: [[.head(500), .bytes("oh no")]])
        #expect(text.hasPrefix("HTTP/1.1 502 ") && text.contains("application/json"))
        #expect(
            text.contains(#""message":"oh no""#)
                && text.contains(#""provider":"one","upstream_status":500,"provider_name":"One""#))
    }

    @Test("never tell a client that our own credentials were refused as if they were its own")
    func hidesOwnCredentials() async throws {
        let text = try await answer(
            TestServer.chat(headers: Self.close), scripts: [[.head(401), .bytes("bad key sk-123")]])
        #expect(text.hasPrefix("HTTP/1.1 502 ") && !text.contains("sk-123"))
    }
}

@Suite("The path of a request") struct RequestPathTests {
    @Test(
        "is one for every spelling",
        arguments: [
            ("/api/v1/chat/completions", "/api/v1/chat/completions"), ("/v1/models", "/api/v1/models"),
            ("//v1///models//", "/api/v1/models"), ("/v1", "/api/v1"), ("/v12/models", "/v12/models"), ("/", "/"),
            ("", "/"),
            ("/api/v1/models/a%2Fb?x=/y", "/api/v1/models/a%2Fb"), ("/?v1/", "/"),
        ])
    func isNormal(_ uri: String, _ path: String) { #expect(RequestPath.normal(uri) == path) }
}
