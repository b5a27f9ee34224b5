import Testing

@testable import RouterCore

@Suite("Server-sent events besides chat") struct OperationEventsTests {
    private func piece(_ members: String) -> ChatPiece { ChatPiece(members: Array(members.utf8)) }

    private func written(_ operation: Operation, _ body: (inout OperationEvents, inout [UInt8]) -> Void) -> String {
        var events = OperationEvents(for: operation)
        var bytes: [UInt8] = []
        body(&events, &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private var record: Generation {
        var record = Generation(
            id: .init(rawValue: "gen-1"), kind: .image, account: .init(rawValue: 1), key: "k", model: "m",
            createdAt: 0, streamed: true)
        record.usage.prompt = 5
        record.usage.completion = 7
        record.cost = Money(nanoUSD: 1_500_000)
        return record
    }

    @Test("the last event waits for what the answer cost; images have their name before them") func usage() {
        let text = written(.images) { events, bytes in
            events.append(
                [
                    .content(piece(#""type":"a.b","n":1"#)), .silence, .usage(Usage()),
                    .completion(piece(#""type":"c","d":2"#)),
                ], to: &bytes)
            #expect(
                String(decoding: bytes, as: UTF8.self)
                    == "event: a.b\ndata: {\"type\":\"a.b\",\"n\":1}\n\n: keep-alive\n\n")
            events.finish(record, into: &bytes)
        }
        #expect(text.contains("event: c\ndata: {\"type\":\"c\",\"d\":2,\"usage\":{\"input_tokens\":5,"))
        #expect(text.hasSuffix("\"cost\":0.0015}}\n\n"))
    }

    @Test("what was held back goes out also where the answer broke off behind it") func failsBehind() {
        let text = written(.images) { events, bytes in
            events.append([.completion(piece(#""type":"c","d":2"#))], to: &bytes)
            events.fail(APIError(.providerError, "It broke."), isCharged: true, into: &bytes)
        }
        #expect(text.hasPrefix("event: c\ndata: {\"type\":\"c\",\"d\":2}\n\nevent: error\ndata: {\"type\":\"error\""))
    }

    @Test("other events have no name, and an error says what it is") func fails() {
        let text = written(.embeddings) { events, bytes in
            events.append([.content(piece(#""type":"a""#))], to: &bytes)
            events.fail(APIError(.providerError, "It broke."), into: &bytes)
        }
        #expect(text.hasPrefix("data: {\"type\":\"a\"}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{"))
        #expect(text.hasSuffix("}}\n\n") && !text.contains("[DONE]"))
    }
}
