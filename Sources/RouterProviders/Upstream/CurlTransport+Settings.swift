import RouterCore

extension CurlTransport {
    /// How the transport behaves; every bound has its unit in its name or comment.
    public struct Settings: Sendable {
        /// Threads that run libcurl, at least 1. Connections are not shared between them.
        public var driverThreads = 1
        /// Requests open at once to one place of a provider; one more fails as `unreachable` without waiting. With HTTP/1.1 each
        /// has a connection of its own.
        public var openPerProviderMax = 16_384
        /// Connections a thread keeps for the next request after theirs is done. The oldest is closed for one too many.
        public var idleConnectionsMax = 256
        /// How answers are received that are collected: fast.
        public var collected = Receiving(bufferBytes: 64 * 1024, unreadBytesMax: 256 * 1024)
        /// How answers are received that are passed on while they come: what a slow client has not taken is to wait with
        /// the vendor, whose sound and text come faster than they are heard and read.
        public var passedOn = Receiving(bufferBytes: 8 * 1024, unreadBytesMax: 8 * 1024)
        /// At most so many bytes of a request are sent at once where its body is 64 KiB or larger, or goes over TLS.
        /// libcurl allocates no more than the request needs, and frees it when the answer begins.
        public var sendBufferBytes = 256 * 1024
        /// From so many unread bytes on an exchange over HTTP/2 is ended as `broken`. libcurl 7.88 cannot pause one there:
        /// it would receive into its own memory, up to 64 MB.
        public var sharedUnreadBytesMax = 16 * 1024 * 1024
        /// Response headers, all lines together.
        public var headerBytesMax = 64 * 1024
        /// By ``/RouterCore/Provider/slug``; a provider that is not here gets the defaults.
        public var providers: [String: ProviderSettings] = [:]
        /// A proxy for https providers that are not on this machine, such as `http://proxy.example:3128`.
        public var httpsProxy: String?
        /// Hosts that are reached without ``httpsProxy``: names or suffixes, separated by commas.
        public var proxyExceptions: String?

        /// Connects to addresses of the public internet only, whatever a name leads to; for addresses that clients name.
        var onlyPublicAddresses = false

        /// Transfers in one multi handle; see ``CurlLane``.
        var connectionsPerLane = 128
        /// How long an empty lane keeps its idle connections; the first ones keep them for good.
        var laneLinger = Duration.seconds(5)

        public init() {}

        /// Takes ``httpsProxy`` and ``proxyExceptions`` from `HTTPS_PROXY` and `NO_PROXY`, or their names in lower case,
        /// which win.
        ///
        /// - Parameter environment: the value of a variable, `nil` when it is not set.
        public mutating func readProxy(from environment: (_ name: String) -> String?) {
            func value(_ name: String) -> String? {
                let text = environment(name.lowercased()) ?? environment(name)
                return text?.isEmpty == true ? nil : text
            }
            httpsProxy = value("HTTPS_PROXY")
            proxyExceptions = value("NO_PROXY")
        }
    }

    /// What may wait of one answer.
    public struct Receiving: Sendable, Hashable {
        /// Bytes read at once. libcurl allocates them for each open transfer, but the system gives memory only to what was
        /// written to.
        public var bufferBytes: Int
        /// From so many unread bytes on an exchange receives nothing until its reader took them; at most one buffer more
        /// is held.
        public var unreadBytesMax: Int
    }

    /// What is particular to one provider.
    public struct ProviderSettings: Sendable, Hashable {
        /// A file of certificate authorities in PEM that stands in for the system's; `nil` for the system's.
        public var caFile: String?
        /// Whether HTTP/2 is offered where the provider is reached by https. HTTP/1.1 costs less, and a slow reader
        /// there slows down nobody else.
        public var http2: Bool

        public init(caFile: String? = nil, http2: Bool = false) {
            self.caFile = caFile
            self.http2 = http2
        }
    }
}
