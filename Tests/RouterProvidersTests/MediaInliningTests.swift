import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

/// From the request that a client sent to the one that a vendor gets, with a real server on loopback behind the address.
@Suite("Fetching for vendors that want bytes", .serialized)
struct MediaInliningTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
    private static let pngText = "iVBORw0KGgoBAgM="
    private static let answer =
        #"{"candidates":[{"content":{"parts":[{"text":"seen"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}"#

    /// A server that has an image, a document and a sound, and everything else wrong.
    private static func files() throws -> LoopbackServer {
        try LoopbackServer { request in
            func file(_ type: String, _ body: [UInt8]) -> [Step] {
                [.head(200, ["content-type": type, "content-length": "\(body.count)"]), .send(body)]
            }
            return switch request.target {
            case "/a.png", "/b.png?x=1": file("image/png", png)
            case "/a.pdf": file("application/pdf", Array("%PDF-1.7".utf8))
            case "/a.mp3": file("audio/mpeg", Array("ID3abcd".utf8))
            case "/page": file("text/html", Array("<html>".utf8))
            case "/large.png": file("image/png", png + [UInt8](repeating: 0, count: 100))
            default: [.answer(404)]
            }
        }
    }

    private struct Outcome {
        /// What each endpoint was sent.
        var bodies: [String]
        var error: APIError?
        var fetched: [String]
    }

    /// Asks for an answer to one user message.
    private func ask(
        _ content: (_ base: String) -> String, at providers: [Provider] = [Endpoints.gemini],
        scripts: [[ScriptedTransport.Step]]? = nil, isFetching: Bool = true,
        limits: MediaInlining.Limits = MediaInlining.Limits(), timeouts: Timeouts = Timeouts()
    ) async throws -> Outcome {
        let server = try Self.files()
        defer { server.stop() }
        let fetch = try MediaFetch(reach: .everywhere)
        let transport = ScriptedTransport(
            scripts ?? [[.head(200, headers: "content-type: application/json\r\n"), .bytes(Self.answer)]])
        var engineLimits = Engine.Limits()
        engineLimits.media = limits
        engineLimits.timeouts = timeouts
        let model = Model(
            id: "a/b", name: "B", contextLength: 1000,
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
            endpoints: providers.map { Endpoint(provider: $0, upstreamModel: "m") })
        let engine = Engine(
            catalog: { Catalog([model]) }, vendors: Vendors.all, transport: transport, authorizer: OpenDoors(),
            media: isFetching ? fetch : nil, ambient: Ambient.live(timestamp: { 0 }), limits: engineLimits)
        let order = providers.map { "\"\($0.slug)\"" }.joined(separator: ",")
        let body =
            #"{"model":"a/b","provider":{"order":[\#(order)]},"messages":[{"role":"user","content":[\#(content(server.baseURL))]}]}"#
        var outcome = Outcome(bodies: [], error: nil, fetched: [])
        do throws(APIError) {
            let answer = try await engine.chat(
                try ChatRequest(Array(body.utf8)), for: Caller(account: .first, key: "k"),
                as: Generation.ID(rawValue: "gen-1-a"))
            _ = try? await answer.forward { _ in }
        } catch {
            outcome.error = error
        }
        outcome.bodies = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
        outcome.fetched = server.requests.map(\.target)
        await fetch.shutdown()
        return outcome
    }

    private static func image(_ url: String) -> String { #"{"type":"image_url","image_url":{"url":"\#(url)"}}"# }

    @Test("an image, a document and a sound on the web arrive as bytes, each fetched once")
    func inlined() async throws {
        let outcome = try await ask { base in
            [
                #"{"type":"text","text":"1.0 \u00e9"}"#, Self.image("\(base)/a.png"), Self.image("\(base)/b.png?x=1"),
                Self.image("\(base)/a.png"), #"{"type":"file","file":{"filename":"a","file_data":"\#(base)/a.pdf"}}"#,
                #"{"type":"input_audio","input_audio":{"format":"mp3","data":"\#(base)/a.mp3"}}"#,
            ].joined(separator: ",")
        }
        #expect(outcome.error == nil)
        let image = #"{"inlineData":{"mimeType":"image/png","data":"\#(Self.pngText)"}}"#
        #expect(
            outcome.bodies == [
                #"{"contents":[{"role":"user","parts":[{"text":"1.0 \u00e9"},\#(image),\#(image),\#(image),{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjc="}},{"inlineData":{"mimeType":"audio/mp3","data":"SUQzYWJjZA=="}}]}]}"#
            ])
        #expect(Set(outcome.fetched) == ["/a.png", "/b.png?x=1", "/a.pdf", "/a.mp3"])
        #expect(outcome.fetched.count == 4)
    }

    @Test("what cannot be fetched is a 400 that names the member and the host, and nothing is sent")
    func refused() async throws {
        for (path, word) in [("/none.png", "HTTP 404"), ("/page", "does not call it"), ("/a.pdf", "does not call it")] {
            let outcome = try await ask { base in
                #"{"type":"text","text":"a"},"# + Self.image("\(base)/a.png") + "," + Self.image(base + path)
            }
            let error = try #require(outcome.error)
            #expect(error.kind == .invalidRequest)
            #expect(error.parameter == "messages[0].content[2].image_url.url")
            #expect(error.message.contains(word), "\(error.message)")
            #expect(error.message.contains("127.0.0.1"))
            #expect(outcome.bodies.isEmpty)
        }
    }

    @Test("an endpoint that follows addresses itself is asked when the bytes cannot be had, with the address as it was")
    func nextEndpoint() async throws {
        let outcome = try await ask({ Self.image("\($0)/none.png") }, at: [Endpoints.gemini, Endpoints.openAI])
        #expect(outcome.error == nil || outcome.error?.kind != .invalidRequest)
        #expect(outcome.bodies.count == 1)
        #expect(outcome.bodies.first?.contains("/none.png") == true)
    }

    @Test("a second endpoint gets what was fetched for the first, and nothing is fetched again")
    func fetchedOnce() async throws {
        var second = Endpoints.gemini
        second.slug = "openai"
        let outcome = try await ask(
            { Self.image("\($0)/a.png") }, at: [Endpoints.gemini, second],
            scripts: [
                [.head(503, headers: ""), .bytes("{}")],
                [.head(200, headers: "content-type: application/json\r\n"), .bytes(Self.answer)],
            ])
        #expect(outcome.error == nil)
        #expect(outcome.bodies.count == 2)
        #expect(outcome.bodies.allSatisfy { $0.contains(Self.pngText) })
        #expect(outcome.fetched == ["/a.png"])
    }

    @Test("too many addresses, and too many bytes in all, are refused by name")
    func bounds() async throws {
        var limits = MediaInlining.Limits()
        limits.addressesMax = 1
        let many = try await ask({ Self.image("\($0)/a.png") + "," + Self.image("\($0)/b.png?x=1") }, limits: limits)
        #expect(many.error?.parameter == "messages[0].content[1].image_url.url")
        #expect(many.error?.message.contains("at most 1") == true)
        #expect(many.fetched.isEmpty)
        limits = MediaInlining.Limits()
        limits.bytesMax = 100
        let large = try await ask(
            { Self.image("\($0)/a.png") + "," + Self.image("\($0)/large.png") }, limits: limits)
        #expect(large.error?.parameter == "messages[0].content[1].image_url.url")
        #expect(large.error?.message.contains("100 bytes") == true)
    }

    @Test("where fetching is switched off, an address is refused by a vendor that wants bytes, and nobody is asked")
    func switchedOff() async throws {
        let outcome = try await ask({ Self.image("\($0)/a.png") }, isFetching: false)
        #expect(outcome.error?.kind == .invalidRequest)
        #expect(outcome.error?.parameter == "messages[0].content[0].image_url.url")
        #expect(outcome.fetched.isEmpty)
        #expect(outcome.bodies.isEmpty)
    }

    @Test("addresses that the vendor reads itself are not fetched, and other vendors get all of them as they are")
    func ownAddresses() async throws {
        let own = try await ask({ _ in Self.image("https://youtu.be/x") + "," + Self.image("gs://a/b.png") })
        #expect(own.bodies.first?.contains(#"{"fileData":{"fileUri":"https://youtu.be/x"}}"#) == true)
        #expect(own.fetched.isEmpty)
        let other = try await ask({ Self.image("\($0)/a.png") }, at: [Endpoints.openAI])
        #expect(other.fetched.isEmpty)
        #expect(other.bodies.first?.contains("/a.png") == true)
    }

    @Test("an engine of the operator's own never follows an address: it gets the bytes")
    func engines() async throws {
        let outcome = try await ask({ Self.image("\($0)/a.png") }, at: [Endpoints.engine])
        #expect(outcome.fetched == ["/a.png"])
        #expect(outcome.bodies.first?.contains("data:image/png;base64,\(Self.pngText)") == true)
        #expect(outcome.bodies.first?.contains("http") == false)
    }

    @Test("a client that leaves while something is fetched pays nothing, and the fetch ends")
    func leaves() async throws {
        let signal = Signal()
        let server = try LoopbackServer(steps: [.head(200, ["content-type": "image/png"]), .untilClosed(signal)])
        defer { server.stop() }
        let fetch = try MediaFetch(reach: .everywhere)
        let transport = ScriptedTransport([])
        let ledger = ScriptedLedger()
        let model = Model(
            id: "a/b", name: "B", contextLength: 1000, inputModalities: ["text", "image"],
            pricing: [.init(unit: "prompt", usd: "1"), .init(unit: "completion", usd: "1")],
            endpoints: [Endpoint(provider: Endpoints.gemini, upstreamModel: "m")])
        let engine = Engine(
            catalog: { Catalog([model]) }, vendors: Vendors.all, transport: transport, authorizer: OpenDoors(),
            ledger: ledger, media: fetch, ambient: Ambient.live(timestamp: { 0 }))
        let body =
            #"{"model":"a/b","messages":[{"role":"user","content":[\#(Self.image("\(server.baseURL)/a.png"))]}]}"#
        let request = try ChatRequest(Array(body.utf8))
        let task = Task {
            try await engine.chat(
                request, for: Caller(account: .first, key: "k"), as: Generation.ID(rawValue: "gen-1-a"))
        }
        try await until { !server.requests.isEmpty }
        task.cancel()
        let result = await task.result
        #expect(throws: (any Error).self) { _ = try result.get() }
        _ = await signal.raised()
        let record = try #require(ledger.settled.first)
        #expect(record.outcome == .cancelled)
        #expect(record.cost == .zero)
        #expect(transport.requests.isEmpty)
        await fetch.shutdown()
    }

    @Test("the guard stands in the way of addresses that are not public")
    func guarded() async throws {
        let server = try Self.files()
        defer { server.stop() }
        let fetch = try MediaFetch()
        let request = try ChatRequest(
            Array(
                #"{"model":"a/b","messages":[{"role":"user","content":[\#(Self.image("\(server.baseURL)/a.png"))]}]}"#
                    .utf8))
        let addresses = GeminiMedia().addresses(in: request, for: GeminiRequestTests.pro)
        #expect(addresses.count == 1)
        var inlining = MediaInlining(fetch)
        let failure = await #expect(throws: UpstreamFailure.self) {
            _ = try await inlining.inlining(addresses, in: request, within: .seconds(5))
        }
        #expect(failure?.kind == .unsupported)
        #expect(failure?.parameter == "messages[0].content[0].image_url.url")
        #expect(server.connectionCount == 0)
        await fetch.shutdown()
    }
}

/// Lets everyone in.
private struct OpenDoors: Authorizer {
    func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {}
}
