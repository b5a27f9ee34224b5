import TestSupport
import Testing

@testable import RouterCore

@Suite("Where conversations go on") struct StickyRoutesTests {
    private func conversation(_ members: String, session: String? = nil, account: Int64 = 1) throws -> Conversation {
        Conversation(
            of: try ChatRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8)), session: session,
            account: Account.ID(rawValue: account), model: "a/b")
    }

    private static let hello = #""messages":[{"role":"user","content":"Hi"}]"#

    @Test("session_id counts before the header, that before prompt_cache_key, that before the messages")
    func precedence() throws {
        let named = try conversation(#""session_id":"s","prompt_cache_key":"k",\#(Self.hello)"#, session: "h")
        #expect(named.isNamed)
        #expect(named == (try conversation(#""session_id":"s",\#(Self.hello)"#)))
        #expect(
            try conversation(Self.hello, session: "h")
                == conversation(#""prompt_cache_key":"k",\#(Self.hello)"#, session: "h"))
        #expect(try conversation(#""prompt_cache_key":"k",\#(Self.hello)"#) == conversation(Self.hello, session: "k"))
        #expect(try conversation(Self.hello) != conversation(Self.hello, session: "h"))
        #expect(try !conversation(Self.hello).isNamed)
    }

    @Test("a conversation is known by its system message and the first one after it, whatever comes later")
    func messages() throws {
        let start = #"{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}"#
        let first = try conversation(#""messages":[\#(start)]"#)
        let later = try conversation(
            #""messages":[\#(start),{"role":"assistant","content":"Hello"},{"role":"user","content":"And?"}]"#)
        #expect(first == later)
        #expect(first != (try conversation(Self.hello)))
        #expect(
            first
                != (try conversation(
                    #""messages":[{"role":"system","content":"Be long."},{"role":"user","content":"Hi"}]"#)))
    }

    @Test("two accounts never share a conversation")
    func accounts() throws {
        #expect(try conversation(Self.hello, session: "s") != conversation(Self.hello, session: "s", account: 2))
    }

    @Test("an entry is good for ten minutes after its last use, and there are never more than the bound")
    func bounded() throws {
        let routes = StickyRoutes(entriesMax: 100)
        let start = ContinuousClock.now
        let first = try conversation(Self.hello, session: "first")
        routes.note("one", answered: first, at: start)
        #expect(routes.endpoint(of: first, at: start + .seconds(599)) == "one")
        #expect(routes.endpoint(of: first, at: start + .seconds(600)) == nil)
        for number in 0..<1000 {
            routes.note("two", answered: try conversation(Self.hello, session: "\(number)"), at: start)
        }
        #expect(routes.count <= 101)
        #expect(routes.endpoint(of: try conversation(Self.hello, session: "999"), at: start) == "two")
        #expect(routes.endpoint(of: first, at: start) == nil)
    }

    // MARK: In the engine

    private func answer(_ engine: Engine, _ members: String = "", session: String? = nil) async throws -> String {
        let answer = try await engine.chat(
            try Samples.request(extra: members), for: Samples.caller, as: Samples.generation, session: session)
        return try await answer.forward { _ in }.provider
    }

    /// Two endpoints of which chance would take the other one each time.
    private func engine(_ usage: String, cacheRead: String? = "0.0000001") -> Engine {
        let whole: [ScriptedTransport.Step] = [.head(200), .bytes("whole x\n\(usage)\nend\n")]
        return Samples.engine(
            ScriptedTransport(Array(repeating: whole, count: 6)),
            models: [Sites.model("test/model", Sites.endpoints("a", "b"), cacheRead: cacheRead)],
            ambient: .flipping())
    }

    @Test("a conversation with a name stays where it was answered")
    func staysNamed() async throws {
        let engine = engine("usage 1 1")
        let first = try await answer(engine, session: "s")
        for _ in 0..<5 { #expect(try await answer(engine, session: "s") == first) }
    }

    @Test("one without a name is spread until a cache was used")
    func spreadsUnnamed() async throws {
        let engine = engine("usage 1 1")
        var seen: Set<String> = []
        for _ in 0..<6 { seen.insert(try await answer(engine)) }
        #expect(seen == ["a", "b"])
        let caching = self.engine("cached 1 1 1")
        let first = try await answer(caching)
        for _ in 0..<5 { #expect(try await answer(caching) == first) }
    }

    @Test("where a cache saves nothing, nobody stays")
    func needsReward() async throws {
        let engine = engine("usage 1 1", cacheRead: nil)
        var seen: Set<String> = []
        for _ in 0..<6 { seen.insert(try await answer(engine, session: "s")) }
        #expect(seen == ["a", "b"])
    }
}
