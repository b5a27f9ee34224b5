import Foundation
import RouterCore

/// What a routing decision costs among many endpoints.
///
/// `swift run -c release --package-path Benchmarks routing-benchmark`; the best and the median of 15 rounds, CPU time.
@main
struct RoutingBenchmark {
    static func main() throws {
        let ambient = Ambient.live(timestamp: { 0 })
        for count in [1, 10, 500] {
            let catalog = Catalog([model(endpoints: count)])
            for (name, members) in preferences {
                let routing = Routing(ambient: ambient)
                let body = #"{"model":"a/b","temperature":1,"messages":[{"role":"user","content":"Hi"}]\#(members)}"#
                let request = try ChatRequest(Array(body.utf8))
                let caller = Caller(account: .first, key: "k")
                try measure("\(count) endpoints, \(name)") {
                    _ = try routing.plan(for: request, session: nil, caller: caller, in: catalog, attemptsMax: 3)
                }
            }
        }
    }

    static let preferences = [
        ("nothing asked", ""), ("sort by price", #","provider":{"sort":"price"}"#),
        ("order of three", #","provider":{"order":["p0","p0","p0"]}"#),
        (
            "everything filtered by",
            #","provider":{"zdr":false,"require_parameters":true,"max_price":{"prompt":5},"preferred_max_latency":2}"#
        ),
    ]

    static func model(endpoints: Int) -> Model {
        Model(
            id: "a/b", name: "B", contextLength: 8192, supportedParameters: ["temperature"],
            pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002")],
            endpoints: (0..<endpoints).map { number in
                Endpoint(
                    provider: Provider(
                        slug: "p\(number)", name: "P\(number)", dialect: .openAI, baseURL: "https://p\(number).example"),
                    upstreamModel: "b", weight: number % 7 + 1)
            })
    }

    /// Prints the best and the median of the CPU time of one run.
    static func measure(_ name: String, _ work: () throws -> Void) throws {
        let runs = 1000
        let seconds = try (0..<15).map { _ in
            let start = processorSeconds()
            for _ in 0..<runs { try work() }
            return (processorSeconds() - start) / Double(runs)
        }.sorted()
        print(
            name.padding(toLength: 44, withPad: " ", startingAt: 0)
                + String(format: "%9.2f %9.2f µs", seconds[0] * 1e6, seconds[7] * 1e6))
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
