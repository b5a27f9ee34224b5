import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Images at vendors") struct ImagesTests {
    static let examples = Fixture.all(of: "images")

    private static let endpoints = [
        "openai/gpt-image-1": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-image-1"),
        "openai/gpt-image-2": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-image-2"),
        "openai/dall-e-3": Endpoint(provider: Endpoints.openAI, upstreamModel: "dall-e-3"),
        "google/gemini-3.1-flash-image": Endpoint(
            provider: Endpoints.gemini, upstreamModel: "gemini-3.1-flash-image"),
        "google/gemini-3-pro-image": Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-3-pro-image-preview"),
        "google/imagen-4": Endpoint(provider: Endpoints.gemini, upstreamModel: "imagen-4.0-generate-001"),
        "google/gemini-2.5-flash-image": Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-2.5-flash-image"),
        "mine/flux": Endpoint(provider: Endpoints.engine, upstreamModel: "flux"),
    ]

    private func parts(
        _ body: [UInt8]
    ) throws -> (request: OperationRequest, endpoint: Endpoint, translator: any OperationTranslator) {
        let request = try OperationRequest(body, for: .images)
        let endpoint = try #require(Self.endpoints[request.model])
        return (request, endpoint, try #require(Vendors.all[endpoint.provider.dialect]?.operations[.images]))
    }

    @Test("the examples are there") func examplesAreThere() { #expect(Self.examples.count >= 5) }

    @Test("the vendor gets the request it wants", arguments: examples)
    func request(_ fixture: Fixture) throws {
        let (request, endpoint, translator) = try parts(#require(try fixture.bytes("openai_request.json")))
        let upstream = try translator.encode(request, for: endpoint)
        let differences = FixtureComparison.differences(
            try fixture.json("vendor_request.json"), try JSONDocument(upstream.body).root, side: .vendorRequest)
        #expect(differences.isEmpty, "\(differences)")
        let asked = try fixture.meta()["vendor_http"]
        #expect(asked?["path"]?.string?.hasSuffix(upstream.path) == true)
        #expect(asked?["method"]?.string == upstream.method.rawValue)
        for header in upstream.headers { #expect(asked?["headers"]?[header.name]?.string == header.value) }
    }

    /// The events of an answer, and the failure that ended it.
    private func events(
        of pieces: [[UInt8]], to request: OperationRequest, at endpoint: Endpoint, _ translator: any OperationTranslator
    ) -> (events: [ChatEvent], failure: UpstreamFailure?) {
        var decoder = translator.makeDecoder(for: request, from: endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        do throws(UpstreamFailure) {
            for piece in pieces { try decoder.decode(piece, into: &events) }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    @Test("the client gets the answer it must, however the vendor's bytes are cut", arguments: examples)
    func answer(_ fixture: Fixture) throws {
        let (request, endpoint, translator) = try parts(#require(try fixture.bytes("openai_request.json")))
        let body = try #require(try fixture.vendorBody())
        let expected = try #require(try fixture.json("openai_response.json"))
        for (name, pieces) in ByteCuts.all(of: body, random: 5, seed: 50) {
            let (events, failure) = events(of: pieces, to: request, at: endpoint, translator)
            if let message = expected["error"]?["message"]?.string {
                var failure = try #require(failure)
                failure.provider = endpoint.provider.slug
                let error = APIError(failure)
                #expect(error.message == message && error.kind.status == 400, "\(name)")
                let differences = FixtureComparison.differences(
                    expected, try JSONDocument(error.body).root, side: .publicError)
                #expect(differences.isEmpty, "\(differences) in \(String(decoding: error.body, as: UTF8.self))")
                continue
            }
            #expect(failure == nil, "\(name)")
            var record = Generation(
                id: Samples.generation, kind: .image, account: .first, key: "k", model: request.model,
                createdAt: 1_776_249_000_000, streamed: false)
            for case .usage(let usage) in events { record.usage = usage }
            let piece = try #require(
                events.compactMap { event in
                    if case .completion(let piece) = event { piece } else { nil }
                }.first)
            let format = try #require(ImagesFormat(piece))
            let answer = try JSONDocument(format.whole(urls: [], form: .both, of: record)).root
            #expect(answer["created"]?.integer == expected["created"]?.integer)
            let differences = FixtureComparison.differences(expected, answer, side: .publicImages)
            #expect(differences.isEmpty, "\(differences), \(name)")
            #expect(record.usage.images == expected["data"]?.elements.map(\.self).count)
        }
    }

    /// An answer of a Gemini model, and what became of it.
    private func gemini(_ answer: String) throws -> (usage: Usage?, failure: UpstreamFailure?) {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"google/gemini-3-pro-image","prompt":"p"}"#.utf8))
        let (events, failure) = events(of: [Array(answer.utf8)], to: request, at: endpoint, translator)
        var said: Usage?
        for case .usage(let usage) in events { said = usage }
        return (said, failure)
    }

    @Test("the thoughts before an image are counted once, whether the vendor's candidates include them or not")
    func thoughts() throws {
        let image = #""candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AQID"}}]}}]"#
        for (counts, completion, prompt) in [
            // What does not say what its tokens are has those of an image.
            (
                #""promptTokenCount":5,"candidatesTokenCount":1290,"thoughtsTokenCount":200,"totalTokenCount":1495"#,
                1490, 5
            ),
            (#""promptTokenCount":5,"candidatesTokenCount":1290,"candidatesTokensDetails":[]"#, 1290, 5),
        ] {
            let (usage, failure) = try gemini(#"{\#(image),"usageMetadata":{\#(counts)}}"#)
            #expect(failure == nil && usage?.completion == completion && usage?.prompt == prompt, "\(counts)")
            #expect(usage?.completionImage == 1290 && usage?.images == 1)
        }
        for (counts, completion, prompt) in [
            (
                #""promptTokenCount":5,"candidatesTokenCount":1290,"thoughtsTokenCount":200,"totalTokenCount":1495"#,
                1490, 5
            ),
            (
                #""promptTokenCount":5,"candidatesTokenCount":1490,"thoughtsTokenCount":200,"totalTokenCount":1495"#,
                1490, 5
            ),
            (#""promptTokenCount":"5","candidatesTokenCount":"1290","toolUsePromptTokenCount":7"#, 1290, 12),
        ] {
            let (usage, failure) = try gemini(
                #"{\#(image),"usageMetadata":{\#(counts),"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#
            )
            #expect(failure == nil && usage?.completion == completion && usage?.prompt == prompt, "\(counts)")
            #expect(usage?.completionImage == 1290 && usage?.images == 1)
        }
    }

    @Test(
        "an answer of Gemini's without an image is refused where a filter or the model says so, and a failure otherwise",
        arguments: [
            (#"{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}"#, .refused),
            (#"{"candidates":[{"finishReason":"PROHIBITED_CONTENT","content":{"parts":[{"text":"no"}]}}]}"#, .refused),
            (#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, .refused), (#"{}"#, .broken),
            (#"{"candidates":[]}"#, .broken), (#"{"candidates":[{"finishReason":"STOP"}]}"#, .refused),
            (#"{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"a yurt"}]}}]}"#, .refused),
            (#"{"candidates":[{"finishReason":"NO_IMAGE"}]}"#, .refused),
            (#"{"candidates":[{"finishReason":"MALFORMED_RESPONSE"}]}"#, .failed),
            (#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#, .failed),
            (#"{"candidates":[{"finishReason":"IMAGE_OTHER"}]}"#, .failed),
        ] as [(String, UpstreamFailure.Kind)])
    func withoutImage(_ answer: String, _ kind: UpstreamFailure.Kind) throws {
        let failure = try #require(try gemini(answer).failure)
        #expect(failure.kind == kind && APIError(failure).kind.status == (kind == .refused ? 400 : 502), "\(failure)")
    }

    @Test(
        "OpenRouter's words for a shape become the model's, or are refused by name",
        arguments: [
            ("openai/gpt-image-1", #""aspect_ratio":"3:2","resolution":"1K""#, #""size":"1536x1024""#),
            ("openai/gpt-image-1", #""aspect_ratio":"18:32""#, #""size":"1024x1536""#),
            ("openai/gpt-image-2", #""aspect_ratio":"16:9","resolution":"2K""#, #""size":"2736x1536""#),
            ("openai/gpt-image-2", #""resolution":"512""#, "`resolution`"),
            (
                "openai/gpt-image-2", #""size":"1536x1024","aspect_ratio":"3:2","resolution":"1K""#,
                #""size":"1536x1024""#
            ),
            (
                "google/gemini-3-pro-image", #""aspect_ratio":"21:9","resolution":"4K""#,
                #"{"aspectRatio":"21:9","imageSize":"4K"}"#
            ),
            (
                "google/gemini-3-pro-image", #""size":"2K","aspect_ratio":"4:3""#,
                #"{"aspectRatio":"4:3","imageSize":"2K"}"#
            ),
            ("google/gemini-2.5-flash-image", #""aspect_ratio":"4:5","resolution":"1K""#, #"{"aspectRatio":"4:5"}"#),
            (
                "google/imagen-4", #""aspect_ratio":"16:9","resolution":"2K""#,
                #""aspectRatio":"16:9","sampleImageSize":"2K""#
            ),
            (
                "mine/flux", #""aspect_ratio":"7:3","resolution":"4K","output_format":"svg""#,
                #""aspect_ratio":"7:3","resolution":"4K","output_format":"svg""#
            ),
            (
                "google/gemini-3.1-flash-image", #""aspect_ratio":"1:8","resolution":"512""#,
                #"{"aspectRatio":"1:8","imageSize":"512"}"#
            ),
            ("google/gemini-3-pro-image", #""aspect_ratio":"1:8""#, "`aspect_ratio`"),
            ("google/gemini-3-pro-image", #""resolution":"512""#, "`resolution`"),
            ("openai/gpt-image-2", #""size":"2K","aspect_ratio":"16:9""#, #""size":"2736x1536""#),
            ("openai/gpt-image-1", #""size":"1K","aspect_ratio":"3:2""#, #""size":"1536x1024""#),
            ("openai/gpt-image-1", #""aspect_ratio":"21:9""#, "`aspect_ratio`"),
            ("openai/gpt-image-1", #""resolution":"2K""#, "`resolution`"),
            ("openai/gpt-image-2", #""aspect_ratio":"4:1""#, "`aspect_ratio`"),
            ("openai/gpt-image-2", #""resolution":"4K","aspect_ratio":"16:9""#, #""size":"3840x2160""#),
            ("openai/gpt-image-2", #""resolution":"4K""#, #""size":"2880x2880""#),
            ("openai/gpt-image-2", #""resolution":"1.5K","aspect_ratio":"1:3""#, #""size":"880x2640""#),
            ("openai/gpt-image-2", #""aspect_ratio":"16/9""#, "`aspect_ratio`"),
            ("openai/gpt-image-1", #""aspect_ratio":"wide""#, "`aspect_ratio`"),
            ("openai/gpt-image-2", #""quality":"xhigh""#, #""quality":"xhigh""#),
            ("openai/gpt-image-2", #""size":"512x512""#, "`size`"),
            ("openai/gpt-image-1", #""size":"1024x1024","resolution":"720p""#, "`resolution`"),
            ("google/imagen-4", #""size":"1024x1024","aspect_ratio":"wide""#, "`aspect_ratio`"),
            ("openai/gpt-image-2", #""output_format":"svg""#, "`output_format`"),
            ("openai/gpt-image-2", #""input_references":[{}]"#, "`input_references`"),
            ("google/gemini-2.5-flash-image", #""resolution":"2K""#, "`resolution`"),
            ("google/gemini-3-pro-image", #""aspect_ratio":"2:1""#, "`aspect_ratio`"),
            ("google/gemini-3-pro-image", #""input_references":[{}]"#, "`input_references`"),
            ("google/imagen-4", #""aspect_ratio":"3:2""#, "`aspect_ratio`"),
            ("google/imagen-4", #""resolution":"4K""#, "`resolution`"),
            ("google/imagen-4", #""size":"1024x1024","resolution":"1K","quality":"hd""#, #""sampleImageSize":"1K""#),
            (
                "google/gemini-3-pro-image", #""size":"2048x2048","resolution":"2K""#,
                #"{"aspectRatio":"1:1","imageSize":"2K"}"#
            ),
            ("mine/flux", #""resolution":"720p","aspect_ratio":"wide""#, #""resolution":"720p","aspect_ratio":"wide""#),
        ])
    func shapes(_ model: String, _ members: String, _ words: String) throws {
        let (request, endpoint, translator) = try parts(Array(#"{"model":"\#(model)","prompt":"p",\#(members)}"#.utf8))
        do throws(UpstreamFailure) {
            let body = String(decoding: try translator.encode(request, for: endpoint).body, as: UTF8.self)
            #expect(body.contains(words), "\(body)")
        } catch {
            #expect(error.kind == .unsupported && error.message.contains(words), "\(error.message)")
            #expect(words == "`\(error.parameter ?? "")`")
        }
    }

    @Test(
        "what a model does not have is refused, and what it has is said",
        arguments: [
            ("openai/gpt-image-1", #""size":"512x512""#, "size", "1536x1024"),
            ("google/imagen-4", #""size":"1000x10""#, "size", "1792x1024"),
            ("google/imagen-4", #""n":5"#, "n", "1 to 4"),
            ("google/gemini-2.5-flash-image", #""size":"1000x10""#, "size", "21:9"),
            ("google/gemini-2.5-flash-image", #""size":"2K""#, "size", "21:9"),
            ("google/gemini-2.5-flash-image", #""size":"4096x4096""#, "size", "auto, 1K for"),
            ("google/gemini-2.5-flash-image", #""size":"64x64""#, "size", "auto, 1K for"),
            ("google/gemini-3-pro-image", #""size":"512x512""#, "size", "auto, 1K, 2K, 4K"),
            ("google/gemini-3-pro-image", #""size":"2048x2048","n":5"#, "n", "1 to 4 for a `size` of 2K"),
            ("google/gemini-3-pro-image", #""resolution":"4K","n":3"#, "n", "1 to 2 for a `resolution` of 4K"),
            ("openai/gpt-image-1", #""quality":"xhigh""#, "quality", "auto, low, medium, high"),
            ("openai/gpt-image-1", #""quality":"max""#, "quality", "auto, low, medium, high"),
            ("openai/dall-e-3", #""quality":"hd""#, "model", "dall-e-3 is not offered"),
            ("openai/gpt-image-2", #""size":"512""#, "size", "1K, 1.5K, 2K, 4K"),
            ("openai/gpt-image-2", #""size":"3840x2160","n":4"#, "n", "1 to 3"),
            ("openai/gpt-image-2", #""resolution":"4K","aspect_ratio":"16:9","n":4"#, "n", "1 to 3"),
            ("openai/gpt-image-2", #""size":"3840x2160","output_format":"webp","n":7"#, "n", "1 to 6"),
            ("openai/gpt-image-1", #""size":"2K""#, "size", "auto, 1024x1024"),
            ("openai/gpt-image-2", #""size":"1000x1024""#, "size", "multiples of 16"),
            ("openai/gpt-image-2", #""size":"3200x1024""#, "size", "3:1"),
            ("openai/gpt-image-2", #""size":"3840x2176""#, "size", "3840x2160"),
            ("google/gemini-3-pro-image", #""size":"4K","n":3"#, "n", "1 to 2"),
            ("google/gemini-3-pro-image", #""size":"2K","n":5"#, "n", "1 to 4"),
        ])
    func refuses(_ model: String, _ member: String, _ parameter: String, _ word: String) throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"\#(model)","prompt":"p",\#(member)}"#.utf8))
        let failure = #expect(throws: UpstreamFailure.self) { try translator.encode(request, for: endpoint) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true)
    }

    @Test(
        "a size becomes what the model has",
        arguments: [
            ("openai/gpt-image-1", "1792x1024", #""size":"1536x1024""#),
            ("openai/gpt-image-2", "1792x1024", #""size":"1792x1024""#),
            ("openai/gpt-image-2", "2048x1152", #""size":"2048x1152""#),
            ("openai/gpt-image-2", "auto", #""size":"auto""#),
            ("google/imagen-4", "2K", #""sampleImageSize":"2K""#),
            ("google/imagen-4", "1K", #""sampleImageSize":"1K""#),
            ("google/gemini-3-pro-image", "4K", #""imageConfig":{"imageSize":"4K"}"#),
            ("google/gemini-3-pro-image", "1536x1024", #""imageConfig":{"aspectRatio":"3:2"}"#),
            ("google/gemini-3-pro-image", "2016x864", #""imageConfig":{"aspectRatio":"21:9"}"#),
            ("google/gemini-3-pro-image", "2048x2048", #""imageConfig":{"aspectRatio":"1:1","imageSize":"2K"}"#),
            ("google/gemini-3-pro-image", "1920x1080", #""imageConfig":{"aspectRatio":"16:9","imageSize":"2K"}"#),
            ("google/gemini-3-pro-image", "3840x2160", #""imageConfig":{"aspectRatio":"16:9","imageSize":"4K"}"#),
            ("google/gemini-3-pro-image", "5504x3072", #""imageConfig":{"aspectRatio":"16:9","imageSize":"4K"}"#),
            ("google/gemini-3-pro-image", "1344x768", #""imageConfig":{"aspectRatio":"16:9"}"#),
            ("google/gemini-2.5-flash-image", "896x1152", #""imageConfig":{"aspectRatio":"4:5"}"#),
            ("google/gemini-2.5-flash-image", "864x1184", #""imageConfig":{"aspectRatio":"3:4"}"#),
            ("google/gemini-2.5-flash-image", "1536x672", #""imageConfig":{"aspectRatio":"21:9"}"#),
            ("google/gemini-2.5-flash-image", "1792x1024", #""imageConfig":{"aspectRatio":"16:9"}"#),
            ("google/gemini-2.5-flash-image", "1K", #""responseModalities":["IMAGE"]}}"#),
            ("google/gemini-3.1-flash-image", "512x512", #""imageConfig":{"aspectRatio":"1:1","imageSize":"512"}"#),
            ("openai/gpt-image-1", "1K", #"{"model":"gpt-image-1","prompt":"p"}"#),
            ("openai/gpt-image-2", "2K", #""size":"2048x2048""#),
            ("mine/flux", "2K", #""size":"2K""#),
        ])
    func sizes(_ model: String, _ size: String, _ member: String) throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"\#(model)","prompt":"p","size":"\#(size)"}"#.utf8))
        let body = String(decoding: try translator.encode(request, for: endpoint).body, as: UTF8.self)
        #expect(body.contains(member), "\(body)")
    }

    @Test(
        "what a request names is what is charged; only what it leaves open is what the vendor says",
        arguments: [
            ("openai/gpt-image-1", #""size":"1792x1024","quality":"hd""#, "1536x1024", "high"),
            ("openai/gpt-image-1", #""size":"auto""#, "1024x1536", "low"),
            ("openai/gpt-image-2", #""size":"1792x1024""#, "1792x1024", "low"),
            ("openai/gpt-image-2", #""resolution":"2K""#, "2048x2048", "low"),
            ("openai/gpt-image-1", #""resolution":"1K""#, "1024x1536", "low"),
            ("mine/flux", #""size":"640x640","quality":"hd""#, "640x640", "hd"),
            ("mine/flux", #""resolution":"2K""#, "1024x1536", "low"),
        ])
    func names(_ model: String, _ members: String, _ size: String, _ quality: String) throws {
        let (request, endpoint, translator) = try parts(Array(#"{"model":"\#(model)","prompt":"p",\#(members)}"#.utf8))
        let answer = #"{"data":[{"b64_json":"AQID"}],"size":"1024x1536","quality":"low"}"#
        let (events, failure) = events(of: [Array(answer.utf8)], to: request, at: endpoint, translator)
        #expect(failure == nil)
        var usage: Usage?
        for case .usage(let said) in events { usage = said }
        #expect(usage?.imageSize == size && usage?.imageQuality == quality, "\(String(describing: usage))")
    }

    @Test("a resolution is what an image is charged as where an engine does not say its size")
    func namesResolution() throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"mine/flux","prompt":"p","resolution":"2K"}"#.utf8))
        let (events, _) = events(
            of: [Array(#"{"data":[{"b64_json":"AQID"}]}"#.utf8)], to: request, at: endpoint, translator)
        #expect(
            events.contains {
                if case .usage(let usage) = $0 { usage.imageSize == "2K" } else { false }
            })
    }

    @Test("what calls itself an image and is a page is none", arguments: ["text/html", "image/png", "image/svg+xml"])
    func namesNoPage(_ said: String) throws {
        let page = String(
            decoding: Base64.encoded(Array(" <html><script>alert(1)</script></html>".utf8)), as: UTF8.self)
        let (request, endpoint, translator) = try parts(Array(#"{"model":"google/imagen-4","prompt":"p"}"#.utf8))
        let answer = #"{"predictions":[{"mimeType":"\#(said)","bytesBase64Encoded":"\#(page)"}]}"#
        let (events, failure) = events(of: [Array(answer.utf8)], to: request, at: endpoint, translator)
        let piece = events.compactMap { if case .completion(let piece) = $0 { piece } else { nil } }.first
        #expect(failure == nil)
        #expect(
            piece.map { String(decoding: $0.members, as: UTF8.self) }
                == #""data":[{"b64_json":"\#(page)","media_type":"application/octet-stream"}]"#)
    }

    @Test("an image is what it begins as, whatever its vendor says that it is")
    func looksAtBytes() throws {
        let (request, endpoint, translator) = try parts(Array(#"{"model":"mine/flux","prompt":"p"}"#.utf8))
        for (start, type) in [
            ([0xFF, 0xD8, 0xFF, 0xE0], "image/jpeg"), (Array("RIFF....WEBPVP8 ".utf8), "image/webp"),
            ([1, 2, 3], "image/png"), (Array("GIF89a".utf8), "image/gif"),
            ([0, 0, 0, 32] + Array("ftypavif".utf8), "image/avif"), (Array("<svg>".utf8), "image/svg+xml"),
            (Array("\n<?xml version='1.0'?>".utf8), "image/svg+xml"),
            (Array("<!DOCTYPE html>".utf8), "application/octet-stream"),
        ] as [([UInt8], String)] {
            let base64 = String(decoding: Base64.encoded(start + [UInt8](repeating: 0, count: 20)), as: UTF8.self)
            let (events, failure) = events(
                of: [Array(#"{"data":[{"b64_json":"\#(base64)"}]}"#.utf8)], to: request, at: endpoint, translator)
            let piece = events.compactMap { if case .completion(let piece) = $0 { piece } else { nil } }.first
            #expect(failure == nil && piece.map { String(decoding: $0.members, as: UTF8.self) }?.contains(type) == true)
        }
    }

    @Test("what Gemini tries while it thinks is no image of its answer")
    func skipsThoughts() throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"google/gemini-3-pro-image","prompt":"p"}"#.utf8))
        let answer =
            #"{"candidates":[{"content":{"parts":[{"thought":true,"inlineData":{"mimeType":"image/png","data":"AQID"}},"#
            + #"{"inlineData":{"mimeType":"image/jpeg","data":"BAUG"}}]}}]}"#
        let (events, failure) = events(of: [Array(answer.utf8)], to: request, at: endpoint, translator)
        #expect(failure == nil)
        let piece = try #require(events.compactMap { if case .completion(let piece) = $0 { piece } else { nil } }.first)
        #expect(
            String(decoding: piece.members, as: UTF8.self)
                == #""data":[{"b64_json":"BAUG","media_type":"image/jpeg"}],"output_format":"jpeg""#)
    }

    @Test("an engine is asked for bytes, and gets members that nobody here knows")
    func engine() throws {
        let (request, endpoint, translator) = try parts(
            Array(
                #"{"model":"mine/flux","prompt":"p","steps":4,"size":"640x640","response_format":"url","provider":{}}"#
                    .utf8))
        let body = try translator.encode(request, for: endpoint).body
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"model":"flux","prompt":"p","steps":4,"size":"640x640","response_format":"b64_json"}"#)
    }

    @Test(
        "what is no answer is refused",
        arguments: [
            "", "<html>", "[]", "{}", #"{"data":[]}"#, #"{"data":[{}]}"#, #"{"data":[{"url":"http://x/y.png"}]}"#,
            #"{"data":[{"b64_json":""}]}"#, #"{"data":[{"b64_json":"?"}]}"#, #"{"data":[{"b64_json":7}]}"#,
            #"{"error":{"message":"broke"}}"#,
        ])
    func refusesAnswers(_ answer: String) throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"openai/gpt-image-1","prompt":"p"}"#.utf8))
        let (events, failure) = events(of: [Array(answer.utf8)], to: request, at: endpoint, translator)
        #expect(failure.map { [.broken, .failed].contains($0.kind) } == true && !events.contains(where: \.commits))
    }

    @Test("an answer of more than 100 MB is not read to its end")
    func bounds() throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"openai/gpt-image-1","prompt":"p"}"#.utf8))
        let megabyte = [UInt8](repeating: 0x41, count: 1 << 20)
        let (_, failure) = events(
            of: [[UInt8]](repeating: megabyte, count: 101), to: request, at: endpoint, translator)
        #expect(failure?.kind == .broken && failure?.message.contains("bytes") == true)
    }

    // MARK: Streams

    private static let asked = #"{"model":"openai/gpt-image-1","prompt":"p","stream":true,"partial_images":2}"#
    private static let askedEngine = #"{"model":"mine/flux","prompt":"p","stream":true}"#
    private static let partial =
        #"data: {"type":"image_generation.partial_image","b64_json":"AQID","partial_image_index":0,"created_at":7}"#
        + "\n\n"
    private static let completed =
        "event: image_generation.completed\n"
        + #"data: {"type":"image_generation.completed","created_at":9,"b64_json":"BAUG","size":"1024x1024","#
        + #""quality":"low","background":"opaque","output_format":"webp","usage":{"input_tokens":5,"#
        + #""output_tokens":372,"total_tokens":377,"input_tokens_details":{"text_tokens":5,"image_tokens":0}}}"#
        + "\n\n"

    /// What an answer becomes, whole or as events.
    private func streamed(
        _ answer: String, _ asked: String = asked, type: String = "text/event-stream", cut: [[UInt8]]? = nil
    ) throws -> (pieces: [String], usage: Usage?, failure: UpstreamFailure?) {
        let (request, endpoint, translator) = try parts(Array(asked.utf8))
        let head = UpstreamHead(status: 200, lines: Array("content-type: \(type)\r\n".utf8))
        var decoder = translator.makeDecoder(for: request, from: endpoint, head: head)
        var events: [ChatEvent] = []
        var failure: UpstreamFailure?
        do throws(UpstreamFailure) {
            for piece in cut ?? [Array(answer.utf8)] { try decoder.decode(piece, into: &events) }
            try decoder.finish(into: &events)
        } catch {
            failure = error
        }
        var pieces: [String] = []
        var usage: Usage?
        for event in events {
            switch event {
            case .content(let piece): pieces.append("content " + String(decoding: piece.members, as: UTF8.self))
            case .completion(let piece): pieces.append("end " + String(decoding: piece.members, as: UTF8.self))
            case .usage(let said): usage = said
            default: break
            }
        }
        return (pieces, usage, failure)
    }

    @Test("OpenAI is asked for a stream and its partial images, an engine for what the client said")
    func asksForStreams() throws {
        let (request, endpoint, translator) = try parts(Array(Self.asked.utf8))
        #expect(request.form == .events && request.stream)
        #expect(
            String(decoding: try translator.encode(request, for: endpoint).body, as: UTF8.self)
                == #"{"model":"gpt-image-1","prompt":"p","stream":true,"partial_images":2}"#)
        let whole = try parts(Array(Self.asked.replacing("true", with: "false").utf8))
        #expect(whole.request.form == .json)
        #expect(
            String(decoding: try translator.encode(whole.request, for: endpoint).body, as: UTF8.self)
                == #"{"model":"gpt-image-1","prompt":"p"}"#)
        let engine = try parts(Array(Self.askedEngine.utf8))
        let body = try engine.translator.encode(engine.request, for: engine.endpoint).body
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"model":"flux","prompt":"p","stream":true,"response_format":"b64_json"}"#)
    }

    @Test(
        "a model that makes images in one go refuses a stream",
        arguments: ["google/imagen-4", "google/gemini-2.5-flash-image"])
    func refusesStreams(_ model: String) throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"\#(model)","prompt":"p","stream":true}"#.utf8))
        let failure = #expect(throws: UpstreamFailure.self) { try translator.encode(request, for: endpoint) }
        #expect(failure?.kind == .unsupported && failure?.parameter == "stream")
    }

    @Test("OpenAI is asked for several images whole, and each is an event")
    func streamsSeveral() throws {
        let asked = #"{"model":"openai/gpt-image-1","prompt":"p","n":2,"stream":true,"partial_images":2}"#
        let (request, endpoint, translator) = try parts(Array(asked.utf8))
        #expect(
            String(decoding: try translator.encode(request, for: endpoint).body, as: UTF8.self)
                == #"{"model":"gpt-image-1","prompt":"p","n":2}"#)
        let (said, usage, failure) = try streamed(
            #"{"created":3,"data":[{"b64_json":"AQID"},{"b64_json":"BAUG"}],"usage":{"output_tokens":544}}"#, asked,
            type: "application/json")
        #expect(failure == nil && said.count == 2 && said.allSatisfy { $0.hasPrefix("end ") })
        #expect(usage?.images == 2 && usage?.completionImage == 544)
    }

    @Test("events are read however they are cut, and the last says what was used")
    func readsEvents() throws {
        let body = "event: image_generation.partial_image\n" + Self.partial + ": wait\n\n" + Self.completed
        for (name, pieces) in ByteCuts.all(of: Array(body.utf8), random: 5, seed: 51) {
            let (said, usage, failure) = try streamed(body, cut: pieces)
            #expect(failure == nil, "\(name)")
            #expect(
                said == [
                    #"content "type":"image_generation.partial_image","b64_json":"AQID","partial_image_index":0,"#
                        + #""created_at":7"#,
                    #"end "type":"image_generation.completed","b64_json":"BAUG","created_at":9,"background":"opaque","#
                        + #""output_format":"webp","quality":"low","size":"1024x1024","media_type":"image/webp""#,
                ], "\(name)")
            #expect(usage?.prompt == 5 && usage?.completion == 372 && usage?.completionImage == 372)
            #expect(usage?.images == 1 && usage?.imageQuality == "low" && usage?.imageSize == "1024x1024")
        }
    }

    @Test("several images of an engine are counted together, and parts without a number get one")
    func readsSeveral() throws {
        let partial = Self.partial.replacing(#""partial_image_index":0,"#, with: "")
        let (said, usage, failure) = try streamed(
            partial + partial + Self.completed + Self.completed + "data: [DONE]\n\n", Self.askedEngine)
        #expect(failure == nil && said.count == 4)
        #expect(said.prefix(2).map { $0.contains(#""partial_image_index":1"#) } == [false, true])
        #expect(usage?.images == 2 && usage?.completion == 744)
    }

    @Test("an answer that comes whole is the last event")
    func wholeBecomesEvent() throws {
        let answer =
            #"{"created":3,"data":[{"b64_json":"AQID"},{"b64_json":"BAUG","revised_prompt":"q"}],"size":"640x640"}"#
        let (said, usage, failure) = try streamed(answer, Self.askedEngine, type: "application/json")
        #expect(failure == nil)
        #expect(
            said == [
                #"end "type":"image_generation.completed","b64_json":"AQID","created_at":3,"size":"640x640","#
                    + #""media_type":"image/png""#,
                #"end "type":"image_generation.completed","b64_json":"BAUG","created_at":3,"size":"640x640","#
                    + #""media_type":"image/png","revised_prompt":"q""#,
            ])
        #expect(usage?.images == 2)
    }

    @Test(
        "a stream that is no answer is refused, and one that ends early is cut off",
        arguments: [
            ("", false), (": hm\n\n", false), ("<html>", false), ("data: <html>\n\n", false), ("data: 7\n\n", false),
            ("data: [DONE]\n\n", false), (partial, true), (completed.replacing("BAUG", with: "?"), false),
            (completed.replacing(#""b64_json""#, with: #""url""#), false), (partial + completed.dropLast(40), true),
        ])
    func refusesStreamedAnswers(_ answer: String, _ hasPartial: Bool) throws {
        let (said, _, failure) = try streamed(answer)
        #expect(failure?.kind == .broken && said.count == (hasPartial ? 1 : 0))
    }

    @Test("an error in a stream is the vendor's")
    func readsErrors() throws {
        for error in [
            #"data: {"type":"error","error":{"message":"moderated","code":"moderation_blocked"}}"#,
            #"data: {"error":{"message":"moderated"}}"#,
        ] {
            let (said, _, failure) = try streamed(Self.partial + error + "\n\n")
            #expect(said.count == 1 && failure?.message.contains("moderated") == true)
            #expect(failure?.kind != .broken)
        }
    }
}
