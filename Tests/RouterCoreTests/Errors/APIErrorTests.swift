import RouterCore
import Testing

@Suite("An API error") struct APIErrorTests {
    @Test(
        "has the status that a failure at a vendor deserves",
        arguments: [
            (UpstreamFailure.Kind.refused, 400), (.unsupported, 400), (.unauthorized, 502), (.notFound, 502),
            (.rateLimited, 429), (.overloaded, 503), (.failed, 502), (.broken, 502), (.timedOut, 503),
            (.unreachable, 503),
        ])
    func status(_ kind: UpstreamFailure.Kind, _ status: Int) {
        #expect(APIError(UpstreamFailure(kind, "x")).kind.status == status)
    }

    @Test("is written so that clients of OpenAI and of OpenRouter can read it")
    func body() {
        var failure = UpstreamFailure(.failed, "a \"b\"\n", status: 500)
        failure.provider = "openai"
        let error = APIError(exhausting: [
            UpstreamFailure(.rateLimited, "slow", status: 429, provider: "gpu1"), failure,
        ])
        #expect(
            String(decoding: error.body, as: UTF8.self)
                == #"{"error":{"message":"a \"b\"\n","type":"provider_error","param":null,"code":502,"metadata":{"error_type":"provider_unavailable","provider":"openai","upstream_status":500,"previous_errors":[{"provider":"gpu1","code":429,"status":429}]}}}"#
        )
    }

    @Test("has a number for its code and one of the known types, whatever its kind", arguments: APIError.Kind.allCases)
    func kinds(_ kind: APIError.Kind) throws {
        let root = try JSONDocument(APIError(kind, "x", parameter: "a.b").body).root
        #expect(root["error"]?["code"]?.integer == kind.status)
        #expect(root["error"]?["param"]?.string == "a.b")
        #expect(root["error"]?["metadata"]?["error_type"]?.string == kind.errorType)
    }

    @Test("never tells what our own credentials were answered")
    func hides() {
        let error = APIError(UpstreamFailure(.unauthorized, "Incorrect API key provided: sk-abc", status: 401))
        #expect(!String(decoding: error.body, as: UTF8.self).contains("sk-abc"))
        #expect(error.detail?.contains("sk-abc") == true)
    }
}
