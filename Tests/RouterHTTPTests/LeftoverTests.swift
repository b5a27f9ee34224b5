import Foundation
import NIOCore
import NIOPosix
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("What a client sent before it stopped sending", .serialized, .timeLimit(.minutes(2))) struct LeftoverTests {
    // MARK: By itself

    /// On an event loop: all that is given out of `pieces`; `nil` when it was lost.
    private static func given(_ pieces: [[UInt8]], in directory: String) async throws -> [UInt8]? {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await loop.flatSubmit {
            let leftover = Leftover(in: directory, loop: loop)
            for piece in pieces { leftover.add(ByteBuffer(bytes: piece)) }
            let promise = loop.makePromise(of: [UInt8]?.self)
            var all: [UInt8] = []
            func next() {
                guard leftover.byteCount > 0 else { return promise.succeed(all) }
                leftover.next { bytes in
                    guard bytes.readableBytes > 0 else { return promise.succeed(nil) }
                    bytes.withUnsafeReadableBytes { all.append(contentsOf: $0) }
                    next()
                }
                leftover.next { _ in Issue.record("one at a time") }
            }
            next()
            return promise.futureResult
        }.get()
    }

    @Test(
        "comes out as it went in, however it was cut",
        arguments: [[1], [16_384], [16_384, 1], [1, 16_384], [131_072, 131_072, 1], [5, 70_000, 3, 400_000, 2]])
    func keepsOrder(sizes: [Int]) async throws {
        let pieces = sizes.enumerated().map { number, size in
            (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251 &+ number) }
        }
        let isSame = try await Self.given(pieces, in: "/tmp") == pieces.flatMap(\.self)
        #expect(isSame)
    }

    @Test("is lost where much of it cannot be kept, and only there")
    func isLost() async throws {
        let nowhere = "/nowhere/at/all"
        #expect(try await Self.given([[1, 2, 3]], in: nowhere) == [1, 2, 3])
        #expect(try await Self.given([[UInt8](repeating: 7, count: 100_000)], in: nowhere) == nil)
    }

    // MARK: Over a socket

    /// Where files are kept.
    private let folder = FileManager.default.temporaryDirectory.appending(path: "leftover-\(UUID())").path

    /// A server that has begun to read a form and must wait, with all else of `sent` at its socket.
    ///
    /// - Parameters:
    ///   - elsewhere: instead of ``folder``.
    ///   - ending: what the client does then.
    private func hold(
        _ sent: [UInt8], keepingIn elsewhere: String? = nil, vendor: LoopbackServer,
        ending: @Sendable (RawClient) -> Void = { $0.closeOutput() },
        _ body: @Sendable (RawClient, _ goOn: Signal, ScriptedLedger) async throws -> Void
    ) async throws {
        let (asked, goOn) = (Signal(), Signal())
        var limits = FrontLimits()
        limits.spoolDirectory = elsewhere ?? folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestServer.serve(
            [vendor], model: UploadRouteTests.model([vendor]), keys: .init(waiting: (asked, goOn)), front: limits
        ) { port, ledger in
            defer { goOn.raise() }
            let client = try RawClient(port: port)
            await client.send(Array(sent.prefix(1000)))
            await asked.raised()
            await client.send(Array(sent.dropFirst(1000)))
            ending(client)
            try await body(client, goOn, ledger)
        }
    }

    private static func form(_ number: Int = 1, dataBytes: Int = 20_000) -> TestForm {
        TestForm(
            TestForm.field("model", "test/hear"), TestForm.field("prompt", "number \(number)"),
            TestForm.file(TestForm.wav(dataBytes: dataBytes)))
    }

    @Test("waits on the disk, and is answered whole: a form, and what stands behind it")
    func answers() async throws {
        let vendor = try LoopbackServer(steps: UploadRouteTests.answer)
        let forms = [1, 2].map { Self.form($0) }
        try await hold(forms.flatMap { $0.head() + $0.body }, vendor: vendor) { client, goOn, ledger in
            #expect(await eventually { openFileCount == 1 })
            goOn.raise()
            let text = await client.read()  // Until the server closes.
            #expect(text.components(separatedBy: "HTTP/1.1 200").count == 3, "\(text)")
            #expect(text.components(separatedBy: #""text":"hello""#).count == 3, "\(text)")
            let parts = try vendor.requests.map(UploadRouteTests.parts)
            #expect(parts.map { $0["prompt"] } == [1, 2].map { Array("number \($0)".utf8) })
            #expect(parts.allSatisfy { $0["file"] == TestForm.wav(dataBytes: 20_000) })
            #expect(ledger.settled.map(\.outcome) == [.completed, .completed])
            #expect(await eventually { openFileCount == 0 })
        }
    }

    /// Files in ``folder`` that this program has open; they have no name any more.
    private var openFileCount: Int {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.count { descriptor in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)"))?
                .hasPrefix(folder + "/") ?? false
        }
    }

    @Test("is answered with an error where it could not be kept")
    func saysWhy() async throws {
        let vendor = try LoopbackServer(steps: UploadRouteTests.answer)
        let form = Self.form()
        try await hold(form.head() + form.body, keepingIn: "/nowhere/at/all", vendor: vendor) { client, goOn, _ in
            // By this the server finds out whether the client is still there.
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            goOn.raise()
            let text = await client.read(until: "}}")
            #expect(text.contains("HTTP/1.1 503") && text.contains("could not be kept"), "\(text)")
            #expect(vendor.connectionCount == 0)
        }
    }

    @Test("is dropped at once where the request can never become whole")
    func dropsHalf() async throws {
        let vendor = try LoopbackServer(steps: UploadRouteTests.answer)
        let form = Self.form()
        try await hold(form.head() + form.body.dropLast(1), vendor: vendor) { client, goOn, _ in
            #expect(await client.isClosed(seconds: 5))
            #expect(goOn.moment == nil && vendor.connectionCount == 0)
        }
    }

    @Test("is dropped where what stands behind a request can never become whole, and nobody is asked for any of it")
    func dropsHalfBehind() async throws {
        let goOn = Signal()
        let headers = ["content-type": "application/json", "connection": "close"]
        let vendor = try LoopbackServer(
            steps: [.wait(for: goOn), .answer(headers: headers, body: #"{"text":"hello"}"#), .close])
        try await TestServer.serve([vendor], model: UploadRouteTests.model([vendor])) { port, ledger in
            defer { goOn.raise() }
            let client = try RawClient(port: port)
            // Much comes first, so that the kernel takes much at once by then: several pieces of a leftover.
            let forms = [Self.form(dataBytes: 8_000_000), Self.form(2, dataBytes: 600_000)]
            await client.send(forms[0].head() + forms[0].body)
            #expect(await eventually(seconds: 20) { vendor.requests.count == 1 })
            await client.send(forms[1].head() + forms[1].body.dropLast(1))
            client.closeOutput()
            // The server has seen the end: by this it finds out whether the client is still there.
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            goOn.raise()
            let text = await client.read()  // Until the server closes.
            #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("}"), "\(text)")
            #expect(vendor.connectionCount == 1 && ledger.settled.map(\.outcome) == [.completed])
        }
    }

    @Test("ends no answer that comes as it is made, and is answered behind it")
    func waitsForSpeech() async throws {
        let goOn = Signal()
        let vendor = try LoopbackServer { request in
            let sound: [Step] = [SpeechRouteTests.head, .chunk("sound ")]
            return sound + (request.index == 0 ? [.wait(for: goOn)] : []) + [.chunk("end"), .lastChunk]
        }
        try await TestServer.serve([vendor], model: SpeechRouteTests.model([vendor])) { port, ledger in
            defer { goOn.raise() }
            let client = try RawClient(port: port)
            await client.send(SpeechRouteTests.request())
            var text = await client.read(until: "sound ")
            await client.send(SpeechRouteTests.request())  // Once the server has this it reads no more.
            try await Task.sleep(for: .milliseconds(100))
            await client.send(SpeechRouteTests.request() + SpeechRouteTests.request())
            client.closeOutput()
            try await Task.sleep(for: .milliseconds(100))  // In which nothing is to happen.
            goOn.raise()
            text += await client.read()
            #expect(text.components(separatedBy: "end\r\n0\r\n\r\n").count == 5, "\(text)")
            #expect(ledger.settled.map(\.outcome) == Array(repeating: .completed, count: 4))
        }
    }

    @Test("ends the connection where it could not be kept, behind the answers to what came before")
    func answersBefore() async throws {
        let goOn = Signal()
        let vendor = try LoopbackServer { request in
            (request.index == 0 ? [.wait(for: goOn)] : []) + UploadRouteTests.answer
        }
        var limits = FrontLimits()
        limits.spoolDirectory = "/nowhere/at/all"
        try await TestServer.serve([vendor], model: UploadRouteTests.model([vendor]), front: limits) { port, ledger in
            defer { goOn.raise() }
            let client = try RawClient(port: port)
            let forms = [1000, 20_000].map { Self.form(dataBytes: $0) }
            let json = String(
                decoding: Samples.transcription(of: TestForm.wav(dataBytes: 300), model: "test/hear"), as: UTF8.self)
            await client.send(forms[0].head())
            try await Task.sleep(for: .milliseconds(500))
            await client.send(forms[0].body)  // Is waited for and small, so the server goes on reading behind it.
            #expect(await eventually { vendor.requests.count == 1 })
            // Once the server has this it reads no more.
            await client.send(TestServer.chat(path: "/api/v1/audio/transcriptions", body: json))
            try await Task.sleep(for: .milliseconds(500))
            await client.send(forms[1].head() + forms[1].body)
            client.closeOutput()
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            goOn.raise()
            let text = await client.read()
            #expect(text.components(separatedBy: "HTTP/1.1 200").count == 3 && text.hasSuffix("}"), "\(text)")
            #expect(ledger.settled.map(\.outcome) == [.completed, .completed])
        }
    }

    @Test("is dropped when the client is gone")
    func dropsLeft() async throws {
        let vendor = try LoopbackServer(steps: UploadRouteTests.answer)
        let form = Self.form()
        try await hold(form.head() + form.body, vendor: vendor, ending: { $0.close() }) { client, goOn, _ in
            #expect(await eventually(seconds: 20) { client.isOver })
            #expect(await eventually { openFileCount == 0 })
            goOn.raise()
            try await Task.sleep(for: .milliseconds(200))  // That nobody is asked shows only in time that passes.
            #expect(vendor.connectionCount == 0)
        }
    }
}
