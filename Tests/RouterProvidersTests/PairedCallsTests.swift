import RouterCore
import RouterProviders
import TestSupport
import Testing

@Suite("Calls and their results", .timeLimit(.minutes(1))) struct PairedCallsTests {
    @Test(
        "no two calls of a conversation have the same id, whatever ids the client gave them",
        arguments: [
            ["a", "b"], ["a", "a"], ["a_2", "a", "a"], ["a", "a_2", "a"], ["a", "a", "a_2", "a_2", "a"],
            ["a_3", "a_2", "a", "a", "a_2", "a"], ["é", "é", "é"], Array(repeating: "call_1", count: 1000),
        ])
    func isUnique(_ ids: [String]) throws {
        let turns = ids.map { id in
            #"{"role":"assistant","tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"f","arguments":"{}"}}]},"#
                + #"{"role":"tool","tool_call_id":"\#(id)","content":"r"}"#
        }
        let request = try ChatRequest(
            Array(
                #"{"model":"m","messages":[{"role":"user","content":"x"},\#(turns.joined(separator: ","))]}"#.utf8))
        let endpoint = Endpoint(
            provider: Provider(
                slug: "anthropic", name: "Anthropic", dialect: .anthropic, baseURL: "https://api.anthropic.com/v1",
                location: .vendor), upstreamModel: "claude")
        let chat = try #require(Vendors.all[.anthropic]?.chat)
        let body = try JSONDocument(chat.encode(request, for: endpoint).body).root
        let parts = (body["messages"]?.elements.map(\.self) ?? []).flatMap { $0["content"]?.elements.map(\.self) ?? [] }
        let calls = parts.compactMap { $0["id"]?.string }
        #expect(calls.count == ids.count && Set(calls).count == ids.count, "\(calls.prefix(10))")
        #expect(parts.compactMap { $0["tool_use_id"]?.string } == calls)
    }
}
