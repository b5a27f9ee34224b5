import TestSupport
import Testing

@testable import RouterCore

@Suite("A query for models")
struct ModelQueryTests {
    private static let models: [Model] = {
        var cheap = model("acme/small", prompt: "0.0000001", completion: "0.0000004", context: 8192, created: 300)
        cheap.description = "Quick and small."
        var dear = model("acme/large", prompt: "0.000005", completion: "0.000025", context: 200_000, created: 200)
        dear.inputModalities = ["text", "image"]
        dear.supportedParameters = ["temperature", "tools", "reasoning"]
        dear.aliases = ["grand"]
        var painter = model("other/painter", prompt: "0.000001", completion: "0.00001", context: 4096, created: 100)
        painter.outputModalities = ["image"]
        painter.endpoints[0].provider.location = .local
        painter.endpoints[0].provider.dataPolicy = .none
        painter.endpoints[0].provider.slug = "gpu1"
        return [cheap, dear, painter]
    }()

    private static func model(
        _ id: String, prompt: String, completion: String, context: Int, created: Int64
    ) -> Model {
        var model = Samples.model()
        model.id = id
        model.aliases = []
        model.pricing = [.init(unit: "prompt", usd: prompt), .init(unit: "completion", usd: completion)]
        model.contextLength = context
        model.created = created
        return model
    }

    private func found(_ members: [(name: String, value: String)]) throws -> [String] {
        let query = try ModelQuery(members)
        return query.page(of: query.places(in: Self.models)).map { Self.models[$0].id }
    }

    @Test(
        "finds what fits",
        arguments: [
            ("q", "small", ["acme/small"]), ("q", "QUICK", ["acme/small"]), ("q", "grand acme", ["acme/large"]),
            ("q", "acme+grand", ["acme/large"]),
            ("q", "nothing", []), ("supported_parameters", "tools,reasoning", ["acme/large"]),
            ("supported_parameters", "tools,top_k", []), ("input_modalities", "image", ["acme/large"]),
            ("output_modalities", "text", ["acme/small", "acme/large"]),
            ("output_modalities", "image, audio", ["other/painter"]),
            ("output_modalities", "all", ["acme/small", "acme/large", "other/painter"]),
            ("model_authors", "Other", ["other/painter"]), ("providers", "gpu1", ["other/painter"]),
            ("providers", "One", ["acme/small", "acme/large", "other/painter"]),
            ("context", "8192", ["acme/small", "acme/large"]), ("max_price", "1", ["acme/small", "other/painter"]),
            ("min_price", "1.0", ["acme/large", "other/painter"]), ("max_output_price", "0.4", ["acme/small"]),
            ("min_output_price", "10.000001", ["acme/large"]), ("zdr", "true", ["other/painter"]),
            ("zdr", "false", ["acme/small", "acme/large", "other/painter"]),
        ])
    func filters(_ name: String, _ value: String, _ ids: [String]) throws {
        #expect(try found([(name, value)]) == ids)
    }

    @Test("holds all its conditions at once")
    func combines() throws {
        #expect(try found([("model_authors", "acme"), ("max_price", "1"), ("q", "a")]) == ["acme/small"])
    }

    @Test(
        "puts models in order",
        arguments: [
            ("newest", ["acme/small", "acme/large", "other/painter"]),
            ("pricing-low-to-high", ["acme/small", "other/painter", "acme/large"]),
            ("pricing-high-to-low", ["acme/large", "other/painter", "acme/small"]),
            ("context-high-to-low", ["acme/large", "acme/small", "other/painter"]),
            ("most-popular", ["acme/small", "acme/large", "other/painter"]),
        ])
    func sorts(_ order: String, _ ids: [String]) throws { #expect(try found([("sort", order)]) == ids) }

    @Test("cuts pages, and has nothing behind the end")
    func pages() throws {
        #expect(try found([("limit", "1"), ("offset", "1")]) == ["acme/large"])
        #expect(try found([("offset", "2")]) == ["other/painter"])
        #expect(try found([("offset", "9223372036854775807")]) == [])
    }

    @Test("passes over what this catalogue does not hold, and empty values")
    func ignores() throws {
        let query = try ModelQuery([("category", "programming"), ("use_rss", "true"), ("limit", ""), ("x", "y")])
        #expect(query.isEverything(of: 0))
        #expect(try !ModelQuery([("sort", "newest")]).isEverything(of: 0))
    }

    @Test(
        "names the member whose value cannot be understood",
        arguments: [
            ("limit", "0"), ("limit", "1001"), ("limit", "-1"), ("limit", "1e3"), ("offset", "+1"),
            ("offset", "9223372036854775808"), ("context", "1.5"), ("max_price", "-1"), ("max_price", "NaN"),
            ("min_price", "1e-3"), ("max_output_price", "1234567890123456789012345678901234567890"),
            ("min_output_price", "0.0000000000001"), ("sort", "catalogue"), ("sort", "best"), ("zdr", "maybe"),
        ])
    func refuses(_ name: String, _ value: String) {
        #expect {
            _ = try ModelQuery([(name, value)])
        } throws: { error in
            guard let error = error as? APIError else { return false }
            return error.kind == .invalidRequest && error.parameter == name
        }
    }
}
