import TestSupport
import Testing

@testable import RouterCore

@Suite("A request for a transcript") struct TranscriptionCheckTests {
    private func request(_ members: String, milliseconds: Int = 100) throws -> OperationRequest {
        try OperationRequest(
            Samples.transcription(of: Samples.wav(milliseconds: milliseconds), model: "a/b", members),
            for: .transcription)
    }

    @Test(
        "names the member that is wrong",
        arguments: [
            (#""response_format":"xml""#, "response_format"), (#""response_format":7"#, "response_format"),
            (#""language":7"#, "language"), (#""prompt":["a"]"#, "prompt"), (#""temperature":1.1"#, "temperature"),
            (#""temperature":"hot""#, "temperature"), (#""temperature":"nan""#, "temperature"),
            (#""temperature":true"#, "temperature"), (#""temperature":-0.1"#, "temperature"),
            (#""timestamp_granularities":["word","letter"]"#, "timestamp_granularities[1]"),
            (#""timestamp_granularities":"letter""#, "timestamp_granularities"), (#""include":[7]"#, "include[0]"),
            (#""stream":"maybe""#, "stream"), (#""stream":7"#, "stream"),
            (#""chunking_strategy":"none""#, "chunking_strategy"), (#""chunking_strategy":7"#, "chunking_strategy"),
        ])
    func refuses(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: APIError.self) { try request(members) }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter)
        #expect(error?.message.contains("`\(parameter)`") == true)
    }

    @Test("of 32,000 characters of prompt is taken, and not of one more")
    func bounds() throws {
        _ = try request(#""prompt":"\#(String(repeating: "ö", count: 32_000))""#)
        let error = #expect(throws: APIError.self) {
            try request(#""prompt":"\#(String(repeating: "ö", count: 32_001))""#)
        }
        #expect(error?.parameter == "prompt")
    }

    @Test(
        "whose sound is missing, named, no Base64 or no sound is told so",
        arguments: [
            (#""language":"en""#, "input_audio"), (#""input_audio":"UklGRg==""#, "input_audio"),
            (#""input_audio":{}"#, "input_audio.data"), (#""input_audio":{"data":7}"#, "input_audio.data"),
            (#""input_audio":{"url":"https://example.com/a.wav","format":"wav"}"#, "input_audio.url"),
            (#""input_audio":{"data":""}"#, "input_audio.data"),
            (#""input_audio":{"data":"data:audio/wav;base64,AAAA"}"#, "input_audio.data"),
            (#""input_audio":{"data":"AAA*"}"#, "input_audio.data"),
            (#""input_audio":{"data":"PCFET0NUWVBFIGh0bWw+PGh0bWw+"}"#, "input_audio.data"),
            (#""input_audio":{"data":"AAAA","format":"../x"}"#, "input_audio.format"),
            (#""input_audio":{"data":"AAAA","format":7}"#, "input_audio.format"),
        ])
    func refusesSound(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: APIError.self) {
            try OperationRequest(Array(#"{"model":"a/b",\#(members)}"#.utf8), for: .transcription)
        }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter)
        #expect(error?.message.contains("`\(parameter)`") == true)
    }

    @Test("a format may be named in capitals")
    func takesCapitals() throws {
        let body = #"{"model":"a/b","input_audio":{"data":"UklGRg==","format":"WAV"}}"#
        let upload = try OperationRequest(Array(body.utf8), for: .transcription).upload
        let form = try #require(try upload?.form(with: []))
        #expect(
            String(decoding: form.body, as: UTF8.self).contains("filename=\"audio.wav\"\r\nContent-Type: audio/wav"))
    }

    @Test("of 25 MB is taken, and of a byte more is too large")
    func boundsSound() throws {
        #expect(InputAudio.bytesMax == 25 << 20)
        // Every byte of it fits into what is read of a request.
        #expect(Operation.transcription.limits.bytesMax > InputAudio.bytesMax / 3 * 4 + 1_000_000)
        for (count, isTaken) in [(1000, true), (1001, false), (1002, false), (1500, false)] {
            let body = Samples.transcription(of: [UInt8](repeating: 0, count: count), model: "a/b")
            let root = try JSONDocument(body).root
            let result = Result { try InputAudio.upload(of: root, bytesMax: 1000) }
            switch result {
            case .success(let upload): #expect(isTaken && upload.fileByteCount == count)
            case .failure(let error):
                #expect(!isTaken && (error as? APIError)?.kind == .payloadTooLarge, "\(count)")
                #expect((error as? APIError)?.parameter == "input_audio.data")
            }
        }
    }

    @Test("is answered with JSON, with text, or with events, as it asks; a form writes truth as text")
    func forms() throws {
        for (members, form) in [
            ("", AnswerForm.json), (#""response_format":"verbose_json","stream":false"#, .json),
            (#""response_format":"diarized_json","stream":"False""#, .json), (#""response_format":"text""#, .bytes),
            (#""response_format":"srt","stream":null"#, .bytes), (#""response_format":"vtt","stream":"0""#, .bytes),
            (#""stream":true"#, .events), (#""stream":"true","response_format":"text""#, .events),
            (#""stream":"1","temperature":"0.2","timestamp_granularities":"word""#, .events),
            (#""chunking_strategy":{"type":"server_vad"},"include":["logprobs"],"temperature":1"#, .json),
            (#""chunking_strategy":"{\"type\":\"server_vad\"}","include":"logprobs""#, .json),
            (#""chunking_strategy":"auto","known_speaker_names":["A"]"#, .json),
        ] {
            let request = try request(members)
            #expect(request.form == form && request.stream == (form == .events), "\(members)")
        }
    }

    @Test("is held for by the length of its sound")
    func sizes() throws {
        let size = try request(#""prompt":"names: Ada""#, milliseconds: 4000).size
        #expect(size.atMost.audioMilliseconds == 15_000 && size.atMost.promptAudio == 151)
        #expect(size.atMost.prompt > 151 && size.atMost.completion == 400 && size.atLeast.prompt == 3)
    }

    @Test("is held for in whole seconds, with the prompt that stands behind its file")
    func sizesLatePrompts() throws {
        #expect(try request("", milliseconds: 15_001).size.atMost.audioMilliseconds == 16_000)
        let late = LateFields()
        let upload = FormUpload(
            fields: [FormField("model", "a/b")], boundary: "b", fileHead: [],
            rest: BytesContent(Samples.wav(milliseconds: 100)), audio: UploadedAudio(Samples.wav(milliseconds: 100)),
            late: late)
        let request = try OperationRequest(upload, for: .transcription)
        let before = request.size
        #expect(late.add(FormField("prompt", String(repeating: "x", count: 4000))))
        #expect(request.size.atMost.prompt == before.atMost.prompt + 2000)
        #expect(request.size.atLeast.prompt == before.atLeast.prompt + 1000)
    }

    @Test("with a picture in front of its sound is not held for as the longest file there could be")
    func sizesPictures() throws {
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0x7F, 0x7F] + Array(repeating: 0, count: 8192)
        let bytes = 20 << 20
        let upload = FormUpload(
            fields: [FormField("model", "a/b")], boundary: "b", fileHead: [],
            rest: LiveContent(UploadPipe(), byteCount: bytes), audio: UploadedAudio(tag))
        let size = try OperationRequest(upload, for: .transcription).size
        #expect((2_600_000...2_630_000).contains(size.atMost.audioMilliseconds), "\(size.atMost.audioMilliseconds)")
    }

    @Test("is charged for what its vendor heard, which is set aside before it is charged")
    func growsForSeconds() async throws {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["transcription"],
            pricing: [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "audio_second", usd: "0.001"),
            ],
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "h")])
        let ledger = ScriptedLedger(amount: nil)
        let engine = Samples.engine(
            ScriptedTransport([[.head(200), .bytes("transcript hi\nseconds 40\nend\n")]], readsUploads: true),
            models: [model], ledger: ledger)
        let answer = try await engine.answer(
            request("", milliseconds: 30_000), for: Samples.caller, as: Samples.generation)
        _ = try await answer.forward { _ in }
        #expect(ledger.settled.map(\.cost) == [Money(nanoUSD: 40_000_000)])
        #expect(ledger.ended == [Money(nanoUSD: 40_000_000)])
    }

    @Test("is asked of an engine, whose answer says the form")
    func answers() async throws {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["transcription"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "h")])
        for (members, form) in [("", AnswerForm.json), (#""stream":true"#, .events)] {
            let engine = Samples.engine(
                ScriptedTransport([[.head(200), .bytes("transcript hi\nend\n")]]), models: [model])
            let answer = try await engine.answer(request(members), for: Samples.caller, as: Samples.generation)
            #expect(answer.form == form)
            _ = try await answer.forward { _ in }
        }
    }

    @Test("is let go of with its sound when it is answered, and when it is not", arguments: [true, false])
    func letsGo(isAnswered: Bool) async throws {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["transcription"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "h")])
        let scripts: [[ScriptedTransport.Step]] = isAnswered ? [[.head(200), .bytes("transcript hi\nend\n")]] : []
        weak var credit: UploadCredit?
        do {
            let request = try request("")
            credit = request.upload?.credit
            let engine = Samples.engine(ScriptedTransport(scripts), models: [model])
            let answer = try? await engine.answer(request, for: Samples.caller, as: Samples.generation)
            #expect((answer != nil) == isAnswered)
            _ = try await answer?.forward { _ in }
        }
        #expect(credit == nil)
    }

    @Test("whose file comes slowly is waited for as long as any request, streamed or not")
    func waits() async throws {
        let model = Model(
            id: "a/b", name: "B", contextLength: 2000, outputModalities: ["transcription"],
            pricing: [.init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0")],
            endpoints: [Endpoint(provider: Samples.provider("one"), upstreamModel: "h")])
        for (members, idle) in [(#""stream":true"#, Timeouts().idle), ("", Timeouts().total)] {
            let transport = ScriptedTransport([[.head(200), .bytes("transcript hi\nend\n")]])
            let answer = try await Samples.engine(transport, models: [model])
                .answer(request(members), for: Samples.caller, as: Samples.generation)
            _ = try await answer.forward { _ in }
            #expect(transport.timeouts.map(\.firstByte) == [Timeouts().total])
            #expect(transport.timeouts.map(\.idle) == [idle])
        }
    }

    // MARK: Usage

    @Test(
        "is charged by its vendor's seconds as far as so many bytes can last so long, and by the sound's own beyond that",
        arguments: [(980, 980), (2000, 2000), (64_000, 64_000), (80_000, 1000), (2_950_000_000, 1000), (0, 1000)])
    func believes(_ said: Int, _ charged: Int) throws {
        let upload = try #require(try request("", milliseconds: 1000).upload)
        let prices = PriceList(rates: Rates())
        var (reported, counted): (Usage?, Usage) = (Usage(), Usage())
        reported?.audioMilliseconds = said
        TranscriptCount(upload).complete(&reported, &counted, prices: prices)
        #expect(reported?.audioMilliseconds == charged && counted.audioMilliseconds == charged)
    }

    @Test("is charged by what its vendor heard where its own header says next to nothing")
    func distrustsHeader() throws {
        // Half a minute at 8 kHz, said to be of 768,000 Hz in 32 channels of 64 bits.
        var sound = Samples.wav(milliseconds: 30_000)
        sound.replaceSubrange(22..<24, with: [32, 0])
        sound.replaceSubrange(24..<28, with: [0, 0xB8, 0x0B, 0])
        sound.replaceSubrange(34..<36, with: [64, 0])
        let audio = UploadedAudio(sound)
        #expect(audio.length.atMost < 10)
        // The first of two headers counts, whatever it says of bytes a second.
        let second = Array(sound[12..<36])
        for rate in [0, 0xFF] as [UInt8] {
            var two = Samples.wav(milliseconds: 30_000)
            two.replaceSubrange(28..<32, with: [rate, 0, 0, 0])
            two.insert(contentsOf: second, at: 36)
            #expect(UploadedAudio(two).length.atMost >= 30_000)
        }
        let upload = FormUpload(
            fields: [], boundary: "b", fileHead: [], file: BytesContent(sound), audio: audio)
        var (reported, counted): (Usage?, Usage) = (Usage(), Usage())
        reported?.audioMilliseconds = 120_000
        TranscriptCount(upload).complete(&reported, &counted, prices: PriceList(rates: Rates()))
        #expect(reported?.audioMilliseconds == 120_000)
    }

    @Test(
        "has no more values beside its sound than a form may have fields",
        arguments: [
            (#""\#(String(repeating: "a", count: 500_000))":[0,0,0,0,0,0]"#, false),
            (#""keywords":["\#(String(repeating: #"a",""#, count: 300))"]"#, false),
            (#""prompt":"\#(String(repeating: "a", count: 20_000))","keywords":["a","b"]"#, true),
        ])
    func boundsFields(_ members: String, isTaken: Bool) {
        let result = Result { try request(members) }
        guard case .failure(let error) = result else {
            #expect(isTaken)
            return
        }
        #expect(!isTaken && (error as? APIError)?.kind == .invalidRequest, "\(error)")
    }

    private func usage(_ change: (inout Usage) -> Void) -> String {
        var record = Generation(
            id: Samples.generation, kind: .transcription, account: .first, key: "k", model: "m", createdAt: 0,
            streamed: false)
        change(&record.usage)
        record.cost = Money(nanoUSD: 300_000)
        return String(
            decoding: OperationFormat.whole(ChatPiece(members: Array(#""text":"Hi""#.utf8)), of: record),
            as: UTF8.self)
    }

    @Test(
        "is answered with its text and usage alone: seconds, without zeros at their end",
        arguments: [(3000, "3"), (2950, "2.95"), (2005, "2.005"), (100, "0.1"), (0, "0"), (-5, "0")])
    func showsSeconds(_ milliseconds: Int, _ text: String) {
        #expect(
            usage { $0.audioMilliseconds = milliseconds }
                == #"{"text":"Hi","usage":{"type":"duration","seconds":\#(text),"cost":0.0003}}"#)
    }

    @Test("or tokens")
    func showsTokens() {
        let shown = usage {
            ($0.prompt, $0.promptAudio, $0.completion, $0.audioMilliseconds) = (16, 14, 45, 1400)
        }
        #expect(
            shown
                == #"{"text":"Hi","usage":{"type":"tokens","input_tokens":16,"output_tokens":45,"total_tokens":61,"input_token_details":{"text_tokens":2,"audio_tokens":14},"cost":0.0003}}"#
        )
    }
}
