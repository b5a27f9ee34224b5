import Foundation
import RouterProviders
import Synchronization
import TestSupport
import Testing

@testable import RouterCore

/// The engine with the real upstream client and vendors behind real sockets, while one of them goes away.
@Suite("Failover under load", .serialized) struct FailoverTests {
    private final class Record: Sendable {
        let seen = Mutex(Seen())
        /// The vendor that came back.
        let revived = Mutex<VendorSimulator?>(nil)
    }

    /// What clients saw.
    private struct Seen: Sendable {
        var answered = 0
        /// Errors before the first content.
        var refused: [String] = []
        /// Answers that broke off after their content.
        var broken = 0
        /// Who answered each request that was sent so long after the start.
        var providers: [(at: Duration, slug: String)] = []
    }

    private static func engine(_ urls: [String], rules: HealthRules) throws -> Engine {
        let catalog = Catalog([
            Model(
                id: "test/model", name: "Test", contextLength: 8192,
                pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002")],
                endpoints: urls.enumerated().map { index, url in
                    Endpoint(
                        provider: Provider(
                            slug: ["a", "b"][index], name: "P", dialect: .openAICompatible, baseURL: url,
                            location: .local),
                        upstreamModel: "sim")
                })
        ])
        let ambient = Ambient.live(timestamp: { 0 })
        let keys = ["a", "b"].reduce(into: [String: [Credentials]]()) { $0[$1] = [Credentials("sk")].compactMap { $0 } }
        return Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: try CurlTransport(),
            authorizer: KeyAuthorizer(keys: keys), ambient: ambient, routing: Routing(rules: rules, ambient: ambient))
    }

    @Test(
        "one of two endpoints dies at 200 requests a second: no client sees it, it is left alone within a second, and comes back"
    )
    func killed() async throws {
        let perSecond = 200
        let staying = try VendorSimulator()
        let dying = try VendorSimulator()
        defer { staying.stop() }
        var rules = HealthRules()
        rules.rest = .seconds(1)  // So that its return is seen soon.
        let engine = try Self.engine(
            [dying.baseURL(of: .openai), staying.baseURL(of: .openai)], rules: rules)
        let record = Record()
        let start = ContinuousClock.now
        // A trial just before it comes back is followed by the next one four seconds later.
        let dies: Duration = .seconds(2), returns: Duration = .seconds(5), ends: Duration = .seconds(14)
        defer { record.revived.withLock { $0?.stop() } }
        let port = dying.port
        let catalog = engine.catalog()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(until: start + dies)
                dying.stop()
                try? await Task.sleep(until: start + returns)
                // The port is free at once: the server that died let its connections go.
                for _ in 0..<100 where record.revived.withLock({ $0 == nil }) {
                    let revived = try? VendorSimulator(port: port)
                    record.revived.withLock { $0 = revived }
                    if revived == nil { try? await Task.sleep(for: .milliseconds(20)) }
                }
            }
            let request = try? ChatRequest(
                Array(#"{"model":"test/model","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#.utf8))
            guard let request else { return }
            for number in 0..<(perSecond * Int(ends / .seconds(1))) {
                let due = start + .microseconds(1_000_000 / perSecond * number)
                try? await Task.sleep(until: due)
                group.addTask { await Self.ask(engine, request, start: start, record) }
            }
        }
        let result = record.seen.withLock { $0 }
        #expect(record.revived.withLock { $0 } != nil, "the endpoint came back")
        #expect(result.refused == [], "no client sees an error before content")
        #expect(result.answered + result.broken == perSecond * Int(ends / .seconds(1)))
        // An answer whose content was on its way when its vendor died is broken off; there are few.
        #expect(result.broken <= 20)
        let failures = engine.routing.health.standings(of: catalog).map(\.failures)
        print("failover: \(result.answered) answered, \(result.broken) broken off, failed tries \(failures)")
        let late = result.providers.filter { $0.at > dies + .seconds(1) && $0.at < returns }
        #expect(late.allSatisfy { $0.slug == "b" } && !late.isEmpty)
        let after = result.providers.filter { $0.at > returns + .seconds(3) }
        #expect(after.contains { $0.slug == "a" }, "it is back")
        #expect(engine.routing.health.standings(of: catalog).allSatisfy { $0.state == .well })
        // Five failures open the breaker; beside them those that were under way, and each trial that found nobody there.
        #expect(failures[0] <= 60, "left alone within a second: half of the load would have been 100")
        #expect(failures[1] == 0)
    }

    private static func ask(
        _ engine: Engine, _ request: ChatRequest, start: ContinuousClock.Instant, _ record: Record
    ) async {
        let sent = start.duration(to: .now)
        let id = engine.ambient.generationID(at: 0)
        do throws(APIError) {
            let answer = try await engine.chat(request, for: Samples.caller, as: id, session: id.rawValue)
            let slug = answer.provider
            let hasEnded = (try? await answer.forward { _ in }) != nil
            record.seen.withLock { seen in
                if hasEnded { seen.answered += 1 } else { seen.broken += 1 }
                seen.providers.append((sent, slug))
            }
        } catch {
            record.seen.withLock { $0.refused.append("\(error.kind): \(error.message)") }
        }
    }
}

/// Each fault over a real socket, at the first of two endpoints.
@Suite("Faults of a vendor") struct VendorFaultTests {
    private enum End: Equatable { case by(String), broken, refused(APIError.Kind) }

    private static func expected(_ fault: SimulatedFault, stream: Bool) -> End {
        switch fault {
        case .comments, .slowDrip: .by("bad")  // It answers, in its own way.
        case .resetAfterContent, .stallAfterContent, .errorAfterContent, .truncatedStream, .truncatedJSON:
            stream ? .broken : late(fault)
        default: stream ? .by("good") : late(fault)
        }
    }

    /// A whole answer that never comes takes all the time there is: nobody else can be asked then.
    private static func late(_ fault: SimulatedFault) -> End {
        fault == .stall || fault == .stallAfterContent ? .refused(.providerUnavailable) : .by("good")
    }

    @Test(
        "are unseen when they come before content and another endpoint answers",
        arguments: SimulatedFault.allCases, [true, false])
    func unseen(_ fault: SimulatedFault, _ stream: Bool) async throws {
        let bad = try VendorSimulator(fault: { _ in fault })
        let good = try VendorSimulator()
        defer {
            bad.stop()
            good.stop()
        }
        let catalog = Catalog([
            Model(
                id: "test/model", name: "T", contextLength: 10,
                pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
                endpoints: [("bad", bad), ("good", good)].map { slug, simulator in
                    Endpoint(
                        provider: Provider(
                            slug: slug, name: slug, dialect: .openAICompatible, baseURL: simulator.baseURL(of: .openai),
                            location: .local), upstreamModel: "sim")
                })
        ])
        var limits = Engine.Limits()
        limits.timeouts.firstByte = .seconds(1)
        limits.timeouts.idle = .seconds(1)
        limits.timeouts.total = .seconds(4)
        limits.timeouts.silence = .milliseconds(800)
        let ambient = Ambient.live(timestamp: { 0 })
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: try CurlTransport(),
            authorizer: KeyAuthorizer(keys: [
                "bad": [Credentials("k")].compactMap { $0 }, "good": [Credentials("k")].compactMap { $0 },
            ]),
            ambient: ambient, limits: limits)
        let request = try ChatRequest(
            Array(
                #"{"model":"test/model","stream":\#(stream),"provider":{"order":["bad"]},"messages":[{"role":"user","content":"Hi"}]}"#
                    .utf8))
        let end: End
        do {
            let answer = try await engine.chat(request, for: Samples.caller, as: Samples.generation)
            end = .by(try await answer.forward { _ in }.provider)
        } catch let error as APIError {
            end = .refused(error.kind)
        } catch {
            end = .broken
        }
        #expect(end == Self.expected(fault, stream: stream))
    }
}
