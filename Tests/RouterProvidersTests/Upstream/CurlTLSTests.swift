import Foundation
import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("TLS to a vendor", .timeLimit(.minutes(1)), .enabled(if: Program.path(of: "openssl") != nil))
struct CurlTLSTests {
    /// Answers every GET with a page of its own about the connection.
    private static func server(_ certificate: TestCertificate) async throws -> ExternalServer {
        let server = await ExternalServer("openssl") { port in
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificate.certificateFile, "-key",
                certificate.keyFile, "-www", "-quiet",
            ]
        }
        return try #require(server)
    }

    private static func get(at url: String, caFile: String?) async throws -> Reading {
        var settings = CurlTransport.Settings()
        settings.providers["vendor"] = .init(caFile: caFile)
        let transport = try CurlTransport(settings)
        let reading = await Reading(transport.open(UpstreamRequest(method: .get, path: "/", headers: []), at: url))
        await transport.shutdown()
        return reading
    }

    @Test("a certificate that nobody vouches for is refused")
    func refusesSelfSigned() async throws {
        let certificate = try #require(try TestCertificate())
        let server = try await Self.server(certificate)
        defer { server.stop() }
        let reading = try await Self.get(at: "https://127.0.0.1:\(server.port)", caFile: nil)
        #expect(reading.head == nil)
        #expect(reading.failure?.kind == .unreachable)
        #expect(reading.failure?.message.contains("certificate") == true)
    }

    @Test("the provider's own file of authorities is taken instead of the system's")
    func takesOwnAuthority() async throws {
        let certificate = try #require(try TestCertificate())
        let server = try await Self.server(certificate)
        defer { server.stop() }
        let reading = try await Self.get(
            at: "https://127.0.0.1:\(server.port)", caFile: certificate.certificateFile)
        #expect(reading.head?.status == 200)
        #expect(reading.text.contains("TLSv1.3"))
        #expect(reading.failure == nil)
    }

    @Test("a certificate for another host is refused")
    func refusesOtherHost() async throws {
        let certificate = try #require(try TestCertificate(names: "DNS:elsewhere.example"))
        let server = try await Self.server(certificate)
        defer { server.stop() }
        let reading = try await Self.get(
            at: "https://127.0.0.1:\(server.port)", caFile: certificate.certificateFile)
        #expect(reading.head == nil)
        #expect(reading.failure?.kind == .unreachable)
    }

    @Test("one provider's authority counts for that provider only, on handles that served it before")
    func keepsAuthoritiesApart() async throws {
        let certificate = try #require(try TestCertificate())
        let server = try await Self.server(certificate)
        defer { server.stop() }
        var settings = CurlTransport.Settings()
        settings.providers["own"] = .init(caFile: certificate.certificateFile)
        let transport = try CurlTransport(settings)
        let request = UpstreamRequest(method: .get, path: "/", headers: [])
        for _ in 0..<2 {
            let own = await Reading(transport.open(request, at: "https://127.0.0.1:\(server.port)", slug: "own"))
            #expect(own.head?.status == 200)
            let other = await Reading(transport.open(request, at: "https://127.0.0.1:\(server.port)", slug: "other"))
            #expect(other.failure?.kind == .unreachable)
        }
        await transport.shutdown()
    }

    @Test("a file of authorities that is not there makes the provider unreachable")
    func missingAuthority() async throws {
        let certificate = try #require(try TestCertificate())
        let server = try await Self.server(certificate)
        defer { server.stop() }
        let reading = try await Self.get(at: "https://127.0.0.1:\(server.port)", caFile: "/nonexistent.pem")
        #expect(reading.failure?.kind == .unreachable)
    }

    @Test("a slow reader is handed everything, in pieces within the bound, although TLS has records of its own")
    func slowReader() async throws {
        let certificate = try #require(try TestCertificate())
        let count = 8 * 1024 * 1024
        try Data(repeating: 7, count: count).write(to: certificate.folder.appendingPathComponent("large"))
        let started = await ExternalServer("env") { port in
            [
                "-C", certificate.folder.path, "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert",
                certificate.certificateFile, "-key", certificate.keyFile, "-WWW", "-quiet",
            ]
        }
        let server = try #require(started)
        defer { server.stop() }
        var settings = CurlTransport.Settings()
        settings.providers["vendor"] = .init(caFile: certificate.certificateFile)
        let transport = try CurlTransport(settings)
        let exchange = transport.open(
            UpstreamRequest(method: .get, path: "/large", headers: []), at: "https://127.0.0.1:\(server.port)")
        guard case .head? = try await exchange.next() else { return #expect(Bool(false), "no head") }
        var pieces: [Int] = []
        while case .bytes(let bytes)? = try await exchange.next() {
            pieces.append(bytes.count)
            // Long enough for the transfer to fill what it may, a few times.
            if pieces.count < 5 { try await Task.sleep(for: .milliseconds(30)) }
        }
        #expect(pieces.reduce(0, +) == count)
        #expect(pieces.max() ?? 0 <= settings.collected.unreadBytesMax + settings.collected.bufferBytes)
        #expect(pieces.max() ?? 0 >= settings.collected.unreadBytesMax)
        await transport.shutdown()
    }

    @Test("a vendor that does not speak TLS is unreachable")
    func plainServer() async throws {
        try await withUpstream(script: { _ in [.answer()] }) { transport, server in
            let reading = await Reading(
                transport.post(at: "https://127.0.0.1:\(server.port)", .test { $0.connect = .seconds(1) }))
            #expect(reading.failure.map { [.unreachable, .timedOut].contains($0.kind) } == true)
        }
    }
}

@Suite("HTTP/2 to a vendor", .timeLimit(.minutes(1)), .enabled(if: Program.path(of: "nghttpd") != nil))
struct CurlHTTP2Tests {
    /// Bytes of the file that is read slowly, or whole.
    private static let large = 8 * 1024 * 1024

    /// Serves `/small` and `/large` over TLS, and hands out a transport that asks for HTTP/2.
    private static func withServer(
        _ change: (inout CurlTransport.Settings) -> Void = { _ in },
        _ body: (CurlTransport, _ url: String) async throws -> Void
    ) async throws {
        let certificate = try #require(try TestCertificate())
        let small = certificate.folder.appendingPathComponent("small")
        try Data("ok".utf8).write(to: small)
        try Data(repeating: 7, count: large).write(to: certificate.folder.appendingPathComponent("large"))
        let started = await ExternalServer("nghttpd") { port in
            [
                "-a", "127.0.0.1", "--echo-upload", "-d", certificate.folder.path, "\(port)", certificate.keyFile,
                certificate.certificateFile,
            ]
        }
        let server = try #require(started)
        defer { server.stop() }
        var settings = CurlTransport.Settings()
        settings.providers["vendor"] = .init(caFile: certificate.certificateFile, http2: true)
        change(&settings)
        let transport = try CurlTransport(settings)
        do {
            try await body(transport, "https://127.0.0.1:\(server.port)")
        } catch {
            await transport.shutdown()
            throw error
        }
        await transport.shutdown()
    }

    private static func get(_ path: String) -> UpstreamRequest {
        UpstreamRequest(method: .get, path: path, headers: [])
    }

    @Test("bodies small and large come whole, many at once")
    func receives() async throws {
        try await Self.withServer { transport, url in
            let small = await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { await Reading(transport.open(Self.get("/small"), at: url)) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(small.map(\.text) == Array(repeating: "ok", count: 50))
            #expect(small.allSatisfy { $0.head?.status == 200 && $0.failure == nil })
            let large = await Reading(transport.open(Self.get("/large"), at: url))
            #expect(large.body.count == Self.large)
        }
    }

    @Test("request bodies arrive whole", arguments: [0, 1_000, 70_000, 400_000])
    func sends(count: Int) async throws {
        try await Self.withServer { transport, url in
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let echo = await Reading(transport.open(UpstreamRequest(path: "/echo", body: body), at: url))
            #expect(echo.failure == nil)
            #expect(echo.head?.status == 200)
            #expect(echo.body == body)
        }
    }

    @Test("a slow reader does not stop fast ones on the same connection, and is ended when it is too far behind")
    func slowBesideFast() async throws {
        try await Self.withServer({ $0.sharedUnreadBytesMax = 1024 * 1024 }) { transport, url in
            let slow = transport.open(Self.get("/large"), at: url)
            guard case .head? = try await slow.next() else { return #expect(Bool(false), "no head") }
            for _ in 0..<50 {
                let fast = await Reading(transport.open(Self.get("/small"), at: url))
                #expect(fast.text == "ok")
            }
            let rest = await Reading(slow)
            #expect(rest.failure?.kind == .broken)
            #expect(rest.failure?.message.contains("HTTP/2") == true)
            #expect(rest.body.count >= 1024 * 1024)
        }
    }

    @Test("cancelling one exchange leaves the others on its connection alone")
    func cancelsOne() async throws {
        try await Self.withServer { transport, url in
            let cancelled = transport.open(Self.get("/large"), at: url)
            _ = try await cancelled.next()
            let other = transport.open(Self.get("/large"), at: url)
            _ = try await other.next()
            cancelled.cancel()
            let reading = await Reading(other)
            #expect(reading.failure == nil)
            #expect(reading.body.count == Self.large)
        }
    }
}
