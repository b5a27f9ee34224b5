import Foundation
import RouterProviders
import Synchronization
import TestSupport
import Testing

@testable import RouterCore
@testable import RouterHTTP

/// Streams of every vendor whose format this build speaks, with everything that can go wrong, through all of the server but
/// its socket.
@Suite("Streams with random cuts and faults") struct RandomStreamTests {
    /// How many are run; `ROUTERD_STREAMS` for more or fewer.
    private static let count =
        ProcessInfo.processInfo.environment["ROUTERD_STREAMS"].flatMap { Int($0) } ?? 10_000

    /// Fails two requests of five at the first provider that is asked, in every way there is; the second one in five.
    private static func fault(_ provider: String, _ chance: UInt64) -> SimulatedFault? {
        let faults = SimulatedFault.allCases.filter { $0 != .comments || chance % 16 == 0 }
        let share: UInt64 = provider.hasSuffix("-1") ? 2 : 1
        return (chance >> 8) % 5 < share ? faults[Int(chance >> 20) % faults.count] : nil
    }

    private static let models: [Model] = SimulatedVendor.allCases.compactMap { vendor in
        let dialect = Dialect(rawValue: vendor.rawValue)
        let isOfOpenAI = vendor != .anthropic && vendor != .gemini
        guard Vendors.all[dialect] != nil || isOfOpenAI else { return nil }
        return Model(
            id: "test/\(vendor.rawValue)", name: vendor.rawValue, contextLength: 8192,
            pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002")],
            endpoints: (1...2).map { number in
                Endpoint(
                    provider: Provider(
                        slug: "\(vendor.rawValue)-\(number)", name: vendor.rawValue,
                        dialect: Vendors.all[dialect] != nil ? dialect : .openAICompatible,
                        baseURL: "http://sim.example\(vendor.basePath)"), upstreamModel: "sim")
            })
    }

    @Test("each ends in a finish, an error chunk or a closed connection, with a record that agrees")
    func streams() async throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("random streams: seed \(seed), \(Self.count) of \(Self.models.map(\.id).joined(separator: ", "))")
        var generator = SeededGenerator(seed: seed)
        let transport = SimulatedTransport(seed: seed, fault: Self.fault)
        var rules = HealthRules()  // Faults here say nothing of an endpoint's future.
        rules.failuresInARow = .max
        rules.outcomesMin = .max
        rules.cooldown = .zero
        rules.retryAfterMax = .zero
        let ledger = ScriptedLedger()
        var settledBefore = 0
        let catalog = Catalog(Self.models)
        let ambient = Ambient.live(timestamp: { 1_776_249_000_000 })
        let keys = Dictionary(
            uniqueKeysWithValues: catalog.providers.map { ($0.slug, [Credentials("sk-sim")].compactMap { $0 }) })
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: transport, authorizer: AnyKey(keys: keys),
            ledger: ledger, ambient: ambient, routing: Routing(rules: rules, ambient: ambient))
        let gate = Gate(
            directory: KeyDirectory(store: TestServer.Keys(requestsPerMinute: .max), ambient: ambient),
            limiter: RateLimiter(clock: ambient.timestamp), digests: { [KeyDigest(hex: $0, pepperVersion: 1)] },
            timestamp: ambient.timestamp)
        let route = ChatRoute(engine: engine, gate: gate, ambient: ambient, recorder: NoRecorder())
        var ends: [String: Int] = [:]
        for number in 0..<Self.count {
            let model = Self.models[number % Self.models.count].id
            let leavesAfter =
                Int.random(in: 0..<10, using: &generator) == 0 ? Int.random(in: 0...4, using: &generator) : .max
            let response = ChatRouteTests.Recorded(writesTaken: leavesAfter)
            let body = #"{"model":"\#(model)","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
            let request = FrontRequest(
                header: { $0 == "authorization" ? "Bearer \(TestServer.key)" : nil }, body: Array(body.utf8))
            await route.respond(to: request, through: response)
            let state = response.state.withLock { $0 }
            let settled = ledger.settled.dropFirst(settledBefore).map(\.outcome)
            settledBefore = ledger.settled.count
            let end = try Self.end(of: state.text, status: state.status, hasLeft: state.writes > leavesAfter)
            ends[end, default: 0] += 1
            #expect(state.hasEnded)
            switch end {
            case "finish": #expect(settled == [.completed], "seed \(seed), stream \(number)")
            case "error": #expect(settled == [.failed], "seed \(seed), stream \(number)")
            case "refused": #expect(settled == [.failed])
            // Who left at the very end has had everything but the last record.
            default:
                #expect(settled.count == 1, "seed \(seed), stream \(number)")
            }
        }
        print(
            "random streams: \(ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
        )
        #expect((ends["finish"] ?? 0) > Self.count / 2 && (ends["error"] ?? 0) > 0 && (ends["left"] ?? 0) > 0)
    }

    /// How a stream ended for its client. What it can read must be whole.
    private static func end(of text: String, status: Int, hasLeft: Bool) throws -> String {
        if hasLeft { return "left" }
        guard status == 200 else {
            let root = try JSONDocument(Array(text.utf8)).root
            #expect(root["error"]?["code"]?.integer == status)
            return "refused"
        }
        let records = text.components(separatedBy: "\n\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
        guard records.last == "[DONE]" else {
            let root = try JSONDocument(Array((records.last ?? "").utf8)).root
            #expect(root["error"]?["code"]?.integer != nil)
            #expect(!text.contains("[DONE]"))
            return "error"
        }
        var content = ""
        for record in records.dropLast() {
            let root = try JSONDocument(Array(record.utf8)).root
            content += root["choices"]?.elements.first { _ in true }?["delta"]?["content"]?.string ?? ""
        }
        #expect(content == "Hello from the simulator.", "nothing is lost")
        return "finish"
    }

    /// Shows keys and lets none rest: the faults of one stream are not those of the next.
    private struct AnyKey: Authorizer {
        let keys: [String: [Credentials]]

        func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {
            try await KeyAuthorizer(keys: keys).authorize(&request, for: provider)
        }
    }
}
