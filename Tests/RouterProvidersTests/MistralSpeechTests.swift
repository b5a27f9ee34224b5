import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

@Suite("Speech at Mistral") struct MistralSpeechTests {
    private static let endpoint = Endpoint(provider: Endpoints.mistral, upstreamModel: "voxtral-mini-tts-3-0")
    private let translator = MistralSpeech()

    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"mistral/tts","input":"Hi"\#(members)}"#.utf8), for: .speech)
    }

    private func body(_ members: String) throws -> String {
        String(decoding: try translator.encode(request(members), for: Self.endpoint).body, as: UTF8.self)
    }

    /// What comes of an answer, and the failure that ended it.
    private func read(
        _ pieces: [[UInt8]], _ members: String, type: String = "text/event-stream"
    ) throws -> (events: [ChatEvent], failure: UpstreamFailure?) {
        let head = UpstreamHead(status: 200, lines: Array("Content-Type: \(type)\r\n".utf8))
        var decoder = translator.makeDecoder(for: try request(members), from: Self.endpoint, head: head)
        var events: [ChatEvent] = []
        do throws(UpstreamFailure) {
            for piece in pieces { try decoder.decode(piece, into: &events) }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    private func sound(_ events: [ChatEvent]) -> (type: String?, bytes: [UInt8]) {
        var sound: (type: String?, bytes: [UInt8]) = (nil, [])
        for case .bytes(let piece) in events {
            sound.type = piece.type
            sound.bytes += piece.bytes
        }
        return sound
    }

    private static func delta(_ bytes: [UInt8]) -> String {
        let base64 = String(decoding: Base64.encoded(bytes), as: UTF8.self)
        return "event: speech.audio.delta\ndata: {\"type\":\"speech.audio.delta\",\"audio_data\":\"\(base64)\"}\n\n"
    }

    private static let done =
        "event: speech.audio.done\n"
        + #"data: {"type":"speech.audio.done","usage":{"prompt_tokens":12,"completion_tokens":210,"total_tokens":222}}"#
        + "\n\n"

    @Test(
        "the vendor gets its own names, a format, and is asked for a stream",
        arguments: [
            (#""voice":"en_paul_sad""#, "en_paul_sad", "mp3"),
            (#""voice":{"id":"voice_592"},"response_format":"opus""#, "voice_592", "opus"),
            (
                #""voice":"voice_478","response_format":"pcm","speed":1,"instructions":"","user":"u""#, "voice_478",
                "pcm"
            ),
        ])
    func encodes(_ members: String, _ voice: String, _ format: String) throws {
        #expect(
            try body(",\(members)")
                == #"{"model":"voxtral-mini-tts-3-0","input":"Hi","voice_id":"\#(voice)","response_format":"\#(format)","stream":true}"#
        )
        #expect(try translator.encode(request(",\(members)"), for: Self.endpoint).path == "/audio/speech")
    }

    @Test(
        "what it does not have is refused by its name",
        arguments: [
            ("", "voice", "gb_jane_shameful"), (#","voice":"v","response_format":"aac""#, "response_format", "flac"),
            (#","voice":"v","speed":1.5"#, "speed", "1"),
            (#","voice":"v","instructions":"calm""#, "instructions", "left"),
            (#","voice":"v","input_references":[{}]"#, "input_references", "left out"),
        ])
    func refuses(_ members: String, _ parameter: String, _ word: String) throws {
        let failure = #expect(throws: UpstreamFailure.self) { try body(members) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true)
    }

    @Test("there are thirty voices with a name") func voices() throws {
        let failure = #expect(throws: UpstreamFailure.self) { try body("") }
        let names = failure?.message.split(separator: ", ").filter { $0.contains("_") } ?? []
        #expect(names.count == 30, "\(names)")
    }

    @Test("pieces put together are the file, however the bytes are cut, and the first is there before the last")
    func streams() throws {
        let stream = Self.delta([0xFF, 0xF3]) + Self.delta([]) + Self.delta([0x84]) + Self.done
        for (name, pieces) in ByteCuts.all(of: Array(stream.utf8), random: 8, seed: 71) {
            let (events, failure) = try read(pieces, #","voice":"v""#)
            #expect(failure == nil && sound(events).bytes == [0xFF, 0xF3, 0x84], "\(name)")
            #expect(sound(events).type == "audio/mpeg")
            let usage = events.reduce(nil as Usage?) { last, event in
                if case .usage(let usage) = event { usage } else { last }
            }
            #expect(usage?.prompt == 12 && usage?.completion == 210 && usage?.completionAudio == 210)
        }
        let early = try read([Array(Self.delta([1, 2]).utf8)], #","voice":"v""#)
        #expect(sound(early.events).bytes == [1, 2] && early.failure?.kind == .broken)
    }

    private static func floats(_ samples: [Float]) -> [UInt8] {
        samples.flatMap { sample in withUnsafeBytes(of: sample.bitPattern.littleEndian) { Array($0) } }
    }

    @Test("floats become samples of 16 bits, wherever they are cut, and never more than those can say")
    func convertsPCM() throws {
        let floats = Self.floats([0, 1, -1, 0.5, 7, -.infinity, .nan])
        let wanted: [Int16] = [0, 32_767, -32_767, 16_383, 32_767, -32_767, 0]
        let bytes = wanted.flatMap { sample in withUnsafeBytes(of: sample.littleEndian) { Array($0) } }
        for cut in 0...floats.count {
            let stream = Self.delta(Array(floats[..<cut])) + Self.delta(Array(floats[cut...])) + Self.done
            let (events, failure) = try read([Array(stream.utf8)], #","voice":"v","response_format":"pcm""#)
            #expect(failure == nil && sound(events).bytes == bytes, "\(cut)")
            #expect(sound(events).type == "audio/pcm;rate=24000;channels=1")
        }
    }

    @Test("an answer that came whole is handed out as bytes, and as events where these were asked for")
    func whole() throws {
        let answer = Array(#"{"audio_data":"SUQz"}"#.utf8)
        let bytes = try read([answer], #","voice":"v""#, type: "application/json")
        #expect(bytes.failure == nil && sound(bytes.events).bytes == Array("ID3".utf8))
        let events = try read([answer], #","voice":"v","stream_format":"sse""#, type: "application/json")
        #expect(events.failure == nil)
        var format = OperationEvents(for: .speech)
        var text: [UInt8] = []
        format.append(events.events, to: &text)
        #expect(String(decoding: text, as: UTF8.self).hasPrefix(#"data: {"type":"speech.audio.delta","audio":"SUQz"}"#))
        let raw = try read([Array("ID3".utf8)], #","voice":"v""#, type: "audio/mpeg")
        #expect(raw.failure == nil && sound(raw.events).bytes == Array("ID3".utf8))
    }

    @Test(
        "what is no audio, and what breaks off, is a failure",
        arguments: [
            ("{}", "application/json"), (#"{"audio_data":"?"}"#, "application/json"), ("<html>", "text/html"),
            (#"{"audio_data":""}"#, "application/json"), ("", "text/event-stream"), (done, "text/event-stream"),
            ("data: nonsense\n\n", "text/event-stream"), ("<html>", "audio/mpeg"),
            (#"data: {"type":"speech.audio.delta","audio":"AAAA"}"# + "\n\n", "text/event-stream"),
        ])
    func fails(_ answer: String, _ type: String) throws {
        let (events, failure) = try read([Array(answer.utf8)], #","voice":"v""#, type: type)
        #expect(failure?.kind == .broken && sound(events).bytes.isEmpty)
    }

    @Test("an error in the stream has the vendor's words")
    func failsWhileStreaming() throws {
        let error = #"data: {"object":"error","message":"no more","type":"internal","code":"3000"}"# + "\n\n"
        let (_, failure) = try read([Array((Self.delta([1]) + error).utf8)], #","voice":"v""#)
        #expect(failure?.kind == .failed && failure?.message == "no more")
    }

    @Test(
        "a voice that is not there and a text that is moderated are the client's to mend",
        arguments: [
            (
                404, #"{"object":"error","message":"Voice 'x' not found.","type":"invalid_voice","code":"1902"}"#,
                UpstreamFailure.Kind.refused, "voice"
            ),
            (404, #"{"detail":"Not Found"}"#, .notFound, nil),
            (403, #"{"object":"error","message":"Moderated.","type":"moderation","code":"1"}"#, .refused, "input"),
            (403, "{}", .unauthorized, nil), (403, "<html>Forbidden</html>", .unauthorized, nil),
            (403, #"{"detail":"Forbidden"}"#, .unauthorized, nil), (403, "", .unauthorized, nil),
            (401, #"{"detail":"Unauthorized"}"#, .unauthorized, nil),
            (422, #"{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted"}]}"#, .refused, nil),
        ] as [(Int, String, UpstreamFailure.Kind, String?)])
    func readsFailures(_ status: Int, _ body: String, _ kind: UpstreamFailure.Kind, _ parameter: String?) {
        let failure = translator.failure(head: UpstreamHead(status: status), body: Array(body.utf8))
        #expect(failure.kind == kind && failure.parameter == parameter && failure.status == status)
        // One that is not there is no help without those that are.
        if parameter == "voice" {
            #expect(SpeechVoices.mistral.allSatisfy { failure.message.contains($0) })
            #expect(failure.message.hasPrefix("Voice 'x' not found."))
        }
    }
}
