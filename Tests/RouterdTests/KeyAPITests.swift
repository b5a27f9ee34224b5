import Foundation
import TestSupport
import Testing

@Suite("Keys over the API of a running server", .serialized, .timeLimit(.minutes(2))) struct KeyAPITests {
    /// One request with a JSON body; the status and the whole response.
    private static func send(
        _ method: String, _ path: String, _ body: String?, key: String, to server: ServerProcess
    ) async throws -> (status: Int, text: String) {
        let data = body.map { ["-H", "Content-Type: application/json", "-d", $0] } ?? []
        return try await server.curl(path, ["-X", method, "-H", "Authorization: Bearer \(key)"] + data)
    }

    @Test("a key is made, changed and deleted; each mistake is a 400 that names the member and changes nothing")
    func keys() async throws {
        try await TemporaryDirectory.with { directory in
            func run(_ words: String...) async throws -> Executable.Outcome {
                try await Executable.run(words, in: directory)
            }
            _ = try await run("users", "create", "ana@example.org")
            let manager = try await run("keys", "create", "--name", "m", "--management", "--json").json
            let key = try #require(manager["key"] as? String)
            let other = try await run("keys", "create", "--name", "o", "--user", "ana@example.org", "--json").json
            let others = try #require(other["id"] as? String)
            let server = try await ServerProcess(in: directory, configuration: "discover: false\n")
            let made = try await Self.send(
                "POST", "/v1/keys", #"{"name": "app", "limit": 5, "limit_reset": "daily", "colour": "red"}"#, key: key,
                to: server)
            #expect(made.status == 201, "\(made)")
            let id = String(try #require(made.text.firstMatch(of: /"id":"(key_[A-Za-z0-9]+)"/)).1)
            for (body, member) in [
                (#"{"name": "x", "limit": 0}"#, "limit"), (#"{"name": "x", "limit": -5}"#, "limit"),
                (#"{"name": "x", "limit": 1e30}"#, "limit"), (#"{"limit": 5}"#, "name"),
                ("{\"name\": \"\(String(repeating: "n", count: 10_240))\"}", "name"),
                (#"{"name": "a\u0007b"}"#, "name"), (#"{"name": "x", "rate_limit": 0}"#, "rate_limit"),
                (#"{"name": "x", "models": ["a b"]}"#, "models[0]"),
            ] {
                let refused = try await Self.send("POST", "/v1/keys", body, key: key, to: server)
                #expect(refused.status == 400 && refused.text.contains("\"param\":\"\(member)\""), "\(refused)")
                guard member != "name" || body.contains("name") else { continue }
                let patched = try await Self.send("PATCH", "/v1/keys/\(id)", body, key: key, to: server)
                #expect(patched.status == 400 && patched.text.contains("\"param\":\"\(member)\""), "\(patched)")
            }
            let nothing = try await Self.send("PATCH", "/v1/keys/\(id)", #"{"colour": "blue"}"#, key: key, to: server)
            #expect(nothing.status == 400 && nothing.text.contains("No update fields provided"), "\(nothing)")
            let changed = try await Self.send(
                "PATCH", "/v1/keys/\(id)", #"{"colour": "blue", "name": "web"}"#, key: key, to: server)
            #expect(changed.status == 200 && changed.text.contains(#""name":"web""#), "\(changed)")
            #expect(changed.text.contains(#""limit":5"#) && changed.text.contains(#""limit_reset":"daily""#))
            for method in ["GET", "PATCH", "DELETE"] {
                for name in [others, "key_nowhere", "%00", String(repeating: "x", count: 5000)] {
                    let body = method == "PATCH" ? #"{"name": "stolen"}"# : nil
                    let missing = try await Self.send(method, "/v1/keys/\(name)", body, key: key, to: server)
                    #expect(missing.status == 404, "\(method) \(name.prefix(20)): \(missing)")
                }
            }
            let deleted = try await Self.send("DELETE", "/v1/keys/\(id)", nil, key: key, to: server)
            #expect(deleted.status == 200 && deleted.text.contains(#""deleted":true"#))
            let list = try await run("keys", "list", "--json").json["keys"] as? [[String: Any]]
            #expect(list?.map { $0["name"] as? String } == ["m", "o", "web"])
        }
    }
}
