import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Images at vendors") struct ImagesTests {
    static let examples = Fixture.all(of: "images")

    private static let endpoints = [
        "openai/gpt-image-1": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-image-1"),
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
        #expect(try fixture.meta()["vendor_http"]?["path"]?.string?.hasSuffix(upstream.path) == true)
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
                let error = APIError(try #require(failure))
                #expect(error.message == message && error.kind.status == 400, "\(name)")
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
            let images = try #require(answer["data"]).elements.map { $0["b64_json"]?.string }
            #expect(images == expected["data"]?.elements.map { $0["b64_json"]?.string }, "\(name)")
            #expect(answer["data"]?.elements.allSatisfy { $0["media_type"]?.string == "image/png" } == true)
            #expect(record.usage.images == images.count)
            for member in ["input_tokens", "output_tokens", "total_tokens"] {
                #expect(answer["usage"]?[member]?.integer == expected["usage"]?[member]?.integer ?? 0, "\(member)")
            }
            for member in ["size", "quality", "background"] {
                #expect(answer[member]?.string == expected[member]?.string, "\(member)")
            }
        }
    }

    @Test(
        "what a model does not have is refused, and what it has is said",
        arguments: [
            ("openai/gpt-image-1", #""size":"512x512""#, "size", "1536x1024"),
            ("google/imagen-4", #""size":"1000x10""#, "size", "1792x1024"),
            ("google/imagen-4", #""n":5"#, "n", "1 to 4"), ("google/gemini-2.5-flash-image", #""n":2"#, "n", "1"),
            ("google/gemini-2.5-flash-image", #""size":"1000x10""#, "size", "21:9"),
        ])
    func refuses(_ model: String, _ member: String, _ parameter: String, _ word: String) throws {
        let (request, endpoint, translator) = try parts(
            Array(#"{"model":"\#(model)","prompt":"p",\#(member)}"#.utf8))
        let failure = #expect(throws: UpstreamFailure.self) { try translator.encode(request, for: endpoint) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true)
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
}
