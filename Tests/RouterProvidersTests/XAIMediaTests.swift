import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

@Suite("Images, speech and transcripts at xAI") struct XAIMediaTests {
    private static let newer = Endpoint(provider: Endpoints.xAI, upstreamModel: "grok-imagine-image-2.0")
    private static let older = Endpoint(provider: Endpoints.xAI, upstreamModel: "grok-imagine-image")
    private static let voice = Endpoint(provider: Endpoints.xAI, upstreamModel: "grok-voice-tts-1.0")
    private static let hearing = Endpoint(provider: Endpoints.xAI, upstreamModel: "grok-voice-transcribe-2.0")

    private func translator(_ operation: RouterCore.Operation) throws -> any OperationTranslator {
        try #require(Vendors.all[.xAI]?.operations[operation])
    }

    private func read(
        _ answer: [UInt8], to request: OperationRequest, at endpoint: Endpoint, type: String = "application/json"
    ) throws -> (events: [ChatEvent], failure: UpstreamFailure?) {
        let head = UpstreamHead(status: 200, lines: Array("Content-Type: \(type)\r\n".utf8))
        var decoder = try translator(request.operation).makeDecoder(for: request, from: endpoint, head: head)
        var events: [ChatEvent] = []
        do throws(UpstreamFailure) {
            for byte in answer { try decoder.decode([byte], into: &events) }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    private func completion(_ events: [ChatEvent]) -> String {
        guard case .completion(let piece)? = events.last else { return "\(events)" }
        return "{\(String(decoding: piece.members, as: UTF8.self))}"
    }

    private func usage(_ events: [ChatEvent]) -> Usage? {
        events.reduce(nil) { last, event in if case .usage(let usage) = event { usage } else { last } }
    }

    private func bytes(_ events: [ChatEvent]) -> (type: String?, text: String) {
        var (type, bytes): (String?, [UInt8]) = (nil, [])
        for case .bytes(let piece) in events {
            type = piece.type
            bytes += piece.bytes
        }
        return (type, String(decoding: bytes, as: UTF8.self))
    }

    // MARK: Images

    private func image(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"xai/image","prompt":"p"\#(members)}"#.utf8), for: .images)
    }

    private func imageBody(_ members: String, _ endpoint: Endpoint = newer) throws -> String {
        String(decoding: try translator(.images).encode(image(members), for: endpoint).body, as: UTF8.self)
    }

    @Test(
        "a size becomes a ratio and a resolution, and both and the quality are always said",
        arguments: [
            ("", #""resolution":"1k","quality":"low""#),
            (#","size":"auto","quality":"auto""#, #""resolution":"1k","quality":"low""#),
            (#","size":"1024x1024","quality":"medium""#, #""aspect_ratio":"1:1","resolution":"1k","quality":"medium""#),
            (
                #","size":"1536x1024","quality":"standard""#,
                #""aspect_ratio":"3:2","resolution":"1k","quality":"medium""#
            ),
            (#","size":"1792x1024""#, #""aspect_ratio":"16:9","resolution":"1k","quality":"low""#),
            (#","size":"1024x1792""#, #""aspect_ratio":"9:16","resolution":"1k","quality":"low""#),
            (#","size":"2048x2048""#, #""aspect_ratio":"1:1","resolution":"2k","quality":"low""#),
            (#","size":"2K""#, #""resolution":"2k","quality":"low""#),
            (
                #","aspect_ratio":"9:19.5","resolution":"2K""#,
                #""aspect_ratio":"9:19.5","resolution":"2k","quality":"low""#
            ),
            (#","aspect_ratio":"21:9""#, #""aspect_ratio":"21:9","resolution":"1k","quality":"low""#),
        ])
    func encodesImages(_ members: String, _ sent: String) throws {
        #expect(
            try imageBody(members)
                == #"{"model":"grok-imagine-image-2.0","prompt":"p","n":1,"response_format":"b64_json",\#(sent)}"#)
    }

    @Test("the first generation has one quality, and is told none")
    func encodesOlderImages() throws {
        #expect(
            try imageBody(#","n":10,"quality":"high","response_format":"url""#, Self.older)
                == #"{"model":"grok-imagine-image","prompt":"p","n":10,"response_format":"b64_json","resolution":"1k"}"#
        )
    }

    @Test(
        "what it does not have is refused, and what it has is said",
        arguments: [
            (#","size":"512x512""#, "size", "1K or 2K"), (#","size":"1024x1000""#, "", ""),
            (#","size":"1400x900""#, "size", "19.5:9"), (#","size":"4K""#, "size", "1K, 2K"),
            (#","resolution":"4K""#, "resolution", "1K, 2K"), (#","aspect_ratio":"7:5""#, "aspect_ratio", "20:9"),
            (#","quality":"high""#, "quality", "low, medium"), (#","quality":"hd""#, "quality", "low, medium"),
            (#","stream":true"#, "stream", "whole"), (#","input_references":[{}]"#, "input_references", "left out"),
        ])
    func refusesImages(_ members: String, _ parameter: String, _ word: String) throws {
        guard !parameter.isEmpty else {
            // Nearly a square is one.
            #expect(try imageBody(members).contains(#""aspect_ratio":"1:1""#))
            return
        }
        let failure = #expect(throws: UpstreamFailure.self) { try imageBody(members) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true, "\(failure?.message ?? "")")
    }

    @Test("a ratio of the second generation is none of the first")
    func refusesNewerRatios() throws {
        let failure = #expect(throws: UpstreamFailure.self) { try imageBody(#","aspect_ratio":"5:2""#, Self.older) }
        #expect(failure?.parameter == "aspect_ratio" && failure?.message.contains("5:2") == false)
    }

    @Test("it is held for and charged by what it was asked for")
    func sizesImages() throws {
        let request = try image(#","n":2,"size":"2048x2048","quality":"medium""#)
        let size = try translator(.images).size(request.size, of: request, at: Self.newer)
        for usage in [size.atMost, size.atLeast] {
            #expect(usage.images == 2 && usage.imageSize == "2K" && usage.imageQuality == "medium")
        }
        let answer =
            #"{"data":[{"b64_json":"\#(Self.pixel)","mime_type":"image/png"}],"usage":{"cost_in_usd_ticks":1}}"#
        let (events, failure) = try read(Array(answer.utf8), to: request, at: Self.newer)
        #expect(failure == nil && usage(events)?.images == 1)
        #expect(usage(events)?.imageSize == "2K" && usage(events)?.imageQuality == "medium")
    }

    private static let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="

    @Test(
        "an image comes in Base64, bare or as an address that holds it",
        arguments: ["", "data:image/png;base64,", "data:image/jpeg;base64,"])
    func readsImages(_ start: String) throws {
        let image = #"{"url":null,"b64_json":"\#(start)\#(Self.pixel)","mime_type":"image/jpeg","revised_prompt":""}"#
        let (events, failure) = try read(
            Array(#"{"data":[\#(image),\#(image)],"block_reason":null}"#.utf8), to: self.image(#","n":2"#),
            at: Self.newer)
        #expect(failure == nil)
        let shown = #"{"b64_json":"\#(Self.pixel)","media_type":"image/png"}"#
        #expect(completion(events) == #"{"data":[\#(shown),\#(shown)],"output_format":"png"}"#)
    }

    @Test(
        "moderation is the client's to mend, and what is no image is a failure",
        arguments: [
            (#"{"data":[],"block_reason":"input"}"#, UpstreamFailure.Kind.refused),
            (#"{"data":[{"b64_json":"","respect_moderation":false}]}"#, .refused), (#"{"data":[]}"#, .broken),
            (#"{"data":[{"b64_json":null}],"block_reason":"output"}"#, .refused),
            (#"{"data":[{"b64_json":""}],"block_reason":"output"}"#, .refused),
            (#"{"data":[{"b64_json":"data:image/png;base64,"}],"block_reason":"output"}"#, .refused),
            (#"{"data":[{"b64_json":null}]}"#, .broken), (#"{"data":[{"b64_json":""}],"block_reason":null}"#, .broken),
            (#"{"data":[{"url":"https://imgen.x.ai/a.jpeg"}]}"#, .broken), ("[]", .broken), ("<html>", .broken),
            (#"{"data":[{"b64_json":"data:text/html;base64,PGh0bWw+"}]}"#, .broken),
            (#"{"data":[{"b64_json":"?"}]}"#, .broken),
            (#"{"code":"internal","error":"It broke."}"#, .failed), (#"{"error":{"message":"It broke."}}"#, .failed),
        ])
    func failsImages(_ answer: String, _ kind: UpstreamFailure.Kind) throws {
        let (events, failure) = try read(Array(answer.utf8), to: image(""), at: Self.newer)
        let commits = events.contains { $0.commits }
        #expect(failure?.kind == kind && !commits, "\(String(describing: failure))")
    }

    @Test("an image without bytes takes none of the others with it, and is not charged")
    func skipsEmptyImages() throws {
        let image = #"{"b64_json":"\#(Self.pixel)"}"#
        for empty in [
            #"{"b64_json":""}"#, #"{"b64_json":null}"#, "{}", #"{"b64_json":"data:image/png;base64,"}"#,
            #"{"b64_json":"","respect_moderation":false}"#,
        ] {
            let (events, failure) = try read(
                Array(#"{"data":[\#(empty),\#(image)],"block_reason":"x"}"#.utf8), to: self.image(#","n":2"#),
                at: Self.newer)
            #expect(failure == nil && usage(events)?.images == 1, "\(empty)")
            #expect(
                completion(events)
                    == #"{"data":[{"b64_json":"\#(Self.pixel)","media_type":"image/png"}],"output_format":"png"}"#)
        }
    }

    // MARK: Speech

    private func speech(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"xai/tts","input":"Hi"\#(members)}"#.utf8), for: .speech)
    }

    private func speechBody(_ members: String) throws -> String {
        String(decoding: try translator(.speech).encode(speech(members), for: Self.voice).body, as: UTF8.self)
    }

    @Test(
        "the vendor gets its own names, a language and a format",
        arguments: [
            ("", #""language":"auto","output_format":{"codec":"mp3","sample_rate":24000}"#),
            (
                #","voice":"Eve","language":"pt-BR","speed":1.25,"response_format":"pcm","instructions":"","user":"u""#,
                #""voice_id":"eve","language":"pt-BR","output_format":{"codec":"pcm","sample_rate":24000},"speed":1.25"#
            ),
            (
                #","voice":{"id":"My1"},"response_format":"wav""#,
                #""voice_id":"My1","language":"auto","output_format":{"codec":"wav","sample_rate":24000}"#
            ),
        ])
    func encodesSpeech(_ members: String, _ sent: String) throws {
        #expect(try speechBody(members) == #"{"text":"Hi",\#(sent)}"#)
        #expect(try translator(.speech).encode(speech(members), for: Self.voice).path == "/tts")
    }

    @Test(
        "speech that it cannot make is refused by name",
        arguments: [
            (#","voice":"alloy""#, "voice", "zenith"),
            (#","response_format":"opus""#, "response_format", "mp3, wav, pcm"),
            (#","speed":0.5"#, "speed", "0.7"), (#","instructions":"calm""#, "instructions", "left out"),
            (#","language":7"#, "language", "pt-BR"), (#","input_references":[{}]"#, "input_references", "left out"),
        ])
    func refusesSpeech(_ members: String, _ parameter: String, _ word: String) throws {
        let failure = #expect(throws: UpstreamFailure.self) { try speechBody(members) }
        #expect(failure?.kind == .unsupported && failure?.parameter == parameter)
        #expect(failure?.message.contains(word) == true)
    }

    @Test("it speaks 15,000 characters and not one more")
    func boundsSpeech() throws {
        for (count, isTaken) in [(15_000, true), (15_001, false)] {
            let text = String(repeating: "ö", count: count)
            let request = try OperationRequest(Array(#"{"model":"xai/tts","input":"\#(text)"}"#.utf8), for: .speech)
            let result = Result { try translator(.speech).encode(request, for: Self.voice) }
            #expect(((try? result.get()) != nil) == isTaken)
        }
    }

    @Test("bytes go out as they come, or in events")
    func readsSpeech() throws {
        let pcm = try read([0x3C, 0x7B], to: speech(#","response_format":"pcm""#), at: Self.voice, type: "audio/pcm")
        #expect(pcm.failure == nil && bytes(pcm.events).type == "audio/pcm;rate=24000;channels=1")
        #expect(bytes(pcm.events).text == "<{")
        let events = try read(
            Array("ID3".utf8), to: speech(#","stream_format":"sse""#), at: Self.voice, type: "audio/mpeg")
        #expect(events.failure == nil && events.events.count == 4)
        let error = try read(Array(#"{"code":"x","error":"No."}"#.utf8), to: speech(""), at: Self.voice)
        #expect(error.failure?.message == "No." && error.events.isEmpty)
    }

    // MARK: Transcripts

    private static let sound = Samples.wav(milliseconds: 10)

    private func form(_ fields: [(String, String)]) throws -> OperationRequest {
        let parts = ([("model", "xai/stt")] + fields).map { Fixture.Part($0.0, Array($0.1.utf8)) }
        let file = Fixture.Part("file", fileName: "a.wav", contentType: "audio/wav", Self.sound)
        return try OperationRequest(FormUpload(parts + [file]), for: .transcription)
    }

    @Test("the vendor gets the fields that it knows, and the file last")
    func encodesForms() throws {
        let request = try form([
            ("language", "kk"), ("prompt", "p"), ("temperature", "0"), ("keyterms[]", "a"), ("keyterms[]", "b"),
            ("response_format", "verbose_json"), ("timestamp_granularities[]", "word"), ("diarize", "true"),
            ("user", "u"), ("stream", "false"), ("provider", "{}"),
        ])
        let upstream = try translator(.transcription).encode(request, for: Self.hearing)
        let parts = try #require(try upstream.parts())
        #expect(upstream.path == "/stt" && parts.last?.fileName == "a.wav")
        #expect(parts.map(\.name) == ["model", "language", "keyterm", "keyterm", "diarize", "file"])
        #expect(parts.first?.bytes == Array("grok-voice-transcribe-2.0".utf8))
    }

    @Test(
        "what it does not have is refused by name",
        arguments: [
            ("response_format", "diarized_json", "verbose_json"), ("timestamp_granularities[]", "segment", "word"),
        ])
    func refusesForms(_ name: String, _ value: String, _ word: String) throws {
        let request = try form([(name, value)])
        let failure = #expect(throws: UpstreamFailure.self) {
            try translator(.transcription).encode(request, for: Self.hearing)
        }
        #expect(failure?.kind == .unsupported && failure?.message.contains(word) == true)
        #expect(failure.map { name.hasPrefix($0.parameter ?? "?") } == true)
    }

    @Test(
        "speakers are asked for only where they are said",
        arguments: [
            ([("diarize", "true")], false), ([("diarize", "true"), ("response_format", "text")], false),
            ([("diarize", "1"), ("response_format", "json")], false),
            ([("diarize", "true"), ("response_format", "verbose_json"), ("stream", "true")], false),
            ([("diarize", "true"), ("response_format", "verbose_json")], true),
            ([("diarize", "true"), ("response_format", "srt")], true),
            ([("diarize", "true"), ("response_format", "vtt")], true), ([("diarize", "false")], true),
            ([("diarize", "false"), ("stream", "true")], true),
        ] as [([(String, String)], Bool)])
    func refusesUnheardSpeakers(_ fields: [(String, String)], _ isTaken: Bool) throws {
        let request = try form(fields)
        guard !isTaken else {
            _ = try translator(.transcription).encode(request, for: Self.hearing)
            return
        }
        let failure = #expect(throws: UpstreamFailure.self) {
            try translator(.transcription).encode(request, for: Self.hearing)
        }
        #expect(failure?.kind == .unsupported && failure?.parameter == "diarize")
        #expect(failure?.message.contains("verbose_json") == true)
    }

    @Test("a field that is kept on the disk cannot stand before the file: it is refused where the vendor would get it")
    func refusesKeptFields() throws {
        for (name, isTaken) in [("keyterms[]", false), ("language", false), ("prompt", true)] {
            var field = FormField(name, "")
            field.kept = 0..<40_000
            let upload = FormUpload(
                fields: [FormField("model", "xai/stt"), field], boundary: "b", fileHead: [],
                rest: BytesContent(Self.sound), audio: UploadedAudio())
            let request = try OperationRequest(upload, for: .transcription)
            guard !isTaken else {
                _ = try translator(.transcription).encode(request, for: Self.hearing)
                continue
            }
            let failure = #expect(throws: UpstreamFailure.self) {
                try translator(.transcription).encode(request, for: Self.hearing)
            }
            #expect(failure?.kind == .unsupported && failure.map { name.hasPrefix($0.parameter ?? "?") } == true)
        }
    }

    @Test("no field may stand behind a file on its way: the vendor wants that last")
    func refusesLateFields() throws {
        for comesFirst in [true, false] {
            let upload = FormUpload(
                fields: [FormField("model", "xai/stt")], boundary: "b", fileHead: [], rest: BytesContent(Self.sound),
                audio: UploadedAudio())
            if comesFirst { #expect(upload.late.add(FormField("language", "en"))) }
            let request = try OperationRequest(upload, for: .transcription)
            guard !comesFirst else {
                let failure = #expect(throws: UpstreamFailure.self) {
                    try translator(.transcription).encode(request, for: Self.hearing)
                }
                #expect(failure?.kind == .unsupported && failure?.parameter == "language")
                continue
            }
            _ = try translator(.transcription).encode(request, for: Self.hearing)
            for name in ["language", "response_format", "x"] { #expect(!upload.late.add(FormField(name, "json"))) }
        }
    }

    private static let answer =
        #"{"text":"It was. Now it","language":"","duration":2.04,"words":[{"text":"It","start":0.162,"end":0.667,"speaker":0},{"text":"was.","start":0.788,"end":0.909,"speaker":0},{"text":"Now","start":0.95,"end":1,"speaker":0},{"text":"it","start":1.5,"end":2,"speaker":1}]}"#

    @Test("its words become OpenAI's, and its seconds are charged")
    func readsVerbose() throws {
        let (events, failure) = try read(
            Array(Self.answer.utf8), to: form([("response_format", "verbose_json")]), at: Self.hearing)
        #expect(failure == nil && usage(events)?.audioMilliseconds == 2040)
        #expect(
            completion(events)
                == #"{"task":"transcribe","language":"","duration":2.04,"text":"It was. Now it","words":[{"word":"It","start":0.162,"end":0.667,"speaker":0},{"word":"was.","start":0.788,"end":0.909,"speaker":0},{"word":"Now","start":0.95,"end":1,"speaker":0},{"word":"it","start":1.5,"end":2,"speaker":1}]}"#
        )
    }

    @Test(
        "text and subtitles are made of it",
        arguments: [
            ("text", "It was. Now it\n"),
            (
                "srt",
                """
                1
                00:00:00,162 --> 00:00:00,909
                It was.

                2
                00:00:00,950 --> 00:00:01,000
                Now

                3
                00:00:01,500 --> 00:00:02,000
                it


                """
            ),
            (
                "vtt",
                """
                WEBVTT

                00:00:00.162 --> 00:00:00.909
                It was.

                00:00:00.950 --> 00:00:01.000
                Now

                00:00:01.500 --> 00:00:02.000
                it


                """
            ),
        ])
    func readsText(_ format: String, _ wanted: String) throws {
        let (events, failure) = try read(
            Array(Self.answer.utf8), to: form([("response_format", format)]), at: Self.hearing)
        #expect(failure == nil && bytes(events).text == wanted)
        #expect(bytes(events).type == "text/plain; charset=utf-8")
    }

    @Test("JSON has the text, and events are made of the whole where they were asked for")
    func readsWhole() throws {
        let json = try read(Array(Self.answer.utf8), to: form([]), at: Self.hearing)
        #expect(json.failure == nil && completion(json.events) == #"{"text":"It was. Now it"}"#)
        let events = try read(Array(Self.answer.utf8), to: form([("stream", "true")]), at: Self.hearing)
        #expect(events.failure == nil)
        #expect(completion(events.events) == #"{"type":"transcript.text.done","text":"It was. Now it"}"#)
        let silence = try read(
            Array(#"{"text":"","duration":1}"#.utf8), to: form([("response_format", "vtt")]), at: Self.hearing)
        #expect(silence.failure == nil && bytes(silence.events).text == "WEBVTT\n\n")
    }

    @Test(
        "what is no transcript is a failure",
        arguments: [
            ("{}", UpstreamFailure.Kind.broken), ("<html>", .broken), (#"{"text":"a"}"#, .broken),
            (#"{"code":"x","error":"No."}"#, .failed),
            // Subtitles would lack a word.
            (#"{"text":"a b","words":[{"text":"a","start":0,"end":1},{"text":"b","start":null,"end":2}]}"#, .broken),
            (#"{"text":"a b","words":[{"text":"a","start":0},{"text":"b","start":1,"end":2}]}"#, .broken),
        ])
    func failsTranscripts(_ answer: String, _ kind: UpstreamFailure.Kind) throws {
        let (events, failure) = try read(
            Array(answer.utf8), to: form([("response_format", "srt")]), at: Self.hearing)
        #expect(failure?.kind == kind && events.isEmpty)
    }

    @Test("a line of subtitles ends with a breath, and before it is too long")
    func cutsLines() throws {
        let words = (0..<40).map { #"{"text":"letters","start":\#(Double($0) / 10),"end":\#(Double($0) / 10 + 0.05)}"# }
        let late = #"{"text":"late","start":6,"end":6.5}"#
        let answer = #"{"text":"x","words":[\#((words + [late]).joined(separator: ","))]}"#
        let (events, _) = try read(Array(answer.utf8), to: form([("response_format", "vtt")]), at: Self.hearing)
        let lines = bytes(events).text.split(separator: "\n").filter { $0.hasPrefix("l") }
        #expect(lines.allSatisfy { $0.count <= 84 } && lines.last == "late" && lines.count == 5, "\(lines)")
    }

    // MARK: Errors

    @Test(
        "both shapes of its errors are read",
        arguments: [
            (400, #"{"code":"Client specified an invalid argument","error":"Bad."}"#, UpstreamFailure.Kind.refused),
            (400, #"{"error":{"message":"Bad.","type":"invalid_request_error","param":null,"code":null}}"#, .refused),
            (400, #"{"code":"x","error":"Incorrect API key provided: xa***."}"#, .unauthorized),
            (429, #"{"code":"x","error":"Slow down."}"#, .rateLimited),
        ])
    func readsErrors(_ status: Int, _ body: String, _ kind: UpstreamFailure.Kind) throws {
        for operation in [RouterCore.Operation.images, .speech, .transcription] {
            let failure = try translator(operation).failure(
                head: UpstreamHead(status: status), body: Array(body.utf8))
            #expect(failure.kind == kind && !failure.message.isEmpty)
        }
    }
}
