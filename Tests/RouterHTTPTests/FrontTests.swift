import RouterCore
import Synchronization
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("The HTTP front", .serialized) struct FrontTests {
    @Test("answers a chat request whole, with its ids, limits and usage")
    func answersWhole() async throws {
        try await TestServer.run([TestServer.whole]) { port, transport, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat())
            let answer = await client.read(until: "}}}")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            for header in [
                "x-request-id: req-", "x-generation-id: gen-1776249000-", "x-ratelimit-limit: 1000",
                "x-ratelimit-remaining: 999", "x-ratelimit-reset: 17762", "content-type: application/json\r\n",
                "content-length: ",
            ] {
                #expect(answer.contains(header), "\(header) in \(answer)")
            }
            #expect(
                answer.contains(
                    #""object":"chat.completion","created":1776249000,"model":"test/model","provider":"One""#))
            #expect(answer.contains(#""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3"#))
            #expect(ledger.settled.count == 1)
            #expect(transport.bodies.first?.contains(#""content":"Hi""#) == true)
        }
    }

    @Test("streams with usage on the finish chunk, [DONE] at the end, and no id lines")
    func streams() async throws {
        try await TestServer.run([TestServer.streamed]) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: true))
            let answer = await client.read(until: "[DONE]")
            for header in [
                "content-type: text/event-stream; charset=utf-8\r\n", "cache-control: no-cache\r\n",
                "x-accel-buffering: no\r\n", "transfer-encoding: chunked\r\n", "x-ratelimit-remaining: ",
            ] {
                #expect(answer.contains(header), "\(header)")
            }
            #expect(answer.contains(#""delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3"#))
            #expect(!answer.contains("\nid:") && answer.contains("data: [DONE]\n\n"))
            #expect(ledger.settled.map(\.streamed) == [true])
        }
    }

    @Test("hands each piece on before the next one has come")
    func holdsNothingBack() async throws {
        try await TestServer.run([[.head(200), .bytes("open\ncontent first\n"), .hang]]) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: true))
            #expect(await client.read(until: "first", seconds: 2).contains("first"))
        }
    }

    @Test("keeps the connection for the next request, ours or not, in any order")
    func keepsAlive() async throws {
        try await TestServer.run([TestServer.whole, TestServer.streamed, TestServer.whole]) { port, _, _ in
            let client = try RawClient(port: port)
            for round in 0..<2 {
                await client.send(TestServer.chat(stream: round == 1))
                #expect(await client.read(until: round == 1 ? "0\r\n\r\n" : "}}}").contains("200 OK"))
                await client.send(TestServer.get("/api/v1/models"))
                #expect(await client.read(until: #""last_id":"test/model"}"#).contains("200 OK"))
            }
            await client.send(TestServer.chat())
            #expect(await client.read(until: "}}}").contains("200 OK"))
        }
    }

    @Test("answers pipelined requests in their order")
    func pipelines() async throws {
        try await TestServer.run([TestServer.whole, TestServer.streamed, TestServer.whole]) { port, transport, _ in
            let client = try RawClient(port: port)
            await client.send(
                TestServer.chat() + TestServer.get("/healthz") + TestServer.chat(stream: true)
                    + TestServer.get("/api/v1/models/none") + TestServer.chat()
                    + TestServer.get("/readyz", headers: "Connection: close\r\n"))
            let answer = await client.read()
            let statuses = answer.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(statuses == ["200", "200", "200", "404", "200", "200"])
            #expect(transport.providersAsked.count == 3)
        }
    }

    @Test("answers pipelined chat requests in their order, also when the client then stops sending")
    func pipelinesChats() async throws {
        try await TestServer.run([TestServer.whole, TestServer.streamed, TestServer.whole]) { port, transport, _ in
            let client = try RawClient(port: port)
            let last = TestServer.chat()
            await client.send(TestServer.chat() + TestServer.chat(stream: true) + String(last.dropLast(3)))
            await client.send(String(last.suffix(3)))
            client.closeOutput()
            let answer = await client.read()
            let kinds = answer.split(separator: "HTTP/1.1 200 OK").map { $0.contains("[DONE]") }
            #expect(kinds == [false, true, false], "\(answer)")
            #expect(transport.providersAsked.count == 3)
        }
    }

    @Test("takes a chunked body, and one that comes byte by byte")
    func takesChunked() async throws {
        try await TestServer.run([TestServer.whole, TestServer.whole]) { port, transport, _ in
            let client = try RawClient(port: port)
            let body = #"{"model":"model","messages":[{"role":"user","content":"Сәлем"}]}"#
            let cut = body.utf8.count / 2
            await client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: \(TestServer.key)\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            await client.send("\(String(cut, radix: 16))\r\n")
            await client.send(Array(body.utf8.prefix(cut)))
            await client.send("\r\n\(String(body.utf8.count - cut, radix: 16))\r\n")
            await client.send(Array(body.utf8.dropFirst(cut)))
            await client.send("\r\n0\r\n\r\n")
            #expect(await client.read(until: "}}}").contains("200 OK"))
            for byte in TestServer.chat(path: "//api//v1/chat/completions/?x=1").utf8 { await client.send([byte]) }
            #expect(await client.read(until: "}}}").contains("200 OK"))
            #expect(transport.bodies.first == body)
        }
    }

    @Test("sends 100 Continue to a client that waits for it")
    func sendsContinue() async throws {
        try await TestServer.run([TestServer.whole]) { port, _, _ in
            let client = try RawClient(port: port)
            let request = TestServer.chat(headers: "Expect: 100-continue\r\n")
            let head = request.components(upTo: "\r\n\r\n")
            await client.send(head)
            #expect(await client.read(until: "\r\n\r\n", seconds: 2) == "HTTP/1.1 100 Continue\r\n\r\n")
            await client.send(String(request.dropFirst(head.count)))
            #expect(await client.read(until: "}}}").contains("200 OK"))
        }
    }

    @Test("refuses a body that is announced too large without reading it, and one that grows too large")
    func refusesTooLarge() async throws {
        var limits = FrontLimits()
        limits.bodyBytesMax = 1_048_576
        try await TestServer.run(limits: limits) { port, _, _ in
            let announced = try RawClient(port: port)
            await announced.send(
                "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TestServer.key)\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
            )
            let answer = await announced.read(until: "}}")
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("payload_too_large"))
            #expect(answer.contains("connection: close") && answer.contains("x-ratelimit-limit"))
            let growing = try RawClient(port: port)
            await growing.send(
                "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TestServer.key)\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
            for _ in 0..<20 { await growing.send(chunk) }
            #expect(await growing.read(until: "}}").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("takes a body of exactly the limit")
    func takesLimit() async throws {
        var limits = FrontLimits()
        limits.bodyBytesMax = 100_000
        try await TestServer.run([TestServer.whole], limits: limits) { port, _, _ in
            let start = #"{"model":"model","messages":[{"role":"user","content":""#
            let body = start + String(repeating: "x", count: 100_000 - start.utf8.count - 4) + #""}]}"#
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: body))
            #expect(await client.read(until: "}}}").contains("200 OK"))
            await client.send(TestServer.chat(body: body + " "))
            #expect(await client.read(until: "}}").contains(" 413 "))
        }
    }

    @Test("refuses a header of 1 MB in the API's own form")
    func refusesLongHeader() async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            await client.send("POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Long: ")
            await client.send(String(repeating: "a", count: 1_048_576))
            let answer = await client.read(until: "}}")
            #expect(answer.hasPrefix("HTTP/1.1 431 ") && answer.contains(#""type":"invalid_request_error""#))
            #expect(await client.isClosed(seconds: 8))
        }
    }

    @Test(
        "refuses what is no HTTP, or ambiguous about where a body ends",
        arguments: [
            "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func refusesBrokenHTTP(_ text: String) async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(text)
            let answer = await client.read(until: "}}", seconds: 3)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("invalid_request_error"), "\(answer)")
        }
    }

    @Test(
        "answers what is wrong with a chat request in the API's own form",
        arguments: [
            ("", "400"), ("[]", "400"), ("{", "400"), (#"{"model":"test/model"}"#, "400"),
            (#"{"model":"test/model","messages":[]}"#, "400"),
            (#"{"model":"test/none","messages":[{"role":"user","content":"x"}]}"#, "404"),
            ("{\"model\":\"test/model\",\"messages\":[{\"role\":\"user\",\"content\":\"a\u{0}b\"}]}", "400"),
        ])
    func answersErrors(_ body: String, _ status: String) async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(body: body))
            let answer = await client.read(until: "}}")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("x-ratelimit-remaining: ") && answer.contains(#""code":\#(status)"#))
            #expect(answer.contains(#""metadata":{"error_type":"#))
            await client.send(TestServer.get("/healthz"))
            #expect(await client.read(until: "ok").contains("200 OK"), "the connection can be used again")
        }
    }

    @Test("refuses invalid UTF-8 and a wrong content type")
    func refusesEncodings() async throws {
        try await TestServer.run { port, _, _ in
            let client = try RawClient(port: port)
            let body: [UInt8] =
                Array(#"{"model":"test/model","messages":[{"role":"user","content":""#.utf8) + [0xC3, 0x28]
                + Array(#""}]}"#.utf8)
            await client.send(
                "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TestServer.key)\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            await client.send(body)
            #expect(await client.read(until: "}}").contains("UTF-8"))
            await client.send(
                "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TestServer.key)\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"
            )
            #expect(await client.read(until: "}}").contains(" 415 "))
        }
    }

    @Test("a client that leaves in mid-stream ends the vendor's answer at once", arguments: [true, false])
    func noticesDeparture(_ withReset: Bool) async throws {
        try await TestServer.run([[.head(200), .bytes("open\ncontent a\nusage 7 1\n"), .hang]]) {
            port, transport, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: true))
            _ = await client.read(until: #""content":"a""#)
            if withReset { client.reset() } else { client.close() }
            #expect(await eventually { transport.isCancelled(0) })
            #expect(await eventually { ledger.settled.map(\.outcome) == [.cancelled] })
            #expect(ledger.settled.first?.usage.prompt == 7)
        }
    }

    @Test("the vendor's answer ends within 100 ms after its client left")
    func noticesDepartureInTime() async throws {
        let script: [ScriptedTransport.Step] = [.head(200), .bytes("open\ncontent a\n"), .hang]
        try await TestServer.run(Array(repeating: script, count: 5)) { port, transport, _ in
            var quickest = Duration.seconds(100)
            // What another program does with the processor meanwhile is not ours: the best of five counts.
            for number in 0..<5 where quickest > .milliseconds(100) {
                let client = try RawClient(port: port)
                await client.send(TestServer.chat(stream: true))
                _ = await client.read(until: #""content":"a""#)
                let left = ContinuousClock.now
                client.close()
                #expect(await eventually { transport.isCancelled(number) })
                quickest = min(quickest, ContinuousClock.now - left)
            }
            #expect(quickest <= .milliseconds(100))
        }
    }

    @Test("a client that leaves before the first content ends the attempt", arguments: [true, false])
    func noticesEarlyDeparture(_ stream: Bool) async throws {
        try await TestServer.run([[.head(200), .hang]]) { port, transport, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: stream))
            #expect(await eventually { transport.stepsTaken(0) == 2 })
            client.close()
            #expect(await eventually { transport.isCancelled(0) })
            #expect(await eventually { ledger.settled.map(\.outcome) == [.cancelled] })
        }
    }

    @Test("a client that only stops sending gets its whole answer", arguments: [true, false])
    func servesHalfClosed(_ stream: Bool) async throws {
        try await TestServer.run([stream ? TestServer.streamed : TestServer.whole]) { port, _, ledger in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: stream))
            client.closeOutput()
            let answer = await client.read()
            #expect(answer.contains("200 OK") && answer.contains(stream ? "[DONE]" : "}}}"), "\(answer)")
            #expect(ledger.settled.map(\.outcome) == [.completed])
        }
    }

    @Test("a client that stops sending gets all of its answer, also when its last bytes wait for it long")
    func waitsForSlowEnd() async throws {
        func steps(_ count: Int) -> [ScriptedTransport.Step] {
            let piece = ScriptedTransport.Step.bytes("content " + String(repeating: "x", count: 2000) + "\n")
            return [.head(200), .bytes("open\n")] + Array(repeating: piece, count: count)
        }
        let end = [ScriptedTransport.Step.bytes("finish\nend\n")]
        @Sendable func ask(_ port: Int) async throws -> RawClient {
            let client = try RawClient(port: port, receiveBuffer: 8192)
            await client.send(TestServer.chat(stream: true))
            return client
        }
        // How much the kernel takes for a client that does not read, and the server before it waits.
        let taken = Atomic(0)
        try await TestServer.run([steps(10_000)]) { port, transport, _ in
            let client = try await ask(port)
            repeat {
                taken.store(transport.stepsTaken(0), ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(300))
            } while taken.load(ordering: .relaxed) != transport.stepsTaken(0)
            client.close()
        }
        let count = taken.load(ordering: .relaxed) - 2
        #expect(count < 10_000)
        // So that the end of the answer is among what waits with the server.
        try await TestServer.run((2...5).map { steps(count - $0) + end }) { port, _, ledger in
            var late = 0
            for number in 1...4 {
                let client = try await ask(port)
                if number.isMultiple(of: 2) { client.closeOutput() }
                let isAnswered = await eventually(seconds: 2) { ledger.settled.count == number }
                late += isAnswered ? 1 : 0
                client.closeOutput()
                try await Task.sleep(for: .milliseconds(100))
                let text = await client.read()
                #expect(text.hasSuffix("data: [DONE]\n\n\r\n0\r\n\r\n"), "\(number) \(isAnswered) \(text.suffix(60))")
            }
            #expect(late > 0, "no answer had its end waiting for its client")
        }
    }

    @Test("a client that stops sending in the middle of its request is let go")
    func dropsHalfRequest() async throws {
        try await TestServer.run { port, transport, _ in
            let client = try RawClient(port: port)
            await client.send(String(TestServer.chat().dropLast(5)))
            client.closeOutput()
            #expect(await client.isClosed(seconds: 3))
            #expect(transport.providersAsked.isEmpty)
        }
    }

    @Test("what a client does not take stays unread at the vendor")
    func pausesForSlowClient() async throws {
        let piece = ScriptedTransport.Step.bytes("content " + String(repeating: "x", count: 20_000) + "\n")
        let steps = [.head(200), .bytes("open\n")] + Array(repeating: piece, count: 2000) + [.bytes("finish\nend\n")]
        try await TestServer.run([steps]) { port, transport, _ in
            let client = try RawClient(port: port, receiveBuffer: 8192)
            await client.send(TestServer.chat(stream: true))
            _ = await client.read(until: "xxxx")
            #expect(await eventually { transport.stepsTaken(0) > 5 })
            var taken = -1
            while taken != transport.stepsTaken(0) {  // Until it has come to rest.
                taken = transport.stepsTaken(0)
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(taken < 1000, "40 MB are there; \(taken) of 2003 steps were read")
            #expect(await client.read(until: "[DONE]", seconds: 20).contains("[DONE]"))
        }
    }

    @Test("a body that comes too slowly is refused after its time, and an idle connection closed")
    func refusesSlowBody() async throws {
        var limits = FrontLimits()
        limits.slowBody = .milliseconds(100)
        limits.idle = .milliseconds(100)
        limits.watchPeriod = .milliseconds(20)
        try await TestServer.run(limits: limits) { port, _, _ in
            let idle = try RawClient(port: port)
            let slow = try RawClient(port: port)
            await slow.send("POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            let answer = await slow.read(until: "}}", seconds: 12)
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
            #expect(await idle.isClosed(seconds: 12))
        }
    }

    @Test("answers HTTP/1.0 without chunks and closes")
    func answersHTTP10() async throws {
        try await TestServer.run([TestServer.streamed]) { port, _, _ in
            let client = try RawClient(port: port)
            await client.send(TestServer.chat(stream: true).replacingFirst("HTTP/1.1", with: "HTTP/1.0"))
            let answer = await client.read()
            #expect(answer.contains("data: [DONE]\n\n") && !answer.contains("chunked"))
        }
    }
}

extension String {
    fileprivate func components(upTo end: String) -> String {
        guard let range = firstRange(of: end) else { return self }
        return String(self[..<range.upperBound])
    }

    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return replacingCharacters(range, other)
    }

    private func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
