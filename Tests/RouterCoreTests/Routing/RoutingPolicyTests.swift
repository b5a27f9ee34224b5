import TestSupport
import Testing

@testable import RouterCore

@Suite("A routing decision") struct RoutingPolicyTests {
    let three = [Sites.model("test/model", Sites.endpoints("a", "b", "c"))]

    @Test("asks the providers of `order` first, and others after them")
    func order() throws {
        #expect(try Sites.plan(#","provider":{"order":["c","B"]}"#, in: three).slugs == ["c", "b", "a"])
        #expect(
            try Sites.plan(#","provider":{"order":["c","a"],"allow_fallbacks":false}"#, in: three).slugs == ["c", "a"])
    }

    @Test("without fallbacks asks only its first choice")
    func noFallbacks() throws {
        #expect(try Sites.plan(#","provider":{"allow_fallbacks":false}"#, in: three).slugs == ["a"])
    }

    @Test("asks nobody outside of `only` and nobody inside of `ignore`")
    func onlyAndIgnore() throws {
        #expect(try Sites.plan(#","provider":{"only":["b","c"]}"#, in: three).slugs == ["b", "c"])
        #expect(try Sites.plan(#","provider":{"ignore":["a"]}"#, in: three).slugs == ["b", "c"])
        #expect(
            try Sites.plan(#","provider":{"only":["b","c"],"allow_fallbacks":false}"#, in: three).slugs == ["b", "c"])
    }

    @Test("picks by weight over the square of the price")
    func balances() throws {
        let models = [
            Sites.model(
                "test/model",
                [
                    Endpoint(provider: Sites.provider("a"), upstreamModel: "m", weight: 1),
                    Endpoint(provider: Sites.provider("b"), upstreamModel: "m", weight: 3),
                ])
        ]
        var generator = SystemRandomNumberGenerator()
        var first: [String: Int] = [:]
        for _ in 0..<4000 {
            let plan = try Sites.plan(in: models, random: { generator.next() })
            first[plan.slugs[0], default: 0] += 1
            #expect(plan.slugs.sorted() == ["a", "b"] && plan.strategy == .balanced)
        }
        // Three quarters of 4000 with a standard deviation of 27: further off than 8 of them is no chance.
        #expect(abs((first["b"] ?? 0) - 3000) < 220)
    }

    @Test("leaves those that rest and those that fail often for the end, whatever is asked for")
    func health() throws {
        let reports: (Candidates) -> [EndpointReport] = { _ in
            [
                EndpointReport(state: .resting(until: 5000)), EndpointReport(degradedUntil: 2000), EndpointReport(),
            ]
        }
        #expect(try Sites.plan(in: three, reports: reports).slugs == ["c", "b", "a"])
        #expect(
            try Sites.plan(#","provider":{"order":["a","b"]}"#, in: three, reports: reports).slugs == ["b", "c", "a"])
        #expect(try Sites.plan(#","provider":{"sort":"price"}"#, in: three, reports: reports).slugs == ["c", "b", "a"])
    }

    @Test("gives an endpoint whose rest is over a turn again")
    func restOver() throws {
        let reports: (Candidates) -> [EndpointReport] = { _ in
            [EndpointReport(state: .resting(until: 900)), EndpointReport(), EndpointReport()]
        }
        #expect(try Sites.plan(in: three, reports: reports).slugs == ["a", "b", "c"])
    }

    @Test("gives an endpoint a turn that failed often or was slow some time ago")
    func pastTrouble() throws {
        var slow = EndpointReport(degradedUntil: 999, madeAt: -300_000)
        slow.latency.p50 = 9
        let reports: (Candidates) -> [EndpointReport] = { [slow] _ in [slow] }
        #expect(
            try Sites.plan(#","provider":{"preferred_max_latency":1}"#, in: three, reports: reports).slugs
                == ["a", "b", "c"])
    }

    @Test("asks the one that is left although it rests")
    func lastOne() throws {
        let one = [Sites.model("test/model", Sites.endpoints("a"))]
        let plan = try Sites.plan(in: one, reports: { _ in [EndpointReport(state: .resting(until: 5000))] })
        #expect(plan.slugs == ["a"] && plan.strategy == .direct)
    }

    @Test("does not ask who is at its limit, and says when all are")
    func limited() throws {
        let some: (Candidates) -> [EndpointReport] = { _ in
            [EndpointReport(state: .limited(until: 4000)), EndpointReport(), EndpointReport()]
        }
        #expect(try Sites.plan(in: three, reports: some).slugs == ["b", "c"])
        let error = Sites.refusal(
            in: three,
            reports: { _ in
                [4000, 2500, 9000].map { EndpointReport(state: .limited(until: $0)) }
            })
        #expect(error?.kind == .rateLimited && error?.retryAfter == .milliseconds(1500))
        #expect(error?.availability?.code == "capacity_exhausted")
    }

    @Test("sorts by price, latency or throughput, and what is unknown comes last")
    func sorts() throws {
        var fast = EndpointReport(), slow = EndpointReport()
        fast.latency.p50 = 0.2
        fast.throughput.p50 = 20
        slow.latency.p50 = 2
        slow.throughput.p50 = 90
        let reports: (Candidates) -> [EndpointReport] = { [fast, slow] _ in [EndpointReport(), slow, fast] }
        #expect(
            try Sites.plan(#","provider":{"sort":"latency"}"#, in: three, reports: reports).slugs == ["c", "b", "a"])
        #expect(
            try Sites.plan(#","provider":{"sort":{"by":"throughput"}}"#, in: three, reports: reports).slugs
                == ["b", "c", "a"])
        #expect(try Sites.plan(model: "test/model:nitro", in: three, reports: reports).slugs == ["b", "c", "a"])
        #expect(try Sites.plan(model: "test/model:nitro", in: three, reports: reports).strategy == .sort)
    }

    @Test("tries the models of `models` in turn, or sorts over all of them")
    func models() throws {
        let two = [
            Sites.model("test/model", Sites.endpoints("a")),
            Sites.model("test/cheap", Sites.endpoints("b"), price: ("0.0000001", "0.0000001")),
        ]
        let plan = try Sites.plan(#","models":["test/cheap","test/model"]"#, in: two)
        #expect(plan.modelIDs == ["test/model", "test/cheap"])
        let sorted = try Sites.plan(
            #","models":["test/cheap"],"provider":{"sort":{"by":"price","partition":"none"}}"#, in: two)
        #expect(sorted.modelIDs == ["test/cheap", "test/model"])
    }

    @Test("moves endpoints that are slower than wished behind the others, and excludes none")
    func wishes() throws {
        var slow = EndpointReport()
        slow.latency.p50 = 3
        slow.throughput.p90 = 5
        let reports: (Candidates) -> [EndpointReport] = { [slow] _ in [slow, EndpointReport(), EndpointReport()] }
        for wish in [#""preferred_max_latency":1"#, #""preferred_min_throughput":{"p90":10}"#] {
            #expect(
                try Sites.plan(#","provider":{\#(wish)}"#, in: three, reports: reports).slugs == ["b", "c", "a"])
        }
        #expect(
            try Sites.plan(#","provider":{"preferred_max_latency":4}"#, in: three, reports: reports).slugs
                == ["a", "b", "c"])
    }

    @Test("goes where the conversation was answered before, unless that one is in trouble or an order is given")
    func sticky() throws {
        let key = Catalog(three).candidates(named: "test/model")?.keys[2]
        let plan = try Sites.plan(in: three, sticky: key)
        #expect(plan.slugs == ["c", "a", "b"] && plan.strategy == .sticky)
        let failing: (Candidates) -> [EndpointReport] = { _ in
            [EndpointReport(), EndpointReport(), EndpointReport(degradedUntil: 2000)]
        }
        #expect(try Sites.plan(in: three, reports: failing, sticky: key).slugs == ["a", "b", "c"])
        #expect(try Sites.plan(#","provider":{"order":["b"]}"#, in: three, sticky: key).slugs == ["b", "a", "c"])
    }

    @Test("makes a plan no longer than can be tried, of many endpoints")
    func bounded() throws {
        let endpoints = (0..<500).map { Endpoint(provider: Sites.provider("p\($0)"), upstreamModel: "m") }
        let plan = try Sites.plan(in: [Sites.model("test/model", endpoints)])
        #expect(plan.targets.count == 5 && plan.eligibleCount == 500)
        #expect(Set(plan.slugs).count == 5)
    }

    @Test("takes names of models in any case, aliases and suffixes")
    func names() throws {
        #expect(try Sites.plan(model: "TEST/Model", in: three).slugs.count == 3)
        #expect(try Sites.plan(model: "test/model:floor", in: three).strategy == .sort)
        let free = Sites.model("test/model:free", Sites.endpoints("f"), price: ("0", "0"))
        #expect(try Sites.plan(model: "test/model:free", in: three + [free]).slugs == ["f"])
    }

    @Test(
        "refuses a suffix that is not here by its name",
        arguments: [
            ("test/model:free", APIError.Kind.modelNotFound, ":free"),
            ("test/model:thinking", .modelNotFound, ":thinking"),
            ("test/model:extended", .modelNotFound, ":extended"),
            ("test/model:online", .invalidRequest, ":online"), ("test/model:exacto", .invalidRequest, ":exacto"),
            ("test/model:turbo", .modelNotFound, "test/model:turbo"),
            ("test/modle:nitro", .modelNotFound, "test/modle"),
        ])
    func suffixes(_ name: String, _ kind: APIError.Kind, _ word: String) {
        let error = Sites.refusal(model: name, in: three)
        #expect(error?.kind == kind && error?.parameter == "model" && error?.message.contains(word) == true)
    }

    @Test("names the member of `models` that nobody knows")
    func unknownFallback() {
        let error = Sites.refusal(#","models":["test/model","nobody/nothing"]"#, in: three)
        #expect(error?.kind == .modelNotFound && error?.parameter == "models[1]")
    }
}
