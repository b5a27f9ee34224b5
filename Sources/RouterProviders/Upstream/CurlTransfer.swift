import CCurl
import RouterCore

/// One easy handle: what libcurl is told of a request, and what it hands over until the end of the round.
///
/// Handles are kept for the next request: what is the same for all is set once, what differs each time. Belongs to the
/// driver's thread.
final class CurlTransfer {
    /// Names it in the driver's tables.
    let slot: Int
    let easy: UnsafeMutableRawPointer
    private let round: DriverRound
    private let headerBytesMax: Int
    let sendBufferBytes: Int
    /// `CURLOPT_ERRORBUFFER`: libcurl's sentence about a failure.
    private let errorText: UnsafeMutablePointer<CChar>
    /// The origin whose options the handle has.
    private var origin: CurlOrigin?
    private let headers = HeaderList()
    private var head: HeadReader
    /// Why a callback made libcurl stop.
    private var refusal: UpstreamFailure?

    /// What is sent while it comes.
    private var upload: CurlUpload?

    private(set) var channel: ExchangeChannel?
    private(set) var lane: CurlLane?
    private var receiving: CurlTransport.Receiving?
    /// What came in this round.
    private(set) var arrival = ExchangeState.Arrival()
    /// What the reader had not taken after the last round; by now it may be less.
    private var unreadBytes = 0
    /// Whether so much came in this round that no more was to come.
    private var isPausedInRound = false
    /// Whether receiving stands still until the reader took what is unread.
    private var isReceivingPaused = false
    /// Whether it is on the round's list.
    var isTouched = false

    init(slot: Int, round: DriverRound, poll: EventPoll, share: CurlShare, settings: CurlTransport.Settings)
        throws(UpstreamFailure)
    {
        guard let easy = curl_easy_init() else { throw CurlFailure.setUp(CURLE_OUT_OF_MEMORY) }
        self.slot = slot
        self.easy = easy
        self.round = round
        headerBytesMax = settings.headerBytesMax
        sendBufferBytes = settings.sendBufferBytes
        head = HeadReader(bytesMax: headerBytesMax)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try setCallbacks(poll: poll, onlyPublicAddresses: settings.onlyPublicAddresses)
        try setConstants(share: share, settings: settings)
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// libcurl asks for leave to send a body of 1 MiB or more.
    private static let expectBytesMin = 1_000_000
    /// Room for the request line and headers in front of a body that goes over TLS; libcurl's own minimum.
    static let headBytes = 16 * 1024
    /// What is sent of an upload at a time: as much as comes of it at a time.
    static let uploadBufferBytes = 128 * 1024

    // MARK: A request

    /// Hands the channel's request to libcurl.
    func start(_ channel: ExchangeChannel, in lane: CurlLane) throws(UpstreamFailure) {
        errorText[0] = 0
        refusal = nil
        unreadBytes = 0
        isPausedInRound = false
        isReceivingPaused = false
        head = HeadReader(bytesMax: headerBytesMax)
        let request = channel.request
        if origin !== channel.origin {
            let earlier = origin
            origin = nil  // Until all of it is set.
            try setOptions(of: channel.origin, after: earlier)
            origin = channel.origin
        }
        try check((channel.origin.baseURL + request.path).withCString { ccurl_setopt_string(easy, CURLOPT_URL, $0) })
        let lines = try headers.fill(
            request.headers, forbidsExpect: request.body.count + (request.upload?.byteCount ?? 0) > Self.expectBytesMin)
        try check(ccurl_setopt_list(easy, CURLOPT_HTTPHEADER, lines))
        try setMethod(of: request, body: channel.request.body)
        upload = request.upload.map { CurlUpload(body: request.body, upload: $0) }
        try set(CURLOPT_CONNECTTIMEOUT_MS, channel.limits.connectMilliseconds)
        if receiving != channel.receiving {
            try set(CURLOPT_BUFFERSIZE, channel.receiving.bufferBytes)
            receiving = channel.receiving
        }
        guard lane.add(easy) else { throw CurlFailure.setUp(CURLE_FAILED_INIT) }
        self.channel = channel
        self.lane = lane
    }

    /// Takes the transfer from libcurl; where the response is not complete, its connection is closed.
    func stop() {
        lane?.remove(easy)
        lane = nil
    }

    /// Gives up the channel, so that the handle can serve another.
    func clear() -> ExchangeChannel? {
        defer { channel = nil }
        upload?.stop()
        upload = nil
        arrival = ExchangeState.Arrival()
        return channel
    }

    /// Does what the exchange decided after it took what came.
    ///
    /// A pause stops both directions: libcurl would run a transfer once more for nothing where it may still send.
    func follow(_ delivery: ExchangeState.Delivery) {
        let wasPaused = isPausedInRound
        // Before libcurl goes on: it may hand over what it kept at once, and be paused by that.
        isPausedInRound = false
        unreadBytes = delivery.unreadBytes
        switch delivery.flow {
        case .pauses:
            isReceivingPaused = true
            _ = curl_easy_pause(easy, CURLPAUSE_ALL)
        case .goesOn: if wasPaused { goOn() }
        case .stops: break
        }
    }

    /// Goes on receiving: the reader has taken what was unread.
    func resume() {
        unreadBytes = 0
        goOn()
    }

    private func goOn() {
        isReceivingPaused = false
        _ = curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// Goes on sending; receiving stays as it is.
    func resumeSending() {
        guard upload != nil else { return }
        _ = curl_easy_pause(easy, isReceivingPaused ? CURLPAUSE_RECV : CURLPAUSE_CONT)
    }

    /// Gives back the memory of the request's body, if all of it was sent. Called when an answer has begun, so that it
    /// will not be sent again: a long answer must not keep a long question in memory.
    func dropSentBody() {
        guard let channel, upload == nil, !channel.request.body.isEmpty else { return }
        var sent: curl_off_t = 0
        guard ccurl_getinfo_size(easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK, sent >= channel.request.body.count
        else { return }
        channel.request.body = []
        // libcurl frees its own piece of it when the size changes (7.88), otherwise with the transfer.
        _ = ccurl_setopt_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, Self.headBytes)
    }

    private func setCallbacks(poll: EventPoll, onlyPublicAddresses: Bool) throws(UpstreamFailure) {
        // libcurl calls back only inside calls made on the driver's thread, while this object holds the handle.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_PRIVATE, context)
        try check(ccurl_setopt_write(easy, CURLOPT_WRITEFUNCTION, receiveBody))
        try set(CURLOPT_WRITEDATA, context)
        try check(ccurl_setopt_write(easy, CURLOPT_HEADERFUNCTION, receiveHeader))
        try set(CURLOPT_HEADERDATA, context)
        try check(ccurl_setopt_read(easy, readUpload))
        try set(CURLOPT_READDATA, context)
        try check(ccurl_setopt_prerequest(easy, beginRequest))
        try set(CURLOPT_PREREQDATA, context)
        try check(ccurl_setopt_seek(easy, rewindUpload))
        try set(CURLOPT_SEEKDATA, context)
        try set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        // The driver's loop keeps the poll longer than any handle.
        let sockets = Unmanaged.passUnretained(poll).toOpaque()
        if onlyPublicAddresses {
            try check(ccurl_setopt_open_socket(easy, openPublicSocket))
        } else {
            try check(ccurl_setopt_open_socket(easy, openSocket))
        }
        try set(CURLOPT_OPENSOCKETDATA, sockets)
        try check(ccurl_setopt_close_socket(easy, closeSocket))
        try set(CURLOPT_CLOSESOCKETDATA, sockets)
    }

    // MARK: What comes back

    /// What came in this round; there is nothing then until more comes.
    func takeArrival() -> ExchangeState.Arrival {
        defer { arrival = ExchangeState.Arrival() }
        return arrival
    }

    /// Whether others use the same connection.
    var sharesConnection: Bool { head.version >= 2 }

    func complete(_ result: CURLcode) {
        guard let channel else { return }
        if let refusal {
            arrival.ending = .failed(refusal)
        } else if result != CURLE_OK {
            arrival.ending = .failed(
                CurlFailure.failure(
                    result, detail: String(cString: errorText), hasHead: head.isComplete, limits: channel.limits))
        } else {
            arrival.ending =
                head.isComplete
                ? .complete
                : .failed(
                    CurlFailure.failure(CURLE_WEIRD_SERVER_REPLY, detail: "", hasHead: false, limits: channel.limits))
        }
        round.touch(self)
    }

    /// - Returns: false to make libcurl end the transfer.
    fileprivate func ask() -> Bool { channel?.ask() ?? false }

    /// - Returns: false to make libcurl end the transfer.
    fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch head.add(line) {
        case .more: break
        case .head(let head):
            arrival.head = head
            round.touch(self)
        case .refused(let failure):
            refusal = failure
            return false
        }
        return true
    }

    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) {
        if arrival.bytes.isEmpty { arrival.bytes = Array(bytes) } else { arrival.bytes += bytes }
        round.touch(self)
        // libcurl reads on, up to a hundred buffers, as long as the kernel has more.
        guard unreadBytes + arrival.bytes.count >= receiving?.unreadBytesMax ?? 0, !isPausedInRound, !sharesConnection
        else { return }
        isPausedInRound = true
        isReceivingPaused = true
        _ = curl_easy_pause(easy, CURLPAUSE_ALL)
    }
}

extension CurlTransfer {
    // MARK: What is sent while it comes

    /// - Returns: what `CURLOPT_READFUNCTION` says.
    fileprivate func fillUpload(_ target: UnsafeMutableRawBufferPointer) -> Int {
        guard let upload, let channel else { return Int(CURL_READFUNC_ABORT) }
        switch upload.fill(target, later: round.later, whenMore: { [weak channel] in channel?.sendMore() }) {
        case .bytes(let count):
            channel.note(upload.isDone ? .done(at: .now()) : .taken(at: .now()))
            return count
        case .wait:
            channel.note(.waitsForClient)
            return Int(CURL_READFUNC_PAUSE)
        case .failed(let failure):
            refusal = failure
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// An answer has begun: what was not sent by now is nobody's to wait for.
    func endSending() { if upload != nil { channel?.note(.done(at: .now())) } }

    fileprivate func startUploadOver() -> Bool { upload?.startOver() ?? false }
}

// MARK: Callbacks

/// `CURLOPT_PREREQFUNCTION`.
private func beginRequest(
    _ context: UnsafeMutableRawPointer?, _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?, _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    guard let context else { return CURL_PREREQFUNC_ABORT }
    return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue().ask()
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// `CURLOPT_READFUNCTION`.
private func readUpload(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return Int(CURL_READFUNC_ABORT) }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.fillUpload(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

/// `CURLOPT_SEEKFUNCTION`: libcurl goes back to the start only.
private func rewindUpload(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let context, offset == 0, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.startUploadOver() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
}

/// `CURLOPT_WRITEFUNCTION`.
private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

/// `CURLOPT_HEADERFUNCTION`.
private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
