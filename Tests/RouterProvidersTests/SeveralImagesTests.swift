import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Several images of Gemini's own models", .timeLimit(.minutes(1))) struct SeveralImagesTests {
    private static var google: Provider {
        var provider = Endpoints.gemini
        provider.billsAbandoned = true
        return provider
    }

    private static let path = "/models/gemini-2.5-flash-image:generateContent"
    private static func image(_ base64: String) -> [ScriptedTransport.Step] {
        [
            .head(200),
            .bytes(
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(base64)"}}]}}],"#
                    + #""usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1290,"totalTokenCount":1295,"#
                    + #""candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#),
        ]
    }
    private static let filtered: [ScriptedTransport.Step] = [
        .head(200), .bytes(#"{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}"#),
    ]

    private static func engine(_ transport: ScriptedTransport, _ ledger: ScriptedLedger) -> Engine {
        let catalog = Catalog([
            Model(
                id: "google/gemini-2.5-flash-image", name: "Image", contextLength: 0, outputModalities: ["image"],
                pricing: [
                    .init(unit: "prompt", usd: "0.0000003"), .init(unit: "completion", usd: "0.0000025"),
                    .init(unit: "image_output_token", usd: "0.00003"),
                ], endpoints: [Endpoint(provider: google, upstreamModel: "gemini-2.5-flash-image")])
        ])
        return Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport,
            authorizer: KeyAuthorizer(keys: ["google": [Credentials("secret")].compactMap(\.self)]),
            ledger: ledger, ambient: .live(timestamp: { 1_776_249_000_000 }), sleep: { _ in })
    }

    private static func request(_ count: Int) throws -> OperationRequest {
        try OperationRequest(
            Array(#"{"model":"google/gemini-2.5-flash-image","prompt":"p","size":"1024x1024","n":\#(count)}"#.utf8),
            for: .images)
    }

    /// The images of the answer, in Base64.
    private static func ask(_ engine: Engine, _ count: Int) async throws -> [String] {
        let answer = try await engine.answer(
            request(count), for: Caller(account: .first, key: "k"), as: Samples.generation)
        var pieces: [ChatPiece] = []
        _ = try await answer.forward { events in
            for case .completion(let piece) in events { pieces.append(piece) }
        }
        let piece = try #require(pieces.first)
        let data = try JSONDocument([0x7B] + piece.members + [0x7D]).root["data"]
        return try #require(data).elements.compactMap { $0["b64_json"]?.string }
    }

    @Test("are as many requests, each of them as for one, and charged together", arguments: [1, 2, 10])
    func asks(_ count: Int) async throws {
        let transport = ScriptedTransport((0..<count).map { Self.image("AQI\($0)") })
        let ledger = ScriptedLedger()
        let images = try await Self.ask(Self.engine(transport, ledger), count)
        #expect(images.sorted() == (0..<count).map { "AQI\($0)" })
        let one =
            #"{"contents":[{"role":"user","parts":[{"text":"p"}]}],"generationConfig":{"#
            + #""responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1"}}}"#
        #expect(transport.bodies == [String](repeating: one, count: count))
        #expect(
            transport.requests.allSatisfy {
                $0.path == Self.path && $0.headers.contains(.init("x-goog-api-key", "secret"))
            })
        let record = try #require(ledger.settled.first)
        #expect(record.usage.images == count && record.usage.imageSize == "1024x1024" && record.basis == .vendor)
        #expect(record.usage.prompt == 5 * count && record.usage.completionImage == 1290 * count)
        #expect(record.cost.nanoUSD == Int64(count * (5 * 300 + 1290 * 30_000)))
    }

    @Test(
        "are charged all where one says nothing of what it used: as the smallest that does, and by our count without any"
    )
    func chargesUncounted() async throws {
        let silent: [ScriptedTransport.Step] = [
            .head(200),
            .bytes(
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AQID"}}]}}]}"#),
        ]
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([Self.image("AQID"), silent, Self.image("AQID")])
        #expect(try await Self.ask(Self.engine(transport, ledger), 3).count == 3)
        let record = try #require(ledger.settled.first)
        #expect(record.usage.images == 3 && record.basis == .vendor)
        #expect(record.usage.prompt == 15 && record.usage.completionImage == 3 * 1290)
        #expect(record.cost.nanoUSD == Int64(3 * (5 * 300 + 1290 * 30_000)))

        let counted = ScriptedLedger()
        #expect(try await Self.ask(Self.engine(ScriptedTransport([silent, silent]), counted), 2).count == 2)
        #expect(counted.settled.map(\.basis) == [.counted] && counted.settled.map(\.usage.images) == [2])
        #expect(counted.settled.allSatisfy { $0.usage.completionImage > 0 })
    }

    @Test("are held for with a prompt for each") func holds() throws {
        let (one, four) = (try Self.request(1).size.atMost, try Self.request(4).size.atMost)
        #expect(four.prompt == 4 * one.prompt && four.completionImage == 4 * one.completionImage)
    }

    @Test("are one request at Imagen, and none is sent twice for one image") func tasks() throws {
        let images = try #require(Vendors.all[.gemini]?.operations[.images])
        let own = Endpoint(provider: Self.google, upstreamModel: "gemini-2.5-flash-image")
        let imagen = Endpoint(provider: Self.google, upstreamModel: "imagen-4.0-generate-001")
        #expect(try images.tasks(for: Self.request(1), at: own).isEmpty)
        #expect(try images.tasks(for: Self.request(4), at: own).count == 4)
        #expect(try images.tasks(for: Self.request(4), at: imagen).isEmpty)
    }

    @Test(
        "all fail where one does, and nothing is charged",
        arguments: [
            ([filtered], 400, "one of the images"),
            ([[.head(400), .bytes(#"{"error":{"code":400,"message":"bad prompt"}}"#)]], 400, "bad prompt"),
            ([[.head(429), .bytes(#"{"error":{"code":429,"message":"slow down"}}"#)]], 429, ""),
            ([[.head(200), .bytes("<html>")]], 502, ""), ([[.head(200)]], 502, ""),
            ([[.fail(UpstreamFailure(.unreachable, "gone"))]], 503, ""),
        ] as [([[ScriptedTransport.Step]], Int, String)])
    func fails(_ scripts: [[ScriptedTransport.Step]], _ status: Int, _ words: String) async throws {
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([Self.image("AQID")] + scripts + [Self.image("AQID")])
        let error = await #expect(throws: APIError.self) { _ = try await Self.ask(Self.engine(transport, ledger), 3) }
        #expect(
            error?.kind.status == status && (words.isEmpty || error?.message.contains(words) == true),
            "\(String(describing: error))")
        #expect(ledger.settled.map(\.cost) == [.zero] && ledger.settled.map(\.outcome) == [.failed])
    }

    @Test("are read to their end when the client has left, and charged as the vendor does") func leaves() async throws {
        let ledger = ScriptedLedger()
        let transport = ScriptedTransport([Self.image("AQID"), Self.image("BAUG")])
        let engine = Self.engine(transport, ledger)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await Self.ask(engine, 2)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(ledger.settled.map(\.outcome) == [.cancelled] && ledger.settled.map(\.basis) == [.vendor])
        #expect(ledger.settled.map(\.usage.images) == [2] && ledger.settled.map(\.usage.completion) == [2580])
    }
}
