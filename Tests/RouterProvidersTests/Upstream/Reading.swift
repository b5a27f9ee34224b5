import RouterCore
import RouterProviders
import TestSupport

/// Everything that came out of an exchange.
struct Reading: Sendable {
    var head: UpstreamHead?
    var body: [UInt8] = []
    var silences = 0
    /// How it ended: `nil` in order.
    var failure: UpstreamFailure?

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Pulls to the end.
    init(_ exchange: any Exchange) async {
        do throws(UpstreamFailure) {
            while let event = try await exchange.next() {
                switch event {
                case .head(let head): self.head = head
                case .bytes(let bytes): body += bytes
                case .silence: silences += 1
                }
            }
        } catch {
            failure = error
        }
    }
}

extension Timeouts {
    /// Generous ones but for what the test is about.
    static func test(_ change: (inout Timeouts) -> Void = { _ in }) -> Timeouts {
        var timeouts = Timeouts()
        change(&timeouts)
        return timeouts
    }
}

extension CurlTransport {
    func open(_ request: UpstreamRequest, at url: String, _ timeouts: Timeouts = .test(), slug: String = "vendor")
        -> any Exchange
    {
        open(
            request, to: Provider(slug: slug, name: "Vendor", dialect: .openAI, baseURL: url), timeouts: timeouts)
    }

    /// A POST of `body` to `/chat`.
    func post(_ body: String = "{}", at url: String, _ timeouts: Timeouts = .test()) -> any Exchange {
        open(UpstreamRequest(path: "/chat", body: Array(body.utf8)), at: url, timeouts)
    }
}

/// Runs a test with a transport of its own and a server, and ends both.
func withUpstream(
    _ settings: CurlTransport.Settings = .init(), sendBufferBytes: Int? = nil,
    script: @escaping LoopbackServer.Script, _ body: (CurlTransport, LoopbackServer) async throws -> Void
) async throws {
    let server = try LoopbackServer(sendBufferBytes: sendBufferBytes, script)
    let transport = try CurlTransport(settings)
    do {
        try await body(transport, server)
    } catch {
        await transport.shutdown()
        server.stop()
        throw error
    }
    await transport.shutdown()
    server.stop()
}
