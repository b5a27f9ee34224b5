import TestSupport
import Testing

@testable import RouterCore

@Suite("A rate window") struct RateWindowTests {
    /// `#expect` takes no mutating call.
    private func check(_ holds: Bool, at location: SourceLocation = #_sourceLocation) {
        #expect(holds, sourceLocation: location)
    }

    @Test("lets the limit pass at once, then nothing until the first second has left")
    func bursts() {
        var window = RateWindow()
        for _ in 0..<5 {
            let isTaken = window.take(at: 100, limit: 5)
            #expect(isTaken)
        }
        check(!window.take(at: 100, limit: 5))
        check(window.secondOfNextPlace(after: 100, limit: 5) == 161)
        check(!window.take(at: 160, limit: 5))
        check(window.take(at: 161, limit: 5))
    }

    @Test("gives back a place, unless it has left already")
    func givesBack() {
        var window = RateWindow()
        _ = window.take(at: 10, limit: 1)
        window.giveBack(takenAt: 10)
        check(window.take(at: 10, limit: 1))
        check(window.take(at: 200, limit: 1))
        window.giveBack(takenAt: 10)
        check(window.remaining(at: 200, limit: 1) == 0)
        window.giveBack(takenAt: 199)
        check(window.remaining(at: 200, limit: 1) == 0)
    }

    @Test("never lets more than the limit pass in any 60 seconds, whatever comes", arguments: [1, 5, 60] as [Int])
    func holds(_ limit: Int) {
        var random = SeededGenerator(seed: UInt64(limit))
        var window = RateWindow()
        var admitted: [Int64] = []  // Milliseconds.
        var time: Int64 = 1_776_249_000_000
        for _ in 0..<20_000 {
            time += Int64.random(in: 0...(Bool.random(using: &random) ? 50 : 4000), using: &random)
            if window.take(at: time / 1000, limit: limit) { admitted.append(time) }
        }
        for (index, first) in admitted.enumerated() where index + limit < admitted.count {
            #expect(admitted[index + limit] - first >= 60_000)
        }
        #expect(admitted.count > 20 * limit / 2)
    }

    @Test("a clock that steps back neither traps nor admits more")
    func stepsBack() {
        var window = RateWindow()
        check(window.take(at: 1000, limit: 2))
        check(window.take(at: 10, limit: 2))
        check(!window.take(at: 10, limit: 2))
        check(!window.take(at: 1000, limit: 2))
    }
}

@Suite("The rate limiter") struct RateLimiterTests {
    @Test("says what is left, when it resets, and how long to wait")
    func verdicts() throws {
        let limiter = RateLimiter(clock: { 1_776_249_000_250 })
        let first = try #require(limiter.admit("a", limit: 2))
        #expect(first.isAdmitted && first.limit == 2 && first.remaining == 1)
        _ = try #require(limiter.admit("a", limit: 2))
        let refused = try #require(limiter.admit("a", limit: 2))
        #expect(!refused.isAdmitted && refused.remaining == 0)
        #expect(refused.resetAt == 1_776_249_061_000)
        #expect(refused.retryAfter == .milliseconds(60_750))
        #expect(limiter.admit("b", limit: 2)?.isAdmitted == true)
    }

    @Test("a place that was given back can be taken again")
    func givesBack() throws {
        let limiter = RateLimiter(clock: { 5_000 })
        let verdict = try #require(limiter.admit("a", limit: 1))
        limiter.giveBack("a", verdict)
        #expect(limiter.admit("a", limit: 1)?.isAdmitted == true)
    }
}
