import Foundation
import Glibc
import TestSupport
import Testing

@Suite("routerd serve", .serialized, .timeLimit(.minutes(3))) struct ServeTests {
    private func configuration(_ server: LoopbackServer, drain: Int = 10, model: String = "airouter-cloud/test")
        -> String
    {
        OneEngine.configuration(at: server, model: model, price: "0.0000001", more: "drain_seconds: \(drain)\n")
    }

    private static func chunk(_ delta: String, finish: String = "null") -> Step {
        .chunk(
            "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish)}]}\n\n"
        )
    }

    @Test("gives a real answer over real sockets, whole and streamed, and says nothing secret in its log")
    func answers() async throws {
        let vendor = try LoopbackServer { request in
            String(decoding: request.body, as: UTF8.self).contains(#""stream":true"#)
                ? [
                    .head(200, ["content-type": "text/event-stream", "transfer-encoding": "chunked"]),
                    Self.chunk(#"{"role":"assistant","content":""}"#), Self.chunk(#"{"content":"Hel"}"#),
                    Self.chunk(#"{"content":"lo"}"#), Self.chunk("{}", finish: #""stop""#),
                    .chunk("data: [DONE]\n\n"), .lastChunk,
                ] : [OneEngine.answer]
        }
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let key = try await server.makeKey()
            let whole = try await server.chat(key.text)
            #expect(whole.status == 200 && whole.text.contains(#""content":"Hello""#), "\(whole)")
            #expect(whole.text.contains(#""model":"airouter-cloud/test""#) && whole.text.contains(#""total_tokens":4"#))
            let streamed = try await server.chat(key.text, stream: true)
            #expect(
                streamed.text.contains(#""content":"Hel""#) && streamed.text.contains("data: [DONE]"), "\(streamed)")
            let sent = try #require(vendor.requests.first)
            #expect(sent.target == "/v1/chat/completions" && sent["authorization"] == nil)
            #expect(String(decoding: sent.body, as: UTF8.self).contains(#""model":"upstream-name""#))
            server.signal(SIGTERM)
            #expect(await server.exitCode(seconds: 10) == 0)
            #expect(server.log.contains(#""message":"request""#))
            #expect(!server.log.contains(key.text) && !server.text.contains(key.text) && !server.log.contains("Hello"))
        }
    }

    @Test("sees keys that are made and revoked beside it within a second")
    func seesKeys() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let key = try await server.makeKey()
            #expect(try await server.chat(key.text).status == 200)
            let revoked = try await Executable.run(
                ["keys", "revoke", key.id, "--data", "\(directory)/data"], in: directory)
            #expect(revoked.status == 0, "\(revoked.errors)")
            try await Task.sleep(for: .seconds(1))  // The promise is one second.
            #expect(try await server.chat(key.text).status == 401)
        }
    }

    @Test("lets a running stream finish when it is told to stop, takes no new connection, and ends with 0")
    func drains() async throws {
        let (begun, go) = (Signal(), Signal())
        let vendor = try LoopbackServer { _ in
            [
                .head(200, ["content-type": "text/event-stream", "transfer-encoding": "chunked"]),
                Self.chunk(#"{"role":"assistant","content":"one"}"#), .raise(begun), .wait(for: go),
                Self.chunk(#"{"content":"two"}"#), Self.chunk("{}", finish: #""stop""#), .chunk("data: [DONE]\n\n"),
                .lastChunk,
            ]
        }
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let key = try await server.makeKey()
            async let answer = server.chat(key.text, stream: true)
            _ = await begun.raised()
            server.signal(SIGTERM)
            var isRefused = false
            for _ in 0..<100 where !isRefused {
                isRefused = try await server.curl("/healthz").status == 0
            }
            #expect(isRefused)
            go.raise()
            let text = try await answer.text
            #expect(text.contains("two") && text.contains("[DONE]"), "\(text)")
            #expect(await server.exitCode(seconds: 10) == 0)
        }
    }

    @Test("cuts off what is still running when the time to drain is over, and ends with 0")
    func cutsOff() async throws {
        let begun = Signal()
        let vendor = try LoopbackServer { _ in
            [
                .head(200, ["content-type": "text/event-stream", "transfer-encoding": "chunked"]),
                Self.chunk(#"{"role":"assistant","content":"one"}"#), .raise(begun), .untilClosed(Signal()),
            ]
        }
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor, drain: 1))
            let key = try await server.makeKey()
            async let answer = server.chat(key.text, stream: true)
            _ = await begun.raised()
            server.signal(SIGINT)
            #expect(await server.exitCode(seconds: 10) == 0, "\(server.log)")
            #expect(try await !answer.text.contains("[DONE]"))
        }
    }

    @Test("reads its configuration again on SIGHUP, and keeps the old one when the new one is wrong")
    func reloads() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let file = "\(directory)/routerd.yaml"
            try "provders: []".write(toFile: file, atomically: true, encoding: .utf8)
            server.signal(SIGHUP)
            #expect(await until(seconds: 5) { server.log.contains("configuration kept as it was") })
            #expect(try await server.curl("/v1/models/airouter-cloud/test").status == 200)
            try configuration(vendor, model: "airouter-cloud/other").write(
                toFile: file, atomically: true, encoding: .utf8)
            server.signal(SIGHUP)
            #expect(await until(seconds: 5) { server.log.contains("configuration read again") })
            #expect(try await server.curl("/v1/models/airouter-cloud/other").status == 200)
            #expect(try await server.curl("/v1/models/airouter-cloud/test").status == 404)
        }
    }

    @Test("takes another catalogue as it is written and on SIGHUP, and keeps the old one when an entry is wrong")
    func rereadsCatalog() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let file = "\(directory)/data/catalog.json"
            func entry(_ price: String) -> String {
                """
                {"id": "a/own", "endpoints": [{"provider": "engine", "model": "x"}],
                 "pricing": {"prompt": "\(price)", "completion": "0.000002"}}
                """
            }
            try "{\"models\": [\(entry("0.000001"))]}".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(await until(seconds: 5) { server.log.contains("catalogue read again") })
            #expect(try await server.curl("/v1/models/a/own").text.contains(#""prompt":"0.000001""#))
            try "{\"models\": [\(entry("1e-6"))]}".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(await until(seconds: 5) { server.log.contains("catalogue kept as it was") })
            #expect(server.log.contains("catalog.json: models[0].pricing.prompt"))
            #expect(try await server.curl("/v1/models/a/own").text.contains(#""prompt":"0.000001""#))
            server.signal(SIGHUP)
            #expect(await until(seconds: 5) { server.log.contains("configuration kept as it was") })
            #expect(try await server.curl("/v1/models/a/own").status == 200)
            try "{\"models\": [\(entry("0.000003"))]}".write(
                toFile: "\(directory)/new.json", atomically: true, encoding: .utf8)
            let arguments = ["models", "import", "--data", "data", "--apply", "new.json"]
            #expect(try await Executable.run(arguments, in: directory).status == 78)
            #expect(try await Executable.run(arguments + ["--replace"], in: directory).status == 0)
            #expect(await until(seconds: 5) { server.log.split(separator: "catalogue read again").count == 3 })
            #expect(try await server.curl("/v1/models/a/own").text.contains(#""prompt":"0.000003""#))
            unlink(file)
            #expect(await until(seconds: 5) { server.log.split(separator: "catalogue read again").count == 4 })
            #expect(try await server.curl("/v1/models/a/own").status == 404)
        }
    }

    @Test("refuses a second server on the same data, and a port that is taken, with what to do")
    func refuses() async throws {
        let vendor = try LoopbackServer(steps: [.close])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(in: directory, configuration: configuration(vendor))
            let second = try await Executable.run(
                ["serve", "--port", "0", "--data", "\(directory)/data"], in: directory)
            #expect(second.status == 75 && second.errors.contains("another routerd serves from"), "\(second)")
            let taken = try await Executable.run(
                ["serve", "--port", "\(server.port)", "--data", "\(directory)/other"], in: directory)
            #expect(taken.status == 1, "\(taken)")
            #expect(
                taken.errors.contains("cannot listen on 127.0.0.1:\(server.port): address already in use"),
                "\(taken.errors)")
            #expect(taken.errors.contains("routerd serve --port \(server.port + 1)"))
        }
    }

    @Test("shows a first key once, when it is asked to, and a curl that works")
    func greets() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let show = ["ROUTERD_PRINT_FIRST_KEY": "1"]
            let first = try await ServerProcess(in: directory, configuration: configuration(vendor), environment: show)
            let key = try #require(first.text.firstMatch(of: /API key    (air_live_[A-Za-z0-9_-]{43})/)?.1)
            #expect(first.text.contains(#"-d '{"model":"airouter-cloud/test","#))
            #expect(try await first.chat(String(key)).status == 200)
            first.signal(SIGTERM)
            #expect(await first.exitCode(seconds: 10) == 0)
            let second = try await ServerProcess(in: directory, configuration: configuration(vendor), environment: show)
            #expect(!second.text.contains("air_live_"))
            #expect(try await second.chat(String(key)).status == 200, "the key outlives the process")
        }
    }

    @Test("says how to get a model when it has none")
    func greetsWithoutModels() async throws {
        try await TemporaryDirectory.with { directory in
            let server = try await ServerProcess(
                in: directory, configuration: "discover: false\n", environment: ["ROUTERD_PRINT_FIRST_KEY": "1"])
            #expect(server.text.contains("Models     none yet.") && server.text.contains("OPENAI_API_KEY"))
            #expect(try await server.curl("/readyz").status == 200)
            #expect(try await server.curl("/api/v1/models").text.contains(#""data":[]"#))
        }
    }
}
