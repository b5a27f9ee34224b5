import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

/// The examples in `Fixtures`; a folder more is a case more.
@Suite("Worked examples")
struct FixtureTests {
    static let cases = ["openai", "self-hosted", "anthropic", "mistral", "deepseek", "xai", "gemini"].flatMap {
        vendor in
        Fixture.all(of: vendor).map { (vendor, $0) }
    }

    /// Those in which the vendor is asked.
    static let answered = cases.filter { (try? $0.1.meta())?["vendor_called"]?.bool != false }

    @Test("the examples are there")
    func examplesAreThere() {
        #expect(Fixture.all(of: "openai").count >= 15)
        #expect(Fixture.all(of: "self-hosted").count >= 16)
        #expect(Fixture.all(of: "anthropic").count >= 25)
        #expect(Fixture.all(of: "gemini").count >= 22)
        #expect(Fixture.all(of: "mistral").count >= 15)
        #expect(Fixture.all(of: "deepseek").count >= 13)
        #expect(Fixture.all(of: "xai").count >= 13)
    }

    @Test("the vendor gets the request it wants", arguments: cases)
    func request(_ vendor: String, _ fixture: Fixture) throws {
        let request = try ChatRequest(#require(try fixture.bytes("openai_request.json")))
        let endpoint = try Endpoints.endpoint(of: request.model, vendor: vendor)
        let chat = try #require(Vendors.all[endpoint.provider.dialect]?.chat)
        let meta = try fixture.meta()
        guard meta["vendor_called"]?.bool != false else {
            let failure = #expect(throws: UpstreamFailure.self) { try chat.encode(request, for: endpoint) }
            let error = APIError(try #require(failure))
            let differences = FixtureComparison.differences(
                try fixture.json("openai_response.json"), try JSONDocument(error.body).root, side: .publicError)
            #expect(differences.isEmpty, "\(fixture): \(differences)")
            #expect(error.kind.status == meta["expect_status"]?.integer)
            return
        }
        let upstream = try chat.encode(request, for: endpoint)
        let body = try JSONDocument(upstream.body).root
        let differences = FixtureComparison.differences(
            try fixture.json("vendor_request.json"), body, side: .vendorRequest)
        #expect(differences.isEmpty, "\(fixture): \(differences)")
        #expect(meta["vendor_http"]?["path"]?.string?.hasSuffix(upstream.path) == true)
        #expect(upstream.method == .post)
        for header in upstream.headers {
            #expect(meta["vendor_http"]?["headers"]?[header.name]?.string == header.value, "\(fixture)")
        }
    }

    @Test("the client gets the answer it must, however the vendor's bytes are cut", arguments: answered)
    func answer(_ vendor: String, _ fixture: Fixture) throws {
        let request = try ChatRequest(#require(try fixture.bytes("openai_request.json")))
        let endpoint = try Endpoints.endpoint(of: request.model, vendor: vendor)
        let chat = try #require(Vendors.all[endpoint.provider.dialect]?.chat)
        let head = try fixture.vendorHead()
        let body = try #require(try fixture.vendorBody())
        let meta = try fixture.meta()
        guard (200..<300).contains(head.status) else {
            var failure = chat.failure(head: head, body: body)
            failure.provider = endpoint.provider.slug
            let error = APIError(failure)
            let differences = FixtureComparison.differences(
                try fixture.json("openai_response.json"), try JSONDocument(error.body).root, side: .publicError)
            #expect(differences.isEmpty, "\(fixture): \(differences)")
            #expect(error.kind.status == meta["expect_status"]?.integer)
            let retryAfter = error.retryAfter.map { "\($0.components.seconds)" }
            #expect(retryAfter == meta["expect_headers"]?["Retry-After"]?.string)
            return
        }
        for (name, pieces) in ByteCuts.all(of: body, seed: 2026) {
            let client = Client(request, endpoint: endpoint)
            let bytes = client.receive(pieces, through: chat, head: head)
            if let stream = try fixture.bytes("openai_stream.txt") {
                let got = FixtureStream(bytes)
                #expect(got.violations.isEmpty, "\(fixture), \(name)")
                let expected = FixtureStream(stream).fold
                var fold = got.fold
                if expected.usage == nil { fold.usage = nil }
                #expect(fold == expected, "\(fixture), \(name)")
            } else {
                let expected = try fixture.json("openai_response.json")
                let differences = FixtureComparison.differences(
                    expected, try JSONDocument(bytes, limits: .response).root,
                    side: expected?["error"] == nil ? .publicAnswer : .publicError)
                #expect(differences.isEmpty, "\(fixture), \(name): \(differences)")
            }
        }
    }
}
