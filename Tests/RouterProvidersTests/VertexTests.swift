import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Gemini at Google Cloud")
struct VertexTests {
    private static let endpoint = Endpoint(
        provider: Provider(
            slug: "vertex", name: "Vertex", dialect: .vertex,
            baseURL:
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/google"
        ), upstreamModel: "gemini-3-flash", traits: Endpoints.gemini3Flash)

    @Test("is asked below its base URL as Gemini is, and shown a token instead of a key")
    func request() async throws {
        let vendor = try #require(Vendors.all[.vertex])
        let client = try Client(Self.endpoint, stream: true)
        var request = try #require(vendor.chat).encode(client.request, for: Self.endpoint)
        #expect(request.path == "/models/gemini-3-flash:streamGenerateContent?alt=sse")
        let gemini = try #require(Vendors.all[.gemini]?.chat).encode(client.request, for: Self.endpoint)
        #expect(request == gemini)
        let keys = KeyAuthorizer(keys: ["vertex": [Credentials("ya29.token")].compactMap(\.self)])
        try await keys.authorize(&request, for: Self.endpoint.provider)
        #expect(request.headers.contains(.init("authorization", "Bearer ya29.token")))
        #expect(!request.headers.contains { $0.name == "x-goog-api-key" })
    }

    @Test("answers as Gemini does, with its own word for the tier")
    func answer() throws {
        let client = try Client(Self.endpoint, stream: false)
        let got = try client.answer(
            #"{"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1,"totalTokenCount":4,"trafficType":"ON_DEMAND"},"createTime":"2026-01-01T00:00:00Z"}"#
        )
        #expect(got["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string == "a")
        #expect(got["usage"]?["total_tokens"]?.integer == 4)
    }

    @Test("has errors like Gemini's: a token that ran out is our trouble")
    func errors() throws {
        let chat = try #require(Vendors.all[.vertex]?.chat)
        let failure = chat.failure(
            head: UpstreamHead(status: 401),
            body: Array(
                #"{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}"#
                    .utf8))
        #expect(failure.kind == .unauthorized)
        #expect(APIError(failure).kind == .providerError)
    }

    @Test(
        "is asked for images as Gemini is: Imagen by predict, Gemini's own models by generateContent",
        arguments: [
            (
                "imagen-4.0-generate-001", "/models/imagen-4.0-generate-001:predict",
                #"{"instances":[{"prompt":"a cat"}],"parameters":{"sampleCount":2,"aspectRatio":"16:9","#
                    + #""sampleImageSize":"2K"}}"#
            ),
            (
                "gemini-2.5-flash-image", "/models/gemini-2.5-flash-image:generateContent",
                #"{"contents":[{"role":"user","parts":[{"text":"a cat"}]}],"generationConfig":{"#
                    + #""responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9"}}}"#
            ),
        ])
    func asksForImages(_ model: String, _ path: String, _ body: String) async throws {
        let images = try #require(Vendors.all[.vertex]?.operations[.images])
        var endpoint = Self.endpoint
        endpoint.upstreamModel = model
        let asked = try OperationRequest(
            Array(#"{"model":"a/b","prompt":"a cat","n":2,"size":"1792x1024","quality":"hd","user":"u"}"#.utf8),
            for: .images)
        var request = try images.encode(asked, for: endpoint)
        #expect(request.method == .post && request.path == path)
        #expect(String(decoding: request.body, as: UTF8.self) == body)
        let keys = KeyAuthorizer(keys: ["vertex": [Credentials("ya29.token")].compactMap(\.self)])
        try await keys.authorize(&request, for: endpoint.provider)
        #expect(
            request.headers == [.init("content-type", "application/json"), .init("authorization", "Bearer ya29.token")])
    }

    @Test("answers with Imagen's images but for those that its filter removed")
    func readsImages() throws {
        let images = try #require(Vendors.all[.vertex]?.operations[.images])
        var endpoint = Self.endpoint
        endpoint.upstreamModel = "imagen-4.0-generate-001"
        let asked = try OperationRequest(Array(#"{"model":"a/b","prompt":"a cat","n":2}"#.utf8), for: .images)
        var decoder = images.makeDecoder(for: asked, from: endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        try decoder.decode(
            Array(
                #"{"predictions":[{"mimeType":"image/png","bytesBase64Encoded":"AQID"},{"raiFilteredReason":"58061214"}]}"#
                    .utf8), into: &events)
        try decoder.finish(into: &events)
        var usage = Usage()
        usage.images = 1
        #expect(
            events == [
                .usage(usage),
                .completion(
                    ChatPiece(
                        members: Array(
                            #""data":[{"b64_json":"AQID","media_type":"image/png"}],"output_format":"png""#.utf8))),
            ])
    }

    @Test("is given bytes for what stands on the web")
    func media() throws {
        let request = try ChatRequest(
            Array(
                #"{"model":"a/b","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/i.png"}}]}]}"#
                    .utf8))
        let media = try #require(Vendors.all[.vertex]?.media)
        #expect(media.addresses(in: request, for: Self.endpoint).map(\.url) == ["https://a.example/i.png"])
    }
}
