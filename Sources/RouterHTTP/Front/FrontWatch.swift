import NIOCore

/// Notices what takes too long on one connection, by one timer that looks every few seconds: no timer is moved for a
/// request or a piece of a body.
struct FrontWatch {
    enum Subject { case request, body, lastBytes, closing }

    private let loop: any EventLoop
    var timer: Scheduled<Void>?
    private var subject: Subject?
    private var deadline: NIODeadline = .distantFuture
    private var bodyBytesPerSecond = 1
    private var silentBody = TimeAmount.zero

    init(on loop: any EventLoop) { self.loop = loop }

    /// From now on `subject` is waited for.
    mutating func start(_ subject: Subject, limits: FrontLimits) {
        self.subject = subject
        bodyBytesPerSecond = limits.bodyBytesPerSecond
        silentBody = TimeAmount(limits.silentBody)
        deadline =
            switch subject {
            case .request: loop.now + TimeAmount(limits.idle)
            case .body: loop.now + TimeAmount(limits.slowBody)
            case .lastBytes: loop.now + TimeAmount(limits.clientStall)
            case .closing: loop.now + .seconds(2)
            }
    }

    /// Bytes of a body came: each second's worth gives a second more, but none may be saved up.
    mutating func received(_ count: Int) {
        let earned = deadline + .milliseconds(Int64(count * 1000 / max(1, bodyBytesPerSecond)))
        deadline = min(earned, loop.now + silentBody)
    }

    /// Nothing is waited for.
    mutating func stop() { subject = nil }

    mutating func end() {
        timer?.cancel()
        timer = nil
        subject = nil
    }

    /// What has taken too long.
    func expired(now: NIODeadline) -> Subject? { now >= deadline ? subject : nil }
}
