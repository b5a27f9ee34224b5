import TestSupport
import Testing

@testable import RouterCore
@testable import RouterProviders

@Suite("Speech at Gemini's newer models") struct GeminiNewerSpeechTests {
    private static let endpoint = Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-3.8-flash-tts")
    private let translator = GeminiSpeech()

    private func request(_ members: String) throws -> OperationRequest {
        try OperationRequest(Array(#"{"model":"google/tts",\#(members)}"#.utf8), for: .speech)
    }

    /// The parts that are sent.
    private func parts(_ members: String) throws -> String {
        let body = try translator.encode(request(members), for: Self.endpoint).body
        let content = try JSONDocument(body).root["contents"]?.elements.first { _ in true }
        return String(decoding: content?["parts"]?.text ?? [], as: UTF8.self)
    }

    @Test(
        "a model is known by its version",
        arguments: [
            ("gemini-3.8-flash-tts", true), ("gemini-3.8-flash-lite-tts", true), ("gemini-3.10-flash-tts", true),
            ("gemini-4-tts", true), ("gemini-3.1-flash-tts-preview", false), ("gemini-2.5-pro-preview-tts", false),
            ("gemini-3-tts", false), ("gemini-pro", false), ("tts", false),
        ])
    func versions(_ model: String, _ isNewer: Bool) { #expect(GeminiSpokenPart.areTaken(by: model) == isNewer) }

    @Test("how it is spoken stands beside the text, which is read word for word")
    func encodes() throws {
        let format = #","response_format":"wav""#
        #expect(try parts(#""input":"Hi""# + format) == #"[{"text":"Hi"}]"#)
        #expect(
            try parts(#""input":"Hi","instructions":"calm""# + format)
                == #"[{"text":"Hi","speechMetadata":{"style":"calm"}}]"#)
        let turns =
            #""input":[{"text":"Hi"},{"text":"Bye","voice":"Puck","instructions":"tired"}],"instructions":"calm""#
        #expect(
            try parts(turns + format)
                == #"[{"text":"Hi","speechMetadata":{"speaker":"Speaker1","style":"calm"}},{"text":"Bye","speechMetadata":{"speaker":"Speaker2","style":"tired"}}]"#
        )
        #expect(
            try parts(#""input":[{"text":"Hi"},{"text":"Bye"}]"# + format) == #"[{"text":"Hi"},{"text":"Bye"}]"#)
    }

    @Test("instructions are sent with each turn, and are no more than 64 KiB of all turns together")
    func boundsStyles() throws {
        func members(turns: Int, of style: Int) -> String {
            let list = [String](repeating: #"{"text":"a"}"#, count: turns).joined(separator: ",")
            let style = String(repeating: "s", count: style)
            return #""input":[\#(list)],"instructions":"\#(style)","response_format":"wav""#
        }
        #expect(try parts(members(turns: 64, of: 1024)).utf8.count > 64 << 10)
        for (turns, style) in [(64, 1025), (1000, 30_000)] {
            let failure = #expect(throws: UpstreamFailure.self) { try parts(members(turns: turns, of: style)) }
            #expect(failure?.kind == .unsupported && failure?.parameter == "instructions")
            #expect(failure?.message.contains("`instructions` must have at most 65536 bytes") == true)
        }
        // Older models get them once.
        let older = Endpoint(provider: Endpoints.gemini, upstreamModel: "gemini-2.5-flash-preview-tts")
        let body = try translator.encode(request(members(turns: 1000, of: 30_000)), for: older).body
        #expect(body.count < 64 << 10)
    }

    private func sound(
        of answer: String, _ format: String
    ) throws -> (bytes: [UInt8], type: String?, failure: UpstreamFailure?) {
        let head = UpstreamHead(status: 200, lines: Array("Content-Type: application/json\r\n".utf8))
        let request = try request(#""input":"Hi","response_format":"\#(format)""#)
        var decoder = translator.makeDecoder(for: request, from: Self.endpoint, head: head)
        var events: [ChatEvent] = []
        var result: (bytes: [UInt8], type: String?, failure: UpstreamFailure?) = ([], nil, nil)
        do throws(UpstreamFailure) {
            try decoder.decode(Array(answer.utf8), into: &events)
            try decoder.finish(into: &events)
        } catch {
            result.failure = error
        }
        for case .bytes(let piece) in events {
            result.bytes += piece.bytes
            result.type = piece.type
        }
        return result
    }

    private func answer(_ audio: [UInt8], _ type: String = "audio/wav", finish: String = "STOP") -> String {
        let base64 = String(decoding: Base64.encoded(audio), as: UTF8.self)
        return
            #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"\#(type)","data":"\#(base64)"}}]},"finishReason":"\#(finish)"}]}"#
    }

    @Test("its WAV goes out with a header that is right, and as PCM without one")
    func readsWAV() throws {
        let file = Samples.wav(milliseconds: 10)
        // One that says it has no end, and has a chunk before the samples.
        let list = Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
        let endless = Array(file[..<36]) + list + Array("data".utf8) + [255, 255, 255, 255] + Array(file[44...])
        for audio in [file, endless] {
            let wav = try sound(of: answer(audio), "wav")
            #expect(wav.failure == nil && wav.bytes == file && wav.type == "audio/wav")
            let pcm = try sound(of: answer(audio), "pcm")
            #expect(pcm.failure == nil && pcm.bytes == Array(file[44...]))
            #expect(pcm.type == "audio/pcm;rate=16000;channels=1")
        }
    }

    @Test("what is no WAV of one channel and 16 bits is a failure")
    func refusesWAV() throws {
        let file = Samples.wav(milliseconds: 10)
        for (place, byte) in [(0, 0x58), (20, 3), (22, 2), (34, 8), (36, 0x58), (26, 255)] as [(Int, UInt8)] {
            var broken = file
            broken[place] = byte
            #expect(try sound(of: answer(broken), "wav").failure?.kind == .broken, "\(place)")
        }
        for count in [0, 1, 11, 12, 20, 43] {
            #expect(try sound(of: answer(Array(file[..<count])), "wav").failure?.kind == .broken, "\(count)")
        }
    }

    @Test("an answer without audio that ends for no known reason is tried elsewhere")
    func endsWithout() throws {
        let empty = try sound(
            of: #"{"candidates":[{"finishReason":"OTHER"}],"usageMetadata":{"candidatesTokenCount":9}}"#, "wav")
        #expect(empty.failure?.kind == .failed && empty.bytes.isEmpty)
        let cut = try sound(of: answer(Samples.wav(milliseconds: 10), finish: "OTHER"), "wav")
        #expect(cut.failure?.kind == .broken && cut.failure?.finishReason == "OTHER" && cut.bytes.isEmpty)
    }
}
