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
