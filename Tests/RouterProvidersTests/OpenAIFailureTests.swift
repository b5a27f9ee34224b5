import RouterCore
import RouterProviders
import Testing

@Suite("Failures of vendors of the OpenAI family")
struct OpenAIFailureTests {
    private func failure(
        _ status: Int, _ body: String = "", type: String = "application/json", headers: String = ""
    ) -> UpstreamFailure {
        OpenAIChat().failure(
            head: UpstreamHead(status: status, lines: Array("Content-Type: \(type)\r\n\(headers)".utf8)),
            body: Array(body.utf8))
    }

    static let statuses: [(Int, UpstreamFailure.Kind, Int)] = [
        (400, .refused, 400), (413, .refused, 400), (415, .refused, 400), (422, .refused, 400),
        (401, .unauthorized, 502), (402, .unauthorized, 502), (403, .unauthorized, 502),
        (404, .notFound, 502), (410, .notFound, 502), (429, .rateLimited, 429),
        (408, .overloaded, 503), (502, .overloaded, 503), (503, .overloaded, 503), (504, .overloaded, 503),
        (529, .overloaded, 503), (500, .failed, 502), (520, .failed, 502), (301, .failed, 502), (409, .failed, 502),
    ]

    @Test("each status has its kind, and the client the public status", arguments: statuses)
    func kinds(_ status: Int, _ kind: UpstreamFailure.Kind, _ publicStatus: Int) {
        let failure = failure(status, #"{"error":{"message":"m"}}"#)
        #expect(failure.kind == kind && failure.status == status && failure.message == "m")
        #expect(APIError(failure).kind.status == publicStatus)
    }

    @Test("a wrong key that a vendor calls a wrong request is our trouble, not the client's")
    func badKeys() {
        #expect(failure(400, #"{"error":"Incorrect API key provided: xa***zz.","code":"x"}"#).kind == .unauthorized)
        #expect(failure(400, #"{"error":{"message":"m","code":"invalid_api_key"}}"#).kind == .unauthorized)
        let shown = APIError(failure(401, #"{"error":{"message":"Incorrect API key provided: sk-abc123."}}"#))
        #expect(!shown.message.contains("key") && shown.kind.status == 502)
        #expect(shown.detail == "Incorrect API key provided: [redacted].")
    }

    static let bodies = [
        #"{"error":{"message":"m","type":"t","param":null,"code":null}}"#, #"{"error":"m","code":"c"}"#,
        #"{"object":"error","message":"m","code":400}"#, #"{"message":"m"}"#, #"{"detail":"m"}"#,
        #"{"message":{"detail":"m"}}"#, #"{"detail":[{"msg":"m"}]}"#, #"[{"error":{"message":"m","code":400}}]"#,
        #"{"error":{"message":"  m\n"}}"#, #"{"error":{"message":"m\n    at f (x.js:1)"}}"#,
        #"{"error":{"message":"m\nTraceback (most recent call last):\n  File x"}}"#,
    ]

    @Test("the vendor's words are found wherever they stand", arguments: bodies)
    func messages(_ body: String) {
        #expect(failure(400, body).message == "m")
    }

    @Test("a list of faults becomes one sentence with the place of each")
    func faultList() {
        let body =
            #"{"detail":[{"loc":["body","messages",0,"role"],"msg":"Input should be 'user'"},{"loc":[],"msg":"x"},{"type":"y"}]}"#
        #expect(failure(422, body).message == "body.messages.0.role: Input should be 'user'; x")
    }

    @Test("the member at fault is named")
    func parameter() {
        #expect(failure(400, #"{"error":{"message":"m","param":"tools[0].name"}}"#).parameter == "tools[0].name")
        #expect(failure(400, #"{"object":"error","message":"m","param":"n"}"#).parameter == "n")
    }

    static let unshowable = [
        "", "<!DOCTYPE html><html><body>secret</body></html>", "secret {",
        #"{"error":{"message":"<html>secret</html>"}}"#,
        #"{"error":{"message":"Traceback (most recent call last): secret"}}"#, #"{"error":{"message":""}}"#,
        #"{"error":{"message":5}}"#, "[]", "5",
    ]

    @Test("what cannot be shown is replaced by a sentence of ours", arguments: unshowable)
    func generic(_ body: String) {
        for status in [302, 400, 429, 500, 503] {
            let message = failure(status, body).message
            #expect(message.hasPrefix("The provider") && !message.contains("secret"))
        }
    }

    @Test("a sentence of plain text is shown, a page is not")
    func plainText() {
        #expect(failure(400, "Bad model.\n", type: "text/plain").message == "Bad model.")
        let page = String(repeating: "x", count: 501)
        #expect(failure(400, page, type: "text/plain").message.hasPrefix("The provider"))
        #expect(failure(400, "<html></html>", type: "text/plain").message.hasPrefix("The provider"))
    }

    static let secrets = [
        ("Wrong key: sk-abcDEF123_x-y.", "Wrong key: [redacted]."), ("sk-ab***yz is wrong", "[redacted] is wrong"),
        ("in organization org-x on", "in organization org-x on"),
        ("in organization org-AbCd1234EfGh on", "in organization [redacted] on"),
        ("Bearer abcdefgh12345678", "[redacted]"), ("(gsk_0123456789)", "([redacted])"),
        ("a risk-averse task-based desk-toplike request", "a risk-averse task-based desk-toplike request"),
        ("sk-", "sk-"), ("proj_abcdefgh12 and AIzaSyA1234567890", "[redacted] and [redacted]"),
    ]

    @Test("keys and names of accounts are taken out of the vendor's words", arguments: secrets)
    func redaction(_ words: String, _ shown: String) {
        #expect(failure(400, #"{"error":{"message":"\#(words)"}}"#).message == shown)
    }

    @Test("a message of 2,000 characters is shown whole, a longer one cut")
    func longMessage() {
        let long = String(repeating: "ә", count: 2000)
        #expect(failure(400, #"{"error":{"message":"\#(long)"}}"#).message == long)
        #expect(failure(400, #"{"error":{"message":"\#(long)b"}}"#).message == long + "…")
    }

    static let waits: [(String, Duration?)] = [
        ("retry-after: 20", .seconds(20)), ("Retry-After: 0", .seconds(0)), ("retry-after: 1.5", .milliseconds(1500)),
        ("retry-after-ms: 250\r\nretry-after: 9", .milliseconds(250)), ("retry-after: -1", nil),
        ("retry-after: soon", nil),
        ("retry-after: inf", nil), ("retry-after: 1e300", .seconds(86400)),
        ("retry-after-ms: nan\r\nretry-after: 2", .seconds(2)),
        (
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:07 GMT", .seconds(30)
        ),
        (
            "date: Wed, 28 Feb 2024 23:59:50 GMT\r\nretry-after: Thu, 29 Feb 2024 00:00:00 GMT", .seconds(10)
        ),
        (
            "date: Sun, 31 Dec 2023 23:59:59 GMT\r\nretry-after: Mon, 01 Jan 2024 00:00:00 GMT", .seconds(1)
        ),
        ("date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:07 GMT", .seconds(0)),
        ("retry-after: Sun, 06 Nov 1994 08:50:07 GMT", nil),
        ("date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Foo 1994 08:50:07 GMT", nil),
        ("x: y", nil),
    ]

    @Test("how long to wait is read in each form that vendors use", arguments: waits)
    func retryAfter(_ headers: String, _ wait: Duration?) {
        #expect(failure(429, "{}", headers: headers + "\r\n").retryAfter == wait)
    }

    @Test("a body that was cut off still gives a failure of the right kind")
    func truncatedBody() {
        let failure = failure(400, #"{"error":{"message":"aaaaaaa"#)
        #expect(failure.kind == .refused && failure.message == "The provider refused the request (HTTP 400).")
    }

    @Test("of a message of many megabytes only the beginning is looked at")
    func boundsMessages() {
        let long = String(repeating: "an error ", count: 3_000_000)
        let message = failure(400, #"{"error":{"message":"\#(long)"}}"#).message
        #expect(message.hasPrefix("an error an error") && message.count <= 2001 && message.hasSuffix("…"))
    }
}
