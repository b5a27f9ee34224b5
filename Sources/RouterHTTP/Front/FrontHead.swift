import NIOHTTP1

/// The head of a request that the front answers, by whichever way it came in.
enum FrontHead: Sendable {
    case plain(PlainHead)
    /// Read by NIO's parser.
    case parsed(HTTPRequestHead)

    /// The value of the first field of this name, in lower case.
    func field(_ name: String) -> String? {
        switch self {
        case .plain(let head): head[name]
        case .parsed(let head): head.headers.first(name: name)
        }
    }

    var version: HTTPVersion {
        switch self {
        case .plain: .http1_1
        case .parsed(let head): head.version
        }
    }

    /// What the body is said to have; `nil` when it comes in chunks.
    var contentLength: Int? {
        switch self {
        case .plain(let head): head.contentLength
        case .parsed(let head): head.headers.first(name: "content-length").flatMap(Int.init)
        }
    }

    var isKeepAlive: Bool {
        switch self {
        case .plain(let head): head.isKeepAlive
        case .parsed(let head): head.isKeepAlive
        }
    }

    /// The client waits for a 100 before it sends the body.
    var expectsContinue: Bool {
        switch self {
        case .plain: false
        case .parsed(let head): head.version != .http1_0 && head.headers.contains(name: "expect")
        }
    }

    /// It is answered by bytes, past NIO's codec.
    var isPlain: Bool {
        switch self {
        case .plain: true
        case .parsed: false
        }
    }
}
