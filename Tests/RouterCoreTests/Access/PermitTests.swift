import TestSupport
import Testing

@testable import RouterCore

@Suite("Permits of a rate limit") struct PermitTests {
    private static func moment(_ milliseconds: Int64) -> PermitPool.Moment {
        PermitPool.Moment(
            now: start.advanced(by: .milliseconds(milliseconds)), timestamp: 1_776_249_000_000 + milliseconds)
    }
    private static let start = ContinuousClock.now

    /// Servers with random loads, a store that is slow and loses what it is told, servers that die: who passed when.
    private struct Simulation {
        struct Node {
            var pool = PermitPool()
            var waiting = 0
            /// What was asked, when, when the store does it, and when its answer comes; `nil` for one that is lost.
            var talk: (request: PermitRequest, sentAt: Int64, doneAt: Int64?, answerAt: Int64, grant: PermitGrant?)?
        }

        let limit: Int
        var random: SeededGenerator
        var nodes: [Node]
        var window = PermitWindow()
        /// Milliseconds.
        var passed: [Int64] = []
        /// The store's clock is another than the nodes'.
        let skew: Int64 = 4_321

        init(limit: Int, nodes: Int, seed: UInt64) {
            self.limit = limit
            random = SeededGenerator(seed: seed)
            self.nodes = Array(repeating: Node(), count: nodes)
        }

        mutating func run(seconds: Int64) {
            for time in stride(from: Int64(0), to: seconds * 1000, by: 10) {
                for index in nodes.indices { step(index, time) }
            }
        }

        private func chance(_ share: Double, _ random: inout SeededGenerator) -> Bool {
            Double.random(in: 0..<1, using: &random) < share
        }

        private mutating func step(_ index: Int, _ time: Int64) {
            let moment = PermitTests.moment(time)
            if chance(0.0002, &random) { nodes[index] = Node() }  // It dies, and another takes its place.
            store(index, time)
            answer(index, time)
            // Quiet and busy seconds take turns.
            let load = (time / 7000 + Int64(index)) % 3 == 0 ? 0.002 : Double(limit) / 2000
            var arrivals = Int(load) + (chance(load - load.rounded(.down), &random) ? 1 : 0)
            while arrivals > 0 {
                arrivals -= 1
                if nodes[index].pool.isRefused(at: moment.now) { continue }
                if !pass(index, time) { nodes[index].waiting += 1 }
            }
            ask(index, time)
        }

        private mutating func pass(_ index: Int, _ time: Int64) -> Bool {
            guard let verdict = nodes[index].pool.take(limit: limit, at: PermitTests.moment(time)) else { return false }
            if chance(0.05, &random) {
                nodes[index].pool.giveBack(verdict.place, at: PermitTests.moment(time).now)
            } else {
                passed.append(time)
            }
            return true
        }

        private mutating func ask(_ index: Int, _ time: Int64) {
            let moment = PermitTests.moment(time)
            nodes[index].pool.limit = limit
            guard nodes[index].talk == nil else { return }
            let hasNews = time % 500 == 0 && nodes[index].pool.hasNews(at: moment.now)
            guard nodes[index].waiting > 0 || hasNews || nodes[index].pool.ahead(at: moment) > 0 else { return }
            let need = nodes[index].waiting
            let request = nodes[index].pool.request("k", need: need, at: moment)
            let doneAt = time + Int64.random(in: 0...200, using: &random)
            nodes[index].talk = (
                request, time, chance(0.02, &random) ? nil : doneAt, doneAt + Int64.random(in: 0...200, using: &random),
                nil
            )
        }

        private mutating func store(_ index: Int, _ time: Int64) {
            guard let talk = nodes[index].talk, let doneAt = talk.doneAt, time >= doneAt, talk.grant == nil else {
                return
            }
            let grant = window.give(talk.request, nodes: nodes.count, at: time + skew)
            nodes[index].talk?.grant = grant
        }

        private mutating func answer(_ index: Int, _ time: Int64) {
            guard let talk = nodes[index].talk, time >= talk.answerAt else { return }
            nodes[index].talk = nil
            guard let grant = talk.grant, !chance(0.02, &random) else {
                nodes[index].waiting = 0
                return
            }
            nodes[index].pool.answered(
                grant, to: talk.request, sentAt: PermitTests.moment(talk.sentAt).now)
            let waiting = nodes[index].waiting
            nodes[index].waiting = 0
            for _ in 0..<waiting { _ = pass(index, time) }
        }
    }

    @Test(
        "never let more than the limit pass in any 60 seconds, whatever servers and store do, and let most of it pass",
        arguments: [1, 4, 60, 1000] as [Int], [1, 3] as [Int])
    func holds(_ limit: Int, _ nodes: Int) {
        for seed in 1...3 as ClosedRange<UInt64> {
            var simulation = Simulation(limit: limit, nodes: nodes, seed: seed)
            simulation.run(seconds: 400)
            let passed = simulation.passed.sorted()
            for (index, first) in passed.enumerated() where index + limit < passed.count {
                let distance = passed[index + limit] - first
                #expect(distance >= 60_000, "seed \(seed): \(limit + 1) requests in \(distance) ms")
            }
            // 400 seconds are six windows of 62 and a bit; what is lost on the way and dies with servers is not used.
            #expect(passed.count >= limit * 4, "seed \(seed): \(passed.count)")
        }
    }

    @Test("are taken ahead of need for the pace of the last two seconds, and not for a key that is quiet")
    func ahead() {
        var pool = PermitPool()
        let first = pool.request("k", need: 1, at: Self.moment(0))
        #expect(first.need == 1 && first.ahead == 0)
        pool.answered(
            PermitGrant(permits: 1, second: 7, left: 99, wait: .zero), to: first, sentAt: Self.moment(0).now)
        let one = pool.take(limit: 100, at: Self.moment(1))
        #expect(one?.isAdmitted == true && one?.remaining == 99)
        #expect(pool.ahead(at: Self.moment(1)) == 0)
        pool.answered(
            PermitGrant(permits: 3, second: 7, left: 96, wait: .zero), to: first, sentAt: Self.moment(2).now)
        for _ in 0..<3 { _ = pool.take(limit: 100, at: Self.moment(500)) }
        #expect(pool.ahead(at: Self.moment(500)) == 4)
        #expect(pool.ahead(at: Self.moment(4000)) == 0)
    }

    @Test("that were not used within two seconds go back, and can be given out again")
    func expire() {
        var window = PermitWindow()
        var pool = PermitPool()
        pool.limit = 10
        let request = pool.request("k", need: 5, at: Self.moment(0))
        let grant = window.give(request, nodes: 1, at: 9_000)
        #expect(grant.permits == 5 && grant.left == 5 && grant.second == 9)
        pool.answered(grant, to: request, sentAt: Self.moment(0).now)
        let taken = pool.take(limit: 10, at: Self.moment(1999))
        #expect(taken != nil)
        let late = pool.take(limit: 10, at: Self.moment(2000))
        #expect(late == nil)
        let back = pool.request("k", need: 0, at: Self.moment(2000))
        #expect(back.returns == [9: 4])
        #expect(window.give(back, nodes: 1, at: 11_000).left == 9)
        if let taken { pool.giveBack(taken.place, at: Self.moment(2500).now) }
        let last = pool.request("k", need: 0, at: Self.moment(2500))
        #expect(last.returns == [9: 1])
    }

    @Test("are few ahead of need when little is left or many servers share, and those of a dead server return")
    func shares() {
        var window = PermitWindow()
        let much = PermitRequest(key: "k", limit: 120, need: 0, ahead: 1000)
        #expect(window.give(much, nodes: 3, at: 1_000_000).permits == 10)
        var nearly = much
        nearly.need = 100
        #expect(window.give(nearly, nodes: 3, at: 1_000_000).permits == 101)
        let over = window.give(PermitRequest(key: "k", limit: 120, need: 50), nodes: 3, at: 1_005_500)
        #expect(over.permits == 9 && over.left == 0)
        #expect(over.wait == .milliseconds(1_063_000 - 1_005_500))
        // Nobody gives anything back: a minute and a bit later all is there again.
        let later = window.give(PermitRequest(key: "k", limit: 120, need: 120), nodes: 3, at: 1_068_000)
        #expect(later.permits == 120)
    }

    @Test("are kept as text and read again, and what makes no sense counts nothing")
    func text() {
        var window = PermitWindow()
        _ = window.give(PermitRequest(key: "k", limit: 100_000, need: 70_000), nodes: 1, at: 1_000_000)
        _ = window.give(PermitRequest(key: "k", limit: 100_000, need: 3), nodes: 1, at: 1_002_000)
        #expect(window.counts == "3 0 70000" && window.latest == 1002)
        var again = PermitWindow(latest: window.latest, counts: window.counts)
        #expect(again == window)
        let back = again.give(
            PermitRequest(key: "k", limit: 100_000, need: 0, returns: [1000: 70_001]), nodes: 1, at: 0)
        #expect(back.left == 99_997 && back.second == 1002)
        #expect(PermitWindow(latest: 5, counts: "x -3 1").counts == "0 0 1")
        #expect(PermitWindow(latest: 0, counts: "").counts == "")
    }
}
