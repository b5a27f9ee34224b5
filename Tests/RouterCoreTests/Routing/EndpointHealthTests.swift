import Testing

@testable import RouterCore

@Suite("The health of an endpoint") struct EndpointHealthTests {
    var health = EndpointHealth(rules: HealthRules(), at: 0)

    private mutating func fail(_ count: Int = 1, _ kind: UpstreamFailure.Kind = .failed, at now: Int64) {
        for _ in 0..<count { health.note(.failed(kind, retryAfter: nil), at: now, chance: 0.5) }
    }

    private mutating func succeed(_ count: Int = 1, at now: Int64, after: Duration = .milliseconds(100)) {
        for _ in 0..<count { health.note(.began(after: after), at: now, chance: 0.5) }
    }

    @Test("turns to resting at the fifth failure in a row, not at the fourth")
    mutating func opens() {
        fail(4, at: 1000)
        #expect(health.state == .well)
        fail(at: 1000)
        #expect(health.state == .resting(until: 31_000))
    }

    @Test("does not suffer from what is not the endpoint's fault")
    mutating func neutral() {
        for kind in [UpstreamFailure.Kind.refused, .unsupported, .cancelled] { fail(50, kind, at: 1000) }
        #expect(health.state == .well && health.failureCount == 0)
    }

    @Test("turns to resting when half of twenty outcomes in ten seconds are failures")
    mutating func share() {
        for second in 0..<9 {
            succeed(at: Int64(second) * 1000)
            fail(at: Int64(second) * 1000)
        }
        succeed(at: 9000)
        #expect(health.state == .well)
        fail(at: 9000)
        #expect(health.state == .resting(until: 39_000))
    }

    @Test("forgets failures that are older than the window")
    mutating func forgets() {
        for second in 0..<40 {
            succeed(2, at: Int64(second) * 1000)
            fail(at: Int64(second) * 1000)
        }
        #expect(health.state == .well)
        var outcomes = health.outcomes(at: 39_000)
        #expect(outcomes.successes == 20 && outcomes.failures == 10)
        outcomes = health.outcomes(at: 60_000)
        #expect(outcomes.successes == 0 && outcomes.failures == 0)
    }

    @Test("is degraded from a fifth of failures on")
    mutating func degraded() {
        succeed(5, at: 1000)
        fail(at: 1000)
        let answer1 = health.report(at: 1000).isDegraded(at: 1000)
        #expect(!answer1)
        fail(at: 1000)
        let answer2 = health.report(at: 1000).isDegraded(at: 1000)
        #expect(answer2)
    }

    @Test("after a rest lets two requests find out, and is well after three successes")
    mutating func halfOpen() {
        fail(5, at: 0)
        let answer3 = health.admit(at: 29_999, isLastResort: false)
        #expect(!answer3)
        let answer4 = health.admit(at: 30_000, isLastResort: false)
        #expect(answer4)
        let answer5 = health.admit(at: 30_000, isLastResort: false)
        #expect(answer5)
        let answer6 = health.admit(at: 30_000, isLastResort: false)
        #expect(!answer6, "two are under way")
        succeed(2, at: 30_100)
        let answer7 = health.admit(at: 30_200, isLastResort: false)
        #expect(answer7)
        succeed(at: 30_300)
        #expect(health.state == .well)
    }

    @Test("rests twice as long when it is not back, five minutes at most, and anew from the start once it was well")
    mutating func backsOff() {
        fail(5, at: 0)
        var now: Int64 = 30_000
        var rests: [Int64] = []
        for _ in 0..<5 {
            let answer8 = health.admit(at: now, isLastResort: false)
            #expect(answer8)
            fail(at: now)
            guard case .resting(let until) = health.state else { return #expect(Bool(false), "not resting") }
            rests.append(until - now)
            now = until
        }
        #expect(rests == [60_000, 120_000, 240_000, 300_000, 300_000])
        for _ in 0..<3 {
            let answer9 = health.admit(at: now, isLastResort: false)
            #expect(answer9)
            succeed(at: now)
        }
        fail(5, at: now)
        #expect(health.state == .resting(until: now + 30_000))
    }

    @Test("lets chance move the end of a rest by a fifth")
    mutating func jitter() {
        for (chance, until) in [(0.0, 24_000), (1.0, 36_000)] as [(Double, Int64)] {
            var health = EndpointHealth(rules: HealthRules(), at: 0)
            for _ in 0..<5 { health.note(.failed(.unreachable, retryAfter: nil), at: 0, chance: chance) }
            #expect(health.state == .resting(until: until))
        }
    }

    @Test("lets a request through that has nowhere else to go")
    mutating func lastResort() {
        fail(5, at: 0)
        let answer10 = health.admit(at: 1, isLastResort: true)
        #expect(answer10)
    }

    @Test("cools down as long as the provider says, or twice as long each time")
    mutating func limited() {
        health.note(.failed(.rateLimited, retryAfter: .seconds(7)), at: 1000, chance: 0.5)
        #expect(health.state == .limited(until: 8000))
        let answer11 = health.admit(at: 7999, isLastResort: false)
        #expect(!answer11)
        let answer12 = health.admit(at: 8000, isLastResort: false)
        #expect(answer12 && health.state == .well)
        var now: Int64 = 8000
        for wait in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] as [Int64] {
            fail(1, .rateLimited, at: now)
            #expect(health.state == .limited(until: now + wait))
            now += wait
            let answer13 = health.admit(at: now, isLastResort: false)
            #expect(answer13)
        }
        succeed(at: now)
        fail(1, .rateLimited, at: now)
        #expect(health.state == .limited(until: now + 1000))
        #expect(health.failureCount == 0, "a limit says nothing about health")
    }

    @Test("never cools down for longer than five minutes, and a shorter word does not shorten it")
    mutating func limitBound() {
        health.note(.failed(.rateLimited, retryAfter: .seconds(86_400)), at: 0, chance: 0.5)
        #expect(health.state == .limited(until: 300_000))
        health.note(.failed(.rateLimited, retryAfter: .seconds(1)), at: 0, chance: 0.5)
        #expect(health.state == .limited(until: 300_000))
    }

    @Test("rests a while when its key or its model is not known")
    mutating func unauthorized() {
        fail(1, .unauthorized, at: 0)
        #expect(health.state == .resting(until: 15_000))
        fail(1, .notFound, at: 0)
        #expect(health.state == .resting(until: 60_000))
    }

    @Test("rests when the first content takes five times as long as it used to")
    mutating func slow() {
        for step in 0..<40 { succeed(at: Int64(step) * 1000, after: .milliseconds(500)) }
        var now: Int64 = 160_000
        while now < 200_000, health.state == .well {
            succeed(at: now, after: .seconds(4))
            now += 500
        }
        #expect(health.state != .well)
        #expect(now > 160_000 + 9 * 500, "not before twenty answers were slow")
    }

    @Test("reports percentiles of what it saw in the last minutes, a tenth off at most")
    mutating func percentiles() {
        for step in 1...100 { succeed(at: 1000, after: .milliseconds(step * 10)) }
        health.note(tokensPerSecond: 50, at: 1000)
        let report = health.report(at: 1000)
        #expect(abs((report.latency.p50 ?? 0) - 0.5) < 0.06 && abs((report.latency.p99 ?? 0) - 0.99) < 0.12)
        #expect(abs((report.throughput.p50 ?? 0) - 50) < 6)
        let answer14 = health.report(at: 400_000)
        #expect(answer14.latency.p50 == nil)
    }
}

@Suite("The budget for second tries") struct RetryBudgetTests {
    @Test("lets a tenth of the requests be tried again once what was saved is used up, three under way always")
    func bounds() {
        var budget = RetryBudget()
        var taken = 0
        while budget.take() { taken += 1 }
        #expect(taken == 100)
        for _ in 0..<100 { budget.end(hasSucceeded: false) }
        let answer15 = budget.take()
        let answer16 = budget.take()
        let answer17 = budget.take()
        #expect(answer15 && answer16 && answer17, "three may be under way")
        let answer18 = budget.take()
        #expect(!answer18)
        for _ in 0..<10 { budget.earn() }
        let answer19 = budget.take()
        #expect(answer19)
        let answer20 = budget.take()
        #expect(!answer20)
    }

    @Test("costs nothing for tries that succeed")
    func refunds() {
        var budget = RetryBudget()
        for _ in 0..<1000 {
            let answer21 = budget.take()
            #expect(answer21)
            budget.end(hasSucceeded: true)
        }
    }
}
