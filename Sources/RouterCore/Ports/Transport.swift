/// Carries HTTP exchanges to vendors. `CurlTransport` is the real one; tests script one.
public protocol Transport: Sendable {
    /// Starts to send `request` below `provider`'s base URL; returns at once, what comes back is pulled.
    ///
    /// Every failure, also a URL that cannot be parsed, comes out of ``Exchange/next()``.
    func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange
}

/// One request and its response, pulled by one reader.
///
/// Nobody pulling is back-pressure: the transport stops reading from the vendor once a small buffer is full. Dropping
/// the last reference cancels, and so does cancelling the task that is inside ``next()``, but not where the provider
/// ``Provider/billsAbandoned``: there only ``cancel()`` does.
public protocol Exchange: AnyObject, Sendable {
    /// The next thing that came: one head, then bytes (never empty; everything that is there), then `nil`.
    ///
    /// - Returns: `.silence` each time nothing came for ``Timeouts/silence``, so that a reader can say something to its
    ///   own client without a second task; `nil` once the response is complete, and ever after.
    /// - Throws: ``UpstreamFailure`` of kind `unreachable`, `timedOut`, `broken` (a response that ended early or is too
    ///   large) or `cancelled`; the same one ever after.
    func next() async throws(UpstreamFailure) -> ExchangeEvent?

    /// Ends the exchange: the connection to the vendor is closed within 100 ms. May be called at any time, from any
    /// thread, more than once; a reader in ``next()`` gets `cancelled`.
    func cancel()
}

/// What an ``Exchange`` brings, in order.
public enum ExchangeEvent: Sendable, Hashable {
    case head(UpstreamHead)
    case bytes([UInt8])
    case silence
}

/// A request without its host: that is the provider's, added when it is sent.
public struct UpstreamRequest: Sendable, Hashable {
    public enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    public struct Header: Sendable, Hashable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var method: Method
    /// Below the provider's base URL, such as `/chat/completions`.
    public var path: String
    public var headers: [Header]
    /// Empty for no body.
    public var body: [UInt8]
    /// What follows the body; `nil`: nothing. Its length counts for `Content-Length`.
    public var upload: Upload?
    /// Whether the answer is passed on while it comes: then little of it waits here for a client that is slow. Any other
    /// is collected, and received as fast as it comes.
    public var isPassedOn = false
    /// Which of the provider's keys it bears, counted from 0; `nil`: none. Filled in by the ``Authorizer``.
    public var key: Int?

    public init(
        method: Method = .post, path: String, headers: [Header] = [Header("content-type", "application/json")],
        body: [UInt8] = [], upload: Upload? = nil
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.upload = upload
    }
}

/// Status and header fields of a vendor's response. Fields stay bytes until somebody asks for one.
public struct UpstreamHead: Sendable, Hashable {
    /// Such as 200.
    public var status: Int
    /// The header lines as they came, `name: value CR LF` each, without the status line and the empty line.
    public var lines: [UInt8]

    public init(status: Int, lines: [UInt8] = []) {
        self.status = status
        self.lines = lines
    }

    /// The value of the first field of this name, spaces around it removed; `nil` when there is none.
    ///
    /// - Parameter name: in lower case.
    public subscript(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { name in lines.withUnsafeBufferPointer { Self.value(of: name, in: $0) } }
    }

    private static func value(of name: UnsafeBufferPointer<UInt8>, in lines: UnsafeBufferPointer<UInt8>) -> String? {
        var start = 0
        while start < lines.count {
            let end = lines[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? lines.count
            let line = lines[start..<end]
            start = end + 1
            guard line.count > name.count, line[line.startIndex + name.count] == 0x3A,
                zip(line, name).allSatisfy({ ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 })
            else { continue }
            let value = line.dropFirst(name.count + 1).drop { $0 == 0x20 || $0 == 0x09 }
            let last = value.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? value.startIndex
            return String(decoding: value[..<last], as: UTF8.self)
        }
        return nil
    }
}

/// How long to wait for a vendor.
public struct Timeouts: Sendable, Hashable {
    /// Until connected, name look-up and TLS included.
    public var connect: Duration = .seconds(5)
    /// From the request until the first byte of the response's body.
    public var firstByte: Duration = .seconds(120)
    /// Between two pieces of the body while somebody is reading.
    public var idle: Duration = .seconds(60)
    /// From the request to the end of the response.
    public var total: Duration = .seconds(600)
    /// The same of what a vendor makes as a task, all its polls included, where that is less.
    public var task: Duration = .seconds(120)
    /// Until ``ExchangeEvent/silence`` is reported, again and again.
    public var silence: Duration = .seconds(10)

    public init() {}

    /// The same for a request that may take `time` at most.
    func within(_ time: Duration) -> Timeouts {
        var timeouts = self
        timeouts.total = min(total, time)
        timeouts.firstByte = min(firstByte, timeouts.total)
        timeouts.idle = min(idle, timeouts.total)
        return timeouts
    }
}
