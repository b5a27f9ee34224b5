import Testing

@testable import RouterHTTP

@Suite("What a connection is at") struct FrontStateTests {
    @Test("a request of ours is collected, answered, and the next one waited for")
    func answers() {
        var state = FrontState()
        let head = state.head(
            isOurs: true, contentLength: 5, bodyBytesMax: 10, expectsContinue: true, isKeepAlive: true)
        #expect(head == .collect(sendContinue: true) && state.isCollecting)
        let body = state.body(count: 5)
        #expect(body == .append)
        let end = state.end()
        #expect(end == .answer && state.isAnswering && !state.isLastResponse)
        let next = state.responseEnded()
        #expect(next == .waitForRequest && state.isIdle)
    }

    @Test("a body may have the limit and not one byte more")
    func limits() {
        var state = FrontState()
        _ = state.head(isOurs: true, contentLength: nil, bodyBytesMax: 10, expectsContinue: false, isKeepAlive: true)
        let first = state.body(count: 10)
        let second = state.body(count: 1)
        let third = state.body(count: 1)
        let end = state.end()
        #expect(first == .append && second == .refuseTooLarge && third == .ignore && end == .ignore)
        let next = state.responseEnded()
        #expect(next == .close)
        var announced = FrontState()
        let head = announced.head(
            isOurs: true, contentLength: 11, bodyBytesMax: 10, expectsContinue: true, isKeepAlive: true)
        #expect(head == .refuseTooLarge && announced.isLastResponse)
    }

    @Test("a connection that is not kept ends with its response")
    func closes() {
        var state = FrontState()
        _ = state.head(isOurs: true, contentLength: 0, bodyBytesMax: 10, expectsContinue: false, isKeepAlive: false)
        _ = state.end()
        let next = state.responseEnded()
        #expect(next == .close)
    }

    @Test("a client that stops sending is probed while it is answered, and let go before")
    func halfClose() {
        var answering = FrontState()
        _ = answering.head(isOurs: true, contentLength: 0, bodyBytesMax: 10, expectsContinue: false, isKeepAlive: true)
        _ = answering.end()
        let action = answering.inputClosed()
        let next = answering.responseEnded()
        #expect(action == .probe && next == .close)
        var collecting = FrontState()
        _ = collecting.head(isOurs: true, contentLength: 5, bodyBytesMax: 10, expectsContinue: false, isKeepAlive: true)
        let early = collecting.inputClosed()
        #expect(early == .close)
        var passing = FrontState()
        let head = passing.head(
            isOurs: false, contentLength: 5, bodyBytesMax: 10, expectsContinue: false, isKeepAlive: true)
        let passed = passing.inputClosed()
        #expect(head == .pass && passed == .pass)
    }

    @Test("a body that is read while it comes in is fed, and a response before its end is the last one")
    func streams() {
        var state = FrontState()
        let head = state.head(
            isOurs: true, contentLength: nil, bodyBytesMax: 10, expectsContinue: true, isKeepAlive: true,
            isStreamed: true)
        #expect(head == .stream(sendContinue: true) && state.isStreaming && state.isAnswering && state.isLastResponse)
        let fed = state.body(count: 10)
        var early = state
        var long = state
        let end = state.end()
        #expect(fed == .feed && end == .finishFeed && !state.isLastResponse)
        let next = state.responseEnded()
        #expect(next == .waitForRequest)
        let earlyNext = early.responseEnded()
        let ignored = early.body(count: 1)
        #expect(earlyNext == .close && ignored == .ignore)
        let tooLarge = long.body(count: 1)
        let closed = long.inputClosed()
        #expect(tooLarge == .feedTooLarge && long.isLastResponse && closed == .wait)
    }
}
