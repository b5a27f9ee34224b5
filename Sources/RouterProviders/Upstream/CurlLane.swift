import CCurl

/// One multi handle: some of the connections and transfers of a driver's thread.
///
/// libcurl 7.88 walks all connections to a host for each new request and again when it ends, also those that are in
/// use, so that a thousand open streams make every other request slower. A driver therefore spreads its transfers over
/// lanes of bounded size and fills the first ones first, which keeps the idle connections where they are looked for.
///
/// Belongs to the driver's thread.
final class CurlLane {
    let index: Int
    private let multi: UnsafeMutableRawPointer
    private let poll: EventPoll
    /// Transfers that were added and not yet removed.
    private(set) var openCount = 0
    /// When libcurl wants to be called although nothing happened.
    private(set) var timer = Moment.never
    /// Whether a transfer is complete and its message not yet read.
    private var hasMessages = false
    /// When it may be given up, because it has been empty for long; never while it has transfers.
    private(set) var end: Moment
    private let linger: Int64?

    /// - Parameters:
    ///   - linger: how long it stays when it is empty, in nanoseconds; `nil` for ever.
    ///   - idleConnectionsMax: kept open for the next request; the oldest is closed for one too many.
    init?(index: Int, poll: EventPoll, linger: Int64?, idleConnectionsMax: Int) {
        guard let multi = curl_multi_init() else { return nil }
        self.index = index
        self.linger = linger
        end = linger.map(Moment.now().advanced) ?? .never
        self.multi = multi
        self.poll = poll
        // libcurl calls back only inside calls made here, and the handle ends before this object does.
        let context = Unmanaged.passUnretained(self).toOpaque()
        let statuses = [
            ccurl_multi_setopt_socket(multi, changeInterest),
            ccurl_multi_setopt_pointer(multi, CURLMOPT_SOCKETDATA, context),
            ccurl_multi_setopt_timer(multi, changeTimer),
            ccurl_multi_setopt_pointer(multi, CURLMOPT_TIMERDATA, context),
            ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, idleConnectionsMax),
        ]
        guard statuses.allSatisfy({ $0 == CURLM_OK }) else { return nil }
    }

    deinit { curl_multi_cleanup(multi) }

    /// - Returns: false when libcurl did not take it.
    func add(_ easy: UnsafeMutableRawPointer) -> Bool {
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return false }
        openCount += 1
        end = .never
        return true
    }

    /// Takes a transfer out: where its response is not complete, its connection is closed.
    func remove(_ easy: UnsafeMutableRawPointer) {
        guard curl_multi_remove_handle(multi, easy) == CURLM_OK else { return }
        openCount -= 1
        if openCount == 0, let linger { end = .now().advanced(by: linger) }
    }

    /// Something happened on `socket`.
    func act(on socket: Int32, bits: Int32) {
        var running: Int32 = 0
        // A status other than OK is a multi handle that is broken for good: its transfers end by their time limits.
        _ = curl_multi_socket_action(multi, socket, bits, &running)
        hasMessages = Int(running) < openCount
    }

    /// Lets libcurl do what is due.
    func runTimer() {
        timer = .never  // libcurl sets the next one while it runs.
        act(on: -1, bits: 0)  // -1 is `CURL_SOCKET_TIMEOUT`.
    }

    /// Tells each transfer that is complete, which may be removed meanwhile.
    func readMessages(_ body: (_ easy: UnsafeMutableRawPointer, _ result: CURLcode) -> Void) {
        guard hasMessages else { return }
        hasMessages = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            body(easy, ccurl_message_result(message))
        }
    }

    fileprivate func setTimer(milliseconds: Int) {
        timer = milliseconds < 0 ? .never : Moment.now().advanced(by: Int64(milliseconds) * 1_000_000)
    }

    fileprivate func watch(_ socket: Int32, for what: Int32) {
        poll.watch(socket, for: what, lane: index)
    }
}

/// `CURLMOPT_SOCKETFUNCTION`.
private func changeInterest(
    _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return -1 }
    Unmanaged<CurlLane>.fromOpaque(context).takeUnretainedValue().watch(socket, for: what)
    return 0
}

/// `CURLMOPT_TIMERFUNCTION`.
private func changeTimer(_ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?)
    -> Int32
{
    guard let context else { return -1 }
    Unmanaged<CurlLane>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
}
