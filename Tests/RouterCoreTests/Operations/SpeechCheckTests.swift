import TestSupport
import Testing

@testable import RouterCore

@Suite("A request for speech") struct SpeechCheckTests {
    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .speech)
    }

    @Test(
        "names the member that is wrong",
        arguments: [
            (#""voice":"alloy""#, "input"), (#""input":"""#, "input"), (#""input":null"#, "input"),
            (#""input":["a"]"#, "input[0]"), (#""input":7"#, "input"), (#""input":[]"#, "input"),
            (#""input":[{}]"#, "input[0].text"), (#""input":[{"text":""}]"#, "input[0].text"),
            (#""input":[{"text":"a"},{"text":7}]"#, "input[1].text"),
            (#""input":[{"text":"a","voice":7}]"#, "input[0].voice"),
            (#""input":[{"text":"a","voice":{}}]"#, "input[0].voice.id"),
            (#""input":[{"text":"a","instructions":7}]"#, "input[0].instructions"),
            (#""input":"a","voice":"""#, "voice"), (#""input":"a","voice":7"#, "voice"),
            (#""input":"a","voice":{}"#, "voice.id"), (#""input":"a","voice":{"id":7}"#, "voice.id"),
            (#""input":"a","voice":{"id":""}"#, "voice.id"), (#""input":"a","voice":["alloy"]"#, "voice"),
            (#""input":"a","instructions":7"#, "instructions"),
            (#""input":"a","response_format":"ogg""#, "response_format"),
            (#""input":"a","response_format":7"#, "response_format"),
            (#""input":"a","stream_format":"bytes""#, "stream_format"),
            (#""input":"a","stream_format":true"#, "stream_format"), (#""input":"a","speed":0.24"#, "speed"),
            (#""input":"a","speed":4.01"#, "speed"), (#""input":"a","speed":"1""#, "speed"),
            (#""input":"a","speed":1e400"#, "speed"),
        ])
    func refuses(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: APIError.self) { try request(members) }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter)
        #expect(error?.message.contains("`\(parameter)`") == true)
    }

    @Test("takes texts of 32,000 characters and not one more, whatever they are", arguments: ["input", "instructions"])
    func bounds(_ member: String) throws {
        let rest = member == "input" ? "" : #","input":"a""#
        _ = try request(#""\#(member)":"\#(String(repeating: "ö", count: 32_000))"\#(rest)"#)
        let error = #expect(throws: APIError.self) {
            try request(#""\#(member)":"\#(String(repeating: "ö", count: 32_001))"\#(rest)"#)
        }
        #expect(error?.parameter == member)
    }

    @Test("is answered with bytes, or with events where the client wants these")
    func forms() throws {
        #expect(try request(#""input":"a""#).form == .bytes)
        #expect(try request(#""input":"a","stream_format":"audio","speed":0.25"#).form == .bytes)
        #expect(try request(#""input":"a","stream_format":"sse","voice":{"id":"v"},"speed":4"#).form == .events)
        #expect(try request(#""input":"a","response_format":"opus","what":"ever""#).audioFormat == .opus)
        #expect(try request(#""input":"a","response_format":null"#).audioFormat == nil)
    }

    @Test("counts characters as Unicode scalars, and holds for slower speech more")
    func sizes() throws {
        let size = try request(#""input":"na\u0301 \ud83d\udc4d","instructions":"Cheerful""#).size
        #expect(size.atLeast.characters == 5 && size.atMost.characters == 5)
        #expect(size.atLeast.completion == 0 && size.atLeast.prompt > 0)
        let normal = try request(#""input":"Hello there""#).size.atMost
        let slow = try request(#""input":"Hello there","speed":0.25"#).size.atMost
        #expect(normal.completion > 0 && slow.completion >= 4 * normal.completion - 4)
        #expect(normal.completionAudio == normal.completion && normal.audioOutputMilliseconds > 2000)
    }

    @Test("takes turns, and counts what is spoken in all of them")
    func turns() throws {
        let turns = try request(
            #""input":[{"text":"Hello","voice":"a","instructions":"Cheerful"},{"text":"na\u0301","voice":{"id":"v"},"x":1},{"text":"Bye","voice":null}]"#
        )
        #expect(turns.speechTurns?.map(\.text) == ["Hello", "na\u{301}", "Bye"])
        #expect(turns.speechTurns?.map(\.instructions) == ["Cheerful", "", ""])
        #expect(turns.speechTurns?.map { $0.voice == nil } == [false, false, true])
        #expect(turns.size.atMost.characters == 11 && turns.size.atLeast.characters == 11)
        // What is around the texts costs nothing.
        let one = try request(#""input":"HelloHelloHello","instructions":"Cheerful""#)
        let parts = try request(
            #""input":[{"text":"Hello"},{"text":"Hello"},{"instructions":"Cheerful","text":"Hello","voice":"a"}]"#)
        #expect(one.speechTurns == nil && parts.size.atMost.characters == one.size.atMost.characters)
        #expect(parts.size.atLeast.prompt - one.size.atLeast.prompt <= 1)
        #expect(parts.size.atMost.audioOutputMilliseconds >= one.size.atMost.audioOutputMilliseconds)
        func many(_ count: Int, _ text: String) throws -> OperationRequest {
            let list = [String](repeating: #"{"text":"\#(text)"}"#, count: count).joined(separator: ",")
            return try request(#""input":[\#(list)]"#)
        }
        #expect(try many(1000, "a").size.atMost.characters == 1000)
        #expect(throws: APIError.self) { try many(1001, "a") }
        let half = String(repeating: "ö", count: 16_000)
        #expect(try many(2, half).size.atMost.characters == 32_000)
        let error = #expect(throws: APIError.self) { try many(2, half + "ö") }
        #expect(error?.parameter == "input")
    }

    // MARK: Bills

    private static let byCharacter: [Model.Price] = [.init(unit: "character", usd: "0.000015")]
    private static let byToken: [Model.Price] = [.init(unit: "audio_output", usd: "0.000012")]

    private struct Gone: Error {}

    /// The record of an answer to 28 characters; `leaves`: the client does at the first bytes.
    private func record(
        _ prices: [Model.Price], _ script: [ScriptedTransport.Step], leaves: Bool = false
    ) async throws -> Generation {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["speech"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")] + prices,
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "s")])
        let ledger = ScriptedLedger()
        let engine = Samples.engine(ScriptedTransport([script]), models: [model], ledger: ledger)
        let request = try request(#""input":"Hello, welcome to AI Router!","response_format":"pcm""#)
        let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
        let outcome = await Task {
            try await answer.forward { _ in if leaves { throw Gone() } }
        }.result
        if case .failure(let error) = outcome, !leaves { #expect(error is UpstreamFailure) }
        return try #require(ledger.settled.first)
    }

    @Test("by the character it costs the same however it ends once it has begun")
    func chargesCharacters() async throws {
        for (script, leaves): ([ScriptedTransport.Step], Bool) in [
            ([.head(200), .bytes("sound 960\nend\n")], false), ([.head(200), .bytes("sound 48\n")], false),
            ([.head(200), .bytes("sound 48\n"), .hang], true),
        ] {
            let record = try await record(Self.byCharacter, script, leaves: leaves)
            #expect(record.cost == Money(nanoUSD: 28 * 15_000) && record.usage.characters == 28)
            #expect(record.kind == .speech && record.basis == .counted && record.streamed)
        }
    }

    @Test("by the token it costs a token for 48 milliseconds that came, where the vendor does not count")
    func chargesTokens() async throws {
        let whole = try await record(Self.byToken, [.head(200), .bytes("sound 960\n"), .bytes("sound 480\nend\n")])
        #expect(whole.usage.completionAudio == 30 && whole.usage.audioOutputMilliseconds == 1440)
        #expect(whole.cost == Money(nanoUSD: 30 * 12_000) && whole.basis == .counted)
        let broken = try await record(Self.byToken, [.head(200), .bytes("sound 960\n")])
        #expect(broken.cost == Money(nanoUSD: 20 * 12_000) && broken.outcome == .failed)
        let left = try await record(Self.byToken, [.head(200), .bytes("sound 960\n"), .hang], leaves: true)
        #expect(left.cost == Money(nanoUSD: 20 * 12_000) && left.outcome == .cancelled)
    }

    @Test("the vendor's count comes first, and we add what only we know")
    func believesVendor() async throws {
        let whole = try await record(
            Self.byToken + [.init(unit: "audio_output_second", usd: "0.001")],
            [.head(200), .bytes("usage 14 0\nsound 960\nusage 14 101\nend\n")])
        #expect(whole.basis == .vendor && whole.usage.prompt == 14 && whole.usage.completion == 101)
        #expect(whole.usage.characters == 28 && whole.usage.audioOutputMilliseconds == 960)
        #expect(whole.cost == Money(nanoUSD: 960_000))
        let early = try await record(Self.byToken, [.head(200), .bytes("sound 960\nusage 14 0\n")])
        #expect(early.basis == .counted && early.usage.prompt == 14 && early.cost == Money(nanoUSD: 20 * 12_000))
    }

    @Test("a vendor that says that it failed is paid nothing, also in the middle")
    func failsForFree() async throws {
        let record = try await record(
            Self.byCharacter, [.head(200), .bytes("sound 960\n"), .bytes("error it broke\n")])
        #expect(record.cost == .zero && record.basis == .none && record.outcome == .failed)
    }

    @Test("an endpoint that is silent before its first byte is waited for, and then the next is tried")
    func waits() async throws {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["speech"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
            endpoints: ["one", "two"].map { Endpoint(provider: Samples.provider($0), upstreamModel: "s") })
        let silent = [ScriptedTransport.Step](repeating: .silence, count: 5)
        let engine = Samples.engine(
            ScriptedTransport([
                [.head(200)] + silent + [.fail(UpstreamFailure(.timedOut, "late"))],
                [.head(200), .bytes("sound 48\nend\n")],
            ]), models: [model])
        let answer = try await engine.answer(
            request(#""input":"a""#), for: Samples.caller, as: Samples.generation)
        let record = try await answer.forward { _ in }
        #expect(record.provider == "two" && record.failedAttempts.map(\.kind) == [.timedOut])
    }

    // MARK: Counting

    @Test("sound is measured as what it is, whatever was asked for or is said of it")
    func measures() throws {
        let second = Samples.wav(milliseconds: 1000)
        let event =
            #""type":"speech.audio.delta","audio":"\#(String(decoding: Base64.encoded(second), as: UTF8.self))""#
        for piece in [
            ChatEvent.content(ChatPiece(members: Array(event.utf8))),
            .bytes(BytesPiece(type: "audio/mpeg", bytes: second)),
        ] {
            var count = SoundCount(format: nil)
            count.note(piece)
            var (reported, counted): (Usage?, Usage) = (nil, Usage())
            count.complete(&reported, &counted)
            #expect(counted.audioOutputMilliseconds == 1000)
        }
    }
}
