import RouterCore

/// What has come in one exchange and was not read yet, and what that means for the two who share it: the reading task,
/// which pulls, and the driver's thread, which delivers and watches the time.
///
/// A state machine without I/O: no libcurl, no lock and no clock are in it. Whoever owns it does what it answers. Once
/// it has an ending nothing more comes in; what came before is still handed out first, except after ``cancel()``.
struct ExchangeState {
    /// What came from the vendor in one round of the driver.
    struct Arrival {
        var head: UpstreamHead?
        var bytes: [UInt8] = []
        var ending: Ending?
    }

    enum Ending: Equatable {
        case complete
        case failed(UpstreamFailure)
    }

    /// What the driver does after it delivered.
    struct Delivery: Equatable {
        var wakesReader = false
        var flow = Flow.goesOn
        /// What the reader has still to take.
        var unreadBytes = 0

        enum Flow {
            case goesOn
            /// Enough is unread: stop receiving until the reader took it.
            case pauses
            /// The exchange is over for the reader: stop the transfer.
            case stops
        }
    }

    /// What the reader gets.
    enum Pull: Equatable {
        /// - Parameter resumesTransfer: the driver is to go on receiving.
        case event(ExchangeEvent, resumesTransfer: Bool)
        case end
        case failure(UpstreamFailure)
        /// Nothing yet: suspend after ``wait(at:)``.
        case wait
    }

    /// What the driver does about the time.
    enum Tick: Equatable {
        /// Look again then.
        case waits(until: Moment, wakesReader: Bool)
        /// A limit ran out: stop the transfer.
        case expires(wakesReader: Bool)
    }

    struct Cancellation: Equatable {
        var wakesReader: Bool
        /// There is a transfer to be stopped.
        var stopsTransfer: Bool
    }

    /// How far what is sent has come.
    enum Sending: Equatable {
        /// The client has not sent more yet.
        case waitsForClient
        /// The vendor took some of it last then.
        case taken(at: Moment)
        /// All of it has gone out, or nobody wants the rest.
        case done(at: Moment)
    }

    private let limits: ExchangeLimits
    /// From which the limits on the first byte and on the whole count.
    private var start: Moment
    /// `nil`: nothing is sent any more that comes while it is sent.
    private var sending: Sending?
    /// What is sent comes from a client, who takes its own time for it.
    private let isClientSending: Bool
    /// The request goes out on a connection, or has.
    private var isAsked = false
    private let unreadBytesMax: Int
    /// What may be unread where one transfer cannot be paused without the others on its connection.
    private let sharedUnreadBytesMax: Int

    private var head: UpstreamHead?
    private var unread: [UInt8] = []
    private var ending: Ending?
    private var isPaused = false
    private var hasBody = false

    private var isReaderWaiting = false
    private var waitingSince: Moment
    /// Since when the reader has heard nothing but ``ExchangeEvent/silence``, not counting the time it was away.
    private var quietSince: Moment
    private var isSilenceDue = false
    private var wasSilent = false

    /// - Parameters:
    ///   - start: from which the limits on the first byte and on the whole count; where an upload is sent, from its end.
    ///   - sendsUpload: whether there is one.
    ///   - isClientSending: whether it still comes; from the disk it is the vendor's time.
    ///   - unreadBytesMax: from so many unread bytes on the transfer is paused.
    ///   - sharedUnreadBytesMax: from so many on it is ended, when it shares its connection with others.
    init(
        limits: ExchangeLimits, start: Moment, sendsUpload: Bool = false, isClientSending: Bool = true,
        unreadBytesMax: Int,
        sharedUnreadBytesMax: Int
    ) {
        self.limits = limits
        self.start = start
        sending = sendsUpload ? .taken(at: start) : nil
        self.isClientSending = isClientSending
        self.unreadBytesMax = unreadBytesMax
        self.sharedUnreadBytesMax = sharedUnreadBytesMax
        waitingSince = start
        quietSince = start
    }

    /// When the driver has to call ``tick(at:)`` first.
    var firstTick: Moment {
        start.advanced(by: min(limits.firstByte, limits.idle, limits.total, limits.silence))
    }

    // MARK: The driver's side

    /// The request is about to go out on a connection.
    /// - Returns: whether it still is to.
    mutating func ask() -> Bool {
        guard ending == nil else { return false }
        isAsked = true
        return true
    }

    /// Takes in how far an upload has come. An answer's time begins when it is sent: before that it is the client's.
    mutating func note(_ sending: Sending) {
        guard self.sending != nil else { return }
        guard case .done(let now) = sending else {
            self.sending = sending
            return
        }
        self.sending = nil
        if isClientSending { start = now }
        waitingSince = now
        quietSince = now
    }

    /// Takes in what came.
    ///
    /// - Parameter sharesConnection: other exchanges use the same connection (HTTP/2). It is not paused: libcurl 7.88 goes
    ///   on receiving for a paused transfer there, up to 64 MB that nobody counts. It ends when too much is unread.
    mutating func deliver(_ arrival: consuming Arrival, sharesConnection: Bool = false) -> Delivery {
        guard ending == nil else { return Delivery(flow: .stops) }
        if let head = arrival.head {
            self.head = head
            isAsked = true
        }
        if !arrival.bytes.isEmpty {
            hasBody = true
            if unread.isEmpty { unread = arrival.bytes } else { unread += arrival.bytes }
        }
        ending = arrival.ending
        if case .failed(var failure)? = ending, !isAsked {
            failure.wasAsked = false
            ending = .failed(failure)
        }
        var delivery = Delivery()
        let hasNews = head != nil || !unread.isEmpty || ending != nil
        delivery.wakesReader = hasNews && takeReader()
        if ending == nil { delivery.flow = flow(sharesConnection) }
        delivery.unreadBytes = unread.count
        return delivery
    }

    private mutating func flow(_ sharesConnection: Bool) -> Delivery.Flow {
        if sharesConnection {
            guard unread.count >= sharedUnreadBytesMax else { return .goesOn }
            ending = .failed(Self.tooSlow(bytes: sharedUnreadBytesMax))
            return .stops
        }
        guard unread.count >= unreadBytesMax, !isPaused else { return .goesOn }
        isPaused = true
        return .pauses
    }

    /// Checks the limits. Silence and the idle limit count only while the reader waits: a reader that is busy with its
    /// own client is not the vendor's fault.
    mutating func tick(at now: Moment) -> Tick {
        guard ending == nil else { return .waits(until: .never, wakesReader: false) }
        if let sending { return tick(at: now, sending) }
        let limit = hasBody ? limits.idle : limits.firstByte
        let since = hasBody ? (isReaderWaiting ? quietSince : now) : start
        let due = min(start.advanced(by: limits.total), since.advanced(by: limit))
        guard now < due else {
            if now >= start.advanced(by: limits.total) {
                ending = .failed(limits.totalFailure)
            } else {
                ending = .failed(hasBody ? limits.idleFailure : limits.firstByteFailure)
            }
            return .expires(wakesReader: takeReader())
        }
        // Whatever comes and whoever waits from now on, the idle limit cannot run out before this.
        let next = min(due, now.advanced(by: hasBody ? limits.silence : min(limits.silence, limits.idle)))
        let silence = waitingSince.advanced(by: limits.silence)
        guard isReaderWaiting else { return .waits(until: next, wakesReader: false) }
        guard now >= silence else { return .waits(until: min(next, silence), wakesReader: false) }
        isSilenceDue = true
        return .waits(until: next, wakesReader: takeReader())
    }

    /// Who waits for a slow client is not silent, and no vendor's fault.
    private mutating func tick(at now: Moment, _ sending: Sending) -> Tick {
        let next = now.advanced(by: min(limits.silence, limits.idle))
        guard case .taken(let last) = sending else { return .waits(until: next, wakesReader: false) }
        let whole = isClientSending ? Moment.never : start.advanced(by: limits.total)
        let due = min(last.advanced(by: limits.idle), whole)
        guard now >= due else { return .waits(until: min(due, next), wakesReader: false) }
        ending = .failed(now >= whole ? limits.totalFailure : limits.uploadFailure)
        return .expires(wakesReader: takeReader())
    }

    // MARK: The reader's side

    mutating func pull() -> Pull {
        if let head {
            self.head = nil
            (wasSilent, isSilenceDue) = (false, false)
            return .event(.head(head), resumesTransfer: false)
        }
        if !unread.isEmpty {
            let bytes = unread
            unread = []
            (wasSilent, isSilenceDue) = (false, false)
            let resumes = isPaused && ending == nil
            isPaused = false
            return .event(.bytes(bytes), resumesTransfer: resumes)
        }
        switch ending {
        case .complete: return .end
        case .failed(let failure): return .failure(failure)
        case nil: break
        }
        guard isSilenceDue else { return .wait }
        isSilenceDue = false
        wasSilent = true
        return .event(.silence, resumesTransfer: false)
    }

    /// Whether ``pull()`` would answer ``Pull/wait``.
    var mayWait: Bool { head == nil && unread.isEmpty && ending == nil && !isSilenceDue }

    /// The reader suspends: ``pull()`` would answer ``Pull/wait``.
    mutating func wait(at now: Moment) {
        precondition(!isReaderWaiting, "an exchange has one reader")
        isReaderWaiting = true
        waitingSince = now
        if !wasSilent { quietSince = now }
    }

    /// Ends it from our side: what is unread is thrown away. Changes nothing once the ending has been read.
    mutating func cancel() -> Cancellation {
        guard ending == nil || head != nil || !unread.isEmpty else {
            return Cancellation(wakesReader: false, stopsTransfer: false)
        }
        let stops = ending == nil
        head = nil
        unread = []
        var failure = Self.cancelled
        failure.wasAsked = isAsked
        ending = .failed(failure)
        return Cancellation(wakesReader: takeReader(), stopsTransfer: stops)
    }

    /// Whether the reader is to be resumed; it waits no longer.
    private mutating func takeReader() -> Bool {
        defer { isReaderWaiting = false }
        return isReaderWaiting
    }

    static let cancelled = UpstreamFailure(.cancelled, "The request to the provider was cancelled.")

    private static func tooSlow(bytes: Int) -> UpstreamFailure {
        UpstreamFailure(
            .broken,
            "The answer was ended: \(bytes) bytes of it were not read, and others share its HTTP/2 connection.")
    }
}
