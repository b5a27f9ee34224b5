import RouterCore
import Testing

@testable import RouterHTTP

@Suite("Changing a key by the API") struct KeyChangeTests {
    static func change(_ body: String) throws -> KeyChange { try KeyChange(Array(body.utf8)) }

    private static func key() -> APIKey {
        APIKey(
            id: "key_x", account: .first, name: "n", label: "l", digest: KeyDigest(hex: "00", pepperVersion: 1),
            requestsPerMinute: 60, createdAt: 0)
    }

    @Test("what is said is taken, what is not said stays, and members that are not known are passed over")
    func takes() throws {
        var key = Self.key()
        key.models = ["a/b"]
        try Self.change(
            #"{"name": "Büro 1", "limit": 0.000000001, "limit_reset": "weekly", "rate_limit": 5, "colour": {"a": [1]}}"#
        ).apply(to: &key)
        #expect(key.name == "Büro 1" && key.limit?.nanoUSD == 1 && key.limitReset == .weekly)
        #expect(key.requestsPerMinute == 5 && key.models == ["a/b"] && !key.isDisabled)
        try Self.change(#"{"limit": null, "models": null, "expires_at": "2027-01-31T00:00:00Z"}"#).apply(to: &key)
        #expect(key.limit == nil && key.limitReset == nil && key.models.isEmpty && key.expiresAt != nil)
    }

    @Test(
        "only members that are not known say nothing",
        arguments: ["{}", #"{"colour": 1}"#, #"{"Name": "x", "id": "y"}"#])
    func unknown(_ body: String) throws {
        #expect(try Self.change(body).isEmpty)
    }

    static let mistakes: [(body: String, parameter: String?, says: String)] = [
        (#"{"name": ""}"#, "name", "1 to 100 characters"), (#"{"name": 5}"#, "name", "1 to 100 characters"),
        (#"{"name": null}"#, "name", "1 to 100 characters"),
        ("{\"name\": \"\(String(repeating: "x", count: 10_240))\"}", "name", "1 to 100 characters"),
        ("{\"name\": \"e\(String(repeating: "\u{301}", count: 300))\"}", "name", "400 bytes"),
        (#"{"name": "a\u0000b"}"#, "name", "control character"), (#"{"name": "a\nb"}"#, "name", "control character"),
        (#"{"name": "\u001b[31m"}"#, "name", "control character"), (#"{"name": "\u202egpj"}"#, "name", "control"),
        (#"{"limit": 0}"#, "limit", "above 0"), (#"{"limit": -1}"#, "limit", "above 0"),
        (#"{"limit": 1e30}"#, "limit", "above 0"), (#"{"limit": "1e30"}"#, "limit", "above 0"),
        (#"{"limit": 1e-9}"#, "limit", "nine digits"), (#"{"limit": 0.0000000001}"#, "limit", "nine digits"),
        (#"{"limit": 1000000000.000000001}"#, "limit", "at most 1000000000"),
        (#"{"limit": "NaN"}"#, "limit", "above 0"),
        (#"{"limit": 99999999999999999999999999999999999999999}"#, "limit", "at most"),
        (#"{"limit": true}"#, "limit", "above 0"),
        (#"{"limit_reset": "hourly"}"#, "limit_reset", "daily, weekly, monthly"),
        (#"{"rate_limit": 0}"#, "rate_limit", "1 to 1000000"), (#"{"rate_limit": 1e3}"#, "rate_limit", "1 to 1000000"),
        (#"{"rate_limit": -5}"#, "rate_limit", "1 to 1000000"),
        (#"{"rate_limit": "60"}"#, "rate_limit", "1 to 1000000"),
        (#"{"expires_at": "soon"}"#, "expires_at", "2027-01-31T00:00:00Z"),
        (#"{"expires_at": 5}"#, "expires_at", "a time"),
        (#"{"models": "a/b"}"#, "models", "a list"), (#"{"models": ["a b"]}"#, "models[0]", "the id of a model"),
        (#"{"models": ["a\n/b"]}"#, "models[0]", "the id of a model"),
        (#"{"models": [1]}"#, "models[0]", "the id of a model"),
        (#"{"disabled": 1}"#, "disabled", "true or false"), (#"{"management": "no"}"#, "management", "true or false"),
        (#"{"name": "a", "name": "b"}"#, "name", ""), ("[]", nil, "JSON object"), ("{", nil, ""), ("", nil, ""),
    ]

    @Test("a mistake is a 400 that names the member and says what it must be", arguments: mistakes.indices)
    func refuses(_ index: Int) {
        let mistake = Self.mistakes[index]
        let error = #expect(throws: APIError.self) { try Self.change(mistake.body) }
        #expect(error?.kind == .invalidRequest)
        #expect(error?.message.contains(mistake.says) == true, "\(String(describing: error))")
        if let parameter = mistake.parameter { #expect(error?.parameter == parameter) }
    }

    @Test("a new key needs a name")
    func needsName() {
        let error = #expect(throws: APIError.self) { try Self.change(#"{"limit": 5}"#).requireName() }
        #expect(error?.parameter == "name")
    }
}
