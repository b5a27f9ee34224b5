import RouterCore
import Testing

@testable import RouterProviders

@Suite("The state of an exchange")
struct ExchangeStateTests {
    private static let start = Moment(nanoseconds: 1_000_000_000_000)
    private static let head = UpstreamHead(status: 200, lines: Array("a: b\r\n".utf8))
    private static let broken = UpstreamFailure(.broken, "cut")

    /// `seconds` after the start.
    private static func at(_ seconds: Double) -> Moment {
        start.advanced(by: Int64(seconds * 1_000_000_000))
    }

    private static func state(
        unreadBytesMax: Int = 10, sharedUnreadBytesMax: Int = 20, isAsked: Bool = true, sendsUpload: Bool = false
    ) -> ExchangeState {
        var timeouts = Timeouts()
        timeouts.firstByte = .seconds(30)
        timeouts.idle = .seconds(20)
        timeouts.total = .seconds(100)
        timeouts.silence = .seconds(5)
        var state = ExchangeState(
            limits: ExchangeLimits(timeouts), start: start, sendsUpload: sendsUpload, unreadBytesMax: unreadBytesMax,
            sharedUnreadBytesMax: sharedUnreadBytesMax)
        if isAsked { _ = state.ask() }
        return state
    }

    private static func bytes(_ count: Int) -> ExchangeState.Arrival {
        ExchangeState.Arrival(bytes: Array(repeating: 7, count: count))
    }

    // MARK: Order

    @Test("head, bytes and end that came together wake the reader once and are read in order")
    func readsInOrder() {
        var state = Self.state()
        #expect(state.pull() == .wait)
        state.wait(at: Self.at(0))
        let delivery = state.deliver(.init(head: Self.head, bytes: [1, 2], ending: .complete))
        #expect(delivery == .init(wakesReader: true, flow: .goesOn, unreadBytes: 2))
        #expect(state.pull() == .event(.head(Self.head), resumesTransfer: false))
        #expect(state.pull() == .event(.bytes([1, 2]), resumesTransfer: false))
        #expect(state.pull() == .end)
        #expect(state.pull() == .end)
    }

    @Test("bytes that came in several rounds are read as one")
    func joinsBytes() {
        var state = Self.state()
        _ = state.deliver(.init(bytes: [1]))
        #expect(state.deliver(.init(bytes: [2, 3])) == .init(wakesReader: false, flow: .goesOn, unreadBytes: 3))
        #expect(state.pull() == .event(.bytes([1, 2, 3]), resumesTransfer: false))
        #expect(state.pull() == .wait)
    }

    @Test("a round that brought nothing wakes nobody")
    func ignoresEmptyRound() {
        var state = Self.state()
        state.wait(at: Self.at(0))
        #expect(state.deliver(.init()) == .init(wakesReader: false, flow: .goesOn))
        #expect(state.deliver(.init(bytes: [1])).wakesReader)
    }

    @Test("what came before a failure is read first, then the failure, again and again")
    func failsAfterBytes() {
        var state = Self.state()
        _ = state.deliver(.init(head: Self.head, bytes: [1], ending: .failed(Self.broken)))
        #expect(state.pull() == .event(.head(Self.head), resumesTransfer: false))
        #expect(state.pull() == .event(.bytes([1]), resumesTransfer: false))
        #expect(state.pull() == .failure(Self.broken))
        #expect(state.pull() == .failure(Self.broken))
    }

    @Test("nothing comes in after the end")
    func closesAtEnd() {
        var state = Self.state()
        _ = state.deliver(.init(ending: .complete))
        #expect(state.deliver(.init(bytes: [1], ending: .failed(Self.broken))).flow == .stops)
        #expect(state.pull() == .end)
    }

    // MARK: Back-pressure

    @Test("the bound of unread bytes pauses once, and reading them resumes once")
    func pausesAndResumes() {
        var state = Self.state(unreadBytesMax: 10)
        #expect(state.deliver(Self.bytes(9)).flow == .goesOn)
        #expect(state.deliver(Self.bytes(1)).flow == .pauses)
        #expect(state.deliver(Self.bytes(5)).flow == .goesOn, "it is paused already; this was under way")
        #expect(state.pull() == .event(.bytes(Array(repeating: 7, count: 15)), resumesTransfer: true))
        #expect(state.deliver(Self.bytes(9)).flow == .goesOn)
        #expect(state.pull() == .event(.bytes(Array(repeating: 7, count: 9)), resumesTransfer: false))
    }

    @Test("a transfer that is over is neither paused nor resumed")
    func doesNotPauseWhatIsOver() {
        var state = Self.state(unreadBytesMax: 10)
        #expect(state.deliver(Self.bytes(10)).flow == .pauses)
        #expect(state.deliver(.init(bytes: [1], ending: .complete)).flow == .goesOn)
        #expect(
            state.pull() == .event(.bytes(Array(repeating: 7, count: 10) + [1]), resumesTransfer: false))
    }

    @Test("on a shared connection nothing pauses, and a reader far behind loses its exchange")
    func endsSlowReaderOfSharedConnection() {
        var state = Self.state(unreadBytesMax: 10, sharedUnreadBytesMax: 20)
        #expect(state.deliver(Self.bytes(19), sharesConnection: true).flow == .goesOn)
        #expect(state.deliver(Self.bytes(1), sharesConnection: true).flow == .stops)
        #expect(state.pull() == .event(.bytes(Array(repeating: 7, count: 20)), resumesTransfer: false))
        guard case .failure(let failure) = state.pull() else { return #expect(Bool(false), "it went on") }
        #expect(failure.kind == .broken)
        #expect(failure.message.contains("20 bytes"))
    }

    // MARK: Time

    @Test("the first byte of the body, not the head, meets the first byte limit")
    func limitsFirstByte() {
        var state = Self.state()
        #expect(state.firstTick == Self.at(5))
        _ = state.deliver(.init(head: Self.head))
        #expect(state.tick(at: Self.at(29)) == .waits(until: Self.at(30), wakesReader: false))
        var served = state
        _ = served.deliver(.init(bytes: [1]))
        #expect(served.tick(at: Self.at(30)) == .waits(until: Self.at(35), wakesReader: false))
        #expect(state.tick(at: Self.at(30)) == .expires(wakesReader: false))
        _ = state.pull()
        guard case .failure(let failure) = state.pull() else { return #expect(Bool(false), "it went on") }
        #expect(failure.kind == .timedOut)
        #expect(failure.message.contains("30 s (first byte limit)"))
    }

    @Test("an idle limit shorter than the silence is met in time")
    func shortIdle() {
        var timeouts = Timeouts()
        timeouts.idle = .seconds(2)
        timeouts.silence = .seconds(50)
        var state = ExchangeState(
            limits: ExchangeLimits(timeouts), start: Self.start, unreadBytesMax: 10, sharedUnreadBytesMax: 20)
        #expect(state.firstTick == Self.at(2))
        state.wait(at: Self.at(0))
        #expect(state.tick(at: Self.at(2)) == .waits(until: Self.at(4), wakesReader: false))
        _ = state.deliver(.init(bytes: [1]))
        _ = state.pull()
        state.wait(at: Self.at(3))
        #expect(state.tick(at: Self.at(4)) == .waits(until: Self.at(5), wakesReader: false))
        #expect(state.tick(at: Self.at(5)) == .expires(wakesReader: true))
    }

    @Test("a reader that waits hears of silence, again and again, and bytes put it off")
    func tellsSilence() {
        var state = Self.state()
        _ = state.deliver(.init(bytes: [1]))
        _ = state.pull()
        state.wait(at: Self.at(1))
        #expect(state.tick(at: Self.at(5)) == .waits(until: Self.at(6), wakesReader: false))
        #expect(state.tick(at: Self.at(6)) == .waits(until: Self.at(11), wakesReader: true))
        #expect(state.pull() == .event(.silence, resumesTransfer: false))
        #expect(state.pull() == .wait)
        state.wait(at: Self.at(6))
        #expect(state.deliver(.init(bytes: [2])).wakesReader)
        _ = state.pull()
        state.wait(at: Self.at(10))
        #expect(state.tick(at: Self.at(11)) == .waits(until: Self.at(15), wakesReader: false))
        #expect(state.tick(at: Self.at(15)) == .waits(until: Self.at(20), wakesReader: true))
    }

    @Test("bytes that come before the reader looked replace the silence")
    func bytesReplaceSilence() {
        var state = Self.state()
        state.wait(at: Self.at(0))
        #expect(state.tick(at: Self.at(5)) == .waits(until: Self.at(10), wakesReader: true))
        #expect(!state.deliver(.init(bytes: [1])).wakesReader)
        #expect(state.pull() == .event(.bytes([1]), resumesTransfer: false))
        #expect(state.pull() == .wait)
    }

    @Test("the idle limit runs through silences")
    func limitsIdleThroughSilences() {
        var state = Self.state()
        _ = state.deliver(.init(bytes: [1]))
        _ = state.pull()
        var now = 1.0
        state.wait(at: Self.at(now))
        for _ in 0..<3 {
            now += 5
            guard case .waits(_, wakesReader: true) = state.tick(at: Self.at(now)) else {
                return #expect(Bool(false), "no silence at \(now)")
            }
            #expect(state.pull() == .event(.silence, resumesTransfer: false))
            #expect(state.pull() == .wait)
            state.wait(at: Self.at(now))
        }
        #expect(state.tick(at: Self.at(20.9)) == .waits(until: Self.at(21), wakesReader: false))
        #expect(state.tick(at: Self.at(21)) == .expires(wakesReader: true))
        guard case .failure(let failure) = state.pull() else { return #expect(Bool(false), "it went on") }
        #expect(failure.kind == .timedOut)
        #expect(failure.message.contains("20 s (idle limit)"))
    }

    @Test("a reader that is away is never idle and hears no silence; coming back starts the clock")
    func idleIsTheReadersTime() {
        var state = Self.state()
        _ = state.deliver(.init(bytes: [1]))
        _ = state.pull()
        #expect(state.tick(at: Self.at(25)) == .waits(until: Self.at(30), wakesReader: false))
        #expect(state.tick(at: Self.at(60)) == .waits(until: Self.at(65), wakesReader: false))
        state.wait(at: Self.at(61))
        #expect(state.tick(at: Self.at(80.9)) == .waits(until: Self.at(81), wakesReader: true))
        _ = state.pull()
        state.wait(at: Self.at(80.9))
        #expect(state.tick(at: Self.at(81)) == .expires(wakesReader: true))
    }

    @Test("the total limit counts from the start, also while the reader is away")
    func limitsTotal() {
        var state = Self.state()
        _ = state.deliver(Self.bytes(50))
        #expect(state.tick(at: Self.at(99)) == .waits(until: Self.at(100), wakesReader: false))
        #expect(state.tick(at: Self.at(100)) == .expires(wakesReader: false))
        #expect(state.pull() == .event(.bytes(Array(repeating: 7, count: 50)), resumesTransfer: false))
        guard case .failure(let failure) = state.pull() else { return #expect(Bool(false), "it went on") }
        #expect(failure.message.contains("100 s (total limit)"))
    }

    @Test("no limit fires after the end, however late it is read")
    func noLimitAfterEnd() {
        var state = Self.state()
        _ = state.deliver(.init(bytes: [1], ending: .complete))
        #expect(state.tick(at: Self.at(1000)) == .waits(until: .never, wakesReader: false))
        #expect(state.pull() == .event(.bytes([1]), resumesTransfer: false))
        #expect(state.pull() == .end)
    }

    // MARK: Asking

    @Test("what ends before the request went out has asked nobody, and asks nobody any more")
    func endsUnasked() {
        var cancelled = Self.state(isAsked: false)
        #expect(cancelled.cancel() == .init(wakesReader: false, stopsTransfer: true))
        guard case .failure(let failure) = cancelled.pull() else { return #expect(Bool(false)) }
        #expect(failure.kind == .cancelled && !failure.wasAsked)
        let asksLate = cancelled.ask()
        #expect(!asksLate)
        var unreachable = Self.state(isAsked: false)
        _ = unreachable.deliver(.init(ending: .failed(Self.broken)))
        guard case .failure(let failure) = unreachable.pull() else { return #expect(Bool(false)) }
        #expect(!failure.wasAsked)
        var asked = Self.state(isAsked: false)
        let asks = asked.ask()
        #expect(asks)
        _ = asked.cancel()
        guard case .failure(let failure) = asked.pull() else { return #expect(Bool(false)) }
        #expect(failure.wasAsked)
    }

    // MARK: Sending

    @Test("as long as a client sends, no limit runs out and nothing is silent; from the end of it on they count")
    func waitsForClient() {
        var state = Self.state(sendsUpload: true)
        state.wait(at: Self.at(0))
        state.note(.waitsForClient)
        for second in stride(from: 5.0, through: 1000, by: 5) {
            #expect(state.tick(at: Self.at(second)) == .waits(until: Self.at(second + 5), wakesReader: false))
        }
        state.note(.done(at: Self.at(1001)))
        #expect(state.tick(at: Self.at(1005)) == .waits(until: Self.at(1006), wakesReader: false))
        #expect(state.tick(at: Self.at(1006)) == .waits(until: Self.at(1011), wakesReader: true))
        #expect(state.pull() == .event(.silence, resumesTransfer: false))
        state.wait(at: Self.at(1006))
        #expect(state.tick(at: Self.at(1031)) == .expires(wakesReader: true))
    }

    @Test("a vendor that takes nothing of a file is given up")
    func givesUpSending() {
        var state = Self.state(sendsUpload: true)
        state.wait(at: Self.at(0))
        state.note(.taken(at: Self.at(30)))
        #expect(state.tick(at: Self.at(49)) == .waits(until: Self.at(50), wakesReader: false))
        #expect(state.tick(at: Self.at(50)) == .expires(wakesReader: true))
        guard case .failure(let failure) = state.pull() else { return #expect(Bool(false)) }
        #expect(failure.kind == .timedOut)
        #expect(failure.message == "The provider took nothing of the file for 20 s (idle limit).")
    }

    // MARK: Cancelling

    @Test("cancelling wakes the reader, throws away what is unread and stops the transfer, once")
    func cancels() {
        var state = Self.state()
        _ = state.deliver(.init(head: Self.head, bytes: [1]))
        #expect(state.cancel() == .init(wakesReader: false, stopsTransfer: true))
        #expect(state.cancel() == .init(wakesReader: false, stopsTransfer: false))
        #expect(state.pull() == .failure(ExchangeState.cancelled))
        var waiting = Self.state()
        waiting.wait(at: Self.at(0))
        #expect(waiting.cancel() == .init(wakesReader: true, stopsTransfer: true))
        #expect(waiting.deliver(.init(bytes: [1])) == .init(wakesReader: false, flow: .stops))
        #expect(waiting.pull() == .failure(ExchangeState.cancelled))
    }

    @Test("cancelling after the end stops nothing; what was read to the end stays ended")
    func cancelsAfterEnd() {
        var unread = Self.state()
        _ = unread.deliver(.init(bytes: [1], ending: .complete))
        #expect(unread.cancel() == .init(wakesReader: false, stopsTransfer: false))
        #expect(unread.pull() == .failure(ExchangeState.cancelled))
        var read = Self.state()
        _ = read.deliver(.init(ending: .complete))
        #expect(read.cancel() == .init(wakesReader: false, stopsTransfer: false))
        #expect(read.pull() == .end)
    }
}
