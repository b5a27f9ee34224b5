public import RouterCore

/// Fetches what clients name by address, for vendors that want the bytes: nothing else in this router follows an address
/// that a client wrote.
///
/// Only `http` and `https` on their own ports; only addresses of the public internet, checked for each connection when it
/// is made, also behind redirects; bounded in size and time; only types that are asked for, by the header and by the first
/// bytes. No proxy, no cookie, no credential.
public final class MediaFetch: Sendable {
    /// What bounds a fetch.
    public struct Limits: Sendable, Hashable {
        public var bytesMax = 20 * 1024 * 1024
        /// For all redirects together.
        public var time: Duration = .seconds(10)
        public var redirectsMax = 3

        public init() {}
    }

    private let transport: CurlTransport
    private let limits: Limits
    /// Tests fetch from servers of their own.
    private let isGuarded: Bool

    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `unreachable` when libcurl cannot be set up.
    public convenience init(limits: Limits = Limits()) throws(UpstreamFailure) {
        try self.init(limits: limits, isGuarded: true)
    }

    /// - Parameter isGuarded: false lets it connect to any port of any address.
    init(limits: Limits, isGuarded: Bool) throws(UpstreamFailure) {
        var settings = CurlTransport.Settings()
        settings.onlyPublicAddresses = isGuarded
        settings.idleConnectionsMax = 16
        transport = try CurlTransport(settings)
        self.limits = limits
        self.isGuarded = isGuarded
    }

    /// What was fetched.
    public struct Media: Sendable, Hashable {
        /// In lower case without parameters, such as `image/png`.
        public var type: String
        public var bytes: [UInt8]
    }

    /// Fetches `url`.
    ///
    /// - Parameters:
    ///   - parameter: the member of the request that names it, for the error.
    ///   - types: what is taken; ``MediaType`` knows them by their first bytes.
    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `refused` that names the member: for an address that may not
    ///   be fetched, and for whatever went wrong there. The answer of a foreign server is never repeated to the client.
    public func fetch(
        _ url: String, parameter: String, types: Set<MediaType>
    ) async throws(UpstreamFailure) -> Media {
        func refused(_ why: String) -> UpstreamFailure {
            UpstreamFailure(.refused, "`\(parameter)` cannot be fetched: \(why).", parameter: parameter)
        }
        guard var address = WebAddress(url, anyPort: !isGuarded) else {
            throw refused("its address must be http or https on the usual port, without a name or password")
        }
        let deadline = ContinuousClock.now + limits.time
        for _ in 0...limits.redirectsMax {
            let (head, body) = try await get(address, until: deadline, refused)
            if (300..<400).contains(head.status), let location = head["location"] {
                guard let next = address.following(location, anyPort: !isGuarded) else {
                    throw refused("it leads to an address that may not be fetched")
                }
                address = next
                continue
            }
            guard head.status == 200 else { throw refused("its server answered HTTP \(head.status)") }
            let said = head["content-type"]?.prefix { $0 != ";" }.lowercased().filter { $0 != " " } ?? ""
            guard let type = MediaType(rawValue: String(said)), types.contains(type) else {
                let taken = types.map(\.rawValue).sorted().joined(separator: ", ")
                throw refused("its server does not call it one of \(taken)")
            }
            guard type.begins(body) else { throw refused("it does not begin as \(type.rawValue) does") }
            return Media(type: type.rawValue, bytes: body)
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

/// Types that can be fetched, and how each begins.
public enum MediaType: String, Sendable, Hashable, CaseIterable {
    case png = "image/png", jpeg = "image/jpeg", gif = "image/gif", webp = "image/webp", pdf = "application/pdf"

    /// What vendors take as images.
    public static let images: Set<MediaType> = [.png, .jpeg, .gif, .webp]

    /// Whether `bytes` begin as this type does.
    func begins(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .png: bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        case .jpeg: bytes.starts(with: [0xFF, 0xD8, 0xFF])
        case .gif: bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8)
        case .webp: bytes.starts(with: "RIFF".utf8) && bytes.dropFirst(8).starts(with: "WEBP".utf8)
        case .pdf: bytes.starts(with: "%PDF-".utf8)
        }
    }
}
