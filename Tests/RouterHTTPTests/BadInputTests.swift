import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

/// Everything here comes over a socket, as a client would send it; ``FrontTests`` has what is wrong with HTTP itself.
@Suite("What a client can send that is wrong, large or slow", .serialized) struct BadInputTests {
    private static let message = #"{"role":"user","content":"Hi"}"#

    private static func body(_ members: String, messages: String = "[\(message)]") -> String {
        #"{"model":"test/model","messages":\#(messages)\#(members)}"#
    }

    private static func nested(_ depth: Int) -> String {
        body(#","deep":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    }

    /// Bodies are too long to be shown with a test that fails.
    struct Body: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        /// Where the member at fault begins.
        var member: String?

        init(_ what: String, _ text: String, at member: String? = nil) {
            testDescription = what
            self.text = text
            self.member = member
        }
    }

    @Test(
        "is refused with 400, with the member at fault where there is one, and the connection goes on",
        arguments: [
            Body("an empty body", ""), Body("no object", #"["model"]"#),
            Body("10,000 levels", nested(10_000), at: "deep[0]"),
            Body("10,000 levels that nobody closes", String(repeating: "[", count: 10_000), at: "[0]"),
            Body("NUL in a string", body(",\"user\":\"a\u{0}b\""), at: "user"),
            Body("no messages", #"{"model":"test/model"}"#, at: "messages"),
            Body("messages that are empty", body("", messages: "[]"), at: "messages"),
            Body("messages of a wrong type", body("", messages: #""Hi""#), at: "messages"),
            Body("a message of a wrong type", body("", messages: "[7]"), at: "messages[0]"),
            Body("a negative max_tokens", body(#","max_tokens":-5"#), at: "max_tokens"),
            Body("a number beyond any", body(#","max_tokens":1e999"#), at: "max_tokens"),
            Body("a name twice", body(#","user":"a","user":"b""#), at: "user"),
        ])
    func refuses(_ body: Body) async throws {
        try await TestServer.run([TestServer.whole]) { port, transport, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: body.text))
            let answer = await client.read(until: "}}")
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            if let member = body.member { #expect(answer.contains(#""param":"\#(member)"#), "\(answer)") }
            #expect(transport.providersAsked.isEmpty && ledger.held == 0)
            await client.send(TestServer.chat())
            #expect(await client.read(until: "}}}").contains(" 200 OK"))
        }
    }

    @Test(
        "is taken where it is only unusual, and reaches the vendor as it was",
        arguments: [
            Body("40 levels", nested(40)), Body("U+0000 as an escape", body(#","user":"a\u0000b""#)),
            Body(
                "10,000 messages",
                body("", messages: "[\(Array(repeating: message, count: 10_000).joined(separator: ","))]")),
            Body("30 MB", body(#","user":"\#(String(repeating: "x", count: 30_000_000))""#)),
        ])
    func takes(_ body: Body) async throws {
        try await TestServer.run([TestServer.whole]) { port, transport, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: body.text))
            let answer = await client.read(until: "}}}", seconds: 20)
            #expect(answer.contains(" 200 OK"), "\(answer)")
            let hasArrived = transport.bodies == [body.text]
            #expect(hasArrived)
        }
    }

    @Test("is refused with 413 when it is larger than 32 MiB, unread")
    func refusesTooLarge() async throws {
        try await TestServer.run { port, transport, _ in
            let client = try RawClient(port: port)
            let body = Self.body(#","user":"\#(String(repeating: "x", count: 34_000_000))""#)
            await client.send(TestServer.chat(body: body))
            #expect(await client.read(until: "}}", seconds: 20).hasPrefix("HTTP/1.1 413 "))
            #expect(transport.providersAsked.isEmpty)
        }
    }

    @Test("a head that comes byte by byte must be whole in time")
    func dropsSlowHead() async throws {
        var limits = FrontLimits()
        limits.idle = .milliseconds(100)
        limits.watchPeriod = .milliseconds(20)
        try await TestServer.run(limits: limits) { port, _, _ in
            let client = try RawClient(port: port)
            for byte in "POST /api/v1/chat".utf8 { await client.send([byte]) }
            #expect(await client.isClosed(seconds: 12))
        }
    }

    @Test("an unknown model is told with 404, or with 400 where the operator wants it", arguments: [false, true])
    func unknownModel(_ isInvalid: Bool) async throws {
        try await TestServer.run(unknownModelIsInvalid: isInvalid) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: #"{"model":"no/such","messages":[\#(Self.message)]}"#))
            let answer = await client.read(until: "}}}")
            #expect(answer.hasPrefix("HTTP/1.1 \(isInvalid ? 400 : 404) "), "\(answer)")
            #expect(answer.contains("no/such is not a valid model ID"))
            #expect(answer.contains(#""code":\#(isInvalid ? 400 : 404),"#))
            #expect(answer.contains(#"{"error_type":"\#(isInvalid ? "invalid_request" : "not_found")""#))
            #expect(answer.contains(#""availability":{"code":"model_not_found","retryable":false}"#))
        }
    }

    @Test("an answer that trying again cannot change says so")
    func shouldNotRetry() {
        for (kind, value) in [(APIError.Kind.paymentRequired, "false"), (.rateLimited, nil), (.unavailable, nil)] {
            let answer = ErrorResponse(
                APIError(kind, "x"), headers: ResponseHeaders(requestID: "req-1", origin: nil))
            #expect(answer.headers.fields.first { $0.name == "x-should-retry" }?.value == value)
        }
    }

    @Test(
        "a wait that is told is whole seconds up to 60, and milliseconds",
        arguments: [
            (0, "1", "1"), (1, "1", "1"), (999, "1", "999"), (1001, "2", "1001"), (59_001, "60", "59001"),
            (600_000, "60", "60000"),
        ])
    func retryAfter(_ milliseconds: Int, _ seconds: String, _ exactly: String) {
        let answer = ErrorResponse(
            APIError(.rateLimited, "x", retryAfter: .milliseconds(milliseconds)),
            headers: ResponseHeaders(requestID: "req-1", origin: nil))
        let fields = Dictionary(answer.headers.fields) { first, _ in first }
        #expect(fields["retry-after"] == seconds && fields["retry-after-ms"] == exactly)
    }
}
