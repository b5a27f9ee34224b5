import NIOCore
import NIOPosix
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

/// A form as text, ready to send.
struct TestForm {
    var boundary = "XyZ"
    var parts: [[UInt8]] = []

    static func field(_ name: String, _ value: String) -> [UInt8] {
        Array("Content-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)".utf8)
    }

    static func file(_ bytes: [UInt8], name: String = "file", fileName: String = "a.wav", type: String? = nil)
        -> [UInt8]
    {
        Array("Content-Disposition: form-data; name=\"\(name)\"; filename=\"\(fileName)\"\r\n".utf8)
            + (type.map { Array("Content-Type: \($0)\r\n".utf8) } ?? []) + Array("\r\n".utf8) + bytes
    }

    init(_ parts: [UInt8]...) { self.parts = parts }

    var body: [UInt8] {
        parts.reduce(into: []) { $0 += Array("--\(boundary)\r\n".utf8) + $1 + [0x0D, 0x0A] }
            + Array("--\(boundary)--\r\n".utf8)
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    func head(length: Int? = nil, contentType: String? = nil, key: String? = TestServer.key, more: String = "")
        -> [UInt8]
    {
        Array(
            ("POST /api/v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Type: \(contentType ?? self.contentType)\r\n"
                + (key.map { "Authorization: Bearer \($0)\r\n" } ?? "") + more
                + "Content-Length: \(length ?? body.count)\r\n\r\n").utf8)
    }

    /// The same in chunks, without a length.
    var chunked: [UInt8] { Self.chunked(body, type: contentType) }

    static func chunked(_ body: [UInt8], type: String) -> [UInt8] {
        var bytes = Array(
            ("POST /api/v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\n"
                + "Authorization: Bearer \(TestServer.key)\r\nTransfer-Encoding: chunked\r\n\r\n").utf8)
        var rest = body[...]
        while !rest.isEmpty {
            let piece = rest.prefix(50_000)
            rest = rest.dropFirst(piece.count)
            bytes += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0D, 0x0A]
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }

    /// One second of silence at 16,000 samples a second, and as many more bytes of it as one likes.
    static func wav(dataBytes: Int = 32_000) -> [UInt8] {
        func little(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        return Array("RIFF".utf8) + little(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
            + little(1, 2) + little(16_000, 4) + little(32_000, 4) + little(2, 2) + little(16, 2) + Array("data".utf8)
            + little(dataBytes, 4) + [UInt8](repeating: 0, count: dataBytes)
    }
}

@Suite("Uploads", .serialized, .timeLimit(.minutes(2))) struct UploadRouteTests {
    static func model(_ servers: [LoopbackServer]) -> Model {
        TestServer.model("test/hear", puttingOut: "transcription", "audio_second", usd: "0.0001", at: servers) {
            "ear-\($0)"
        }
    }

    static let answer: [Step] = [
        .answer(headers: ["content-type": "application/json"], body: #"{"text":"hello"}"#)
    ]

    /// A server before vendors that do what the scripts say.
    private func serve(
        _ servers: [LoopbackServer], _ body: @Sendable (_ port: Int, _ ledger: ScriptedLedger) async throws -> Void
    ) async throws {
        try await TestServer.serve(servers, model: Self.model(servers), body)
    }

    private func send(_ bytes: [UInt8], to port: Int) async throws -> String {
        let client = try RawClient(port: port)
        await client.send(bytes)
        // Every answer ends with its JSON; those that are errors may end the connection.
        return await client.read(until: "}", seconds: 20)
    }

    private static let noise = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 / 253) }

    @Test(
        "a form goes to the vendor with its own model and every byte of the file, whatever stands first",
        arguments: [true, false], [true, false])
    func passes(modelFirst: Bool, isChunked: Bool) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let file = TestForm.wav() + Self.noise
            var form = TestForm(
                TestForm.field("model", "test/hear"), TestForm.field("provider", #"{"allow_fallbacks":true}"#),
                TestForm.file(file, fileName: "na\u{EF}ve \u{201C}x.wav", type: "audio/wav"),
                TestForm.field("prompt", "--XyZ is no end"), TestForm.field("timestamp_granularities[]", "word"))
            if !modelFirst { form.parts.swapAt(0, 2) }
            let text = try await send(isChunked ? form.chunked : form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains(#""text":"hello""#), "\(text)")
            let came = try #require(server.requests.first)
            #expect(came.target == "/v1/audio/transcriptions" && came["content-length"] == "\(came.body.count)")
            let parts = try Self.parts(of: came)
            let isWhole = parts["file"] == file
            #expect(isWhole && parts["model"] == Array("ear-0".utf8) && parts["provider"] == nil)
            #expect(parts["prompt"] == Array("--XyZ is no end".utf8) && parts["timestamp_granularities[]"] != nil)
            #expect(String(decoding: came.body, as: UTF8.self).contains("na\u{EF}ve \u{201C}x.wav"))
            #expect(ledger.settled.map(\.outcome) == [.completed] && ledger.settled.map(\.kind) == [.transcription])
            #expect(ledger.settled.first?.cost ?? .zero > .zero)
        }
    }

    @Test(
        "the name of a file goes on as it was written, and needs no content type",
        arguments: [
            #"filename="a \"b\".wav""#, #"filename="a%22b.wav""#, "filename=a.wav", #"filename="""#,
            #"filename="x.wav"; filename*=UTF-8''na%C3%AFve%20x.wav"#, "filename*=UTF-8''na%C3%AFve.wav",
            #"filename="C:\new\a;b.wav""#,
        ], [true, false])
    func passesNames(_ parameter: String, modelFirst: Bool) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, _ in
            let file =
                Array("Content-Disposition: form-data; name=\"file\"; \(parameter)\r\n\r\n".utf8) + TestForm.wav()
            var form = TestForm(TestForm.field("model", "test/hear"), file)
            if !modelFirst { form.parts.swapAt(0, 1) }
            let text = try await send(form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
            let came = String(decoding: try #require(server.requests.first).body, as: UTF8.self)
            #expect(came.contains("name=\"file\"; \(parameter)\r\n\r\nRIFF"))
        }
    }

    static func parts(of request: LoopbackServer.Request) throws -> [String: [UInt8]] {
        var reader = try #require(try MultipartReader(contentType: request["content-type"] ?? ""))
        var parts: [String: [UInt8]] = [:]
        var name = ""
        try reader.read(request.body.span) { event, bytes in
            switch event {
            case .part(let head, _):
                name = head.name
                parts[name] = []
            case .bytes: parts[name, default: []] += bytes
            case .partEnd, .end: break
            }
        }
        try reader.finish()
        return parts
    }

    @Test("a field keeps what its part says of its type, whichever way its file goes", arguments: [true, false])
    func keepsHeads(modelFirst: Bool) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, _ in
            let head = "Content-Disposition: form-data; name=\"language\"\r\n"
            let lines = "Content-Type: text/plain; charset=utf-8\r\n\r\nen\r\n"
            var form = TestForm(
                TestForm.field("model", "test/hear"), TestForm.file(TestForm.wav()),
                Array((head + lines).utf8.dropLast(2)),
                Array(
                    "Content-Disposition: form-data; name=\"prompt\"\r\nContent-Type: a/b; charset=utf-16\r\nX-Mine: 1\r\n\r\np"
                        .utf8))
            if modelFirst { form.parts.swapAt(2, 3) }
            form.parts.insert(form.parts.remove(at: 1), at: modelFirst ? 3 : 0)
            let text = try await send(form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
            let came = String(decoding: try #require(server.requests.first).body, as: UTF8.self)
            #expect(came.contains(head + lines) && came.contains("name=\"model\"\r\n\r\near-0\r\n"))
            // What others might read in another way, or as something else, is left out.
            #expect(came.contains("name=\"prompt\"\r\n\r\np\r\n"))
        }
    }

    @Test(
        "fields too long for memory go to the vendor whole, and to the second one too, wherever they stand",
        arguments: [0, 1, 2, 3], [true, false])
    func passesLongFields(fileAt: Int, isChunked: Bool) async throws {
        let servers = [
            try LoopbackServer(steps: [.answer(503, body: "{}")]), try LoopbackServer(steps: Self.answer),
        ]
        try await serve(servers) { port, _ in
            let voices = ["data:audio/wav;base64," + String(repeating: "QUJD", count: 500_000), "second", "", "third"]
            var form = TestForm(
                TestForm.field("known_speaker_references[]", voices[0]), TestForm.field("model", "test/hear"),
                TestForm.field("known_speaker_references[]", String(repeating: voices[1], count: 20_000)),
                TestForm.field("known_speaker_references[]", voices[2]),
                TestForm.field("known_speaker_references[]", voices[3]),
                TestForm.field("prompt", String(repeating: "\u{F6}", count: 32_000)))
            let file = TestForm.wav() + Self.noise
            form.parts.insert(TestForm.file(file), at: fileAt)
            let text = try await send(isChunked ? form.chunked : form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
            #expect(servers[1].requests.count == 1)
            for came in servers.flatMap(\.requests) {
                #expect(came["content-length"] == "\(came.body.count)")
                let parts = try Self.parts(of: came)
                #expect(parts["file"]?.elementsEqual(file) == true && parts["prompt"]?.count == 64_000)
                let sent = Array((voices[0] + String(repeating: voices[1], count: 20_000) + voices[3]).utf8)
                #expect(try Self.all("known_speaker_references[]", of: came).elementsEqual(sent))
            }
        }
    }

    @Test("a kept file that its vendor does not read to the end is let go of with its request")
    func letsGoOfKept() async throws {
        weak var spool: SpoolFile?
        weak var pipe: UploadPipe?
        do {
            let file = SpoolFile(in: "/tmp")
            spool = file
            file.write([UInt8](repeating: 7, count: 1 << 20).span)
            await withCheckedContinuation { kept in file.finish { _ in kept.resume() } }
            let opened = try #require(SpoolContent(file, 0..<1 << 20).open(with: []))
            pipe = opened.pipe
            // It is poured as far as it may be.
            #expect(await eventually { opened.pipe.unreadCount >= 96 * 1024 })
        }
        for _ in 0..<1000 where spool != nil || pipe != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(spool == nil && pipe == nil)
    }

    /// The values of all fields of a name, one behind the other.
    private static func all(_ name: String, of request: LoopbackServer.Request) throws -> [UInt8] {
        var reader = try #require(try MultipartReader(contentType: request["content-type"] ?? ""))
        var isIt = false
        var value: [UInt8] = []
        try reader.read(request.body.span) { event, bytes in
            switch event {
            case .part(let head, _): isIt = head.name == name
            case .bytes: if isIt { value += bytes }
            case .partEnd, .end: break
            }
        }
        return value
    }

    @Test("a broken form is refused by what is wrong with it, and nobody is asked for anything")
    func refuses() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let model = TestForm.field("model", "test/hear")
            let file = TestForm.file(TestForm.wav())
            let good = TestForm(model, file)
            let many = TestForm(
                [UInt8](
                    Array(repeating: TestForm.field("x", "y"), count: 10_000).joined(
                        separator: Array("\r\n--XyZ\r\n".utf8))), file)
            var nested = TestForm(model, TestForm.file([], type: "multipart/mixed; boundary=b"))
            nested.parts[1] += Array("--b\r\n\r\nx\r\n--b--".utf8)
            let cases: [(String, [UInt8], Int, String)] = [
                ("no boundary", good.head(contentType: "multipart/form-data") + good.body, 400, "boundary"),
                (
                    "a long boundary",
                    good.head(contentType: "multipart/form-data; boundary=" + String(repeating: "b", count: 10_000))
                        + good.body,
                    400, "boundary"
                ),
                ("many parts", many.head() + many.body, 400, "too many parts"),
                ("nested", nested.head() + nested.body, 400, "a form itself"),
                (
                    "truncated", good.head(length: good.body.count - 6) + good.body.dropLast(6), 400,
                    "did not come whole"
                ),
                ("no file", TestForm(model).head() + TestForm(model).body, 400, "`file` is required"),
                (
                    "empty", TestForm(model, TestForm.file([])).head() + TestForm(model, TestForm.file([])).body, 400,
                    "0 bytes"
                ),
                (
                    "empty first", TestForm(TestForm.file([]), model).head() + TestForm(TestForm.file([]), model).body,
                    400, "0 bytes"
                ),
                ("a page", Self.form(model, TestForm.file(Array("<!DOCTYPE html><html>".utf8))), 400, "flac"),
                (
                    "a picture",
                    Self.form(TestForm.file([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0]), model), 400,
                    "PNG"
                ),
                ("two files", Self.form(model, file, file), 400, "more than one file"),
                ("another file", Self.form(model, TestForm.file([1], name: "mask"), file), 400, "`mask`"),
                ("no model", Self.form(file), 400, "`model` is required"),
                ("another model", Self.form(TestForm.field("model", "x/y"), file), 404, "x/y"),
                ("a late model", Self.form(model, file, model), 400, "`model` must stand before"),
                (
                    "two names", Self.form(model, file, TestForm.field("x\"; name=\"model", "y")), 400,
                    "under two names"
                ),
                (
                    "a quote that hides a name",
                    Self.form(model, file, Self.part(#"form-data; name="x1"; x=a"; y="; name=model; z=""#)), 400,
                    "no other parameter"
                ),
                (
                    "a space that some drop",
                    Self.form(model, file, Self.part("form-data; name=\"x1\";\u{B}name=model")),
                    400, "no other parameter"
                ),
                (
                    "an escaped name", Self.form(model, file, TestForm.field("mo\\del", "y")), 400,
                    "letters, digits"
                ),
                (
                    "a late member of ours", Self.form(model, file, TestForm.field("session_id", "s")), 400,
                    "`session_id`"
                ),
                (
                    "a late piece of a preference",
                    Self.form(model, file, TestForm.field("provider[zdr]", "true")), 400,
                    "`provider` must stand before"
                ),
                (
                    "a late piece of ours", Self.form(model, file, TestForm.field("trace[a]", "s")), 400, "`trace"
                ),
                (
                    "a preference in pieces",
                    Self.form(model, TestForm.field("provider[only][]", "nobody"), file), 400, "`provider.only[0]`"
                ),
                (
                    "a misspelt preference in pieces",
                    Self.form(model, TestForm.field("provider[zrd]", "true"), file), 400, "`provider.zrd`"
                ),
                (
                    "a preference twice",
                    Self.form(
                        file, TestForm.field("provider[zdr]", "true"), TestForm.field("provider[zdr]", "false"), model),
                    400, "as JSON"
                ),
                ("a late wrong field", Self.form(model, file, TestForm.field("temperature", "7")), 400, "temperature"),
                ("a wrong field", Self.form(model, TestForm.field("temperature", "7"), file), 400, "temperature"),
                (
                    "a large field",
                    Self.form(model, TestForm.field("prompt", String(repeating: "x", count: 32_001)), file), 400,
                    "32000 characters"
                ),
                (
                    "too much to keep",
                    Self.form(model, TestForm.field("mine", String(repeating: "x", count: 17 << 20)), file), 413, "mine"
                ),
                (
                    "many fields",
                    Self.form(
                        [model] + (0..<4).map { TestForm.field("include[]", String(repeating: "\($0)", count: 20_000)) }
                            + [file]), 413, "32 KiB together"
                ),
                (
                    "a long field behind a file on its way",
                    Self.form(model, file, TestForm.field("mine", String(repeating: "x", count: 70_000))), 400,
                    "before the file"
                ),
                (
                    "much behind the end",
                    good.head(length: good.body.count + 400_000) + good.body + [UInt8](repeating: 0x20, count: 400_000),
                    413, "behind its file"
                ),
                (
                    "nearly a form", good.head(contentType: "multipart/form-data2; boundary=XyZ") + good.body, 415,
                    "multipart/form-data"
                ),
                (
                    "another type", good.head(contentType: "application/x-www-form-urlencoded") + good.body, 415,
                    "multipart/form-data"
                ),
                ("no key", good.head(key: nil) + good.body, 401, "API key"),
            ]
            for (name, bytes, status, word) in cases {
                let text = try await send(bytes, to: port)
                #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(word), "\(name): \(text)")
                #expect(text.lowercased().contains("x-generation-id: gen-") || status == 401, "\(name)")
            }
            // A late fault is known when a vendor is asked already, which then gets no whole request.
            #expect(server.requests.isEmpty)
            #expect(ledger.settled.allSatisfy { $0.cost == .zero } && ledger.held == ledger.settled.count)
        }
    }

    private static func part(_ disposition: String) -> [UInt8] {
        Array("Content-Disposition: \(disposition)\r\n\r\nx".utf8)
    }

    private static func form(_ parts: [UInt8]...) -> [UInt8] { form(parts) }

    private static func form(_ parts: [[UInt8]]) -> [UInt8] {
        var form = TestForm()
        form.parts = parts
        return form.head() + form.body
    }

    @Test("a file may have 25 MB and not one byte more, in each way that it can come")
    func sizes() async throws {
        let server = try LoopbackServer { request in
            request.body.count > 1_000 ? Self.answer : Self.answer
        }
        try await serve([server]) { port, _ in
            let model = TestForm.field("model", "test/hear")
            let most = 25 << 20
            for (count, status) in [(most, 200), (most + 1, 413)] {
                let file = TestForm.file(TestForm.wav(dataBytes: count - 44))
                for form in [TestForm(model, file), TestForm(file, model)] {
                    for bytes in [form.head() + form.body, form.chunked] {
                        let text = try await send(bytes, to: port)
                        #expect(text.hasPrefix("HTTP/1.1 \(status)"), "\(text)")
                        #expect(status == 200 || text.contains("26214400"), "\(text)")
                    }
                }
            }
            #expect(server.requests.count == 4)
            let huge = try await send(TestForm(model).head(length: 1 << 30), to: port)
            #expect(huge.hasPrefix("HTTP/1.1 413"))
        }
    }

    private static func head(
        of json: [UInt8], length: Int? = nil, type: String = "application/json", key: String? = TestServer.key
    )
        -> [UInt8]
    {
        TestForm().head(length: length ?? json.count, contentType: type, key: key)
    }

    @Test("a sound in JSON may have 25 MB and not one byte more, and comes whole to the endpoint that takes it")
    func sizesInJSON() async throws {
        let bad = try LoopbackServer(steps: [.answer(503, body: "later")])
        let good = try LoopbackServer(steps: Self.answer)
        try await serve([bad, good]) { port, ledger in
            let most = 25 << 20
            // The two shortest are never on the disk.
            for (count, status) in [(5_000, 200), (65_536, 200), (65_537, 200), (most, 200), (most + 1, 413)] {
                let noise = Self.noise.prefix(count / 2)
                let file = TestForm.wav(dataBytes: count - 44 - noise.count) + noise
                let order = #""language":"en","provider":{"order":["v0","v1"]}"#
                let body = Samples.transcription(of: file, model: "test/hear", order)
                let text = try await send(Self.head(of: body) + body, to: port)
                #expect(text.hasPrefix("HTTP/1.1 \(status)"), "\(text)")
                guard status == 200 else { continue }
                let came = try #require(good.requests.last)
                let parts = try Self.parts(of: came)
                let isWhole = parts["file"] == file
                #expect(isWhole && parts["model"] == Array("ear-1".utf8) && parts["language"] == Array("en".utf8))
            }
            // Both were sent all of it.
            let isSame = try zip(bad.requests, good.requests).allSatisfy {
                try Self.parts(of: $0)["file"] == Self.parts(of: $1)["file"]
            }
            #expect(bad.requests.count == 4 && good.requests.count == 4 && isSame)
            #expect(ledger.settled.map(\.failedAttempts.count) == [1, 1, 1, 1])
        }
    }

    @Test("a broken request in JSON is refused by what is wrong with it, and nobody is asked for anything")
    func refusesJSON() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let long = Samples.transcription(of: TestForm.wav() + Self.noise, model: "test/hear")
            let spoiled = Array(long.prefix(300_000) + [0x2A] + long.suffix(100_000))
            let page = Samples.transcription(of: Array("<!DOCTYPE html><html>".utf8), model: "test/hear")
            let filler = Samples.transcription(
                of: TestForm.wav(), model: "test/hear", #""x":"\#(String(repeating: "y", count: 2 << 20))""#)
            let cases: [(String, [UInt8], Int, String)] = [
                ("no Base64", Self.head(of: spoiled) + spoiled, 400, "must be Base64"),
                (
                    "cut off", Self.head(of: long, length: long.count - 1) + long.dropLast(), 400,
                    "ends too soon at byte \(long.count - 1)"
                ),
                ("a page", Self.head(of: page) + page, 400, "audio file, not a"),
                ("too much beside it", Self.head(of: filler) + filler, 413, "Beside the sound"),
                (
                    "another model",
                    Self.head(of: long) + Samples.transcription(of: TestForm.wav() + Self.noise, model: "test/heal"),
                    404, "test/heal"
                ),
                ("another type", Self.head(of: long, type: "text/plain") + long, 415, "multipart/form-data"),
                ("nothing", Self.head(of: []), 400, "empty"),
                ("too large", Self.head(of: long, length: 37 << 20) + long, 413, "36 MiB"),
                // Before it is whole.
                ("no key", Self.head(of: long, length: long.count + 1, key: nil) + long, 401, "API key"),
            ]
            for (name, bytes, status, word) in cases {
                let text = try await send(bytes, to: port)
                #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(word), "\(name): \(text)")
            }
            #expect(server.requests.isEmpty && ledger.held == ledger.settled.count)
        }
    }

    @Test("a request in JSON may come in chunks; chunks that are none are told so, as in a form")
    func chunksOfJSON() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, _ in
            let body = Samples.transcription(of: TestForm.wav() + Self.noise, model: "test/hear")
            let form = TestForm(TestForm.field("model", "test/hear"), TestForm.file(TestForm.wav() + Self.noise))
            for (bytes, type) in [(body, "application/json"), (form.body, form.contentType)] {
                let whole = TestForm.chunked(bytes, type: type)
                let text = try await send(whole, to: port)
                #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
                let broken = try await send(whole.dropLast(5) + Array("zz\r\n".utf8), to: port)
                #expect(broken.hasPrefix("HTTP/1.1 400") && broken.contains("valid HTTP/1.1"), "\(type): \(broken)")
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test("a client that leaves in the middle of a sound in JSON asks nobody for anything", arguments: [100, 200_000])
    func leavesJSON(count: Int) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let body = Samples.transcription(of: TestForm.wav() + Self.noise, model: "test/hear")
            for _ in 0..<3 {
                let client = try RawClient(port: port)
                await client.send(Self.head(of: body) + body.prefix(count))
                client.close()
            }
            let text = try await send(Self.head(of: body) + body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 200"))
            #expect(server.requests.count == 1 && ledger.held == 1 && ledger.settled.map(\.outcome) == [.completed])
        }
    }

    @Test("a long sound that cannot be kept is told so, and a short one needs no disk")
    func keepsNothing() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        var limits = FrontLimits()
        limits.spoolDirectory = "/nowhere"
        try await TestServer.serve([server], model: Self.model([server]), front: limits) { port, _ in
            for (sound, status) in [(TestForm.wav(), 200), (TestForm.wav() + Self.noise, 503)] {
                let body = Samples.transcription(of: sound, model: "test/hear")
                let text = try await send(Self.head(of: body) + body, to: port)
                #expect(text.hasPrefix("HTTP/1.1 \(status)"), "\(text)")
            }
        }
    }

    @Test("a sound in JSON that comes too slowly is given up")
    func slowJSON() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        var limits = FrontLimits()
        (limits.slowBody, limits.watchPeriod) = (.milliseconds(200), .milliseconds(50))
        try await TestServer.serve([server], model: Self.model([server]), front: limits) { port, _ in
            let body = Samples.transcription(of: TestForm.wav(), model: "test/hear")
            let text = try await send(Self.head(of: body) + body.prefix(50), to: port)
            #expect(text.hasPrefix("HTTP/1.1 408") && text.contains("too slowly"), "\(text)")
        }
    }

    @Test("a client that leaves in the middle of its file ends the vendor's request, and pays nothing")
    func leaves() async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let form = TestForm(TestForm.field("model", "test/hear"), TestForm.file(TestForm.wav() + Self.noise))
            do {
                let client = try RawClient(port: port)
                await client.send(form.head() + form.body.dropLast(1000))
                #expect(await eventually { server.connectionCount == 1 })
            }
            #expect(await eventually { ledger.settled.count == 1 })
            #expect(ledger.settled.map(\.outcome) == [.cancelled] && ledger.settled.map(\.cost) == [.zero])
            try await server.connectionsOpen(atMost: 0)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("the end of a file waits for the end of its form, whatever stands between")
    func holdsEndBack() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let end = Array("THE END".utf8)
        let form = TestForm(TestForm.field("model", "m"), TestForm.file(TestForm.wav() + Self.noise + end))
        let intake = FormIntake(
            contentType: form.contentType, contentLength: form.body.count + 100, spoolDirectory: "/tmp", loop: loop)
        let asked = Task(executorPreference: EventLoopExecutor(loop)) {
            try await intake.request(for: .transcription)
        }
        for start in stride(from: 0, to: form.body.count, by: 100_000) {
            let piece = ByteBuffer(bytes: form.body[start..<min(start + 100_000, form.body.count)])
            _ = try await loop.submit { intake.feed(piece) }.get()
        }
        let upload = try #require(await asked.value.upload)
        let (body, content) = try upload.form(with: [])
        let sent = UpstreamRequest(path: "/", body: body, upload: content)
        let before = sent.wholeBody()
        #expect(before.count > 200_000 && !before.contains(end))
        let epilogue = ByteBuffer(bytes: [UInt8](repeating: 0x20, count: 100))
        try await loop.submit {
            _ = intake.feed(epilogue)
            intake.finish()
        }.get()
        #expect(sent.wholeBody() == body)
        await upload.credit.end()
        #expect(await eventually { sent.wholeBody().contains(end) })
        try await loop.submit { intake.close() }.get()
    }

    @Test(
        "a file that turns out to be longer than it began is paid before its vendor has all of it, or is refused",
        arguments: [200, 402, 503])
    func holdsForLength(status: Int) async throws {
        let reaches = status == 200
        // MPEG-1, layer III, 44.1 kHz: 8 frames of 320 thousand bits a second, and then only 32 thousand, for 262 seconds.
        let fast = [0xFF, 0xFB, 0xE0, 0x64] + [UInt8](repeating: 0, count: 1040)
        let slow = [0xFF, 0xFB, 0x10, 0x64] + [UInt8](repeating: 0, count: 100)
        let sound =
            Array(repeating: fast, count: 8).flatMap(\.self) + Array(repeating: slow, count: 10_000).flatMap(\.self)
        let server = try LoopbackServer(steps: Self.answer)
        let most: [Int: Int64] = [200: .max, 402: 20_000_000]
        let ledger = ScriptedLedger(amount: Money(nanoUSD: 3_000_000), growsTo: most[status].map { Money(nanoUSD: $0) })
        try await TestServer.serve([server], model: Self.model([server]), ledger: ledger) { port, ledger in
            let form = TestForm(TestForm.field("model", "test/hear"), TestForm.file(sound, fileName: "a.mp3"))
            let text = try await send(form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 \(status)"), "\(text)")
            #expect(server.requests.count == (reaches ? 1 : 0))
            #expect(await eventually { ledger.settled.count == 1 })
            // A frame has 1,152 samples; a second costs a hundred thousand nano-dollars.
            let cost = Money(nanoUSD: Int64(10_008 * 1152 * 1000 / 44_100) * 100)
            // Whole seconds are held for.
            let held = Money(nanoUSD: Int64(262) * 100_000)
            #expect(ledger.grown == (reaches ? [held] : []))
            #expect(ledger.ended == (reaches ? [held] : [Money(nanoUSD: 3_000_000)]))
            #expect(ledger.settled.map(\.cost) == (reaches ? [cost] : [.zero]))
            #expect(text.contains("insufficient_credits") == (status == 402), "\(text)")
        }
    }

    @Test("a small file goes to a second endpoint whole, and so does a large one that was kept")
    func fallsBack() async throws {
        for (isSmall, modelFirst) in [(true, true), (false, false)] {
            let bad = try LoopbackServer(steps: [.answer(503, body: "later")])
            let good = try LoopbackServer(steps: Self.answer)
            try await serve([bad, good]) { port, ledger in
                let file = TestForm.wav() + (isSmall ? [] : Self.noise + Self.noise)
                var form = TestForm(
                    TestForm.field("model", "test/hear"), TestForm.field("provider", #"{"order":["v0","v1"]}"#),
                    TestForm.file(file))
                if !modelFirst { form.parts.swapAt(0, 2) }
                let text = try await send(form.head() + form.body, to: port)
                #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
                let parts = try Self.parts(of: try #require(good.requests.first))
                let isWhole = parts["file"] == file
                #expect(isWhole && parts["model"] == Array("ear-1".utf8))
                #expect(ledger.settled.map(\.failedAttempts.count) == [1])
            }
        }
    }

    @Test("an answer that comes before the file is whole is passed on, and what still comes is thrown away")
    func early() async throws {
        let ended = Signal()
        let server = try LoopbackServer(
            readsBodies: false,
            steps: [.answer(400, body: #"{"error":{"message":"no such language"}}"#), .untilClosed(ended)])
        try await serve([server]) { port, _ in
            let form = TestForm(
                TestForm.field("model", "test/hear"), TestForm.file(TestForm.wav(dataBytes: 12 << 20)))
            let text = try await send(form.head() + form.body, to: port)
            #expect(text.hasPrefix("HTTP/1.1 400") && text.contains("no such language"), "\(text)")
        }
    }

    @Test(
        "the connection is kept for the next request, also after one at fault, and one that waits for a 100 gets it",
        arguments: [true, false], [true, false])
    func keepsConnection(waits: Bool, isJSON: Bool) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, _ in
            let client = try RawClient(port: port)
            let more = waits ? "Expect: 100-continue\r\n" : ""
            for model in ["test/hear", "test/hear", "no/such", "test/hear"] {
                let form = TestForm(TestForm.field("model", model), TestForm.file(TestForm.wav()))
                let json = Samples.transcription(of: TestForm.wav(), model: model)
                let type = isJSON ? "application/json" : form.contentType
                let body = isJSON ? json : form.body
                let head = form.head(length: body.count, contentType: type, more: more)
                // What is at fault without waiting has to be there when the answer begins.
                await client.send(waits ? head : head + body)
                if waits {
                    #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
                    await client.send(body)
                }
                let text = await client.read(until: "}")
                let status = model == "no/such" ? 404 : 200
                #expect(
                    text.hasPrefix("HTTP/1.1 \(status)") && !text.lowercased().contains("connection: close"), "\(text)")
            }
        }
    }

    @Test("requests that are sent one behind the other are answered in their order", arguments: [true, false])
    func answersPipelined(isJSON: Bool) async throws {
        let server = try LoopbackServer(steps: Self.answer)
        try await serve([server]) { port, ledger in
            let client = try RawClient(port: port)
            let forms = (1...3).map { number in
                TestForm(
                    TestForm.field("model", "test/hear"), TestForm.field("prompt", "number \(number)"),
                    TestForm.file(TestForm.wav() + Self.noise))
            }
            let bodies = (1...3).map { number in
                Samples.transcription(
                    of: TestForm.wav() + Self.noise, model: "test/hear", #""prompt":"number \#(number)""#)
            }
            await client.send(
                isJSON ? bodies.flatMap { Self.head(of: $0) + $0 } : forms.flatMap { $0.head() + $0.body })
            for _ in forms {
                let text = await client.read(until: "}}")
                #expect(text.hasPrefix("HTTP/1.1 200") && text.contains(#""text":"hello""#), "\(text)")
            }
            let prompts = try server.requests.map { try Self.parts(of: $0)["prompt"] }
            #expect(prompts == (1...3).map { Array("number \($0)".utf8) })
            #expect(ledger.settled.count == 3)
        }
    }
}
