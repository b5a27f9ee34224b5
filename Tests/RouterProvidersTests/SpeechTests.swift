import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Speech at vendors") struct SpeechTests {
    static let examples = Fixture.all(of: "speech")

    private static let vertex = Provider(
        slug: "vertex", name: "Vertex", dialect: .vertex, baseURL: "https://x.example/v1/publishers/google")
    private static let wavGemini: Provider = {
        var provider = Endpoints.gemini
        provider.speaksWAV = true
        return provider
    }()
    private static let endpoints = [
        "openai/tts-1": Endpoint(provider: Endpoints.openAI, upstreamModel: "tts-1"),
        "openai/gpt-4o-mini-tts": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-4o-mini-tts"),
        "google/gemini-2.5-flash-tts": Endpoint(
            provider: Endpoints.gemini, upstreamModel: "gemini-2.5-flash-preview-tts"),
        "google/wav": Endpoint(provider: wavGemini, upstreamModel: "gemini-2.5-flash-preview-tts"),
        "google/vertex": Endpoint(provider: vertex, upstreamModel: "gemini-2.5-flash-tts"),
        "mine/piper": Endpoint(provider: Endpoints.engine, upstreamModel: "piper"),
    ]

    private struct Parts {
        var request: OperationRequest
        var endpoint: Endpoint
        var translator: any OperationTranslator

        func body() throws -> String {
            String(decoding: try translator.encode(request, for: endpoint).body, as: UTF8.self)
        }

        /// The events of an answer, and the failure that ended it.
        func events(
            of pieces: [[UInt8]], type: String?, status: Int = 200
        ) -> (events: [ChatEvent], failure: UpstreamFailure?) {
            let head = UpstreamHead(status: status, lines: Array((type.map { "Content-Type: \($0)\r\n" } ?? "").utf8))
            var decoder = translator.makeDecoder(for: request, from: endpoint, head: head)
            var events: [ChatEvent] = []
            do throws(UpstreamFailure) {
                for piece in pieces { try decoder.decode(piece, into: &events) }
                try decoder.finish(into: &events)
                return (events, nil)
            } catch {
                return (events, error)
            }
        }

        func events(of text: String, type: String?) -> (events: [ChatEvent], failure: UpstreamFailure?) {
            events(of: [Array(text.utf8)], type: type)
        }
    }

    private func parts(_ body: [UInt8]) throws -> Parts {
        let request = try OperationRequest(body, for: .speech)
        let endpoint = try #require(Self.endpoints[request.model])
        return Parts(
            request: request, endpoint: endpoint,
            translator: try #require(Vendors.all[endpoint.provider.dialect]?.operations[.speech]))
    }

    private func parts(_ model: String, _ members: String = "") throws -> Parts {
        try parts(Array(#"{"model":"\#(model)","input":"Hi"\#(members.isEmpty ? "" : ",")\#(members)}"#.utf8))
    }

    /// All bytes, and what they are said to be.
    private func sound(_ events: [ChatEvent]) -> (type: String?, bytes: [UInt8]) {
        var sound: (type: String?, bytes: [UInt8]) = (nil, [])
        for case .bytes(let piece) in events {
            sound.type = piece.type
            sound.bytes += piece.bytes
        }
        return sound
    }

    /// The usage that was said last.
    private func usage(_ events: [ChatEvent]) -> Usage? {
        events.reduce(nil) { last, event in if case .usage(let usage) = event { usage } else { last } }
    }

    /// What a client of events reads.
    private func text(_ events: [ChatEvent]) -> String {
        var format = OperationEvents(for: .speech)
        var bytes: [UInt8] = []
        format.append(events, to: &bytes)
        var record = Generation(
            id: Samples.generation, kind: .speech, account: .first, key: "k", model: "m", createdAt: 0, streamed: true)
        record.usage = usage(events) ?? Usage()
        format.finish(record, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the examples are there") func examplesAreThere() { #expect(Self.examples.count == 3) }

    @Test("the vendor gets the request it wants", arguments: examples)
    func request(_ fixture: Fixture) throws {
        let parts = try parts(#require(try fixture.bytes("openai_request.json")))
        let upstream = try parts.translator.encode(parts.request, for: parts.endpoint)
        let differences = FixtureComparison.differences(
            try fixture.json("vendor_request.json"), try JSONDocument(upstream.body).root, side: .vendorRequest)
        #expect(differences.isEmpty, "\(differences)")
        #expect(try fixture.meta()["vendor_http"]?["path"]?.string?.hasSuffix(upstream.path) == true)
    }

    @Test("the client gets the answer it must, however the vendor's bytes are cut", arguments: examples)
    func answer(_ fixture: Fixture) throws {
        let parts = try parts(#require(try fixture.bytes("openai_request.json")))
        let head = try fixture.vendorHead()
        for (name, pieces) in ByteCuts.all(of: try #require(try fixture.vendorBody()), random: 8, seed: 60) {
            let (events, failure) = parts.events(of: pieces, type: head["content-type"])
            #expect(failure == nil, "\(name)")
            guard let stream = try fixture.bytes("openai_stream.txt") else {
                let expected = try #require(try fixture.raw("openai_response.json"))
                let got = sound(events)
                #expect(got.type == expected.type && got.bytes == expected.bytes, "\(name)")
                continue
            }
            let expected = FixtureStream(stream).chunks
            let got = FixtureStream(Array(text(events).utf8))
            #expect(got.faults.isEmpty && !got.isDone && got.chunks.count == expected.count, "\(name)")
            for (chunk, wanted) in zip(got.chunks, expected) {
                #expect(
                    FixtureComparison.differences(wanted, chunk, side: .publicAnswer).isEmpty,
                    "\(name): \(text(events))")
            }
        }
    }

    @Test(
        "what a model does not have is refused, and what it has is said",
        arguments: [
            ("openai/tts-1", #""voice":"cedar""#, "voice", "shimmer"), ("openai/tts-1", "", "voice", "alloy"),
            ("openai/tts-1", #""voice":{"id":"voice_1"}"#, "voice", "alloy"),
            ("openai/tts-1", #""voice":"alloy","stream_format":"sse""#, "stream_format", "audio"),
            ("openai/gpt-4o-mini-tts", #""voice":"Kore""#, "voice", "cedar"),
            ("google/gemini-2.5-flash-tts", #""voice":"nobody","response_format":"wav""#, "voice", "Zubenelgenubi"),
            ("google/gemini-2.5-flash-tts", #""voice":{"id":"Kore"},"response_format":"wav""#, "voice", "Kore"),
            ("google/gemini-2.5-flash-tts", #""voice":"Kore""#, "response_format", "wav or pcm"),
            (
                "google/gemini-2.5-flash-tts", #""voice":"Kore","response_format":"mp3""#, "response_format",
                "wav or pcm"
            ),
            ("google/wav", #""voice":"Kore","response_format":"opus""#, "response_format", "wav or pcm"),
            ("google/vertex", #""speed":1.5,"response_format":"pcm""#, "speed", "1"),
            ("openai/tts-1", #""voice":"alloy","input_references":[{}]"#, "input_references", "left out"),
            ("openai/gpt-4o-mini-tts", #""voice":"alloy","input_references":"x""#, "input_references", "left out"),
            ("google/wav", #""input_references":[{}]"#, "input_references", "left out"),
        ])
    func refuses(_ model: String, _ members: String, _ parameter: String, _ word: String) throws {
        let parts = try parts(model, members)
        let failure = #expect(throws: UpstreamFailure.self) {
            try parts.translator.encode(parts.request, for: parts.endpoint)
        }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true && failure?.message.contains("`\(parameter)`") == true)
    }

    /// As the vendors' pages list them.
    private static let voices = [
        "openai/tts-1": "alloy, ash, coral, echo, fable, nova, onyx, sage, shimmer",
        "openai/gpt-4o-mini-tts":
            "alloy, ash, ballad, coral, echo, fable, nova, onyx, sage, shimmer, verse, marin, cedar",
        "google/wav":
            "Achernar, Achird, Algenib, Algieba, Alnilam, Aoede, Autonoe, Callirrhoe, Charon, Despina, Enceladus, "
            + "Erinome, Fenrir, Gacrux, Iapetus, Kore, Laomedeia, Leda, Orus, Puck, Pulcherrima, Rasalgethi, "
            + "Sadachbia, Sadaltager, Schedar, Sulafat, Umbriel, Vindemiatrix, Zephyr, Zubenelgenubi",
    ]

    @Test("all voices of a model are taken, and named where another one is asked for", arguments: voices)
    func knowsVoices(_ model: String, _ voices: String) throws {
        let format = #","response_format":"wav""#
        for voice in voices.split(separator: ", ") {
            let body = try parts(model, #""voice":"\#(voice)""# + format).body()
            #expect(body.contains(#""\#(voice)""#), "\(voice)")
        }
        let other = try parts(model, #""voice":"nobody""# + format)
        let failure = #expect(throws: UpstreamFailure.self) {
            try other.translator.encode(other.request, for: other.endpoint)
        }
        #expect(failure?.message.contains(voices) == true, "\(String(describing: failure?.message))")
    }

    @Test("OpenAI takes 4,096 characters and not one more")
    func bounds() throws {
        for (count, isTaken) in [(4096, true), (4097, false)] {
            let text = String(repeating: "ö", count: count)
            let parts = try parts(Array(#"{"model":"openai/tts-1","voice":"alloy","input":"\#(text)"}"#.utf8))
            let result = Result { try parts.translator.encode(parts.request, for: parts.endpoint) }
            #expect(((try? result.get()) != nil) == isTaken)
        }
    }

    @Test("each vendor gets what it knows: an engine all, the older models neither instructions nor what is ours")
    func encodes() throws {
        let members = #""voice":"nova","instructions":"calm","speed":1,"user":"u","provider":{},"x":null"#
        #expect(
            try parts("openai/tts-1", members + #","stream_format":"audio""#).body()
                == #"{"model":"tts-1","input":"Hi","voice":"nova","speed":1}"#)
        #expect(
            try parts("openai/gpt-4o-mini-tts", #""voice":{"id":"voice_1"},"instructions":"calm""#).body()
                == #"{"model":"gpt-4o-mini-tts","input":"Hi","voice":{"id":"voice_1"},"instructions":"calm"}"#)
        #expect(
            try parts("mine/piper", members + #","noise":0.3"#).body()
                == #"{"model":"piper","input":"Hi","voice":"nova","instructions":"calm","speed":1,"user":"u","noise":0.3}"#
        )
        #expect(try parts("mine/piper").body() == #"{"model":"piper","input":"Hi"}"#)
        // A sound to imitate is an engine's to know; none is none.
        #expect(
            try parts("mine/piper", #""input_references":[{"a":1}]"#).body()
                == #"{"model":"piper","input":"Hi","input_references":[{"a":1}]}"#)
        #expect(
            try parts("openai/tts-1", #""voice":"nova","input_references":[]"#).body()
                == #"{"model":"tts-1","input":"Hi","voice":"nova"}"#)
    }

    private func turns(_ model: String, _ turns: String, _ members: String = "") throws -> Parts {
        try parts(
            Array(#"{"model":"\#(model)","input":\#(turns),"response_format":"pcm"\#(members)}"#.utf8))
    }

    @Test("Gemini takes turns of two voices as lines of two speakers, and of one as lines")
    func takesTurns() throws {
        let two = try turns(
            "google/vertex",
            #"[{"text":"Hi","voice":"Puck"},{"text":"Hello","voice":"alloy","instructions":"tired"},{"text":"Bye","voice":"echo"}]"#,
            #","instructions":"A talk""#
        ).body()
        #expect(
            two
                == #"{"contents":[{"role":"user","parts":[{"text":"A talk:\nSpeaker1: Hi\nSpeaker2: [tired] Hello\nSpeaker1: Bye"}]}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"multiSpeakerVoiceConfig":{"speakerVoiceConfigs":[{"speaker":"Speaker1","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}}},{"speaker":"Speaker2","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}]}}}}"#
        )
        let one = try turns("google/wav", #"[{"text":"Hi"},{"text":"Bye","voice":"Leda"}]"#, #","voice":"nova""#).body()
        #expect(
            one
                == #"{"contents":[{"role":"user","parts":[{"text":"Hi\nBye"}]}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Leda"}}}}}"#
        )
    }

    @Test(
        "turns that a model does not take are refused by name",
        arguments: [
            ("openai/gpt-4o-mini-tts", #"[{"text":"Hi"}]"#, "input", "Vertex"),
            ("openai/tts-1", #"[{"text":"Hi"}]"#, "input", "Gemini"),
            ("mine/piper", #"[{"text":"Hi"}]"#, "input", "Gemini"),
            (
                "google/wav", #"[{"text":"a","voice":"Kore"},{"text":"b","voice":"Puck"},{"text":"c","voice":"Leda"}]"#,
                "input", "at most 2 voices"
            ),
            ("google/wav", #"[{"text":"a"},{"text":"b","voice":"nobody"}]"#, "input[1].voice", "Zephyr"),
        ])
    func refusesTurns(_ model: String, _ list: String, _ parameter: String, _ word: String) throws {
        let parts = try turns(model, list, #","voice":"alloy""#)
        let failure = #expect(throws: UpstreamFailure.self) {
            try parts.translator.encode(parts.request, for: parts.endpoint)
        }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true && failure?.message.contains("`\(parameter)`") == true)
    }

    @Test("every voice of OpenAI's has one of Gemini's that stands for it, and Gemini's own pass")
    func mapsVoices() throws {
        for voice in [
            "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin",
            "cedar", "Kore", "Zephyr",
        ] {
            let body = try parts("google/wav", #""voice":"\#(voice)""#).body()
            #expect(body.contains(#""voiceName":""#) && (voice != "Zephyr" || body.contains("Zephyr")), "\(voice)")
        }
        #expect(try parts("google/vertex", #""response_format":"pcm""#).body().contains(#""voiceName":"Kore""#))
    }

    @Test(
        "clients are told what the audio is, without a charset",
        arguments: [
            ("mp3", nil, "audio/mpeg"), ("opus", nil, "audio/ogg"), ("aac", "", "audio/aac"),
            ("flac", "application/octet-stream", "audio/flac"), ("wav", "audio/x-wav", "audio/wav"),
            ("pcm", "audio/pcm", "audio/pcm;rate=24000;channels=1"),
            ("pcm", "audio/L16; rate=16000; channels=2", "audio/pcm;rate=16000;channels=2"),
            ("mp3", "audio/mpeg; charset=utf-8", "audio/mpeg"), ("opus", "audio/opus", "audio/ogg"),
            ("mp3", "audio/wave", "audio/wav"), ("mp3", "audio/webm; codecs=opus", "audio/webm"),
        ])
    func types(_ format: String, _ said: String?, _ told: String) throws {
        let parts = try parts("mine/piper", #""response_format":"\#(format)""#)
        let (events, failure) = parts.events(of: "sound", type: said)
        #expect(failure == nil && sound(events).type == told && sound(events).bytes == Array("sound".utf8))
    }

    @Test(
        "what is no audio is a failure, whatever its status",
        arguments: [
            (#"{"error":{"message":"broke"}}"#, "application/json"), ("{}", "application/json"),
            ("<html>", "text/html"), ("", "audio/mpeg"), ("", "text/html"), ("hello", "text/plain"),
            ("<html>", "audio/mpeg"), (#"{"error":"x"}"#, "application/octet-stream"), ("<!DOCTYPE html>", nil),
            ("data: {}\n\n", "text/event-stream"),
        ] as [(String, String?)])
    func refusesAnswers(_ answer: String, _ type: String?) throws {
        for model in ["openai/tts-1", "mine/piper"] {
            let (events, failure) = try parts(model, #""voice":"alloy""#).events(of: answer, type: type)
            #expect(failure?.kind == .broken || failure?.kind == .failed, "\(model)")
            let commits = events.contains { $0.commits }
            #expect(!commits)
        }
    }

    @Test("an answer of more than 256 MB is not read to its end")
    func boundsAnswers() throws {
        let megabyte = [UInt8](repeating: 0x41, count: 1 << 20)
        let parts = try parts("mine/piper")
        var decoder = parts.translator.makeDecoder(
            for: parts.request, from: parts.endpoint, head: UpstreamHead(status: 200))
        var events: [ChatEvent] = []
        for _ in 0..<256 {
            try decoder.decode(megabyte, into: &events)
            events = []
        }
        let failure = #expect(throws: UpstreamFailure.self) { try decoder.decode([1], into: &events) }
        #expect(failure?.kind == .broken && failure?.message.contains("bytes") == true)
    }

    // MARK: Events

    private static let delta = #"data: {"type":"speech.audio.delta","audio":"AADoAw=="}"# + "\n\n"

    @Test(
        "a stream of events that breaks, fails or holds no audio is a failure",
        arguments: [
            (delta, UpstreamFailure.Kind.broken), ("", .broken), ("data: {}\n\n", .broken),
            (#"data: {"type":"speech.audio.done"}"# + "\n\n", .broken),
            (delta + #"data: {"type":"error","error":{"message":"broke"}}"# + "\n\n", .failed),
            (#"data: {"type":"speech.audio.delta","audio":"?"}"# + "\n\n", .broken),
            (#"data: {"type":"speech.audio.delta"}"# + "\n\n", .broken), ("data: nonsense\n\n", .broken),
        ])
    func refusesEvents(_ stream: String, _ kind: UpstreamFailure.Kind) throws {
        let parts = try parts("openai/gpt-4o-mini-tts", #""voice":"alloy","stream_format":"sse""#)
        #expect(parts.events(of: stream, type: "text/event-stream").failure?.kind == kind)
    }

    @Test("an engine that answers with bytes where events were asked for is put into events")
    func wraps() throws {
        let parts = try parts("mine/piper", #""stream_format":"sse""#)
        let (events, failure) = parts.events(of: [[0, 0], [0xE8, 3]], type: "audio/wav")
        #expect(failure == nil && usage(events) == nil)
        #expect(
            text(events).hasPrefix(
                """
                data: {"type":"speech.audio.delta","audio":"AAA="}

                data: {"type":"speech.audio.delta","audio":"6AM="}

                data: {"type":"speech.audio.done","usage":{
                """))
    }

    // MARK: Gemini

    private static func record(
        _ base64: String?, finish: String? = nil, type: String = "audio/L16;codec=pcm;rate=24000", usage: String? = nil
    ) -> String {
        let part = base64.map { #"{"inlineData":{"mimeType":"\#(type)","data":"\#($0)"}}"# } ?? #"{"text":""}"#
        let end = finish.map { #","finishReason":"\#($0)""# } ?? ""
        let counts = usage.map { #","usageMetadata":\#($0)"# } ?? ""
        return
            #"data: {"candidates":[{"content":{"parts":[\#(part)],"role":"model"},"index":0\#(end)}]\#(counts)}"#
            + "\r\n\r\n"
    }

    @Test("Gemini's PCM goes out piece by piece, at the rate it has, with its last count")
    func geminiStreams() throws {
        let parts = try parts("google/vertex", #""response_format":"pcm""#)
        #expect(parts.translator.isStreamed(parts.request))
        let path = try parts.translator.encode(parts.request, for: parts.endpoint).path
        #expect(path == "/models/gemini-2.5-flash-tts:streamGenerateContent?alt=sse")
        let stream =
            Self.record("AAA=", type: "audio/L16;codec=pcm;rate=16000", usage: #"{"promptTokenCount":3}"#)
            + Self.record("6AM=")
            + Self.record(
                nil, finish: "STOP",
                usage:
                    #"{"promptTokenCount":3,"candidatesTokenCount":25,"totalTokenCount":28,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":25}]}"#
            )
        for (name, pieces) in ByteCuts.all(of: Array(stream.utf8), random: 5, seed: 3) {
            let (events, failure) = parts.events(of: pieces, type: "text/event-stream")
            #expect(failure == nil && sound(events).bytes == [0, 0, 0xE8, 3], "\(name)")
            #expect(sound(events).type == "audio/pcm;rate=16000;channels=1")
            #expect(usage(events)?.completionAudio == 25 && usage(events)?.prompt == 3)
        }
        // The first piece is there before the last has come.
        let early = parts.events(of: Self.record("AAA="), type: "text/event-stream")
        #expect(sound(early.events).bytes == [0, 0] && early.failure?.kind == .broken)
    }

    @Test("Gemini's WAV in events begins with a header that tells no length")
    func geminiEvents() throws {
        let parts = try parts("google/wav", #""stream_format":"sse""#)
        let (events, failure) = parts.events(
            of: Self.record("AAA=") + Self.record("6AM=", finish: "STOP"), type: "text/event-stream")
        #expect(failure == nil)
        let chunks = FixtureStream(Array(text(events).utf8)).chunks
        #expect(chunks.map { $0["type"]?.string } == ["speech.audio.delta", "speech.audio.delta", "speech.audio.done"])
        let first = Base64.decoded(Array(try #require(chunks.first?["audio"]?.string).utf8))
        #expect(first.count == 46 && first.starts(with: Array("RIFF".utf8) + [255, 255, 255, 255]))
        #expect(Array(first[40..<46]) == [255, 255, 255, 255, 0, 0] && chunks[1]["audio"]?.string == "6AM=")
    }

    @Test(
        "speech that Gemini ended early is a failure that says so, and no part of it goes out as the whole",
        arguments: ["MAX_TOKENS", "OTHER", "SOMETHING_NEW"])
    func geminiCutsOff(_ finish: String) throws {
        func check(_ failure: UpstreamFailure?) {
            #expect(failure?.kind == .broken && failure?.finishReason == finish)
            #expect(failure?.message == "The provider's speech was cut off (\(finish)).")
        }
        let counts = #"{"promptTokenCount":3,"candidatesTokenCount":25,"totalTokenCount":28}"#
        let stream = Self.record("AAA=") + Self.record("6AM=", finish: finish, usage: counts)
        let bytes = try parts("google/wav", #""response_format":"pcm""#).events(of: stream, type: "text/event-stream")
        #expect(sound(bytes.events).bytes == [0, 0, 0xE8, 3] && usage(bytes.events)?.completion == 25)
        check(bytes.failure)
        let events = try parts("google/wav", #""stream_format":"sse""#).events(of: stream, type: "text/event-stream")
        #expect(text(events.events).contains(#""speech.audio.delta""#))
        #expect(!text(events.events).contains("speech.audio.done"))
        check(events.failure)
        // Nothing of a WAV file has gone out yet: another endpoint can be asked.
        let record = Self.record("AAA=", finish: finish).dropFirst("data: ".count)
        let whole = try parts("google/wav").events(of: String(record), type: "application/json")
        #expect(sound(whole.events).bytes.isEmpty)
        check(whole.failure)
    }

    @Test("speech that was cut off is recorded as failed with the vendor's word, and what came is charged")
    func chargesCutOff() async throws {
        let counts = #"{"promptTokenCount":3,"candidatesTokenCount":25,"totalTokenCount":28}"#
        let stream = Self.record("AAA=") + Self.record("6AM=", finish: "MAX_TOKENS", usage: counts)
        let wav = String(Self.record("AAA=", finish: "MAX_TOKENS").dropFirst("data: ".count))
        for (format, head, answer, cost) in [
            ("pcm", "Content-Type: text/event-stream\r\n", stream, 253_000),
            ("wav", "Content-Type: application/json\r\n", wav, 0),
        ] as [(String, String, String, Int64)] {
            let ledger = ScriptedLedger()
            let catalog = Catalog([
                Model(
                    id: "google/wav", name: "Speech", contextLength: 0, outputModalities: ["speech"],
                    pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.00001")],
                    endpoints: [Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-2.5-flash-preview-tts")])
            ])
            let engine = Engine(
                catalog: { catalog }, vendors: Vendors.all,
                transport: ScriptedTransport([[.head(200, headers: head), .bytes(answer)]]),
                authorizer: KeyAuthorizer(keys: [
                    Endpoints.gemini.slug: [Credentials("secret")].compactMap(\.self)
                ]),
                ledger: ledger, ambient: .live(timestamp: { 1_776_249_000_000 }), sleep: { _ in })
            let request = try parts("google/wav", #""response_format":"\#(format)""#).request
            var got: [ChatEvent] = []
            let error = await #expect(throws: (any Error).self) {
                let answer = try await engine.answer(
                    request, for: Caller(account: .first, key: "k"), as: Samples.generation)
                _ = try await answer.forward { got += $0 }
            }
            #expect("\(String(describing: error))".contains("cut off (MAX_TOKENS)"), "\(format)")
            #expect(sound(got).bytes == (format == "pcm" ? [0, 0, 0xE8, 3] : []))
            let record = try #require(ledger.settled.first)
            #expect(record.outcome == .failed && record.nativeFinishReason == "MAX_TOKENS", "\(format)")
            #expect(record.cost.nanoUSD == cost && ledger.settled.count == 1, "\(format)")
        }
    }

    @Test(
        "Gemini's refusals, failures and silence are told apart",
        arguments: [
            (#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, UpstreamFailure.Kind.refused),
            (#"{"candidates":[{"finishReason":"PROHIBITED_CONTENT"}]}"#, .refused),
            (#"{"candidates":[{"finishReason":"OTHER"}]}"#, .failed), (#"{"candidates":[]}"#, .broken), ("{}", .broken),
            ("[]", .broken), ("<html>", .broken), ("", .broken),
            (#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#, .overloaded),
            (
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAA="}}]},"finishReason":"STOP"}]}"#,
                .broken
            ),
            (
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"audio/L16","data":"?"}}]},"finishReason":"STOP"}]}"#,
                .broken
            ),
            (
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"audio/L16","data":"AAA="}}]}}]}"#,
                .broken
            ),
        ])
    func geminiFailures(_ answer: String, _ kind: UpstreamFailure.Kind) throws {
        let (events, failure) = try parts("google/wav").events(of: answer, type: "application/json")
        let commits = events.contains { $0.commits }
        #expect(failure?.kind == kind && !commits, "\(String(describing: failure))")
    }
}
