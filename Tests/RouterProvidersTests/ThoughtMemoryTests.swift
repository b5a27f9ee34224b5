import RouterCore
import Synchronization
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Signatures that clients lose")
struct ThoughtMemoryTests {
    /// Time that tests move.
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func move(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private static func signature(_ text: String) throws -> JSONValue {
        try JSONDocument(Array("\"\(text)\"".utf8)).root
    }

    @Test("are found by the id and the name of their call")
    func found() throws {
        let clock = Clock()
        let memory = ThoughtMemory(now: { clock.now })
        memory.remember(try Self.signature("S"), ofCall: "c", named: "f")
        memory.remember(try Self.signature("T"), ofCall: "c", named: "g")
        memory.remember(try Self.signature("other"), ofCall: "c", named: "f")
        #expect(memory.signature(ofCall: "c", named: "f") == Array("\"S\"".utf8))
        #expect(memory.signature(ofCall: "c", named: "g") == Array("\"T\"".utf8))
        #expect(memory.signature(ofCall: "d", named: "f") == nil)
    }

    @Test("are forgotten after their time")
    func lifetime() throws {
        let clock = Clock()
        var limits = ThoughtMemory.Limits()
        limits.lifetime = .seconds(10)
        let memory = ThoughtMemory(limits: limits, now: { clock.now })
        memory.remember(try Self.signature("S"), ofCall: "a", named: "f")
        clock.move(by: .seconds(6))
        memory.remember(try Self.signature("T"), ofCall: "b", named: "f")
        clock.move(by: .seconds(4))
        #expect(memory.signature(ofCall: "a", named: "f") != nil)
        clock.move(by: .seconds(1))
        #expect(memory.signature(ofCall: "a", named: "f") == nil)
        #expect(memory.signature(ofCall: "b", named: "f") != nil)
    }

    @Test("take so much room and no more: the oldest go, however many come")
    func room() throws {
        let clock = Clock()
        var limits = ThoughtMemory.Limits()
        limits.bytesMax = 2000
        let memory = ThoughtMemory(limits: limits, now: { clock.now })
        for number in 0..<1000 { memory.remember(try Self.signature("S\(number)"), ofCall: "\(number)", named: "f") }
        let kept = (0..<1000).filter { memory.signature(ofCall: "\($0)", named: "f") != nil }
        #expect((5...14).contains(kept.count))
        #expect(kept == Array((1000 - kept.count)..<1000))
        #expect(memory.signature(ofCall: "999", named: "f") == Array("\"S999\"".utf8))
        memory.remember(try Self.signature(String(repeating: "x", count: 3000)), ofCall: "x", named: "f")
        #expect(memory.signature(ofCall: "x", named: "f") == nil)
    }

    @Test(
        "go back to the vendor with calls that a client sent without them, whole and streamed",
        arguments: [true, false])
    func roundTrip(streamed: Bool) throws {
        let clock = Clock()
        let chat = GeminiChat(memory: ThoughtMemory(now: { clock.now }))
        let endpoint = GeminiRequestTests.pro
        let client = try Client(endpoint, stream: streamed)
        let body =
            #"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"S1"},{"functionCall":{"id":"c2","name":"g"}}]},"finishReason":"STOP"}]}"#
        let type = streamed ? "text/event-stream" : "application/json"
        let head = UpstreamHead(status: 200, lines: Array("content-type: \(type)\r\n".utf8))
        _ = client.receive([Array((streamed ? "data: \(body)\r\n\r\n" : body).utf8)], through: chat, head: head)
        func calls(_ first: String, _ more: String = "") throws -> String {
            let messages =
                #"[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"\#(first)","type":"function","function":{"name":"f","arguments":"{}"}\#(more)},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"\#(first)","content":"r"},{"role":"tool","tool_call_id":"c2","content":"r"}]"#
            let request = try ChatRequest(Array(#"{"model":"a/b","messages":\#(messages)}"#.utf8))
            return String(decoding: try chat.encode(request, for: endpoint).body, as: UTF8.self)
        }
        let lost = try calls("c1")
        #expect(lost.contains(#"{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"S1"}"#))
        #expect(!lost.contains("\(GeminiThoughts.placeholder)"))
        // What the client kept counts, and a call that nobody knows gets what stands for all signatures.
        #expect(try calls("c1", #","extra_content":{"google":{"thought_signature":"own"}}"#).contains(#""own""#))
        #expect(try calls("c9").contains("\(GeminiThoughts.placeholder)"))
    }
}
