public import RouterCore

/// Fetches what clients name by address, for vendors that want the bytes: nothing else in this router follows an address
/// that a client wrote.
///
/// Only `http` and `https` on their own ports; only addresses of the public internet, checked for each connection when it
/// is made, also behind redirects; bounded in size and time; only types that are asked for, by the header and by the first
/// bytes. No proxy, no cookie, no credential.
public final class MediaFetch: MediaFetcher {
    /// What bounds a fetch.
    public struct Limits: Sendable, Hashable {
        public var bytesMax = 20 * 1024 * 1024
        /// For all redirects together.
        public var time: Duration = .seconds(10)
        public var redirectsMax = 3

        public init() {}
    }

    /// Where it may connect to.
    public enum Reach: Sendable, Hashable {
        /// Addresses of the public internet, on the ports of http and https.
        case publicOnly
        /// Any port of any address: for tests, and for networks in which clients may see everything.
        case everywhere
    }

    private let transport: CurlTransport
    private let limits: Limits
    private let reach: Reach

    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `unreachable` when libcurl cannot be set up.
    public init(reach: Reach = .publicOnly, limits: Limits = Limits()) throws(UpstreamFailure) {
        var settings = CurlTransport.Settings()
        settings.onlyPublicAddresses = reach == .publicOnly
        settings.idleConnectionsMax = 16
        transport = try CurlTransport(settings)
        self.limits = limits
        self.reach = reach
    }

    /// Fetches what stands at `address`.
    ///
    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `refused` that names the member: for an address that may not
    ///   be fetched, and for whatever went wrong there. The answer of a foreign server is never repeated to the client.
    public func fetch(
        _ address: MediaAddress, within time: Duration
    ) async throws(UpstreamFailure) -> FetchedMedia {
        let anyPort = reach == .everywhere
        let first = WebAddress(address.url, anyPort: anyPort)
        let host = first.map { " from \($0.host)" } ?? ""
        func refused(_ why: String) -> UpstreamFailure {
            UpstreamFailure(
                .refused, "`\(address.parameter)` cannot be fetched\(host): \(why).", parameter: address.parameter)
        }
        guard var place = first else {
            throw refused("its address must be http or https on the usual port, without a name or password")
        }
        let deadline = ContinuousClock.now + min(limits.time, time)
        for _ in 0...limits.redirectsMax {
            let (head, body) = try await get(place, until: deadline, refused)
            if (300..<400).contains(head.status), !address.followsRedirects {
                throw refused("its server says that it is elsewhere")
            }
            if (300..<400).contains(head.status), let location = head["location"] {
                guard let next = place.following(location, anyPort: anyPort) else {
                    throw refused("it leads to an address that may not be fetched")
                }
                place = next
                continue
            }
            guard head.status == 200 else { throw refused("its server answered HTTP \(head.status)") }
            guard let type = MediaType(of: head), address.types.contains(type) else {
                let taken = address.types.map(\.rawValue).sorted().joined(separator: ", ")
                throw refused("its server does not call it one of \(taken)")
            }
            guard type.begins(body) else { throw refused("it does not begin as \(type.rawValue) does") }
            return FetchedMedia(type: type, base64: Base64.encoded(body))
        }
        throw refused("there are more than \(limits.redirectsMax) redirects")
    }

    /// Ends what is under way, and its thread.
    public func shutdown() async { await transport.shutdown() }

    private func get(
        _ address: WebAddress, until deadline: ContinuousClock.Instant, _ refused: (String) -> UpstreamFailure
    ) async throws(UpstreamFailure) -> (head: UpstreamHead, body: [UInt8]) {
        var timeouts = Timeouts()
        timeouts.total = ContinuousClock.now.duration(to: deadline)
        guard timeouts.total > .zero else { throw refused("it took too long") }
        timeouts.connect = min(timeouts.connect, timeouts.total)
        let exchange = transport.open(
            UpstreamRequest(method: .get, path: address.path, headers: [.init("accept", "*/*")]),
            to: Provider(
                slug: address.origin, name: address.origin, dialect: Dialect(rawValue: "media"),
                baseURL: address.origin), timeouts: timeouts)
        defer { exchange.cancel() }
        var head: UpstreamHead?
        var body: [UInt8] = []
        do throws(UpstreamFailure) {
            while let event = try await exchange.next() {
                switch event {
                case .head(let one):
                    head = one
                    // Of a redirect or an error nothing is read.
                    if one.status != 200 { return (one, []) }
                    if let length = one["content-length"].flatMap({ Int($0) }), length > limits.bytesMax {
                        throw refused("it is larger than \(limits.bytesMax) bytes")
                    }
                case .bytes(let bytes):
                    body += bytes
                    guard body.count <= limits.bytesMax else {
                        throw refused("it is larger than \(limits.bytesMax) bytes")
                    }
                case .silence: break
                }
            }
        } catch {
            if error.kind == .refused || error.kind == .cancelled { throw error }
            throw refused(error.kind == .timedOut ? "it took too long" : "its server cannot be reached from here")
        }
        guard let head else { throw refused("its server said nothing") }
        return (head, body)
    }
}
