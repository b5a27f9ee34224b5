import Foundation
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("Routes besides chat", .serialized) struct OperationRouteTests {
    private static let embed = Model(
        id: "test/embed", name: "Embed", contextLength: 8192, outputModalities: ["embeddings"],
        pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0")],
        endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "e")])

    private func ask(
        _ script: [ScriptedTransport.Step], body: String, path: String = "/api/v1/embeddings",
        key: String? = TestServer.key, headers: String = "", check: @escaping @Sendable (String, ScriptedLedger) -> Void
    ) async throws {
        try await TestServer.run([script], models: [Self.embed, Samples.model()]) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(path: path, key: key, headers: "Connection: close\r\n" + headers, body: body))
            check(await client.read(), ledger)
        }
    }

    @Test("embeddings are answered with usage, cost and names", arguments: ["/api/v1/embeddings", "/v1//embeddings/"])
    func answers(_ path: String) async throws {
        try await ask(
            [.head(200), .bytes("whole x\nusage 7 0\nend\n")], body: #"{"model":"test/embed","input":"hi"}"#, path: path
        ) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 200") && text.lowercased().contains("x-generation-id: gen-"))
            #expect(text.lowercased().contains("x-ratelimit-remaining: "))
            #expect(text.contains(#""usage":{"prompt_tokens":7,"total_tokens":7,"cost":0.000007}"#))
            #expect(text.contains(#""model":"test/embed","id":"gen-"#) && text.contains(#""provider":"One""#))
            #expect(ledger.settled.map(\.kind) == [.embeddings])
        }
    }

    @Test(
        "what is wrong is said, and nothing is held",
        arguments: [
            (#"{"model":"test/embed"}"#, 400, "`input` is required"), ("{", 400, "not valid JSON"),
            (#"{"model":"test/embedd","input":"a"}"#, 404, "test/embed"),
            (#"{"model":"test/model","input":"a"}"#, 400, "POST /api/v1/chat/completions"),
        ])
    func refuses(_ body: String, _ status: Int, _ word: String) async throws {
        try await ask([], body: body) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(word), "\(text)")
            #expect(ledger.held == 0)
        }
    }

    @Test("a request without a key is refused, and so is another method")
    func refusesStrangers() async throws {
        try await ask([], body: #"{"model":"test/embed","input":"a"}"#, key: nil) { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 401"))
        }
        try await TestServer.run([]) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get("/api/v1/embeddings", headers: "Connection: close\r\n"))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 405") && text.lowercased().contains("allow: post"))
        }
    }

    @Test("a vendor's failure is told as one, and costs nothing")
    func tellsFailures() async throws {
        try await ask([.head(500), .bytes("broken")], body: #"{"model":"test/embed","input":"a"}"#) { text, ledger in
            #expect(text.hasPrefix("HTTP/1.1 502") && text.contains("broken"))
            #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
        }
    }

    @Test(
        "a vendor's redirect is its failure: it is not followed, and costs nothing",
        arguments: [
            ("/api/v1/images/generations", "image", #""prompt":"p""#),
            ("/api/v1/audio/speech", "speech", #""input":"Hi","voice":"alloy""#),
            ("/api/v1/audio/transcriptions", "transcription", ""),
            ("/api/v1/embeddings", "embeddings", #""input":"Hi""#),
        ], [301, 302, 307, 308])
    func followsNothing(_ request: (path: String, modality: String, members: String), _ status: Int) async throws {
        let elsewhere = try LoopbackServer(steps: [.answer(body: "{}")])
        defer { elsewhere.stop() }
        let vendor = try LoopbackServer(steps: [
            .answer(
                status, headers: ["location": elsewhere.baseURL + "/v1/stolen", "content-type": "text/html"], body: "x")
        ])
        let model = TestServer.model(
            "test/any", puttingOut: request.modality, "request", usd: "0.01", at: [vendor]
        ) { _ in "any" }
        let body =
            request.members.isEmpty
            ? String(
                decoding: Samples.transcription(of: Samples.wav(milliseconds: 10), model: "test/any"), as: UTF8.self)
            : #"{"model":"test/any",\#(request.members)}"#
        try await TestServer.serve([vendor], model: model) { port, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(path: request.path, headers: "Connection: close\r\n", body: body))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 502") && !text.contains("stolen"), "\(text)")
            #expect(vendor.requests.count == 1 && elsewhere.connectionCount == 0)
            #expect(ledger.settled.map(\.cost) == [.zero])
        }
    }

    private static let draw: Model = {
        var model = Model(
            id: "test/draw", name: "Draw", contextLength: 8192, outputModalities: ["image"],
            pricing: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "image_output", usd: "0.04"),
            ], endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "d")])
        model.aliases = ["draw"]
        return model
    }()

    private static let imageScript: [ScriptedTransport.Step] = [.head(200), .bytes("image AQID\nend\n")]

    @Test(
        "an image has an address that serves its bytes, unless the client wants only these",
        arguments: [
            ("/api/v1/images/generations", ""), ("/v1/images", #","response_format":"url""#),
            ("/api/v1/images", #","response_format":"b64_json""#),
        ])
    func images(_ path: String, _ member: String) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = try MediaFolder(place, timestamp: { 1_776_249_000_000 })
        try await TestServer.run([Self.imageScript], models: [Self.draw], media: folder) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: path, headers: "Connection: close\r\n", body: #"{"model":"draw","prompt":"p"\#(member)}"#))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains(#""created":1776249000"#), "\(text)")
            #expect(text.contains(#""cost":0.04"#))
            #expect(text.contains(#""b64_json":"AQID""#) == !member.contains("url"))
            #expect(ledger.settled.map(\.kind) == [.image])
            #expect(ledger.settled.map(\.cost) == [Money(nanoUSD: 40_000_000)])
            let address = text.split(separator: #""url":"http://x"#).dropFirst().first?.prefix { $0 != "\"" }
            #expect((address == nil) == member.contains("b64_json"))
            guard let address else { return }
            let fetcher = try RawClient(port: port)
            await fetcher.send(TestServer.get(String(address), headers: "Connection: close\r\n"))
            let file = await fetcher.read()
            let lower = file.lowercased()
            #expect(file.hasPrefix("HTTP/1.1 200") && file.hasSuffix("\r\n\r\n\u{1}\u{2}\u{3}"))
            #expect(
                lower.contains("content-type: image/png") && lower.contains("content-disposition: inline; filename="))
            #expect(lower.contains("x-content-type-options: nosniff"))
        }
    }

    @Test(
        "images come in events, and a finished one has an address",
        arguments: ["", #","response_format":"url""#, #","response_format":"b64_json""#])
    func imageEvents(_ member: String) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = try MediaFolder(place, timestamp: { 1_776_249_000_000 })
        let script: [ScriptedTransport.Step] = [
            .head(200), .bytes("partial BAUG\n"), .bytes("usage 3 4\ndrawn AQID\nend\n"),
        ]
        try await TestServer.run([script], models: [Self.draw], media: folder) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: "/v1/images/generations", headers: "Connection: close\r\n",
                    body: #"{"model":"draw","prompt":"p","stream":true,"partial_images":1\#(member)}"#))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("text/event-stream"), "\(text)")
            let partial =
                "event: image_generation.partial_image\n"
                + #"data: {"type":"image_generation.partial_image","b64_json":"BAUG","created_at":1776249000}"#
            #expect(text.contains(partial + "\n\n"), "\(text)")
            let end = text.split(separator: "event: image_generation.completed\n").dropFirst().first ?? ""
            #expect(end.hasPrefix(#"data: {"type":"image_generation.completed","#) && !text.contains("[DONE]"))
            #expect(end.contains(#""b64_json":"AQID""#) == !member.contains("url"))
            #expect(end.contains(#""url":"http://x/api/v1/media/"#) == !member.contains("b64_json"))
            #expect(end.contains(#""usage":{"input_tokens":3,"output_tokens":4,"#) && end.contains(#""cost":"#))
            #expect(ledger.settled.map(\.kind) == [.image] && ledger.settled.map(\.outcome) == [.completed])
        }
    }

    @Test("an image that breaks off is told as an error in the stream, and only its partial images are charged")
    func imageBreaksOff() async throws {
        let script: [ScriptedTransport.Step] = [.head(200), .bytes("partial BAUG\n")]
        try await TestServer.run([script], models: [Self.draw]) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: "/v1/images/generations", headers: "Connection: close\r\n",
                    body: #"{"model":"draw","prompt":"p","stream":true,"partial_images":1}"#))
            let text = await client.read()
            #expect(text.contains("event: error\n") && !text.contains("image_generation.completed"), "\(text)")
            #expect(ledger.settled.map(\.outcome) == [.failed] && ledger.settled.map(\.cost) == [.zero])
            #expect(ledger.settled.map(\.usage.completion) == [100] && ledger.settled.map(\.usage.images) == [0])
        }
    }

    @Test(
        "what comes without `response_format` is the operator's to say, and what is asked for comes all the same",
        arguments: [
            (ImagesFormat.Form.url, "", true, false), (.base64, "", false, true),
            (.url, #","response_format":"b64_json""#, false, true),
            (.base64, #","stream":true,"response_format":"url""#, true, false), (.url, #","stream":true"#, true, false),
        ])
    func imageForm(_ form: ImagesFormat.Form, _ member: String, _ hasURL: Bool, _ hasBytes: Bool) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = try MediaFolder(place, timestamp: { 1_776_249_000_000 })
        let script: [ScriptedTransport.Step] = [
            .head(200), .bytes(member.contains("stream") ? "drawn AQID\nend\n" : "image AQID\nend\n"),
        ]
        try await TestServer.run([script], models: [Self.draw], media: folder, imageForm: form) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: "/v1/images/generations", headers: "Connection: close\r\n",
                    body: #"{"model":"draw","prompt":"p"\#(member)}"#))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains(#""url":"http"#) == hasURL, "\(text)")
            #expect(text.contains(#""b64_json":"AQID""#) == hasBytes, "\(text)")
        }
    }

    @Test(
        "what a browser could run has no address, and its bytes are in the answer whatever was asked",
        arguments: [("image/svg+xml", false), ("application/octet-stream", false), ("image/gif", true)])
    func keepsOnlyImages(_ type: String, _ isKept: Bool) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = try MediaFolder(place, timestamp: { 1_776_249_000_000 })
        let script: [ScriptedTransport.Step] = [.head(200), .bytes("image AQID \(type)\nend\n")]
        try await TestServer.run([script], models: [Self.draw], media: folder) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: "/v1/images", headers: "Connection: close\r\n",
                    body: #"{"model":"draw","prompt":"p","response_format":"url"}"#))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains(#""url":"http"#) == isKept, "\(text)")
            #expect(text.contains(#""b64_json":"AQID""#) != isKept, "\(text)")
            #expect(text.contains(#""media_type":"\#(type)""#), "\(text)")
        }
    }

    @Test("without a media folder the bytes are in the answer whatever was asked, and no address leads anywhere")
    func imagesWithoutFolder() async throws {
        try await TestServer.run([Self.imageScript], models: [Self.draw]) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat(
                    path: "/v1/images", headers: "Connection: close\r\n",
                    body: #"{"model":"draw","prompt":"p","response_format":"url"}"#))
            let text = await client.read()
            #expect(text.contains(#""b64_json":"AQID""#) && !text.contains(#""url""#))
        }
    }

    @Test("nothing lists the media folder, and a wrong name is 404", arguments: ["", "/", "/x.png", "/..%2Fx.png"])
    func hidesFolder(_ end: String) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = try MediaFolder(place, timestamp: { 0 })
        _ = await folder.keep([1], type: "image/png")
        try await TestServer.run([], models: [Self.draw], media: folder) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.get("/api/v1/media" + end, headers: "Connection: close\r\n"))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 404"), "\(text)")
        }
    }

    private static let hear = Model(
        id: "test/hear", name: "Hear", contextLength: 8192, inputModalities: ["audio"],
        outputModalities: ["transcription"],
        pricing: [
            .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
            .init(unit: "audio_second", usd: "0.0001"),
        ], endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "h")])

    @Test(
        "sound in JSON is answered with JSON, text or events, and by its length",
        arguments: [
            (
                "", "transcript Hi", "application/json",
                #"{"text":"Hi","usage":{"type":"duration","seconds":2.5,"cost":0.00025}}"#
            ),
            (#""response_format":"text""#, "plain Hi", "text/plain; charset=utf-8", "Hi"),
            (#""response_format":"text""#, "plain", "text/plain; charset=utf-8", ""),
            (
                #""stream":true"#, "heard Hi\ntranscript Hi", "text/event-stream",
                #"data: {"text":"Hi","usage":{"type":"duration","seconds":2.5,"cost":0.00025}}"#
            ),
        ])
    func transcribes(_ member: String, _ said: String, _ type: String, _ end: String) async throws {
        let script: [ScriptedTransport.Step] = [.head(200), .bytes(said + "\nend\n")]
        try await TestServer.run([script], models: [Self.hear]) { port, _, ledger in
            let client = try RawClient(port: port)
            let body = Samples.transcription(of: Samples.wav(milliseconds: 2500), model: "test/hear", member)
            await client.send(
                TestServer.chat(
                    path: "/v1/audio/transcriptions", headers: "Connection: close\r\n",
                    body: String(decoding: body, as: UTF8.self)))
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.lowercased().contains("content-type: \(type)"), "\(text)")
            #expect(end.isEmpty || text.contains(end), "\(text)")
            // An empty text is a body without a byte, and not one that breaks off.
            #expect(!said.hasSuffix("plain") || text.hasSuffix("\r\n\r\n0\r\n\r\n"), "\(text)")
            #expect(ledger.settled.map(\.kind) == [.transcription] && ledger.settled.map(\.outcome) == [.completed])
            #expect(ledger.settled.map(\.cost) == [Money(nanoUSD: 250_000)])
        }
    }
}
