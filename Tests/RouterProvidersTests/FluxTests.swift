import RouterProviders
import Synchronization
import TestSupport
import Testing

@testable import RouterCore

/// The calls of one worked example: each request must be the next of its kind, and gets that answer.
private final class ExampleTransport: Transport, MediaFetcher {
    private let calls: [JSONValue]
    private let played: Mutex<(used: Set<Int>, faults: [String], samples: [String])>

    init(_ fixture: Fixture) throws {
        calls = try #require(try fixture.json("vendor_exchange.json")).elements.map(\.self)
        played = Mutex(([], [], []))
    }

    /// What was asked for that the example does not have, and what was not asked for.
    var faults: [String] {
        played.withLock { played in
            let left = calls.indices.filter { !played.used.contains($0) }
            return played.faults + left.map { "not asked: \(calls[$0]["request"]?["url"]?.string ?? "submit")" }
        }
    }

    var samples: [String] { played.withLock { $0.samples } }

    func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        let url = provider.baseURL + request.path
        let answer = played.withLock { played -> JSONValue? in
            let index = calls.indices.first { index in
                let asked = calls[index]["request"]
                let place = asked?["url"]?.string ?? asked?["path"]?.string.map { "https://api.bfl.ai" + $0 }
                return !played.used.contains(index) && place == url
                    && asked?["method"]?.string == request.method.rawValue
            }
            guard let index, let asked = calls[index]["request"] else {
                played.faults.append("asked: \(url)")
                return nil
            }
            played.used.insert(index)
            if request.headers.first(where: { $0.name == "x-key" })?.value != "secret" {
                played.faults.append("no key: \(url)")
            }
            if let body = asked["body"], let sent = try? JSONDocument(request.body) {
                played.faults += FixtureComparison.differences(body, sent.root, side: .vendorRequest).map { "\($0)" }
            }
            return calls[index]["response"]
        }
        return PlayedExchange(
            answer.map {
                [.head(UpstreamHead(status: $0["status"]?.integer ?? 0)), .bytes(Array($0["body"]?.text ?? []))]
            } ?? [])
    }

    func fetch(_ address: MediaAddress, within time: Duration) async throws(UpstreamFailure) -> FetchedMedia {
        let index = calls.firstIndex { $0["request"]?["url"]?.string == address.url }
        played.withLock { played in
            played.samples.append(address.url)
            if let index { played.used.insert(index) }
        }
        let call = index.map { calls[$0] }
        let bytes = call?["response"]?["body"]?["$bytes_base64"]?.string
        return FetchedMedia(type: .png, base64: bytes.map { Array($0.utf8) } ?? Base64.encoded(Array(address.url.utf8)))
    }
}

private final class PlayedExchange: Exchange {
    private let events: Mutex<[ExchangeEvent]>
    init(_ events: [ExchangeEvent]) { self.events = Mutex(events) }
    func next() async throws(UpstreamFailure) -> ExchangeEvent? {
        events.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
    func cancel() {}
}

@Suite("FLUX", .timeLimit(.minutes(1))) struct FluxTests {
    static let examples = Fixture.all(of: "bfl")

    private static let bfl = Provider(
        slug: "black-forest-labs", name: "Black Forest Labs", dialect: .bfl, baseURL: "https://api.bfl.ai/v1",
        location: .vendor)

    private static func engine(
        _ transport: any Transport, _ media: any MediaFetcher, provider: Provider = bfl,
        ledger: any Ledger = FreeLedger(), patience: Duration = Timeouts().task,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) -> Engine {
        var limits = Engine.Limits()
        limits.timeouts.task = patience
        let model = Model(
            id: "black-forest-labs/flux-1.1-pro", name: "FLUX", contextLength: 0, outputModalities: ["image"],
            pricing: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "image_output", usd: "0.04"),
            ], endpoints: [Endpoint(provider: provider, upstreamModel: "flux-pro-1.1")])
        let catalog = Catalog([model])
        return Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport,
            authorizer: KeyAuthorizer(keys: [provider.slug: [Credentials("secret")].compactMap(\.self)]),
            ledger: ledger,
            media: media,
            ambient: .live(timestamp: { 1_776_249_000_000 }), limits: limits, sleep: sleep)
    }

    /// The settled record and the answer's members, or the error.
    private static func ask(
        _ engine: Engine, _ body: [UInt8]
    ) async throws -> (record: Generation, answer: ChatPiece) {
        let answer = try await engine.answer(
            OperationRequest(body, for: .images), for: Caller(account: .first, key: "k"),
            as: Samples.generation)
        var pieces: [ChatPiece] = []
        let record = try await answer.forward { events in
            for case .completion(let piece) in events { pieces.append(piece) }
        }
        return (record, try #require(pieces.first))
    }

    @Test("the examples are there") func examplesAreThere() { #expect(Self.examples.count == 13) }

    @Test("an example's calls are made in its order, and its answer is given", arguments: examples)
    func example(_ fixture: Fixture) async throws {
        let transport = try ExampleTransport(fixture)
        let engine = Self.engine(transport, transport)
        let body = try #require(try fixture.bytes("openai_request.json"))
        let expected = try #require(try fixture.json("openai_response.json"))
        do {
            let (record, answer) = try await Self.ask(engine, body)
            let images = try #require(expected["data"]).elements.map(\.self)
            let format = try #require(ImagesFormat(answer))
            let form = ImagesFormat.Form(
                try JSONDocument(body).root["response_format"]?.string, standard: .url)
            // Where the example gives the vendor's address, ours stands for what was fetched there.
            let whole = try JSONDocument(format.whole(urls: transport.samples, form: form, of: record)).root
            let differences = FixtureComparison.differences(expected, whole, side: .publicImages)
            #expect(differences.isEmpty, "\(differences)")
            if form != .url {
                let bytes = images.compactMap { $0["b64_json"]?.string }
                #expect(bytes == format.images.map { String(decoding: $0.base64, as: UTF8.self) })
            }
            #expect(transport.samples.count == images.count)
            #expect(record.usage.images == images.count && record.outcome == .completed)
            #expect(record.cost.nanoUSD == Int64(40_000_000 * images.count))
        } catch let error as APIError {
            let status = try fixture.meta()["expect_status"]?.integer
            #expect(error.kind.status == status, "\(error)")
            let differences = FixtureComparison.differences(
                expected, try JSONDocument(error.body).root, side: .publicError)
            #expect(differences.isEmpty, "\(differences) in \(String(decoding: error.body, as: UTF8.self))")
        }
        #expect(transport.faults.isEmpty, "\(transport.faults)")
    }

    @Test(
        "sizes become the nearest that the model makes",
        arguments: [
            ("auto", 1024, 1024), ("1024x1024", 1024, 1024), ("1792x1024", 1440, 832), ("1024x1792", 832, 1440),
            ("1536x1024", 1440, 960), ("1x1", 256, 256), ("4096x256", 1440, 256), ("1000x1000", 992, 992),
        ])
    func sizes(_ size: String, _ width: Int, _ height: Int) throws {
        let request = try OperationRequest(Array(#"{"model":"m","prompt":"p","size":"\#(size)"}"#.utf8), for: .images)
        let upstream = try FluxImages().encode(
            request, for: Endpoint(provider: Self.bfl, upstreamModel: "flux-pro-1.1"))
        let sent = try JSONDocument(upstream.body).root
        #expect(sent["width"]?.integer == width && sent["height"]?.integer == height)
    }

    @Test(
        "what the model does not have is refused by name",
        arguments: [
            #""output_format":"webp""#, #""seed":-1"#, #""size":"2K""#, #""safety_tolerance":7"#,
            #""safety_tolerance":"6""#, #""prompt_upsampling":"yes""#,
            #""image_prompt":7"#, #""image_prompt":"no Base64!""#, #""resolution":"2K""#, #""aspect_ratio":"wide""#,
            #""input_references":[{}]"#,
            #""stream":true"#, #""seed":2147483647,"n":2"#,
        ])
    func refuses(_ member: String) throws {
        let request = try OperationRequest(Array(#"{"model":"m","prompt":"p",\#(member)}"#.utf8), for: .images)
        let endpoint = Endpoint(provider: Self.bfl, upstreamModel: "flux-pro-1.1")
        let failure = #expect(throws: UpstreamFailure.self) { _ = try FluxImages().encode(request, for: endpoint) }
        #expect(failure?.kind == .unsupported && failure.map { member.contains($0.parameter ?? "-") } == true)
    }

    @Test(
        "a refusal says what the model has",
        arguments: [
            (#""output_format":"webp""#, "png or jpeg"), (#""size":"2K""#, "512, 768, 1K"),
            (#""resolution":"4K""#, "512, 768, 1K"), (#""aspect_ratio":"10:1""#, "from 8:45 to 45:8"),
            (#""aspect_ratio":"1:6","resolution":"512""#, "from 8:45 to 45:8"), (#""seed":-1"#, "from 0 to 2147483647"),
        ])
    func saysWhatItHas(_ member: String, _ words: String) throws {
        let request = try OperationRequest(Array(#"{"model":"m","prompt":"p",\#(member)}"#.utf8), for: .images)
        let endpoint = Endpoint(provider: Self.bfl, upstreamModel: "flux-pro-1.1")
        let failure = #expect(throws: UpstreamFailure.self) { _ = try FluxImages().encode(request, for: endpoint) }
        #expect(
            failure?.kind == .unsupported && failure?.message.contains(words) == true, "\(String(describing: failure))")
    }

    @Test("a task's redirect is not followed")
    func refusesSubmitRedirect() async throws {
        let server = try LoopbackServer { _ in [.answer(302, headers: ["location": "/elsewhere"])] }
        defer { server.stop() }
        let transport = try CurlTransport()
        let engine = Self.engine(
            transport, try MediaFetch(reach: .everywhere), provider: Self.provider(at: server))
        let error = await #expect(throws: APIError.self) { _ = try await Self.ask(engine, Self.request) }
        #expect(error?.kind.status == 502 && Set(server.requests.map(\.target)) == ["/v1/flux-pro-1.1"])
        await transport.shutdown()
    }

    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    /// A vendor over HTTP: what it says of its task, and how it answers for the image.
    private func overHTTP(
        polling: String? = nil, sample: [Step],
        _ check: (Result<(record: Generation, answer: ChatPiece), any Error>, LoopbackServer) -> Void
    ) async throws {
        let address = Mutex("")
        let server = try LoopbackServer { request in
            let base = address.withLock(\.self)
            if request.method == "POST" {
                return [.answer(body: #"{"id":"1","polling_url":"\#(polling ?? base + "/v1/get_result?id=1")"}"#)]
            }
            return request.target.hasPrefix("/v1/get_result")
                ? [.answer(body: #"{"status":"Ready","result":{"sample":"\#(base)/sample"}}"#)] : sample
        }
        address.withLock { $0 = server.baseURL }
        let transport = try CurlTransport()
        var limits = MediaFetch.Limits()
        limits.bytesMax = 20 << 20
        let media = try MediaFetch(reach: .everywhere, limits: limits)
        let engine = Self.engine(transport, media, provider: Self.provider(at: server))
        let body = Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p"}"#.utf8)
        do {
            check(.success(try await Self.ask(engine, body)), server)
        } catch {
            check(.failure(error), server)
        }
        await media.shutdown()
        await transport.shutdown()
        server.stop()
    }

    @Test("an image is fetched over HTTP without the key")
    func fetches() async throws {
        let head = Step.head(200, ["content-type": "image/png", "content-length": "\(Self.png.count)"])
        try await overHTTP(sample: [head, .send(Self.png)]) { result, server in
            let images = (try? result.get().answer).flatMap(ImagesFormat.init)?.images ?? []
            #expect(images.map { String(decoding: $0.base64, as: UTF8.self) } == ["iVBORw0KGgoBAgM="])
            #expect(server.requests.map { $0["x-key"] ?? "none" } == ["secret", "secret", "none"])
        }
    }

    @Test(
        "an address that gives something else than an image is the vendor's failure",
        arguments: [
            [Step.answer(headers: ["content-type": "text/html"], body: "<html>")],
            [Step.answer(302, headers: ["location": "/elsewhere"])],
            [Step.answer(headers: ["content-type": "image/png"], body: "<html>")],
            [Step.head(200, ["content-type": "image/png", "content-length": "209715200"])],
            [
                Step.head(200, ["content-type": "image/png"]), .send(png), .pour(bytes: 200 << 20, counted: Counter()),
                .close,
            ],
            [Step.answer(404)],
        ])
    func refusesSamples(_ sample: [Step]) async throws {
        try await overHTTP(sample: sample) { result, server in
            let error = #expect(throws: APIError.self) { _ = try result.get() }
            #expect(error?.kind.status == 502, "\(String(describing: error))")
            #expect(!server.requests.contains { $0.target == "/elsewhere" })
        }
    }

    @Test(
        "an address on another host is not asked, whatever it looks like",
        arguments: [
            "https://example.com/v1/get_result?id=1", "http://127.0.0.1:1/v1/get_result",
            "https://api.bfl.ai/v1/get_result",
            "file:///etc/passwd", "not an address", "https://evil.com/.bfl.ai",
        ])
    func refusesPollingHosts(_ polling: String) async throws {
        try await overHTTP(polling: polling, sample: []) { result, server in
            let error = #expect(throws: APIError.self) { _ = try result.get() }
            #expect(error?.kind.status == 502)
            #expect(server.requests.count == 1)
        }
    }

    @Test("a host whose long name only begins like the vendor's is another host")
    func refusesLongHost() async throws {
        let start = String(repeating: "a", count: 93) + ".bfl.ai"
        #expect(start.utf8.count == 100)
        let transport = ScriptedTransport([
            [.head(200), .bytes(#"{"polling_url":"https://\#(start).example.com/v1/get_result?id=1"}"#)]
        ])
        let engine = Self.engine(transport, try MediaFetch(reach: .everywhere))
        let body = Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p"}"#.utf8)
        let error = await #expect(throws: APIError.self) { _ = try await Self.ask(engine, body) }
        #expect(error?.kind.status == 502 && transport.requests.count == 1)
    }

    /// A vendor that takes every task, and does this whenever it is polled.
    private static func vendor(polled steps: [Step]) throws -> LoopbackServer {
        try LoopbackServer { request in
            request.method == "POST"
                ? [.answer(body: #"{"polling_url":"http://\#(request["host"] ?? "")/v1/get_result"}"#)] : steps
        }
    }

    private static func provider(at server: LoopbackServer) -> Provider {
        var provider = bfl
        provider.baseURL = server.baseURL + "/v1"
        return provider
    }

    @Test("a task that never is done is given up when its time is over, and costs nothing")
    func givesUp() async throws {
        let server = try Self.vendor(polled: [.answer(body: #"{"status":"Pending"}"#)])
        defer { server.stop() }
        let transport = try CurlTransport()
        let ledger = ScriptedLedger()
        let engine = Self.engine(
            transport, try MediaFetch(reach: .everywhere), provider: Self.provider(at: server), ledger: ledger,
            patience: .milliseconds(1500), sleep: { _ in try await Task.sleep(for: .milliseconds(10)) })
        let body = Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p"}"#.utf8)
        let error = await #expect(throws: APIError.self) { _ = try await Self.ask(engine, body) }
        #expect(
            error?.kind.status == 503 && error?.message.contains("did not finish") == true,
            "\(String(describing: error))")
        #expect(server.requests.count > 2 && ledger.settled.map(\.cost) == [.zero])
        await transport.shutdown()
    }

    @Test("a poll's redirect is not followed")
    func refusesPollRedirect() async throws {
        let server = try Self.vendor(polled: [.answer(302, headers: ["location": "/elsewhere"])])
        defer { server.stop() }
        let transport = try CurlTransport()
        let engine = Self.engine(
            transport, try MediaFetch(reach: .everywhere), provider: Self.provider(at: server))
        let body = Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p"}"#.utf8)
        let error = await #expect(throws: APIError.self) { _ = try await Self.ask(engine, body) }
        #expect(error?.kind.status == 502 && server.requests.map(\.target) == ["/v1/flux-pro-1.1", "/v1/get_result"])
        await transport.shutdown()
    }

    /// A vendor that takes the task, and answers polls one after the other.
    private static func polled(_ answers: [[ScriptedTransport.Step]]) -> ScriptedTransport {
        let place = #"{"polling_url":"https://api.eu4.bfl.ai/v1/get_result?id=1"}"#
        return ScriptedTransport([[.head(200), .bytes(place)]] + answers)
    }

    private static let request = Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p"}"#.utf8)

    @Test("waits grow from half a second to two, and a poll that fails is made again")
    func waits() async throws {
        let waits = Mutex<[Duration]>([])
        let transport = Self.polled([
            [.head(200), .bytes(#"{"status":"Pending"}"#)], [.head(429), .bytes("{}")],
            [.fail(UpstreamFailure(.unreachable, "gone"))], [.head(503), .bytes("busy")], [.head(408), .bytes("{}")],
            [.head(200), .bytes(#"{"status":"Ready","result":{"sample":"https://delivery.bfl.ai/a.png"}}"#)],
        ])
        let media = try ExampleTransport(#require(Self.examples.first))
        let engine = Self.engine(transport, media, sleep: { duration in waits.withLock { $0.append(duration) } })
        let answer = try await Self.ask(engine, Self.request)
        #expect(answer.record.usage.images == 1 && media.samples == ["https://delivery.bfl.ai/a.png"])
        #expect(transport.requests.count == 7)
        #expect(
            waits.withLock(\.self) == [
                .milliseconds(500), .milliseconds(750), .milliseconds(1125), .microseconds(1_687_500), .seconds(2),
                .seconds(2),
            ])
    }

    @Test("a page instead of the task or of its state is the vendor's failure")
    func pages() async throws {
        let page: [ScriptedTransport.Step] = [.head(200), .bytes("<html>busy</html>")]
        for transport in [ScriptedTransport([page]), Self.polled([page])] {
            let ledger = ScriptedLedger()
            let media = try ExampleTransport(#require(Self.examples.first))
            let engine = Self.engine(transport, media, ledger: ledger)
            let error = await #expect(throws: APIError.self) { _ = try await Self.ask(engine, Self.request) }
            #expect(error?.kind.status == 502 && error?.message.contains("html") == false)
            #expect(ledger.settled.map(\.cost) == [.zero])
        }
    }

    @Test(
        "a ratio and a resolution become the nearest sides",
        arguments: [
            (#""aspect_ratio":"16:9""#, 1376, 768), (#""aspect_ratio":"1:1","resolution":"512""#, 512, 512),
            (#""aspect_ratio":"2:3","resolution":"768""#, 640, 928), (#""resolution":"1K""#, 1024, 1024),
            (#""size":"1K""#, 1024, 1024), (#""size":"512","aspect_ratio":"5:1""#, 1280, 256),
            (#""aspect_ratio":"45:8""#, 1440, 256), (#""aspect_ratio":"8:45""#, 256, 1440),
        ])
    func shapes(_ members: String, _ width: Int, _ height: Int) throws {
        let request = try OperationRequest(Array(#"{"model":"m","prompt":"p",\#(members)}"#.utf8), for: .images)
        let upstream = try FluxImages().encode(
            request, for: Endpoint(provider: Self.bfl, upstreamModel: "flux-pro-1.1"))
        let sent = try JSONDocument(upstream.body).root
        #expect(sent["width"]?.integer == width && sent["height"]?.integer == height)
    }

    @Test("a client that leaves ends the waiting, and pays for what the vendor makes all the same")
    func leaves() async throws {
        let asked = Signal()
        let server = try Self.vendor(polled: [.raise(asked), .answer(body: #"{"status":"Pending"}"#)])
        defer { server.stop() }
        let transport = try CurlTransport()
        let ledger = ScriptedLedger()
        let engine = Self.engine(
            transport, try MediaFetch(reach: .everywhere), provider: Self.provider(at: server), ledger: ledger,
            sleep: { _ in try await Task.sleep(for: .milliseconds(1)) })
        let task = Task {
            try await Self.ask(engine, Array(#"{"model":"black-forest-labs/flux-1.1-pro","prompt":"p","n":2}"#.utf8))
        }
        await asked.raised()
        task.cancel()
        _ = await task.result
        #expect(ledger.settled.map(\.outcome) == [.cancelled])
        #expect(ledger.settled.map(\.cost.nanoUSD) == [80_000_000])
        // What was under way may still come. That nobody asks any more shows only in time that passes.
        try await Task.sleep(for: .milliseconds(300))
        let polls = server.requests.count
        try await Task.sleep(for: .milliseconds(300))
        #expect(server.requests.count == polls)
        await transport.shutdown()
    }
}
