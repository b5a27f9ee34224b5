import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Transcription at vendors") struct TranscriptionTests {
    static let examples = Fixture.all(of: "transcription")

    private static let endpoints = [
        "openai/whisper-1": Endpoint(provider: Endpoints.openAI, upstreamModel: "whisper-1"),
        "openai/gpt-transcribe": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-transcribe"),
        "openai/gpt-4o-transcribe": Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-4o-transcribe"),
        "openai/gpt-4o-transcribe-diarize": Endpoint(
            provider: Endpoints.openAI, upstreamModel: "gpt-4o-transcribe-diarize"),
        "mistral/voxtral-mini": Endpoint(provider: Endpoints.mistral, upstreamModel: "voxtral-mini-2602"),
        "mine/whisper": Endpoint(provider: Endpoints.engine, upstreamModel: "whisper-large-v3"),
    ]

    private struct Asked {
        var request: OperationRequest
        var endpoint: Endpoint
        var translator: any OperationTranslator

        func upstream() throws -> UpstreamRequest { try translator.encode(request, for: endpoint) }

        var form: AnswerForm { translator.form(of: request, at: endpoint) }

        /// The events of an answer, and the failure that ended it.
        func events(
            of pieces: [[UInt8]], type: String?
        ) -> (events: [ChatEvent], failure: UpstreamFailure?) {
            let head = UpstreamHead(status: 200, lines: Array((type.map { "Content-Type: \($0)\r\n" } ?? "").utf8))
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

    private func asked(_ request: OperationRequest) throws -> Asked {
        let endpoint = try #require(Self.endpoints[request.model])
        return Asked(
            request: request, endpoint: endpoint,
            translator: try #require(Vendors.all[endpoint.provider.dialect]?.operations[.transcription]))
    }

    private static let sound = Samples.wav(milliseconds: 10)

    /// A request as a form, with these fields.
    private func asked(_ model: String, _ fields: [(String, String)] = []) throws -> Asked {
        let parts = ([("model", model)] + fields).map { Fixture.Part($0.0, Array($0.1.utf8)) }
        let file = Fixture.Part("file", fileName: "a.wav", contentType: "audio/wav", Self.sound)
        return try asked(OperationRequest(FormUpload(parts + [file]), for: .transcription))
    }

    private func asked(json members: String, model: String) throws -> Asked {
        try asked(
            OperationRequest(
                Samples.transcription(of: Self.sound, model: model, members), for: .transcription))
    }

    /// The record of an answer with these events.
    private func record(_ events: [ChatEvent]) -> Generation {
        var record = Generation(
            id: Samples.generation, kind: .transcription, account: .first, key: "k", model: "m", createdAt: 0,
            streamed: false)
        for case .usage(let usage) in events { record.usage = usage }
        return record
    }

    /// What a client of events reads.
    private func stream(_ events: [ChatEvent]) -> String {
        var format = OperationEvents(for: .transcription)
        var bytes: [UInt8] = []
        format.append(events, to: &bytes)
        format.finish(record(events), into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a client of JSON reads.
    private func whole(_ events: [ChatEvent]) throws -> String {
        guard case .completion(let piece)? = events.last else { return "\(events)" }
        return String(decoding: OperationFormat.whole(piece, of: record(events)), as: UTF8.self)
    }

    /// What a client of text reads, and what it is said to be.
    private func text(_ events: [ChatEvent]) -> (type: String?, text: String) {
        var (type, bytes): (String?, [UInt8]) = (nil, [])
        for case .bytes(let piece) in events {
            type = piece.type
            bytes += piece.bytes
        }
        return (type, String(decoding: bytes, as: UTF8.self))
    }

    // MARK: Examples

    @Test("the examples are there") func examplesAreThere() { #expect(Self.examples.count == 5) }

    @Test("the vendor gets the form it wants", arguments: examples)
    func request(_ fixture: Fixture) throws {
        let parts = try #require(try fixture.parts("openai_request.json"))
        let asked = try asked(OperationRequest(FormUpload(parts), for: .transcription))
        let upstream = try asked.upstream()
        let got = try #require(try upstream.parts())
        let wanted = try #require(try fixture.parts("vendor_request.json"))
        #expect(Set(got) == Set(wanted) && got.count == wanted.count)
        // Fields in their order; the file last, so that a vendor can begin with it.
        #expect(
            got.dropFirst().filter { $0.fileName == nil } == wanted.filter { $0.fileName == nil && $0.name != "model" })
        #expect(got.last?.fileName != nil)
        #expect(try fixture.meta()["vendor_http"]?["path"]?.string?.hasSuffix(upstream.path) == true)
    }

    @Test("the client gets the answer it must, however the vendor's bytes are cut", arguments: examples)
    func answer(_ fixture: Fixture) throws {
        let parts = try #require(try fixture.parts("openai_request.json"))
        let asked = try asked(OperationRequest(FormUpload(parts), for: .transcription))
        let body = try #require(try fixture.vendorBody())
        let type = try fixture.vendorHead()["content-type"]
        for (name, pieces) in ByteCuts.all(of: body, random: 10, seed: 62) {
            let (events, failure) = asked.events(of: pieces, type: type)
            #expect(failure == nil, "\(name)")
            if let wanted = try fixture.bytes("openai_stream.txt") {
                #expect(asked.form == .events)
                let got = FixtureStream(Array(stream(events).utf8))
                #expect(got.faults.isEmpty && !got.isDone, "\(name)")
                let expected = FixtureStream(wanted).chunks
                #expect(got.chunks.count == expected.count)
                for (chunk, wanted) in zip(got.chunks, expected) {
                    let differences = FixtureComparison.differences(wanted, chunk, side: .publicAnswer)
                    #expect(differences.isEmpty, "\(name): \(differences)")
                }
            } else if let wanted = try fixture.bytes("openai_response.txt") {
                #expect(asked.form == .bytes)
                let got = text(events)
                #expect(got.text == String(decoding: wanted, as: UTF8.self), "\(name)")
                #expect(got.type == "text/plain; charset=utf-8")
            } else {
                #expect(asked.form == .json)
                let got = try JSONDocument(Array(whole(events).utf8)).root
                let differences = FixtureComparison.differences(
                    try fixture.json("openai_response.json"), got, side: .publicAnswer)
                #expect(differences.isEmpty, "\(name): \(differences)")
            }
        }
    }

    // MARK: Requests

    @Test("what is for this router goes to nobody, all else to OpenAI and engines as it came")
    func encodes() throws {
        let fields = [
            ("provider[order][]", "openai"), ("provider[zdr]", "true"), ("models[]", "a/b"), ("session_id", "s"),
            ("trace[a]", "1"), ("metadata[b]", "2"), ("usage[include]", "true"), ("session_id.x", "s"),
            ("include[]", "logprobs"),
            ("chunking_strategy[type]", "server_vad"), ("keywords[]", "Ada"), ("keywords[]", "Bob"),
            ("temperature", "0.2"),
        ]
        for (model, name) in [("openai/gpt-4o-transcribe", "gpt-4o-transcribe"), ("mine/whisper", "whisper-large-v3")] {
            let parts = try #require(try asked(model, fields).upstream().parts())
            #expect(
                parts.map(\.name) == [
                    "model", "include[]", "chunking_strategy[type]", "keywords[]", "keywords[]", "temperature", "file",
                ])
            #expect(parts.first?.bytes == Array(name.utf8) && parts.last?.bytes == Self.sound)
        }
    }

    @Test("Mistral gets what it knows, its lists without brackets")
    func encodesMistral() throws {
        let parts = try #require(
            try asked(
                "mistral/voxtral-mini",
                [
                    ("prompt", "Ada"), ("include[]", "logprobs"), ("temperature", "0.2"), ("user", "u"),
                    ("language", "kk"), ("diarize", "false"), ("keyterms[][]", "Ada  Lovelace"), ("keyterms[][]", "x"),
                    ("context_bias[]", "y"),
                ]
            ).upstream().parts())
        #expect(
            parts.dropLast().map { "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))" } == [
                "model=voxtral-mini-2602", "temperature=0.2", "language=kk", "diarize=false",
                "context_bias=Ada_Lovelace", "context_bias=x", "context_bias=y",
            ])
    }

    @Test(
        "Mistral is asked for the times that a format needs, and gets no language then, which it takes only without",
        arguments: [
            ("json", [], ["language"]), ("text", [], ["language"]),
            ("json", ["word"], ["timestamp_granularities=word"]),
            ("verbose_json", [], ["timestamp_granularities=segment"]),
            ("verbose_json", ["word"], ["timestamp_granularities=word"]),
            (
                "verbose_json", ["word", "segment"],
                ["timestamp_granularities=word", "timestamp_granularities=segment"]
            ),
            ("srt", ["word"], ["timestamp_granularities=segment"]), ("vtt", [], ["timestamp_granularities=segment"]),
        ] as [(String, [String], [String])])
    func asksMistralForTimes(_ format: String, _ granularities: [String], _ expected: [String]) throws {
        for name in ["timestamp_granularities[]", "timestamp_granularities[][]"] {
            let fields = granularities.map { (name, $0) }
            let parts = try #require(
                try asked(
                    "mistral/voxtral-mini", [("response_format", format), ("language", "kk")] + fields
                ).upstream().parts())
            let sent = parts.dropFirst().dropLast().map {
                $0.name == "language" ? "language" : "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))"
            }
            #expect(sent == expected)
        }
    }

    @Test("Mistral tells speakers by segments only, but where it streams", arguments: ["json", "verbose_json", "text"])
    func asksMistralForSpeakers(_ format: String) throws {
        let fields = [
            ("response_format", format), ("language", "kk"), ("timestamp_granularities[]", "word"), ("diarize", "true"),
        ]
        let parts = try #require(try asked("mistral/voxtral-mini", fields).upstream().parts())
        #expect(parts.map(\.name) == ["model", "diarize", "timestamp_granularities", "file"])
        #expect(parts[2].bytes == Array("segment".utf8))
        let streamed = try #require(
            try asked("mistral/voxtral-mini", [("diarize", "true"), ("language", "kk"), ("stream", "true")])
                .upstream().parts())
        #expect(streamed.map(\.name) == ["model", "diarize", "language", "stream", "file"])
    }

    @Test("lists have the names that OpenAI knows, and who asks stays here; an engine may know")
    func namesLists() throws {
        let fields = [
            ("timestamp_granularities[][]", "word"), ("include", "logprobs"), ("user", "u"), ("diarize", "false"),
            ("known_speaker_names[]", "A"),
        ]
        #expect(
            try asked("openai/gpt-4o-transcribe", fields).upstream().parts()?.map(\.name) == [
                "model", "timestamp_granularities[]", "include[]", "known_speaker_names[]", "file",
            ])
        #expect(
            try asked("mine/whisper", fields).upstream().parts()?.map(\.name) == [
                "model", "timestamp_granularities[]", "include", "user", "diarize", "known_speaker_names[]", "file",
            ])
        #expect(
            try asked("openai/gpt-transcribe", [("keyterms", "Ada"), ("keyterms", "Bob B")]).upstream().parts()?
                .map(\.name) == ["model", "keywords[]", "keywords[]", "file"])
        #expect(
            try asked("openai/gpt-4o-transcribe-diarize", [("diarize", "true")]).upstream().parts()?.map(\.name)
                == ["model", "file"])
        #expect(throws: APIError.self) { try asked("openai/whisper-1", [("timestamp_granularities[][]", "letter")]) }
    }

    @Test(
        "what a model of OpenAI's cannot do is refused, so that another one is asked",
        arguments: [
            ("openai/whisper-1", "keyterms[]", "Ada"), ("openai/gpt-4o-transcribe", "keyterms[][]", "Ada"),
            ("openai/gpt-4o-transcribe", "diarize", "true"), ("openai/gpt-transcribe", "diarize", "1"),
        ])
    func refusesHints(_ model: String, _ name: String, _ value: String) throws {
        let asked = try asked(model, [(name, value)])
        let failure = #expect(throws: UpstreamFailure.self) { try asked.upstream() }
        #expect(failure?.kind == .unsupported && failure?.parameter == String(FormField(name, "").plainName))
    }

    @Test("sound in JSON becomes a form, its numbers, lists and objects as forms have them")
    func encodesJSON() throws {
        let asked = try asked(
            json:
                #""temperature":0.20,"timestamp_granularities":["word","segment"],"response_format":"verbose_json","stream":false,"chunking_strategy":{"type":"server_vad"},"prompt":null,"language":"қаз","models":["a/b"]"#,
            model: "openai/whisper-1")
        for _ in 0..<2 {
            // A second endpoint gets the same.
            let parts = try #require(try asked.upstream().parts())
            #expect(
                parts.dropLast().map { "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))" } == [
                    "model=whisper-1", "temperature=0.20", "timestamp_granularities[]=word",
                    "timestamp_granularities[]=segment", "response_format=verbose_json", "stream=false",
                    #"chunking_strategy={"type":"server_vad"}"#, "language=қаз",
                ])
            #expect(
                parts.last == Fixture.Part("file", fileName: "audio.wav", contentType: "audio/wav", Self.sound))
        }
    }

    @Test("a boundary is one that nobody can foresee")
    func drawsBoundary() throws {
        let types = try (0..<100).map { _ in
            let body = Samples.transcription(of: Self.sound, model: "openai/whisper-1")
            return try OperationRequest(body, for: .transcription).upload?.contentType
        }
        #expect(Set(types).count == 100 && types.allSatisfy { $0?.utf8.count == 75 }, "\(types[0] ?? "none")")
    }

    @Test("a field behind a file that is on its way is refused where its vendor is not to have it, whenever it comes")
    func refusesLate() throws {
        let fields = [FormField("model", "mistral/voxtral-mini")]
        for comesFirst in [true, false] {
            let upload = FormUpload(
                fields: fields, boundary: "b", fileHead: [], rest: BytesContent(Self.sound), audio: UploadedAudio())
            if comesFirst {
                #expect(
                    upload.late.add(FormField("language", "en"))
                        && upload.late.add(FormField("response_format", "srt")))
            }
            let asked = try asked(OperationRequest(upload, for: .transcription))
            guard !comesFirst else {
                let failure = #expect(throws: UpstreamFailure.self) { try asked.upstream() }
                #expect(failure?.kind == .unsupported && failure?.parameter == "response_format")
                continue
            }
            _ = try asked.upstream()
            #expect(upload.late.add(FormField("language", "en")))
            #expect(upload.late.add(FormField("response_format", "text")) && upload.late.add(FormField("prompt", "u")))
            for (name, value) in [
                ("timestamp_granularities[]", "word"), ("response_format", "verbose_json"), ("session_id", "s"),
                ("user", "u"), ("timestamp_granularities", "word"), ("diarize", "true"), ("keyterms[]", "a"),
                ("trace[a]", "b"),
                ("provider.zdr", "true"),
            ] {
                #expect(!upload.late.add(FormField(name, value)), "\(name)")
            }
        }
    }

    @Test(
        "a format that a model does not have is refused, and those it has are said",
        arguments: [
            ("openai/whisper-1", "diarized_json", "vtt"), ("openai/gpt-4o-transcribe", "verbose_json", "json, text"),
            ("openai/gpt-4o-transcribe", "srt", "json, text"),
            ("openai/gpt-4o-transcribe-diarize", "vtt", "diarized_json"),
            ("mistral/voxtral-mini", "diarized_json", "json, text, srt, verbose_json, vtt"),
        ])
    func refuses(_ model: String, _ format: String, _ word: String) throws {
        let asked = try asked(model, [("response_format", format)])
        let failure = #expect(throws: UpstreamFailure.self) { try asked.upstream() }
        #expect(failure?.kind == .unsupported && failure?.parameter == "response_format")
        #expect(failure?.message.contains(word) == true && failure?.message.contains("`response_format`") == true)
        _ = try self.asked("mine/whisper", [("response_format", format)]).upstream()
    }

    // MARK: Forms

    @Test(
        "who asks for a stream gets one, but of OpenAI's Whisper, which knows none",
        arguments: [
            ("openai/whisper-1", "json", AnswerForm.json), ("openai/whisper-1", "vtt", .bytes),
            ("openai/gpt-4o-transcribe", "json", .events), ("openai/gpt-4o-transcribe", "text", .events),
            ("mistral/voxtral-mini", "text", .events), ("mine/whisper", "srt", .events),
        ])
    func forms(_ model: String, _ format: String, _ form: AnswerForm) throws {
        let asked = try asked(model, [("response_format", format), ("stream", "true")])
        _ = try asked.upstream()
        #expect(asked.form == form)
    }

    @Test("what OpenAI's Whisper answers whole goes out whole, though a stream was asked for")
    func answersWhole() throws {
        let asked = try asked("openai/whisper-1", [("stream", "true")])
        let (events, failure) = asked.events(
            of: #"{"text":"Hi","usage":{"type":"duration","seconds":3}}"#, type: "application/json")
        #expect(failure == nil)
        #expect(try whole(events) == #"{"text":"Hi","usage":{"type":"duration","seconds":3,"cost":0}}"#)
    }

    @Test(
        "an engine that answers whole where a stream was asked for is put into events",
        arguments: [
            (
                #"{"text":"Hi there","words":[1],"usage":{"type":"duration","seconds":3}}"#, "application/json",
                #","words":[1]"#
            ),
            ("Hi there", "text/plain; charset=utf-8", ""), (#""Hi there""#, "application/json", ""),
            ("Hi there", nil, ""),
        ] as [(String, String?, String)])
    func wraps(_ answer: String, _ type: String?, _ more: String) throws {
        let (events, failure) = try asked("mine/whisper", [("stream", "true")]).events(of: answer, type: type)
        #expect(failure == nil)
        let got = stream(events)
        #expect(
            got.hasPrefix(
                #"data: {"type":"transcript.text.delta","delta":"Hi there"}"# + "\n\n"
                    + #"data: {"type":"transcript.text.done","text":"Hi there"\#(more),"usage":{"type":"duration""#),
            "\(got)")
    }

    @Test(
        "text comes as text, whatever an engine calls it",
        arguments: [
            ("Hi\n", "text/plain", "Hi\n"), ("Hi", nil, "Hi"), ("", "text/plain", ""), ("<3", "text/plain", "<3"),
            (#"{"text":"Hi"}"#, "application/json", "Hi\n"), (#""Hi""#, "application/json", "Hi\n"),
            ("WEBVTT\n\n", "text/vtt; charset=utf-8", "WEBVTT\n\n"), ("{no JSON}", "text/plain", "{no JSON}"),
        ] as [(String, String?, String)])
    func texts(_ answer: String, _ type: String?, _ expected: String) throws {
        let (events, failure) = try asked("mine/whisper", [("response_format", "text")]).events(of: answer, type: type)
        #expect(failure == nil && text(events).text == expected)
        #expect(text(events).type == "text/plain; charset=utf-8", "an empty text is an answer too")
    }

    @Test(
        "what is no transcript is a failure, whatever its status",
        arguments: ["json", "text", "events"].flatMap { form in
            [
                (form, #"{"error":{"message":"broke"}}"#, "application/json"), (form, "{}", "application/json"),
                (form, "<html></html>", "text/html"), (form, "7", "application/json"), (form, "", "application/json"),
                (form, #"{"text":7}"#, "application/json"), (form, "ÿØÿà", "image/jpeg"),
            ]
        } + [
            ("text", "<!DOCTYPE html><html>", "text/plain"), ("text", "\u{FEFF}\n <html></html>", "text/plain"),
            ("text", "\r\n\r\n<!doctype html>", ""), ("events", "<?xml version=\"1.0\"?><Error/>", "text/plain"),
            ("srt", " <html>", "text/plain"), ("vtt", #"{"text":"Hi"}"#, "application/json"),
            ("srt", #""Hi""#, "application/json"),
            ("srt", #"{"text":"Hi","segments":[{"text":"Hi"}]}"#, "application/json"),
            ("srt", #"{"text":"Hi","segments":[{"text":"Hi","start":-1,"end":1e99}]}"#, "application/json"),
            ("events", "<HTML><body>", "text/plain"),
            ("json", "Hi", "text/plain"), ("json", "data: {}\n\n", "text/event-stream"),
            ("text", "data: {}\n\n", "text/event-stream"),
        ])
    func refusesAnswers(_ form: String, _ answer: String, _ type: String) throws {
        let field = form == "events" ? ("stream", "true") : ("response_format", form)
        for model in ["openai/gpt-4o-transcribe", "mine/whisper"] {
            let (events, failure) = try asked(model, [field]).events(of: answer, type: type)
            #expect(failure?.kind == .broken || failure?.kind == .failed, "\(model)")
            let commits = events.contains { $0.commits }
            #expect(!commits)
        }
    }

    // MARK: Subtitles and verbose answers

    @Test(
        "no text of subtitles has an arrow or begins a mark, whatever stands around them or on them",
        arguments: [
            ("a --> b", "a -> b"), ("a ---> b", "a -> b"), ("------>-->", "->->"), ("--\u{3E}\u{301}", "->\u{301}"),
            ("-\u{2D}>", "->"), ("->", "->"), ("- ->", "- ->"), ("--", "--"), ("-\u{301}->", "-\u{301}->"),
            ("<\u{301}b>", "<\u{301}b>"), ("&\u{301}amp", "&\u{301}amp"),
        ])
    func clearsSubtitles(_ said: String, _ shown: String) throws {
        let answer = #"{"text":"x","segments":[{"text":"\#(said)","start":0,"end":1}]}"#
        for format in ["srt", "vtt"] {
            let (events, failure) = try asked("mine/whisper", [("response_format", format)])
                .events(of: answer, type: "application/json")
            #expect(failure == nil)
            let scalars = text(events).text.unicodeScalars
            let marks = "-->".unicodeScalars
            let arrows = scalars.indices.filter { scalars[$0...].starts(with: marks) }
            #expect(arrows.count == 1, "\(format): \(said)")
            let lines = text(events).text.split(separator: "\n").map(String.init)
            let last = try #require(lines.last)
            #expect(Array(last.utf8) == Array((format == "srt" ? shown : Self.escaped(shown)).utf8))
        }
    }

    /// By bytes, as no accent hides one.
    private static func escaped(_ text: String) -> String {
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            default: [byte]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let segments =
        #"{"model":"m","text":"Hi & you\n\nthere","language":null,"segments":[{"type":"transcription_segment","text":" Hi & you\n\n there --> ","start":0.5,"end":3661.0426,"speaker_id":null,"score":0.5},{"text":" ","start":1,"end":2},{"text":"<b>","start":3662,"end":3600,"speaker_id":"speaker_1"}],"usage":{"prompt_audio_seconds":4,"prompt_tokens":6,"total_tokens":60,"completion_tokens":12}}"#

    @Test(
        "subtitles are made of segments, Mistral's and an engine's",
        arguments: ["mistral/voxtral-mini", "mine/whisper"])
    func makesSubtitles(_ model: String) throws {
        let subRip = try asked(model, [("response_format", "srt")]).events(of: Self.segments, type: "application/json")
        #expect(subRip.failure == nil && text(subRip.events).type == "text/plain; charset=utf-8")
        #expect(
            text(subRip.events).text == """
                1
                00:00:00,500 --> 01:01:01,043
                Hi & you
                there ->

                2
                01:01:02,000 --> 01:01:02,000
                <b>


                """)
        let webVTT = try asked(model, [("response_format", "vtt")]).events(of: Self.segments, type: "application/json")
        #expect(
            webVTT.failure == nil
                && text(webVTT.events).text == """
                    WEBVTT

                    00:00:00.500 --> 01:01:01.043
                    Hi &amp; you
                    there ->

                    01:01:02.000 --> 01:01:02.000
                    &lt;b>


                    """
        )
        for case .usage(let usage) in webVTT.events { #expect(usage.audioMilliseconds == 4000) }
    }

    @Test(
        "subtitles of silence are empty, and those that are a text in JSON are that text",
        arguments: [
            (#"{"text":" ","segments":[]}"#, "WEBVTT\n\n"), (#"{"text":""}"#, "WEBVTT\n\n"),
            (#"{"text":"WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n"}"#, "WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n"),
            (#""WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n""#, "WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n"),
        ])
    func makesEmptySubtitles(_ answer: String, _ expected: String) throws {
        let (events, failure) = try asked("mine/whisper", [("response_format", "vtt")]).events(
            of: answer, type: "application/json")
        #expect(failure == nil && text(events).text == expected)
    }

    @Test(
        "Mistral's answer is text where that was asked for, whatever type it says",
        arguments: ["application/json", nil])
    func makesText(_ type: String?) throws {
        let (events, failure) = try asked("mistral/voxtral-mini", [("response_format", "text")]).events(
            of: #"{"text":"Hi","segments":[],"usage":{"prompt_audio_seconds":4}}"#, type: type)
        #expect(failure == nil && text(events).text == "Hi\n" && text(events).type == "text/plain; charset=utf-8")
    }

    @Test(
        "Mistral's verbose answer has OpenAI's names",
        arguments: [
            (
                [],
                #"{"task":"transcribe","language":null,"duration":4,"text":"Hi & you\n\nthere","segments":[{"id":0,"text":" Hi & you\n\n there --> ","start":0.5,"end":3661.0426,"score":0.5},{"id":1,"text":" ","start":1,"end":2},{"id":2,"text":"<b>","start":3662,"end":3600,"speaker":1,"speaker_label":"speaker_1"}],"usage":{"type":"duration","seconds":4,"cost":0}}"#
            ),
            (
                ["word"],
                #"{"task":"transcribe","language":null,"duration":4,"text":"Hi & you\n\nthere","words":[{"word":" Hi & you\n\n there --> ","start":0.5,"end":3661.0426,"score":0.5},{"word":" ","start":1,"end":2},{"word":"<b>","start":3662,"end":3600,"speaker":1,"speaker_label":"speaker_1"}],"usage":{"type":"duration","seconds":4,"cost":0}}"#
            ),
        ] as [([String], String)])
    func makesVerbose(_ granularities: [String], _ expected: String) throws {
        let fields = granularities.map { ("timestamp_granularities[]", $0) }
        let asked = try asked("mistral/voxtral-mini", [("response_format", "verbose_json")] + fields)
        let (events, failure) = asked.events(of: Self.segments, type: "application/json")
        #expect(failure == nil)
        #expect(try whole(events) == expected)
    }

    @Test("a verbose answer that does not say how long the sound is says what was measured")
    func measures() throws {
        let (events, failure) = try asked("mistral/voxtral-mini", [("response_format", "verbose_json")]).events(
            of: #"{"text":"Hi"}"#, type: "application/json")
        #expect(failure == nil)
        #expect(try whole(events).contains(#""duration":0.010,"text":"Hi","segments":[]"#))
    }

    @Test("a text of more than 16 MB is not read to its end")
    func boundsText() throws {
        let megabyte = [UInt8](repeating: 0x41, count: 1 << 20)
        let asked = try asked("mine/whisper", [("response_format", "text")])
        let (_, failure) = asked.events(of: Array(repeating: megabyte, count: 17), type: "text/plain")
        #expect(failure?.kind == .broken && failure?.message.contains("bytes") == true)
        #expect(asked.events(of: Array(repeating: megabyte, count: 16), type: "text/plain").failure == nil)
    }

    @Test(
        "fields behind a file that went on as it came are known when the vendor answers",
        arguments: [
            ("response_format", "text", "Hi", "text/plain", AnswerForm.bytes),
            ("response_format", "verbose_json", #"{"text":"Hi"}"#, "application/json", .json),
            ("stream", "true", Self.delta + Self.done, "text/event-stream", .events),
            ("stream", "true", Self.done, "text/event-stream", .events),
        ])
    func readsLateFields(
        _ name: String, _ value: String, _ answer: String, _ type: String, _ form: AnswerForm
    ) async throws {
        let pipe = UploadPipe()
        let late = LateFields()
        let upload = FormUpload(
            fields: [FormField("model", "mine/whisper")], boundary: "b",
            fileHead: Array("Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".utf8),
            rest: LiveContent(pipe, byteCount: 100), audio: UploadedAudio(), late: late)
        let request = try OperationRequest(upload, for: .transcription)
        let endpoint = Endpoint(provider: Endpoints.engine, upstreamModel: "whisper-large-v3")
        let model = Model(
            id: "mine/whisper", name: "W", contextLength: 2000, outputModalities: ["transcription"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")], endpoints: [endpoint])
        let catalog = Catalog([model])
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all,
            transport: ScriptedTransport([[.head(200, headers: "content-type: \(type)\r\n"), .bytes(answer)]]),
            authorizer: NoAuthorizer(), ambient: .manual())
        #expect(late.add(FormField(name, value)))
        let begun = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
        #expect(begun.form == form)
        let record = try await begun.forward { _ in }
        #expect(record.outcome == .completed)
    }

    // MARK: Events

    private static let done = #"data: {"type":"transcript.text.done","text":""}"# + "\n\n"
    private static let delta = #"data: {"type":"transcript.text.delta","delta":"Hi"}"# + "\n\n"

    @Test(
        "a stream that breaks, fails or holds no transcript is a failure",
        arguments: [
            (delta, UpstreamFailure.Kind.broken), ("", .broken), ("data: {}\n\n", .broken),
            ("data: nonsense\n\n", .broken),
            (#"data: {"type":"transcript.text.done"}"# + "\n\n", .broken),
            (#"data: {"type":"transcript.text.delta"}"# + "\n\n", .broken),
            (delta + #"data: {"type":"error","error":{"message":"broke"}}"# + "\n\n", .failed),
            (delta + #"data: {"error":{"message":"busy","code":503}}"# + "\n\n", .overloaded),
        ])
    func refusesEvents(_ stream: String, _ kind: UpstreamFailure.Kind) throws {
        let asked = try asked("openai/gpt-4o-transcribe", [("stream", "true")])
        #expect(asked.events(of: stream, type: "text/event-stream").failure?.kind == kind)
    }

    @Test("silence is transcribed too: an end with an empty text")
    func hearsNothing() throws {
        let asked = try asked("openai/gpt-4o-transcribe", [("stream", "true")])
        let (events, failure) = asked.events(
            of: #"data: {"type":"transcript.text.done","text":""}"# + "\n\n", type: "text/event-stream")
        #expect(failure == nil && stream(events).hasPrefix(#"data: {"type":"transcript.text.done","text":"","#))
    }

    @Test("segments of speakers and log probabilities go on, and so does nothing behind the end")
    func passesSegments() throws {
        let segment = #"{"type":"transcript.text.segment","id":"s1","start":0.0,"end":1.20,"text":"Hi","speaker":"A"}"#
        let delta = #"{"type":"transcript.text.delta","delta":"Hi","logprobs":[{"token":"Hi","logprob":-0.10}]}"#
        let asked = try asked("openai/gpt-4o-transcribe-diarize", [("stream", "true")])
        let (events, failure) = asked.events(
            of: "data: \(segment)\n\ndata: \(delta)\n\n" + #"data: {"type":"transcript.text.done","text":"Hi"}"#
                + "\n\n"
                + Self.delta + "data: [DONE]\n\n", type: "text/event-stream")
        #expect(
            failure == nil
                && stream(events).hasPrefix(
                    "data: \(segment)\n\ndata: \(delta)\n\ndata: {\"type\":\"transcript.text.done\"")
        )
        #expect(FixtureStream(Array(stream(events).utf8)).chunks.count == 3)
    }

    @Test("Mistral's events become OpenAI's, and its seconds are what is charged")
    func translatesMistral() throws {
        let asked = try asked("mistral/voxtral-mini", [("stream", "true")])
        let text = """
            event: transcription.language
            data: {"type":"transcription.language","audio_language":"en"}

            event: transcription.text.delta
            data: {"type":"transcription.text.delta","text":"Hi"}

            event: transcription.segment
            data: {"type":"transcription.segment","text":"Hi","start":0.1,"end":0.5,"speaker_id":"speaker_1"}

            event: transcription.done
            data: {"type":"transcription.done","model":"voxtral-mini-2602","text":"Hi","language":"en","segments":[],"usage":{"prompt_audio_seconds":4,"prompt_tokens":6,"total_tokens":60,"completion_tokens":12}}


            """
        for (name, pieces) in ByteCuts.all(of: Array(text.utf8), random: 5, seed: 3) {
            let (events, failure) = asked.events(of: pieces, type: "text/event-stream; charset=utf-8")
            #expect(failure == nil, "\(name)")
            #expect(
                stream(events) == """
                    data: {"type":"transcript.text.delta","delta":"Hi"}

                    data: {"type":"transcript.text.segment","text":"Hi","start":0.1,"end":0.5,"speaker_id":"speaker_1"}

                    data: {"type":"transcript.text.done","text":"Hi","language":"en","segments":[],"usage":{"type":"duration","seconds":4,"cost":0}}


                    """)
        }
    }

    @Test("vLLM's chunks become events, and so does an end that only says that it is one")
    func translatesChunks() throws {
        let asked = try asked("mine/whisper", [("stream", "true")])
        func chunk(_ text: String) -> String {
            #"data: {"object":"transcription.chunk","choices":[{"delta":{"content":"\#(text)"},"finish_reason":null}]}"#
                + "\n\n"
        }
        let (events, failure) = asked.events(
            of: chunk("Hi") + chunk(" there") + "data: [DONE]\n\n", type: "text/event-stream")
        #expect(failure == nil)
        let chunks = FixtureStream(Array(stream(events).utf8)).chunks
        #expect(chunks.map { $0["delta"]?.string ?? $0["text"]?.string } == ["Hi", " there", "Hi there"])
    }

    // MARK: Usage

    @Test(
        "what vendors count is read, and what cannot be meant is not",
        arguments: [
            (
                #"{"text":"a","usage":{"type":"tokens","input_tokens":16,"input_token_details":{"text_tokens":2,"audio_tokens":14},"output_tokens":5}}"#,
                [16, 14, 5, 0]
            ),
            (#"{"text":"a","usage":{"input_tokens":16,"output_tokens":5}}"#, [16, 16, 5, 0]),
            (#"{"text":"a","usage":{"prompt_tokens":16,"completion_tokens":5}}"#, [16, 16, 5, 0]),
            (#"{"text":"a","usage":{"type":"duration","seconds":2.9504}}"#, [0, 0, 0, 2950]),
            (
                #"{"text":"a","usage":{"prompt_audio_seconds":4,"prompt_tokens":9,"completion_tokens":5}}"#,
                [0, 0, 0, 4000]
            ),
            (#"{"text":"a","duration":2.5}"#, [0, 0, 0, 2500]), (#"{"text":"a","duration":"2.5"}"#, [0, 0, 0, 2500]),
            (#"{"text":"a","duration":-1}"#, nil), (#"{"text":"a","duration":1e300}"#, nil),
            (#"{"text":"a","duration":"nan"}"#, nil), (#"{"text":"a","usage":{"seconds":"inf"}}"#, nil),
            (#"{"text":"a","usage":null}"#, nil), (#"{"text":"a"}"#, nil), (#"{"text":"a","usage":[]}"#, nil),
        ] as [(String, [Int]?)])
    func reads(_ answer: String, _ expected: [Int]?) throws {
        let (events, failure) = try asked("mine/whisper").events(of: answer, type: "application/json")
        #expect(failure == nil)
        var usage: Usage?
        for case .usage(let said) in events { usage = said }
        #expect(usage.map { [$0.prompt, $0.promptAudio, $0.completion, $0.audioMilliseconds] } == expected)
    }
}
