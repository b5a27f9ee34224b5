import CCurl
import Glibc
import RouterCore
import Synchronization

/// The way to one thread of ours that runs libcurl: orders go in through an inbox, readers are resumed from there.
///
/// The thread's own part is ``CurlDriverLoop``; it is made on the thread and never seen by another.
final class CurlDriver: Sendable {
    enum Order {
        case start(ExchangeChannel)
        /// The reader took what was unread.
        case resume(ExchangeChannel)
        /// There is more of what is sent.
        case send(ExchangeChannel)
        /// The reader left.
        case stop(ExchangeChannel)
        /// End everything; resumes the one who waits for it, if any, when nothing of libcurl is left.
        case end(UnsafeContinuation<Void, Never>?)
    }

    private struct Inbox {
        var orders: [Order] = []
        /// The thread looks at the inbox again only after an event: the next order has to wake it.
        var isAsleep = false
        /// The thread is gone.
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    /// How often the thread has looked for something to do: it stands still while there is nothing.
    let roundCount = Atomic<Int>(0)
    /// An eventfd; the thread watches it for edges and never reads it.
    private let wakeup: Int32

    init(settings: CurlTransport.Settings, name: String) throws(UpstreamFailure) {
        let wakeup = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeup >= 0 else { throw Self.cannotStart }
        self.wakeup = wakeup
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw Self.cannotStart }
        guard let poll = EventPoll(epoll: epoll, wakeup: wakeup) else { throw Self.cannotStart }
        let start = ThreadStart(driver: self, poll: poll, settings: settings, name: name)
        // Given back by the thread, or below.
        let context = Unmanaged.passRetained(start)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runDriver, context.toOpaque()) == 0 else {
            context.release()
            throw Self.cannotStart
        }
        pthread_detach(thread)
    }

    deinit { close(wakeup) }

    /// Hands an order to the thread, which is woken when it sleeps.
    ///
    /// - Returns: false when the thread is gone and nobody will see the order.
    @discardableResult
    func post(_ order: Order) -> Bool {
        let (isTaken, wakes) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            inbox.orders.append(order)
            defer { inbox.isAsleep = false }
            return (true, inbox.isAsleep)
        }
        if wakes { wake() }
        return isTaken
    }

    /// Ends every exchange as cancelled and the thread with them; returns when nothing of libcurl is left.
    func end() async {
        await withUnsafeContinuation { waiter in
            if !post(.end(waiter)) { waiter.resume() }
        }
    }

    // MARK: The thread's side

    /// - Returns: false when there are orders already, so that the thread may not wait.
    func fallAsleep() -> Bool {
        inbox.withLock { inbox in
            inbox.isAsleep = inbox.orders.isEmpty
            return inbox.isAsleep
        }
    }

    /// Exchanges what is in the inbox for `spare`, whose memory is used again.
    func takeOrders(into spare: inout [Order]) {
        spare.removeAll(keepingCapacity: true)
        inbox.withLock { inbox in
            inbox.isAsleep = false
            swap(&inbox.orders, &spare)
        }
    }

    /// Takes no more orders.
    ///
    /// - Returns: false when there are some left to take first.
    func closeInbox() -> Bool {
        inbox.withLock { inbox in
            inbox.isClosed = inbox.orders.isEmpty
            return inbox.isClosed
        }
    }

    private func wake() {
        var one: UInt64 = 1
        // Can fail only when nobody has looked for 2^64 wake-ups.
        _ = write(wakeup, &one, MemoryLayout<UInt64>.size)
    }

    private static let cannotStart = UpstreamFailure(
        .unreachable, "The thread for requests to providers could not be started: out of memory, threads or files.")
}

/// What a new thread is given.
private final class ThreadStart {
    let driver: CurlDriver
    let poll: EventPoll
    let settings: CurlTransport.Settings
    let name: String

    init(driver: CurlDriver, poll: EventPoll, settings: CurlTransport.Settings, name: String) {
        self.driver = driver
        self.poll = poll
        self.settings = settings
        self.name = name
    }
}

/// What the thread runs.
private func runDriver(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    ccurl_name_thread(start.name)
    // Signals are for the program's other threads; SIGPIPE, which OpenSSL's writes raise, is for nobody.
    var signals = sigset_t()
    sigfillset(&signals)
    for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&signals, fault) }
    pthread_sigmask(SIG_SETMASK, &signals, nil)
    var waiters: [UnsafeContinuation<Void, Never>] = []
    do {
        let loop = CurlDriverLoop(driver: start.driver, poll: start.poll, settings: start.settings)
        waiters = loop.run()
    }
    for waiter in waiters { waiter.resume() }
    return nil
}
