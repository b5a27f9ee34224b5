public import RouterCore
import Synchronization

/// HTTP exchanges with providers over libcurl, on threads of its own.
///
/// Pooled connections, HTTP/1.1 or HTTP/2, TLS with verification of peer and host; no redirects, cookies, netrc or
/// content decoding. Nothing here waits for a lock that is held across I/O, and every bound is in ``Settings``. See
/// `docs/decisions/0003-upstream-client.md`.
public final class CurlTransport: Transport {
    private let settings: Settings
    let drivers: [CurlDriver]
    private let nextDriver = Atomic<Int>(0)
    private let origins = Mutex<[OriginName: CurlOrigin]>([:])

    /// A provider may be asked at more places than its base URL: where it says that what it made stands.
    private struct OriginName: Hashable {
        let slug: String
        let baseURL: String
    }

    /// More providers than anybody has; beyond, all are made anew.
    private static let originsMax = 4096

    /// Starts the threads.
    ///
    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `unreachable` when libcurl cannot be set up or a thread cannot
    ///   be had.
    public init(_ settings: Settings = Settings()) throws(UpstreamFailure) {
        guard CurlLibrary.isReady, CurlLibrary.hasTLS else {
            throw UpstreamFailure(.unreachable, "libcurl could not be set up, or has no TLS: \(CurlLibrary.version).")
        }
        self.settings = settings
        var drivers: [CurlDriver] = []
        for number in 0..<max(1, settings.driverThreads) {
            drivers.append(try CurlDriver(settings: settings, name: "upstream-\(number)"))
        }
        self.drivers = drivers
    }

    /// Ends what is open, without waiting; ``shutdown()`` waits.
    deinit {
        for driver in drivers { driver.post(.end(nil)) }
    }

    public func open(_ request: UpstreamRequest, to provider: Provider, timeouts: Timeouts) -> any Exchange {
        let origin = origin(of: provider)
        let limits = ExchangeLimits(timeouts)
        let receiving = request.isPassedOn ? settings.passedOn : settings.collected
        let state = ExchangeState(
            limits: limits, start: .now(), sendsUpload: request.upload != nil,
            isClientSending: request.upload?.isLive ?? false, unreadBytesMax: receiving.unreadBytesMax,
            sharedUnreadBytesMax: settings.sharedUnreadBytesMax)
        let driver = drivers[nextIndex()]
        let channel = ExchangeChannel(
            request, origin: origin, limits: limits, receiving: receiving, state: state, driver: driver)
        if !origin.enter(max: settings.openPerProviderMax) {
            channel.fail(
                UpstreamFailure(
                    .unreachable, "\(settings.openPerProviderMax) requests to this provider are open already."))
        } else if !driver.post(.start(channel)) {
            origin.leave()
            channel.fail(ExchangeState.cancelled)
        }
        return CurlExchange(channel, endsWithTask: !provider.billsAbandoned)
    }

    /// Ends every open exchange as `cancelled` and stops the threads; returns when nothing of libcurl runs any more.
    /// What is opened later fails as `cancelled`.
    public func shutdown() async {
        for driver in drivers { await driver.end() }
    }

    /// Which libcurl this is, for the log at start: `libcurl/7.88.1 OpenSSL/3.0.19 …`.
    public static var libraryVersion: String { CurlLibrary.version }

    /// What this build of libcurl lacks, a sentence each, for the log at start; empty for Debian's.
    public static var libraryShortcomings: [String] {
        var lacks: [String] = []
        if !CurlLibrary.resolvesAside {
            lacks.append("libcurl looks up names on the thread that runs all transfers: a slow name server stops them.")
        }
        if !CurlLibrary.hasHTTP2 { lacks.append("libcurl was built without HTTP/2: `http2` has no effect.") }
        return lacks
    }

    private func nextIndex() -> Int {
        guard drivers.count > 1 else { return 0 }
        let number = nextDriver.wrappingAdd(1, ordering: .relaxed).oldValue
        return Int(UInt(bitPattern: number) % UInt(drivers.count))
    }

    private func origin(of provider: Provider) -> CurlOrigin {
        let name = OriginName(slug: provider.slug, baseURL: provider.baseURL)
        return origins.withLock { origins in
            if let known = origins[name] { return known }
            if origins.count >= Self.originsMax { origins = [:] }
            let origin = CurlOrigin(provider, settings: settings)
            origins[name] = origin
            return origin
        }
    }
}
