import Glibc
import RouterCore
import Synchronization
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Fetching what a client names") struct MediaFetchTests {
    private static let pngBytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    private static func image(_ type: String = "image/png", _ body: [UInt8] = pngBytes) -> [Step] {
        [.head(200, ["content-type": type, "content-length": "\(body.count)"]), .send(body)]
    }

    private func failure(
        _ url: String, guarded: Bool, limits: MediaFetch.Limits = MediaFetch.Limits()
    ) async throws -> UpstreamFailure? {
        let fetch = try MediaFetch(reach: guarded ? .publicOnly : .everywhere, limits: limits)
        let address = try Self.address(url)
        do throws(UpstreamFailure) {
            _ = try await fetch.fetch(address, within: .seconds(60))
            return nil
        } catch {
            return error
        }
    }

    /// An address as a request has it.
    private static func address(_ url: String) throws -> MediaAddress {
        var writer = JSONWriter()
        writer.string(url)
        let message = #"{"messages":[{"content":[1,{"image_url":"#
        let root = try JSONDocument(Array(message.utf8) + writer.bytes + Array("}]}]}".utf8)).root
        let value = try #require(root["messages"]?.elements.first { _ in true }?["content"]?.elements.map { $0 }.last)
        return MediaAddress(try #require(value["image_url"]), types: MediaType.images)
    }

    @Test("never reaches an address that is not public, whatever it is called")
    func neverInside() async throws {
        let server = try LoopbackServer(steps: Self.image())
        defer { server.stop() }
        let port = server.port
        // Unusual ports are refused by the address already; the transport is asked as well, so that both hold alone.
        var settings = CurlTransport.Settings()
        settings.onlyPublicAddresses = true
        let transport = try CurlTransport(settings)
        for host in [
            "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.", "LOCALHOST", "127.255.255.254",
        ] {
            let exchange = transport.open(
                UpstreamRequest(method: .get, path: "/", headers: []),
                to: Provider(slug: host, name: "x", dialect: .openAI, baseURL: "http://\(host):\(port)"),
                timeouts: Timeouts())
            await #expect(throws: UpstreamFailure.self, "\(host)") { _ = try await exchange.next() }
            #expect(try await failure("http://\(host):\(port)/a.png", guarded: true)?.kind == .refused, "\(host)")
            #expect(try await failure("http://\(host)/a.png", guarded: true)?.kind == .refused, "\(host)")
        }
        #expect(server.connectionCount == 0)
        await transport.shutdown()
    }

    @Test(
        "knows addresses that are not public",
        arguments: [
            "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
            "192.0.0.8", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "255.255.255.255",
            "::", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fc00::1",
            "fd12::1", "fe80::1", "ff02::1", "fec0::1", "3fff::1",
        ])
    func privateAddresses(_ text: String) throws {
        #expect(!PublicAddress.contains(try #require(Self.bytes(text))))
    }

    @Test(
        "knows addresses that are public",
        arguments: ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450::1"])
    func publicAddresses(_ text: String) throws {
        #expect(PublicAddress.contains(try #require(Self.bytes(text))))
    }

    @Test(
        "refuses what is no plain address of the web",
        arguments: [
            "", "a.png", "file:///etc/passwd", "ftp://a.example/x", "gopher://a.example/", "http://", "http:///x",
            "http://user@a.example/", "http://a.example@127.0.0.1/", "http://a.example:22/", "https://a.example:80/",
            "http://a.example:x/", "http://a.example\\@127.0.0.1/", "http://a b/", "http://a.example/\r\nHost: x",
            "data:image/png;base64,AAAA",
        ])
    func refusesAddresses(_ url: String) async throws {
        let failure = try await failure(url, guarded: true)
        #expect(failure?.kind == .refused && failure?.parameter == "messages[0].content[1].image_url")
    }

    @Test("brings the bytes and their type, over relative and absolute redirects")
    func fetches() async throws {
        let server = try LoopbackServer { request in
            switch request.target {
            case "/a": [.answer(302, headers: ["location": "/b?x=1"])]
            case "/b?x=1": [.answer(301, headers: ["location": "//\(request["host"] ?? "")/c"])]
            case "/c": [.answer(307, headers: ["location": "http://\(request["host"] ?? "")/d#part"])]
            default: Self.image("Image/PNG; charset=x")
            }
        }
        defer { server.stop() }
        let fetch = try MediaFetch(reach: .everywhere)
        let media = try await fetch.fetch(Self.address("\(server.baseURL)/a"), within: .seconds(60))
        #expect(media.type == .png)
        #expect(Base64.decoded(media.base64) == Self.pngBytes)
        #expect(server.requests.map(\.target) == ["/a", "/b?x=1", "/c", "/d"])
        #expect(server.requests.allSatisfy { $0["authorization"] == nil && $0["cookie"] == nil })
    }

    @Test("a redirect to an address that may not be fetched is not followed")
    func redirects() async throws {
        for location in ["file:///etc/passwd", "http://user@a.example/", "javascript:1", "b.png", ""] {
            let server = try LoopbackServer(steps: [.answer(302, headers: ["location": location])])
            defer { server.stop() }
            let failure = try await failure("\(server.baseURL)/a", guarded: false)
            #expect(failure?.kind == .refused, "\(location)")
            #expect(server.requests.count == 1)
        }
        let endless = try LoopbackServer(steps: [.answer(302, headers: ["location": "/again"])])
        defer { endless.stop() }
        #expect(try await failure("\(endless.baseURL)/a", guarded: false)?.message.contains("3 redirects") == true)
        #expect(endless.requests.count == 4)
    }

    @Test("is bounded in size and time, and takes only what it is said to be")
    func bounds() async throws {
        var limits = MediaFetch.Limits()
        limits.bytesMax = 10
        limits.time = .milliseconds(300)
        let signal = Signal()
        for (steps, word) in [
            (Self.image(), "larger"),
            (
                [
                    .head(200, ["content-type": "image/png", "transfer-encoding": "chunked"]), .chunk("12345678901"),
                    .lastChunk,
                ], "larger"
            ),
            ([.head(200, ["content-type": "image/png"]), .untilClosed(signal)], "too long"),
            (Self.image("text/html", [60]), "does not call it"),
            (Self.image("image/gif", Array("GIF88a".utf8)), "begin"),
            ([.answer(404, body: "secret inside")], "HTTP 404"), ([.close], "cannot be reached"),
        ] as [([Step], String)] {
            let server = try LoopbackServer(steps: steps)
            let failure = try await failure("\(server.baseURL)/a", guarded: false, limits: limits)
            #expect(
                failure?.kind == .refused && failure?.message.contains(word) == true,
                "\(word): \(String(describing: failure))")
            #expect(failure?.message.contains("secret") == false)
            server.stop()
        }
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4), sixteen = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        return inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
    }
}
