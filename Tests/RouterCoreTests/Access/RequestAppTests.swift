import RouterCore
import Testing

@Suite("The app of a request") struct RequestAppTests {
    private static func app(_ headers: [String: String]) -> RequestApp { RequestApp { headers[$0] } }

    @Test("is what its headers say, OpenRouter's name first")
    func reads() {
        #expect(Self.app([:]) == RequestApp())
        #expect(
            Self.app(["http-referer": "https://cline.bot", "x-title": "Cline", "user-agent": "node 1"])
                == RequestApp(referer: "https://cline.bot", title: "Cline", userAgent: "node 1"))
        #expect(Self.app(["x-title": "A", "x-openrouter-title": "B", "referer": "https://x/"]).title == "B")
        #expect(Self.app(["referer": "https://x/"]).referer == "https://x/")
    }

    @Test("is cut to a length that can be kept, and has nothing that hides or turns text")
    func bounds() {
        let long = String(repeating: "é", count: 10_000)
        let app = Self.app(["x-title": long, "user-agent": "a\u{1B}[31m\u{202E}b\u{0}", "http-referer": long])
        #expect(app.title?.utf8.count == 200 && app.referer?.utf8.count == 200)
        #expect(app.userAgent == "a[31mb")
        #expect(Self.app(["x-title": "\u{7}", "user-agent": ""]) == RequestApp())
    }

    @Test("keeps nothing of a query or fragment, where there may be secrets")
    func secrets() {
        #expect(Self.app(["http-referer": "https://x/y?token=canary#canary"]).referer == "https://x/y")
        #expect(Self.app(["http-referer": "?canary"]).referer == nil)
    }

    @Test("stands in the record of a request, through the journal and back")
    func record() throws {
        var generation = Generation(
            id: .init(rawValue: "gen-1"), account: .first, key: "k", model: "m", createdAt: 1, streamed: false)
        generation.app = RequestApp(referer: "https://x", title: "T \"q\"", userAgent: "A")
        #expect(try Generation(json: JSONDocument(generation.json).root) == generation)
        generation.app = RequestApp()
        #expect(!String(decoding: generation.json, as: UTF8.self).contains("title"))
    }
}
