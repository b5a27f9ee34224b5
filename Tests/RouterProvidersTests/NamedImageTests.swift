import Synchronization
import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

/// Fetches from nowhere, and notes what it was to fetch.
private final class NotedFetcher: MediaFetcher {
    private let noted = Mutex<[MediaAddress]>([])
    var addresses: [MediaAddress] { noted.withLock(\.self) }

    func fetch(_ address: MediaAddress, within time: Duration) async throws(UpstreamFailure) -> FetchedMedia {
        noted.withLock { $0.append(address) }
        return FetchedMedia(type: .png, base64: Base64.encoded(Array(address.url.utf8)))
    }
}

@Suite("Images that an engine names by their addresses", .timeLimit(.minutes(1))) struct NamedImageTests {
    private static func provider(_ baseURL: String) -> Provider {
        Provider(
            slug: "gpu1", name: "Engine", dialect: .openAICompatible, baseURL: baseURL, location: .local)
    }

    private static func engine(
        _ baseURLs: [String], _ transport: any Transport, _ media: (any MediaFetcher)?,
        ledger: any Ledger = FreeLedger()
    ) -> Engine {
        let catalog = Catalog([
            Model(
                id: "mine/flux", name: "Flux", contextLength: 0, outputModalities: ["image"],
                pricing: [
                    .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                    .init(unit: "image_output", usd: "0.01"),
                ], endpoints: baseURLs.map { Endpoint(provider: provider($0), upstreamModel: "flux") })
        ])
        return Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport,
            authorizer: KeyAuthorizer(keys: ["gpu1": [Credentials("secret")].compactMap(\.self)]), ledger: ledger,
            media: media, ambient: .live(timestamp: { 1_776_249_000_000 }))
    }

    /// The pieces of the answer, as text.
    private static func ask(_ engine: Engine, _ members: String = "") async throws -> [String] {
        let request = try OperationRequest(Array(#"{"model":"mine/flux","prompt":"p"\#(members)}"#.utf8), for: .images)
        let answer = try await engine.answer(request, for: Caller(account: .first, key: "k"), as: Samples.generation)
        var pieces: [String] = []
        _ = try await answer.forward { events in
            for case .completion(let piece) in events { pieces.append(String(decoding: piece.members, as: UTF8.self)) }
        }
        return pieces
    }

    private static let webp = "RIFF0000WEBP"
    private static let webpBase64 = "UklGRjAwMDBXRUJQ"
    private static func answer(_ urls: String...) -> [ScriptedTransport.Step] {
        [.head(200), .bytes(#"{"created":1,"data":[\#(urls.map { #"{"url":"\#($0)"}"# }.joined(separator: ","))]}"#)]
    }
    private static let file: [ScriptedTransport.Step] = [
        .head(200, headers: "Content-Type: image/webp; x=y\r\n"), .bytes("RIFF0000"), .bytes("WEBP"),
    ]

    @Test(
        "what stands at the engine's own server is asked for there, without the key, in whatever network it is",
        arguments: [
            ("http://10.0.0.5:8000/v1", "/files/x.webp?a=b#c", "/files/x.webp?a=b"),
            ("http://10.0.0.5:8000/v1", "http://10.0.0.5:8000/files/x.webp", "/files/x.webp"),
            ("http://GPU1/v1", "http://gpu1:80/x", "/x"), ("https://gpu1:443", "https://GPU1", "/"),
            ("http://gpu1/v1", "//gpu1/x", "/x"), ("http://[::1]:8000/v1", "http://[::1]:8000/x", "/x"),
        ])
    func ownServer(_ baseURL: String, _ url: String, _ path: String) async throws {
        let (transport, media, ledger) = (
            ScriptedTransport([Self.answer(url), Self.file]), NotedFetcher(), ScriptedLedger()
        )
        let pieces = try await Self.ask(Self.engine([baseURL], transport, media, ledger: ledger))
        #expect(pieces == [#""data":[{"b64_json":"\#(Self.webpBase64)","media_type":"image/webp"}]"#])
        #expect(media.addresses.isEmpty && transport.providersAsked == ["gpu1", "gpu1"])
        let fetch = try #require(transport.requests.last)
        #expect(fetch.method == .get && fetch.path == path && fetch.headers == [.init("accept", "*/*")])
        #expect(
            fetch.body.isEmpty
                && transport.requests.first?.headers.contains(.init("authorization", "Bearer secret")) == true)
        #expect(transport.timeouts.allSatisfy { $0.total <= Timeouts().total && $0.firstByte <= $0.total })
        #expect(ledger.settled.map(\.cost.nanoUSD) == [10_000_000] && ledger.settled.map(\.usage.images) == [1])
    }

    @Test(
        "any other address goes through the guard, which follows no redirect",
        arguments: [
            "http://gpu1:8001/x", "https://gpu1:8000/x", "http://gpu1.example:8000/x", "http://gpu1/x",
            "http://127.0.0.1:8000/x", "//gpu2/x", "http://gpu1:08000/x",
        ])
    func elsewhere(_ url: String) async throws {
        let (transport, media) = (ScriptedTransport([Self.answer(url)]), NotedFetcher())
        _ = try await Self.ask(Self.engine(["http://gpu1:8000/v1"], transport, media))
        let asked = try #require(media.addresses.first)
        #expect(asked.url == (url.hasPrefix("//") ? "http:" + url : url) && !asked.followsRedirects)
        #expect(asked.types == [.png, .jpeg, .webp] && transport.requests.count == 1 && media.addresses.count == 1)
    }

    @Test("without a fetcher only the engine's own server is asked") func fetchesNothing() async throws {
        let own = ScriptedTransport([Self.answer("/x"), Self.file])
        #expect(try await Self.ask(Self.engine(["http://gpu1:8000/v1"], own, nil)).count == 1)
        let other = ScriptedTransport([Self.answer("https://example.com/x"), Self.file])
        let error = await #expect(throws: APIError.self) {
            try await Self.ask(Self.engine(["http://gpu1:8000/v1"], other, nil))
        }
        #expect(error?.kind.status == 502 && other.requests.count == 1)
    }

    @Test("images keep their order, whether they come as bytes, in the address or by it, and what is said of them")
    func mixed() async throws {
        let answer =
            #"{"created":1,"size":"640x640","data":[{"url":"https://example.com/1","b64_json":null},"#
            + #"{"b64_json":"AQID","url":"/unused"},{"url":"DATA:image\/webp;base64,UklGRjAwMDBXRUJQ"},"#
            + #"{"url":"/x","b64_json":"","revised_prompt":"q"}],"output_format":"jpeg"}"#
        let expected = [
            (Self.base64("https://example.com/1"), "image/png", ""), ("AQID", "image/jpeg", ""),
            (Self.webpBase64, "image/webp", ""), (Self.webpBase64, "image/webp", #","revised_prompt":"q""#),
        ]
        let transport = ScriptedTransport([[.head(200), .bytes(answer)], Self.file])
        let whole = try await Self.ask(Self.engine(["http://gpu1:8000/v1"], transport, NotedFetcher()), #","n":4"#)
        let images = expected.map { #"{"b64_json":"\#($0.0)","media_type":"\#($0.1)"\#($0.2)}"# }
        #expect(whole == [#""data":[\#(images.joined(separator: ","))],"size":"640x640","output_format":"jpeg""#])
        #expect(transport.requests.map(\.path) == ["/images/generations", "/x"])

        let streaming = ScriptedTransport([[.head(200), .bytes(answer)], Self.file])
        let events = try await Self.ask(
            Self.engine(["http://gpu1:8000/v1"], streaming, NotedFetcher()), #","n":4,"stream":true"#)
        #expect(events.count == 4)
        for (event, image) in zip(events, expected) {
            #expect(event.hasPrefix(#""type":"image_generation.completed","b64_json":"\#(image.0)""#))
            #expect(event.contains(#""media_type":"\#(image.1)"\#(image.2)"#))
        }
    }

    private static func base64(_ text: String) -> String {
        String(decoding: Base64.encoded(Array(text.utf8)), as: UTF8.self)
    }

    @Test(
        "what is no address of an image is the engine's failure, and nothing is fetched for it",
        arguments: [
            "", "x.png", "files/x.png", "ftp://gpu1:8000/x", "file:///etc/passwd", "http://", "http://a:b@gpu1:8000/x",
            "http://gpu1:8000@example.com/x", "/a b", "data:image/png,x", "data:image/png;base64,AQID",
            "data:text/html;base64,PGh0bWw+", "data:image/webp;base64,?", "data:",
        ])
    func noAddress(_ url: String) async throws {
        let (transport, media, ledger) = (ScriptedTransport([Self.answer(url)]), NotedFetcher(), ScriptedLedger())
        let error = await #expect(throws: APIError.self) {
            try await Self.ask(Self.engine(["http://gpu1:8000/v1"], transport, media, ledger: ledger))
        }
        #expect(error?.kind.status == 502 && media.addresses.isEmpty && transport.requests.count == 1)
        #expect(ledger.settled.map(\.cost) == [.zero])
    }

    @Test("more than ten are not fetched") func bounds() async throws {
        let urls = [String](repeating: #"{"url":"/x"}"#, count: 11).joined(separator: ",")
        let transport = ScriptedTransport([[.head(200), .bytes(#"{"data":[\#(urls)]}"#)]])
        let error = await #expect(throws: APIError.self) {
            try await Self.ask(Self.engine(["http://gpu1:8000/v1"], transport, nil))
        }
        #expect(error?.kind.status == 502 && transport.requests.count == 1)
    }

    @Test(
        "what the engine's own server gives instead of an image is its failure, and another endpoint is tried",
        arguments: [
            [.head(200, headers: "Content-Type: text/html\r\n"), .bytes("<html>")],
            [.head(200, headers: "Content-Type: image/png\r\n"), .bytes("<html>")],
            [.head(200, headers: "Content-Type: image/gif\r\n"), .bytes("GIF89a")], [.head(200), .bytes(webp)],
            [.head(302, headers: "Location: /elsewhere\r\nContent-Type: image/webp\r\n"), .bytes(webp)],
            [.head(404), .bytes("gone")], [.head(200, headers: "Content-Length: 20971521\r\n"), .hang],
            [.fail(UpstreamFailure(.unreachable, "gone"))], [],
        ] as [[ScriptedTransport.Step]])
    func noImage(_ script: [ScriptedTransport.Step]) async throws {
        let transport = ScriptedTransport([
            Self.answer("/x"), script, [.head(200), .bytes(#"{"data":[{"b64_json":"AQID"}]}"#)],
        ])
        let pieces = try await Self.ask(Self.engine(["http://gpu1:8000/v1", "http://gpu2:8000/v1"], transport, nil))
        #expect(pieces == [#""data":[{"b64_json":"AQID","media_type":"image/png"}]"#])
        #expect(transport.requests.map(\.path) == ["/images/generations", "/x", "/images/generations"])
    }

    @Test("one of several that cannot be had ends the others") func endsOthers() async throws {
        let (hangs, ended) = (Signal(), Signal())
        let server = try LoopbackServer { request in
            if request.method == "POST" { return [.answer(body: #"{"data":[{"url":"/hangs"},{"url":"/gone"}]}"#)] }
            return request.target == "/gone"
                ? [.wait(for: hangs), .answer(404)]
                : [.head(200, ["content-type": "image/webp"]), .raise(hangs), .untilClosed(ended)]
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let error = await #expect(throws: APIError.self) {
            try await Self.ask(Self.engine([server.baseURL + "/v1"], transport, nil))
        }
        #expect(error?.kind.status == 502)
        await ended.raised()
        #expect(ended.moment != nil)
        await transport.shutdown()
    }

    // MARK: Over HTTP

    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
    private static let image: [Step] = [
        .head(200, ["content-type": "image/png", "content-length": "\(png.count)"]), .send(png),
    ]

    /// An engine, and another server that it may name; what is asked at each.
    private func overHTTP(
        url: @escaping @Sendable (_ own: String, _ other: String) -> String, file: [Step] = image,
        reach: MediaFetch.Reach = .publicOnly,
        _ check: (Result<[String], any Error>, _ own: LoopbackServer, _ other: LoopbackServer) -> Void
    ) async throws {
        let other = try LoopbackServer(steps: file)
        let server = try LoopbackServer { request in
            request.method == "POST"
                ? [.answer(body: #"{"data":[{"url":"\#(url("http://\(request["host"] ?? "")", other.baseURL))"}]}"#)]
                : file
        }
        let (transport, media) = (try CurlTransport(), try MediaFetch(reach: reach))
        let engine = Self.engine([server.baseURL + "/v1"], transport, media)
        do {
            check(.success(try await Self.ask(engine)), server, other)
        } catch {
            check(.failure(error), server, other)
        }
        await media.shutdown()
        await transport.shutdown()
        server.stop()
        other.stop()
    }

    @Test("an engine on a private address is asked for its own files, without the key", arguments: [false, true])
    func fetchesOwn(_ isRelative: Bool) async throws {
        try await overHTTP(url: { own, _ in isRelative ? "/files/x.png" : own + "/files/x.png" }) {
            result, own, other in
            let pieces = try? result.get()
            #expect(pieces == [#""data":[{"b64_json":"iVBORw0KGgoBAgM=","media_type":"image/png"}]"#])
            #expect(own.requests.map(\.target) == ["/v1/images/generations", "/files/x.png"])
            #expect(own.requests.map { $0["authorization"] ?? "none" } == ["Bearer secret", "none"])
            #expect(other.requests.isEmpty)
        }
    }

    @Test("another private server is not asked, unless the guard is lifted") func guardsOthers() async throws {
        try await overHTTP(url: { _, other in other + "/x.png" }) { result, _, other in
            let error = #expect(throws: APIError.self) { _ = try result.get() }
            #expect(error?.kind.status == 502 && other.requests.isEmpty && other.connectionCount == 0)
        }
        try await overHTTP(url: { _, other in other + "/x.png" }, reach: .everywhere) { result, own, other in
            #expect((try? result.get())?.count == 1 && own.requests.count == 1)
            #expect(other.requests.map { $0["authorization"] ?? "none" } == ["none"])
        }
    }

    @Test(
        "nothing but an image of at most 20 MiB is taken, and no redirect",
        arguments: [
            [Step.answer(302, headers: ["location": "/elsewhere"])],
            [
                Step.head(200, ["content-type": "image/png"]), .send(png), .pour(bytes: 200 << 20, counted: Counter()),
                .close,
            ],
        ])
    func boundsFiles(_ file: [Step]) async throws {
        try await overHTTP(url: { _, _ in "/x.png" }, file: file) { result, own, _ in
            let error = #expect(throws: APIError.self) { _ = try result.get() }
            #expect(error?.kind.status == 502 && own.requests.count == 2)
        }
    }

    @Test("a client that leaves ends the fetch") func leaves() async throws {
        let asked = Signal()
        let server = try LoopbackServer { request in
            request.method == "POST"
                ? [.answer(body: #"{"data":[{"url":"/x.png"}]}"#)]
                : [.head(200, ["content-type": "image/png"]), .raise(asked), .untilClosed(Signal())]
        }
        defer { server.stop() }
        let (transport, ledger) = (try CurlTransport(), ScriptedLedger())
        let engine = Self.engine([server.baseURL + "/v1"], transport, nil, ledger: ledger)
        let task = Task { try await Self.ask(engine) }
        await asked.raised()
        task.cancel()
        _ = await task.result
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
        await transport.shutdown()
    }
}
